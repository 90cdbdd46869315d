package receiver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	gitwebhook "github.com/fairlead/fairlead/gitwriter/webhook"
	"github.com/fairlead/fairlead/registry/webhook"
)

const refusal = `{"error": "no webhook takes this request: check the URL, the Secret and what the provider signs or sends"}` + "\n"

func TestRequests(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	own := webhookSecret(t, ownNamespace, webhook.Generic)
	team := webhookSecret(t, teamNamespace, webhook.Generic)
	quay := webhookSecret(t, teamNamespace, webhook.Quay)
	github := webhookSecret(t, teamNamespace, webhook.GitHub)
	file := createSecret(t, teamNamespace, SecretType, map[string]string{KeyProvider: "harbor\n", KeyToken: token + "\n"})

	www := webhook.Push{Host: "registry.example.com", Repository: "web-hook/www", Tag: "v1.0.36"}
	body := image("registry.example.com/web-hook/www")
	ping := `{"zen": "Speak like a human."}`
	pinged := map[string]string{
		"X-GitHub-Event":      "ping",
		"X-Hub-Signature-256": signature(token, ping)["X-Signature"],
	}
	gitlab, bitbucket := webhookSecret(t, ownNamespace, gitwebhook.GitLab), webhookSecret(t, teamNamespace, gitwebhook.Bitbucket)
	config := gitwebhook.Push{
		Repositories: []gitwebhook.Repository{{Host: "git.example.com", Path: "web-hook/config"}}, Branch: "main",
	}
	githubPush := `{"ref": "refs/heads/main", "repository": {"clone_url": "https://git.example.com/web-hook/config.git"}}`
	bitbucketPush := `{"repository": {"links": {"clone": [{"href": "ssh://git@git.example.com:7999/web-hook/config.git"}]}},
		"changes": [{"ref": {"id": "refs/heads/main"}}]}`
	both := `{"image": "registry.example.com/web-hook/www", "tag": "v1.0.36", "repository": "https://git.example.com/web-hook/config", "branch": "main"}`
	cases := map[string]struct {
		reason  string
		url     string
		headers map[string]string
		body    string
		status  int
		answer  string
		want    []hint
		wantGit []gitHint
	}{
		"Git": {
			reason: "the webhook of a Git host tells of images and of branches: its events say which", url: s.hookURL(github, ""),
			headers: map[string]string{"X-GitHub-Event": "push", "X-Hub-Signature-256": signature(token, githubPush)["X-Signature"]}, body: githubPush,
			status: http.StatusAccepted, answer: `{"policies": 0, "repositories": 2}` + "\n", wantGit: []gitHint{{teamNamespace, config}},
		},
		"GitUnreadable": {
			reason: "who is verified learns what is wrong", url: s.hookURL(github, ""),
			headers: map[string]string{"X-GitHub-Event": "push", "X-Hub-Signature-256": signature(token, "{")["X-Signature"]}, body: "{",
			status: http.StatusBadRequest, answer: `{"error": "the body isn't the JSON that github sends"}` + "\n",
		},
		"GitUnverified": {
			reason: "a Git host's webhook is no more open than another's", url: s.hookURL(bitbucket, ""),
			headers: map[string]string{"X-Event-Key": "repo:refs_changed", "X-Hub-Signature": signature("x", bitbucketPush)["X-Signature"]}, body: bitbucketPush,
			status: http.StatusUnauthorized, answer: refusal,
		},
		"GitAlone": {
			reason: "a Git host that has no registry", url: s.hookURL(bitbucket, ""),
			headers: map[string]string{"X-Event-Key": "repo:refs_changed", "X-Hub-Signature": signature(token, bitbucketPush)["X-Signature"]}, body: bitbucketPush,
			status: http.StatusAccepted, answer: `{"policies": 0, "repositories": 2}` + "\n", wantGit: []gitHint{{teamNamespace, config}},
		},
		"GitAndImages": {
			reason: "a push to GitLab may concern a branch, and images that a pipeline makes of it", url: s.hookURL(gitlab, ""),
			headers: map[string]string{"X-Gitlab-Token": token},
			body: `{"object_kind": "push", "ref": "refs/heads/main",
				"project": {"path_with_namespace": "web-hook/config", "git_http_url": "https://git.example.com/web-hook/config.git"}}`,
			status: http.StatusAccepted, answer: `{"policies": 1, "repositories": 2}` + "\n",
			want: []hint{{"", webhook.Push{Repository: "web-hook/config", Below: true}}}, wantGit: []gitHint{{"", config}},
		},
		"GenericBoth": {
			reason: "a pipeline may tell of both", url: s.hookURL(own, ""), headers: signature(token, both), body: both,
			status: http.StatusAccepted, answer: `{"policies": 1, "repositories": 2}` + "\n", want: []hint{{"", www}}, wantGit: []gitHint{{"", config}},
		},
		"Team": {
			reason: "a webhook of a team concerns the policies in its namespace", url: s.hookURL(team, ""), headers: signature(token, body), body: body,
			status: http.StatusAccepted, answer: `{"policies": 1, "repositories": 0}` + "\n", want: []hint{{teamNamespace, www}},
		},
		"Own": {
			reason: "one in Fairlead's namespace concerns all", url: s.hookURL(own, ""), headers: signature(token, body), body: body,
			status: http.StatusAccepted, answer: `{"policies": 1, "repositories": 0}` + "\n", want: []hint{{"", www}},
		},
		"TokenInURL": {
			reason: "some providers can send nothing else", url: s.hookURL(quay, "/the%20token%20of%20the%20tests"),
			body:   `{"repository": "web-hook/www", "docker_url": "quay.io/web-hook/www", "updated_tags": ["v1.0.36", "v1.0"]}`,
			status: http.StatusAccepted, answer: `{"policies": 1, "repositories": 0}` + "\n",
			want: []hint{{teamNamespace, webhook.Push{Host: "quay.io", Repository: "web-hook/www", Tag: "v1.0.36"}}},
		},
		"FromFile": {
			reason: "a line break behind a token isn't a part of it", url: s.hookURL(file, ""), headers: map[string]string{"Authorization": token},
			body:   `{"type": "PUSH_ARTIFACT", "event_data": {"resources": [{"tag": "v1.0.36"}], "repository": {"repo_full_name": "web-hook/www"}}}`,
			status: http.StatusAccepted, answer: `{"policies": 1, "repositories": 0}` + "\n",
			want: []hint{{teamNamespace, webhook.Push{Repository: "web-hook/www", Tag: "v1.0.36"}}},
		},
		"Nobodys": {
			reason: "a push that concerns nobody is taken all the same", url: s.hookURL(team, ""),
			headers: signature(token, image("registry.example.com/nobodys")), body: image("registry.example.com/nobodys"),
			status: http.StatusAccepted, answer: `{"policies": 0, "repositories": 0}` + "\n",
			want: []hint{{teamNamespace, webhook.Push{Host: "registry.example.com", Repository: "nobodys", Tag: "v1.0.36"}}},
		},
		"Ping": {
			reason: "a ping is answered", url: s.hookURL(github, ""), headers: pinged, body: ping,
			status: http.StatusOK, answer: `{"policies": 0, "repositories": 0}` + "\n",
		},
		"NoPayload": {
			reason: "who is verified learns what is wrong", url: s.hookURL(team, ""), headers: signature(token, "{"), body: "{",
			status: http.StatusBadRequest, answer: `{"error": "the body isn't the JSON that generic sends"}` + "\n",
		},
		"TooLarge": {
			reason: "a body is bounded", url: s.hookURL(team, ""), body: strings.Repeat(" ", maxBody+1),
			status: http.StatusRequestEntityTooLarge, answer: `{"error": "the body is larger than 1 MiB"}` + "\n",
		},
		"JustSmallEnough": {
			reason: "a body of 1 MiB isn't too large", url: s.hookURL(team, ""), body: strings.Repeat(" ", maxBody),
			status: http.StatusUnauthorized, answer: refusal,
		},
		"OtherPath": {
			reason: "there is nothing else", url: s.url + "/", status: http.StatusNotFound, answer: "404 page not found\n",
		},
		"LongPath": {
			reason: "a token has no slash", url: s.hookURL(team, "/a/b"), status: http.StatusNotFound, answer: "404 page not found\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := post(t, tc.url, tc.headers, strings.NewReader(tc.body))
			if got.status != tc.status || got.body != tc.answer {
				t.Errorf("%s: answered %d %q, want %d %q", tc.reason, got.status, got.body, tc.status, tc.answer)
			}
			if diff := cmp.Diff(tc.want, s.hints.take()); diff != "" {
				t.Errorf("%s: hints: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.wantGit, s.gitHints.take()); diff != "" {
				t.Errorf("%s: hints of Git: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRefusalsLookTheSame(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	good := webhookSecret(t, teamNamespace, webhook.Generic)
	body := image("registry.example.com/web-hook/www")
	other := createSecret(t, teamNamespace, corev1.SecretTypeOpaque, map[string]string{KeyProvider: "generic", KeyToken: token})
	provider := createSecret(t, teamNamespace, SecretType, map[string]string{KeyProvider: "habor", KeyToken: token})
	empty := createSecret(t, teamNamespace, SecretType, map[string]string{KeyProvider: "generic", KeyToken: "\n"})
	cases := map[string]struct {
		reason  string
		url     string
		headers map[string]string
	}{
		"Unsigned":     {reason: "nothing was signed", url: s.hookURL(good, "")},
		"OtherToken":   {reason: "another token", url: s.hookURL(good, ""), headers: signature("another", body)},
		"TokenInURL":   {reason: "a token in the URL is no signature", url: s.hookURL(good, "/"+strings.ReplaceAll(token, " ", "%20"))},
		"NoSecret":     {reason: "no such Secret", url: s.url + "/hooks/" + teamNamespace + "/missing", headers: signature(token, body)},
		"NoNamespace":  {reason: "no such namespace", url: s.url + "/hooks/missing/missing", headers: signature(token, body)},
		"NoName":       {reason: "not even a name", url: s.url + "/hooks/" + teamNamespace + "/..%2Fsecrets", headers: signature(token, body)},
		"OtherType":    {reason: "a Secret of another type must not be tried by URL", url: s.hookURL(other, ""), headers: signature(token, body)},
		"NoProvider":   {reason: "a Secret with a mistake", url: s.hookURL(provider, ""), headers: signature(token, body)},
		"EmptyToken":   {reason: "an empty token is known to all", url: s.hookURL(empty, ""), headers: signature("", body)},
		"EmptyNewLine": {reason: "nor is a line break a token", url: s.hookURL(empty, ""), headers: signature("\n", body)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := post(t, tc.url, tc.headers, strings.NewReader(body))
			got.header.Del("Date")
			want := http.Header{
				"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(refusal))},
				"Www-Authenticate": {"Bearer"}, "X-Content-Type-Options": {"nosniff"},
			}
			if got.status != http.StatusUnauthorized || got.body != refusal {
				t.Errorf("%s: answered %d %q, want 401 %q", tc.reason, got.status, got.body, refusal)
			}
			if diff := cmp.Diff(want, got.header); diff != "" {
				t.Errorf("%s: headers: -want, +got:\n%s", tc.reason, diff)
			}
			if got.took < refusalTime {
				t.Errorf("%s: answered after %v, want at least %v", tc.reason, got.took, refusalTime)
			}
		})
	}
	t.Cleanup(func() {
		if hinted := s.hints.take(); hinted != nil {
			t.Errorf("hints of refused requests: %v", hinted)
		}
	})
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/hooks/team/www", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answered, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	_ = answered.Body.Close()
	if answered.StatusCode != http.StatusMethodNotAllowed || s.front.requests.Load() != 0 {
		t.Errorf("GET is answered %s after %d questions to the API server, want 405 after none", answered.Status, s.front.requests.Load())
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	hub := webhookSecret(t, teamNamespace, webhook.DockerHub)
	good := s.hookURL(hub, "/"+strings.ReplaceAll(token, " ", "%20"))
	body := `{"push_data": {"tag": "v1.0.36"}, "repository": {"repo_name": "webhook/www"}}`
	nobodys := `{"push_data": {"tag": "v1.0.36"}, "repository": {"repo_name": "nobodys"}}`

	post(t, good, nil, strings.NewReader(body))
	post(t, good, nil, strings.NewReader(strings.Replace(nobodys, "nobodys", "library/nobodys", 1)))
	for range 3 {
		post(t, s.hookURL(hub, "/guessed"), nil, strings.NewReader(body))
	}
	if told := s.log.lines("told by a webhook"); len(told) != 2 || !strings.Contains(told[0],
		`"msg":"told by a webhook","secret":"team/`+hub.Name+`","provider":"dockerhub","repository":"webhook/www","tag":"v1.0.36","repositories":1,"policies":1}`) {
		t.Errorf("logged %v, want a line for each hint", told)
	}
	refused := s.log.lines("refused a webhook")
	if len(refused) != 1 || !strings.Contains(refused[0], `"reason":"the request isn't verified: the last segment of the URL must be the token"`) {
		t.Errorf("logged %v, want one line for all guesses", refused)
	}
	for _, secret := range []string{token, "the%20token", "guessed"} {
		if lines := s.log.lines(secret); lines != nil {
			t.Errorf("the log holds %q: %v", secret, lines)
		}
	}
}

func TestUnusableSecretsAreLogged(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cases := map[string]struct {
		reason string
		data   map[string]string
		want   string
	}{
		"Provider": {
			reason: "a provider that was misspelt", data: map[string]string{KeyProvider: "habor", KeyToken: token},
			want: `"reason":"its key provider must be one of [distribution harbor github gitlab dockerhub quay azure google ecr nexus gitea generic bitbucket]"`,
		},
		"Token": {
			reason: "a token that was forgotten", data: map[string]string{KeyProvider: "harbor"},
			want: `"reason":"its key token must not be empty"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret := createSecret(t, teamNamespace, SecretType, tc.data)
			post(t, s.hookURL(secret, ""), nil, http.NoBody)
			lines := s.log.lines(secret.Name)
			if len(lines) != 1 || !strings.Contains(lines[0], tc.want) {
				t.Errorf("%s: logged %v, want %s", tc.reason, lines, tc.want)
			}
		})
	}
}

func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	secret := webhookSecret(t, teamNamespace, webhook.Generic)
	body := image("registry.example.com/web-hook/www")

	// Each of these has a body that doesn't end.
	var pipes []*io.PipeWriter
	answers := make(chan int, maxRequests)
	for range maxRequests {
		read, write := io.Pipe()
		pipes = append(pipes, write)
		q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.hookURL(secret, ""), read)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range signature(token, body) {
			q.Header.Set(name, value)
		}
		go func() {
			answered, err := http.DefaultClient.Do(q)
			if err != nil {
				answers <- 0
				return
			}
			_ = answered.Body.Close()
			answers <- answered.StatusCode
		}()
		if _, err := io.WriteString(write, body[:1]); err != nil { // the request has been sent that far
			t.Fatal(err)
		}
	}
	waitUntil(t, func() bool { return len(s.receiver.places) == maxRequests })

	got := post(t, s.hookURL(secret, ""), signature(token, body), strings.NewReader(body))
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "1" ||
		got.body != `{"error": "too many requests at the same time"}`+"\n" {
		t.Errorf("one too many is answered %d %q, want 503 with Retry-After", got.status, got.body)
	}
	for _, pipe := range pipes {
		if _, err := io.WriteString(pipe, body[1:]); err != nil {
			t.Fatal(err)
		}
		_ = pipe.Close()
	}
	for range maxRequests {
		if status := <-answers; status != http.StatusAccepted {
			t.Errorf("a request that was slow is answered %d, want 202", status)
		}
	}
	if asked := s.front.requests.Load(); asked != 1 {
		t.Errorf("%d requests for one webhook ask the API server %d times, want once", maxRequests, asked)
	}
}

func TestConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	address := strings.TrimPrefix(s.url, "http://")
	dial := func() net.Conn {
		connection, err := net.Dial("tcp", address) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		return connection
	}
	ask := func(connection net.Conn) error {
		if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
		_, err := io.ReadFull(connection, make([]byte, len("HTTP/1.1 404")))
		return err
	}
	first := dial()
	for range maxConnections - 1 {
		dial()
	}
	if err := ask(dial()); err == nil {
		t.Error("one too many is served, want it closed")
	}
	if err := ask(first); err != nil {
		t.Errorf("one that was there before isn't served: %v", err)
	}
	_ = first.Close()
	waitUntil(t, func() bool { return ask(dial()) == nil })
}

func TestStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	reader, _ := newReader(t)
	receiver := New(Options{Address: taken.Addr().String(), Secrets: reader, Policies: &hints{}, Leading: leading(), Count: (&counts{}).add})
	if receiver.NeedLeaderElection() {
		t.Error("NeedLeaderElection() = true, want false: a Service leads to all replicas")
	}
	err = receiver.Start(t.Context())
	want := fmt.Sprintf("listen for webhooks on %[1]s: listen tcp %[1]s: bind: address already in use: give --webhook-address another address, or 0 for none", taken.Addr())
	if err == nil || err.Error() != want {
		t.Errorf("Start() on an address that is taken: %v, want %s", err, want)
	}

	output := &buffer{}
	ctx, cancel := context.WithCancel(ctrl.LoggerInto(t.Context(), zap.New(zap.WriteTo(output))))
	ended := make(chan error, 1)
	go func() {
		ended <- New(Options{Address: "127.0.0.1:0", Secrets: reader, Policies: &hints{}, Leading: leading(), Count: (&counts{}).add}).Start(ctx)
	}()
	waitUntil(t, func() bool { return output.lines("listening for webhooks") != nil })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Start() until the word to stop: %v", err)
	}
}

// TestDocumentation holds the page against the code.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, provider := range webhook.Providers() {
		if !strings.Contains(string(page), "\n| `"+string(provider)+"` |") {
			t.Errorf("docs/webhooks.md has no row for %s", provider)
		}
	}
	for _, word := range []string{string(SecretType), KeyProvider, KeyToken, "--webhook-address"} {
		if !strings.Contains(string(page), word) {
			t.Errorf("docs/webhooks.md doesn't mention %s", word)
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s, team := newStage(t), webhookSecret(t, teamNamespace, webhook.Generic)
	body := image("registry.example.com/web-hook/www")
	post(t, s.hookURL(team, ""), signature(token, body), strings.NewReader(body))
	post(t, s.hookURL(team, ""), signature("x", body), strings.NewReader(body))
	post(t, s.url+"/hooks/team/no-such", nil, strings.NewReader(body))
	want := []string{`"generic" 202 1`, `"generic" 401 0`, `"" 401 0`}
	if diff := cmp.Diff(want, s.counts.take()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
