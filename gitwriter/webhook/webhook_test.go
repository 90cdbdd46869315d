package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
	"github.com/fairlead/fairlead/gitwriter/webhook"
)

const (
	secret   = "a secret of some length"
	revision = "4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c"
)

// request is what a provider sends with a body if it was given a secret.
func request(provider webhook.Provider, key, body string, more map[string]string) posted.Request {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(body))
	mac := hex.EncodeToString(m.Sum(nil))
	headers := map[string]string{}
	switch provider {
	case webhook.GitHub:
		headers["X-Hub-Signature-256"] = "sha256=" + mac
	case webhook.GitLab:
		headers["X-Gitlab-Token"] = key
	case webhook.Gitea:
		headers["X-Gitea-Signature"] = mac
	case webhook.Bitbucket:
		headers["X-Hub-Signature"] = "sha256=" + mac
	case webhook.Generic:
		headers["X-Signature"] = "sha256=" + mac
	}
	maps.Copy(headers, more)
	return posted.Request{Body: []byte(body), Header: func(name string) string {
		for header, value := range headers {
			if strings.EqualFold(header, name) {
				return value
			}
		}
		return ""
	}}
}

func fixture(tb testing.TB, name string) string {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

// one is a push to a repository with these names, "host/path".
func one(branch, revision string, names ...string) webhook.Push {
	push := webhook.Push{Branch: branch, Revision: revision}
	for _, name := range names {
		host, path, _ := strings.Cut(name, "/")
		push.Repositories = append(push.Repositories, webhook.Repository{Host: host, Path: path})
	}
	return push
}

func TestReceive(t *testing.T) {
	t.Parallel()
	github, gitea := map[string]string{"X-GitHub-Event": "push"}, map[string]string{"X-Gitea-Event": "push"}
	cloud, dataCenter := map[string]string{"X-Event-Key": "repo:push"}, map[string]string{"X-Event-Key": "repo:refs_changed"}
	cases := map[string]struct {
		reason   string
		provider webhook.Provider
		headers  map[string]string
		body     string
		want     []webhook.Push
		problem  string
	}{
		"GitHub": {
			reason: "one repository by each of its URLs", provider: webhook.GitHub, headers: github, body: fixture(t, "github.json"),
			want: []webhook.Push{one("main", revision, "github.com/web-hook/config")},
		},
		"GitHubTag":      {reason: "a tag moves no branch", provider: webhook.GitHub, headers: github, body: fixture(t, "github-tag.json")},
		"GitHubPing":     {reason: "a ping is answered", provider: webhook.GitHub, headers: map[string]string{"X-GitHub-Event": "ping"}, body: `{"zen": "x"}`},
		"GitHubPackage":  {reason: "an image is somebody else's concern", provider: webhook.GitHub, headers: map[string]string{"X-GitHub-Event": "package"}, body: `{}`},
		"GitHubNoObject": {reason: "not what is documented", provider: webhook.GitHub, headers: github, body: "[]", problem: "the body isn't the JSON that github sends"},
		"GitHubDeleted": {
			reason: "a branch that is gone is news, without a revision", provider: webhook.GitHub, headers: github, body: fixture(t, "github-deleted.json"),
			want: []webhook.Push{one("feature/x", "", "github.com/web-hook/config")},
		},
		"GitHubNoURL": {
			reason: "a push to nothing is none", provider: webhook.GitHub, headers: github, body: `{"ref": "refs/heads/main"}`,
		},
		"GitLab": {
			reason: "SSH and HTTPS are one name", provider: webhook.GitLab, body: fixture(t, "gitlab.json"),
			want: []webhook.Push{one("main", revision, "gitlab.example.com/web-hook/config")},
		},
		"GitLabSystem": {
			reason: "a system hook tells all references at once", provider: webhook.GitLab, body: fixture(t, "gitlab-update.json"),
			want: []webhook.Push{one("main", revision, "gitlab.example.com/web-hook/config"), one("old", "", "gitlab.example.com/web-hook/config")},
		},
		"GitLabPipeline": {reason: "a pipeline moves no branch", provider: webhook.GitLab, body: fixture(t, "gitlab-pipeline.json")},
		"Gitea": {
			reason: "as GitHub's", provider: webhook.Gitea, headers: gitea, body: fixture(t, "gitea.json"),
			want: []webhook.Push{one("main", revision, "gitea.example.com/web-hook/config")},
		},
		"Forgejo": {
			reason: "its own header", provider: webhook.Gitea, headers: map[string]string{"X-Forgejo-Event": "push"}, body: fixture(t, "gitea.json"),
			want: []webhook.Push{one("main", revision, "gitea.example.com/web-hook/config")},
		},
		"GiteaPackage": {reason: "an image is somebody else's concern", provider: webhook.Gitea, headers: map[string]string{"X-Gitea-Event": "package"}, body: "{}"},
		"Bitbucket": {
			reason: "several branches in one push, one of them deleted, and a tag", provider: webhook.Bitbucket, headers: cloud, body: fixture(t, "bitbucket.json"),
			want: []webhook.Push{one("main", revision, "bitbucket.org/web-hook/config"), one("feature/x", "", "bitbucket.org/web-hook/config")},
		},
		"BitbucketDataCenter": {
			reason: "its paths differ by scheme", provider: webhook.Bitbucket, headers: dataCenter, body: fixture(t, "bitbucket-datacenter.json"),
			want: []webhook.Push{one("main", revision, "bitbucket.example.com/scm/web/config", "bitbucket.example.com/web/config")},
		},
		"BitbucketDataCenterOld": {
			reason: "before it told URLs", provider: webhook.Bitbucket, headers: dataCenter, body: fixture(t, "bitbucket-datacenter-old.json"),
			want: []webhook.Push{one("main", revision, "/web/config")},
		},
		"BitbucketPing": {reason: "its test of a connection", provider: webhook.Bitbucket, headers: map[string]string{"X-Event-Key": "diagnostics:ping"}, body: `{"test": true}`},
		"Generic": {
			reason: "what a hook of one's own sends", provider: webhook.Generic, body: fixture(t, "generic.json"),
			want: []webhook.Push{one("main", revision, "git.example.com/web-hook/config")},
		},
		"GenericReference": {
			reason: "a hook knows references", provider: webhook.Generic, body: `{"repository": "git@git.example.com:config.git", "branch": "refs/heads/main"}`,
			want: []webhook.Push{one("main", "", "git.example.com/config")},
		},
		"GenericTag":     {reason: "a tag moves no branch", provider: webhook.Generic, body: `{"repository": "git@git.example.com:config.git", "branch": "refs/tags/v1"}`},
		"GenericAny":     {reason: "any branch", provider: webhook.Generic, body: `{"repository": "https://git.example.com/config"}`, want: []webhook.Push{one("", "", "git.example.com/config")}},
		"GenericImage":   {reason: "an image is somebody else's concern", provider: webhook.Generic, body: `{"image": "registry.example.com/www"}`},
		"GenericNoURL":   {reason: "who is verified learns what is wrong", provider: webhook.Generic, body: `{"repository": "config"}`, problem: `"repository" isn't the URL of one: write it like https://git.example.com/team/config.git`},
		"GenericNoJSON":  {reason: "who is verified learns what is wrong", provider: webhook.Generic, body: "{", problem: "the body isn't the JSON that generic sends"},
		"LongBranch":     {reason: "names are bounded", provider: webhook.Generic, body: `{"repository": "https://git.example.com/config", "branch": "` + strings.Repeat("b", 1025) + `"}`},
		"StrangeRevison": {reason: "what is no commit is none", provider: webhook.Generic, body: `{"repository": "https://git.example.com/config", "revision": "x\ny"}`, want: []webhook.Push{one("", "", "git.example.com/config")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := webhook.Receive(tc.provider, []byte(secret), request(tc.provider, secret, tc.body, tc.headers))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			var problem *posted.Error
			if errors.As(err, &problem) != (tc.problem != "") || problem != nil && (problem.Problem != tc.problem || problem.Status != posted.StatusBadRequest) {
				t.Errorf("%s: want the problem %q, got %v", tc.reason, tc.problem, err)
			}
		})
	}
}

func TestNoneIsOpen(t *testing.T) {
	t.Parallel()
	problems := map[webhook.Provider]string{
		webhook.GitHub:    "the request isn't verified: the header X-Hub-Signature-256 must hold the HMAC-SHA256 of the body",
		webhook.GitLab:    "the request isn't verified: the header X-Gitlab-Token must hold the token",
		webhook.Gitea:     "the request isn't verified: the header X-Gitea-Signature or X-Forgejo-Signature must hold the HMAC-SHA256 of the body",
		webhook.Bitbucket: "the request isn't verified: the header X-Hub-Signature must hold sha256= and the HMAC-SHA256 of the body",
		webhook.Generic:   "the request isn't verified: the header X-Signature must hold sha256= and the HMAC-SHA256 of the body",
		"sourcehut":       `"sourcehut" is no provider of Git webhooks: write one of github, gitlab, gitea, bitbucket, generic`,
	}
	for _, provider := range append(webhook.Providers(), "sourcehut") {
		empty := request(provider, "", "{}", nil)
		nothing := posted.Request{Body: []byte("{}"), Token: secret, Header: func(string) string { return "" }}
		changed := request(provider, secret, "{}", nil)
		if provider != webhook.GitLab { // which signs nothing
			changed.Body = []byte("{ }")
		} else {
			changed = request(provider, secret+" ", "{}", nil)
		}
		for reason, try := range map[string]struct {
			secret  string
			request posted.Request
		}{
			"who sends nothing is nobody, nor is one with the token in the URL": {secret, nothing},
			"another secret is none":         {"x" + secret, request(provider, secret, "{}", nil)},
			"an empty secret verifies none":  {"", empty},
			"what was changed isn't the one": {secret, changed},
		} {
			pushes, err := webhook.Receive(provider, []byte(try.secret), try.request)
			want := &posted.Error{Status: posted.StatusUnauthorized, Problem: problems[provider]}
			var got *posted.Error
			if !errors.As(err, &got) || len(pushes) > 0 {
				t.Fatalf("%s: %s: got %v, %v", provider, reason, pushes, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s: -want +got:\n%s", provider, reason, diff)
			}
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	push := one("main", revision, "git.example.com/web-hook/config")
	cases := map[string]struct {
		reason, url, branch string
		push                webhook.Push
		want                bool
	}{
		"HTTPS":      {reason: "as it was told", url: "https://git.example.com/web-hook/config.git", branch: "main", push: push, want: true},
		"Bare":       {reason: "without .git", url: "https://git.example.com/web-hook/config", branch: "main", push: push, want: true},
		"Slash":      {reason: "with a slash", url: "https://git.example.com/web-hook/config.git/", branch: "main", push: push, want: true},
		"HTTP":       {reason: "another scheme", url: "http://git.example.com:3000/web-hook/config.git", branch: "main", push: push, want: true},
		"SSH":        {reason: "with a port of its own", url: "ssh://git@git.example.com:2222/web-hook/config.git", branch: "main", push: push, want: true},
		"Short":      {reason: "the short form", url: "git@git.example.com:web-hook/config.git", branch: "main", push: push, want: true},
		"ShortRoot":  {reason: "the short form from the root", url: "git@git.example.com:/web-hook/config.git", branch: "main", push: push, want: true},
		"Case":       {reason: "hosts and their users spell differently", url: "https://Git.Example.com/Web-Hook/Config.git", branch: "main", push: push, want: true},
		"User":       {reason: "a name in the URL", url: "https://ada@git.example.com/web-hook/config.git", branch: "main", push: push, want: true},
		"OtherHost":  {reason: "another server", url: "https://git.example.org/web-hook/config.git", branch: "main", push: push},
		"OtherPath":  {reason: "another repository", url: "https://git.example.com/web-hook/config2.git", branch: "main", push: push},
		"EndOfPath":  {reason: "a path isn't its end", url: "https://git.example.com/a/web-hook/config.git", branch: "main", push: push},
		"Branch":     {reason: "another branch", url: "https://git.example.com/web-hook/config.git", branch: "next", push: push},
		"BranchCase": {reason: "branches are as they are", url: "https://git.example.com/web-hook/config.git", branch: "Main", push: push},
		"AnyBranch":  {reason: "not told which", url: "https://git.example.com/web-hook/config.git", branch: "next", push: one("", "", "git.example.com/web-hook/config"), want: true},
		"AltSSH":     {reason: "SSH on the port of HTTPS", url: "ssh://git@ssh.github.com:443/web-hook/config.git", branch: "main", push: one("main", "", "github.com/web-hook/config"), want: true},
		"AnyHost":    {reason: "the host isn't told", url: "https://bitbucket.example.com/scm/web/config.git", branch: "main", push: one("main", "", "/web/config"), want: true},
		"AnyHostEnd": {reason: "names end at a slash", url: "https://bitbucket.example.com/scm/cobweb/config.git", branch: "main", push: one("main", "", "/web/config")},
		"IPv6":       {reason: "an address", url: "ssh://git@[2001:db8::1]:22/config.git", branch: "main", push: one("main", "", "[2001:db8::1]/config"), want: true},
		"NoURL":      {reason: "nothing matches nothing", url: "", branch: "main", push: one("main", "", "/web/config")},
		"Local":      {reason: "a path on this machine", url: "/srv/git/web/config.git", branch: "main", push: one("main", "", "/web/config")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.push.Matches(tc.url, tc.branch); got != tc.want {
				t.Errorf("%s: want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}

func TestManyBranches(t *testing.T) {
	t.Parallel()
	var changes []string
	for i := range 3 * webhook.MaxPushes {
		changes = append(changes, fmt.Sprintf(`{"ref": "refs/heads/b%d", "after": %q}`, i/2, revision))
	}
	body := `{"event_name": "repository_update", "project": {"git_http_url": "https://git.example.com/config"}, "changes": [` + strings.Join(changes, ",") + "]}"
	got, err := webhook.Receive(webhook.GitLab, []byte(secret), request(webhook.GitLab, secret, body, nil))
	if err != nil || len(got) != webhook.MaxPushes || got[0].Branch != "b0" || got[webhook.MaxPushes-1].Branch != "b99" {
		t.Errorf("want the first %d branches, each once, got %d, %v", webhook.MaxPushes, len(got), err)
	}
}

func FuzzReceive(f *testing.F) {
	for _, name := range []string{"github.json", "gitlab.json", "gitlab-update.json", "gitea.json", "bitbucket.json", "bitbucket-datacenter.json", "generic.json"} {
		f.Add(fixture(f, name))
	}
	events := []map[string]string{
		{"X-GitHub-Event": "push", "X-Gitea-Event": "push", "X-Event-Key": "repo:push"}, {"X-Event-Key": "repo:refs_changed"},
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, provider := range webhook.Providers() {
			for _, headers := range events {
				pushes, err := webhook.Receive(provider, []byte(secret), request(provider, secret, body, headers))
				if problem := (*posted.Error)(nil); err != nil && (!errors.As(err, &problem) || problem.Status != posted.StatusBadRequest) {
					t.Fatalf("%s: a verified request can only be unreadable: %v", provider, err)
				}
				if len(pushes) > webhook.MaxPushes {
					t.Fatalf("%s: %d pushes", provider, len(pushes))
				}
				for _, push := range pushes {
					if len(push.Repositories) == 0 || push.Revision != "" && strings.Trim(push.Revision, "0123456789abcdef") != "" {
						t.Fatalf("%s: %+v", provider, push)
					}
				}
			}
		}
	})
}
