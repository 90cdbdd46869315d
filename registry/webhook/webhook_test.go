package webhook_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
	"github.com/fairlead/fairlead/registry/webhook"
)

const (
	secret = "a secret of some length"
	digest = "sha256:4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c"
)

// request is what a provider sends: headers by name, in the spelling of the provider.
type request struct {
	headers map[string]string
	body    []byte
	token   string
}

func (r request) webhook() posted.Request {
	return posted.Request{Body: r.body, Token: r.token, Header: func(name string) string {
		for header, value := range r.headers {
			if strings.EqualFold(header, name) {
				return value
			}
		}
		return ""
	}}
}

func mac(newHash func() hash.Hash, key string, body []byte) string {
	m := hmac.New(newHash, []byte(key))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// sign returns what a provider sends with a body if it was given a secret.
func sign(provider webhook.Provider, key string, body []byte) request {
	signed := request{body: body, headers: map[string]string{}}
	switch provider {
	case webhook.Distribution, webhook.ECR, webhook.Azure:
		signed.headers["Authorization"] = "Bearer " + key
	case webhook.Harbor:
		signed.headers["Authorization"] = key
	case webhook.GitHub:
		signed.headers["X-Hub-Signature-256"] = "sha256=" + mac(sha256.New, key, body)
	case webhook.GitLab:
		signed.headers["X-Gitlab-Token"] = key
	case webhook.DockerHub, webhook.Quay, webhook.Google:
		signed.token = key
	case webhook.Nexus:
		signed.headers["X-Nexus-Webhook-Signature"] = mac(sha1.New, key, body)
	case webhook.Gitea:
		signed.headers["X-Gitea-Signature"] = mac(sha256.New, key, body)
	case webhook.Generic:
		signed.headers["X-Signature"] = "sha256=" + mac(sha256.New, key, body)
	}
	return signed
}

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	www := func(host string) []webhook.Push {
		return []webhook.Push{{Host: host, Repository: "web-hook/www", Tag: "v1.0.36", Digest: digest}}
	}
	cases := map[string]struct {
		reason   string
		provider webhook.Provider
		headers  map[string]string
		want     []webhook.Push
	}{
		"distribution.json": {
			reason: "of an envelope the pushes of tags count, each once; the host is what the pushing client called it", provider: webhook.Distribution,
			want: append(www(""), webhook.Push{Repository: "web-hook/api", Tag: "v1.0.36", Digest: digest}),
		},
		"harbor.json":             {reason: "payload format Default", provider: webhook.Harbor, want: www("")},
		"harbor-cloudevents.json": {reason: "payload format CloudEvents", provider: webhook.Harbor, want: www("")},
		"harbor-pull.json":        {reason: "nobody pushed", provider: webhook.Harbor},
		"github-package.json": {
			reason: "the event package; an owner is spelt as people do, a repository in lower case", provider: webhook.GitHub,
			headers: map[string]string{"X-GitHub-Event": "package"}, want: www("ghcr.io"),
		},
		"github-registry-package.json": {
			reason: "the event registry_package, of a version that has no tag", provider: webhook.GitHub,
			headers: map[string]string{"X-GitHub-Event": "registry_package"},
			want:    []webhook.Push{{Host: "ghcr.io", Repository: "web-hook/www", Digest: digest}},
		},
		"github-npm.json": {
			reason: "a package that is no image", provider: webhook.GitHub, headers: map[string]string{"X-GitHub-Event": "package"},
		},
		"github-ping.json": {
			reason: "what GitHub sends to try a webhook", provider: webhook.GitHub, headers: map[string]string{"X-GitHub-Event": "ping"},
		},
		"gitlab-push.json":             {reason: "a project's path is a prefix of its images", provider: webhook.GitLab, want: project()},
		"gitlab-tag-push.json":         {reason: "as a push of a branch", provider: webhook.GitLab, want: project()},
		"gitlab-pipeline.json":         {reason: "a pipeline that ended has pushed what it would", provider: webhook.GitLab, want: project()},
		"gitlab-pipeline-running.json": {reason: "a pipeline says each of its states", provider: webhook.GitLab},
		"gitlab-job.json":              {reason: "a job that built an image ends before its pipeline", provider: webhook.GitLab, want: project()},
		"gitlab-job-failed.json":       {reason: "a job that failed pushed nothing", provider: webhook.GitLab},
		"gitlab-issue.json":            {reason: "other events are ticked easily", provider: webhook.GitLab},
		"dockerhub.json": {
			reason: "Docker Hub says no digest", provider: webhook.DockerHub,
			want: []webhook.Push{{Host: "docker.io", Repository: "webhook/www", Tag: "v1.0.36"}},
		},
		"quay.json": {
			reason: "several tags of one repository", provider: webhook.Quay,
			want: []webhook.Push{
				{Host: "quay.io", Repository: "web-hook/www", Tag: "v1.0.36"},
				{Host: "quay.io", Repository: "web-hook/www", Tag: "latest"},
			},
		},
		"quay-own.json": {
			reason: "the older form of the tags; one's own Quay may have several names", provider: webhook.Quay,
			want: []webhook.Push{{Repository: "web-hook/www", Tag: "v1.0.36"}},
		},
		"quay-build.json": {reason: "a build that is queued has pushed nothing", provider: webhook.Quay},
		"azure.json":      {reason: "one event, with the registry that it is of", provider: webhook.Azure, want: www("webhook.azurecr.io")},
		"azure-ping.json": {reason: "what `az acr webhook ping` sends", provider: webhook.Azure},
		"google.json": {
			reason: "a message in base64", provider: webhook.Google,
			want: []webhook.Push{{Host: "europe-docker.pkg.dev", Repository: "web-hook/images/www", Tag: "v1.0.36", Digest: digest}},
		},
		"google-unwrapped.json": {
			reason: "a subscription with payload unwrapping", provider: webhook.Google,
			want: []webhook.Push{{Host: "europe-docker.pkg.dev", Repository: "web-hook/images/www", Tag: "v1.0.36", Digest: digest}},
		},
		"google-delete.json":   {reason: "a tag that was taken away", provider: webhook.Google},
		"google-untagged.json": {reason: "an upload of a digest: its tag is another message", provider: webhook.Google},
		"ecr.json":             {reason: "an API destination of EventBridge", provider: webhook.ECR, want: www("123456789012.dkr.ecr.eu-west-1.amazonaws.com")},
		"ecr-china.json":       {reason: "another domain", provider: webhook.ECR, want: www("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")},
		"ecr-delete.json":      {reason: "an image that was taken away", provider: webhook.ECR},
		"ecr-failed.json":      {reason: "a push that failed", provider: webhook.ECR},
		"ecr-structured.json": {
			reason: "a CloudEvent in structured mode, with the names of ECR's API", provider: webhook.ECR,
			headers: map[string]string{"Content-Type": "application/cloudevents+json"}, want: www("123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
		},
		"ecr-structured-event.json": {
			reason: "a CloudEvent whose data is EventBridge's event, in base64", provider: webhook.ECR,
			want: www("123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
		},
		"ecr-binary.json": {
			reason: "a CloudEvent in binary mode: its attributes are headers", provider: webhook.ECR,
			headers: map[string]string{"ce-specversion": "1.0", "ce-type": "aws.ecr", "ce-source": "arn:aws:ecr:eu-west-1:123456789012:repository/web-hook/www"},
			want:    www("123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
		},
		"nexus.json": {
			reason: "how an image is called depends on how Nexus routes", provider: webhook.Nexus,
			want: []webhook.Push{
				{Repository: "web-hook/www", Tag: "v1.0.36"},
				{Repository: "docker-hosted/web-hook/www", Tag: "v1.0.36"},
			},
		},
		"nexus-deleted.json": {reason: "an image that was taken away", provider: webhook.Nexus},
		"nexus-npm.json":     {reason: "a component that is no image", provider: webhook.Nexus},
		"gitea.json":         {reason: "an image is owner/name", provider: webhook.Gitea, want: []webhook.Push{{Repository: "web-hook/www", Tag: "v1.0.36"}}},
		"gitea-untagged.json": {
			reason: "the version of an image without a tag is its digest", provider: webhook.Gitea,
			want: []webhook.Push{{Repository: "web-hook/www", Digest: digest}},
		},
		"gitea-deleted.json": {reason: "an image that was taken away", provider: webhook.Gitea},
		"gitea-npm.json":     {reason: "a package that is no image", provider: webhook.Gitea},
		"generic.json": {
			reason: "what a script sends", provider: webhook.Generic,
			want: []webhook.Push{{Host: "registry.example.com", Repository: "web-hook/www", Tag: "v1.0.36"}},
		},
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := cases[filepath.Base(file)]; !ok {
			t.Errorf("%s is in no case", file)
		}
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed := sign(tc.provider, secret, fixture(t, name))
			maps.Copy(signed.headers, tc.headers)
			got, err := webhook.Receive(tc.provider, []byte(secret), signed.webhook())
			if err != nil {
				t.Fatalf("%s: Receive(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: Receive(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func project() []webhook.Push {
	return []webhook.Push{{Repository: "web-hook/www", Below: true}}
}

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	many := make([]string, 0, 3*webhook.MaxPushes)
	for i := range cap(many) {
		many = append(many, fmt.Sprintf(`{"action": "push", "target": {"repository": "web-hook/www", "tag": "v1.0.%d"}}`, i/2))
	}
	cases := map[string]struct {
		reason   string
		provider webhook.Provider
		body     string
		want     int
		problem  string
	}{
		"NoJSON": {
			reason: "a form, say", provider: webhook.Generic, body: "payload=%7B%7D", problem: "the body isn't the JSON that generic sends",
		},
		"Empty":     {reason: "nothing is no JSON", provider: webhook.Harbor, body: "", problem: "the body isn't the JSON that harbor sends"},
		"OtherType": {reason: "what is said isn't repeated", provider: webhook.Distribution, body: `{"events": "secret"}`, problem: "the body isn't the JSON that distribution sends"},
		"Base64":    {reason: "a message must be one", provider: webhook.Google, body: `{"message": {"data": "!"}}`, problem: "the body isn't the JSON that google sends"},
		"Inner":     {reason: "and JSON inside", provider: webhook.Google, body: `{"message": {"data": "eA=="}}`, problem: "the body isn't the JSON that google sends"},
		"NoData":    {reason: "a CloudEvent without data", provider: webhook.ECR, body: `{"specversion": "1.0"}`, problem: "the body isn't the JSON that ecr sends"},
		"NoImage": {
			reason: "whoever writes a script learns what is missing", provider: webhook.Generic, body: `{"tag": "v1"}`,
			problem: `"image" isn't the name of a repository: write it like registry.example.com/team/name`,
		},
		"Null":      {reason: "null is JSON", provider: webhook.Quay, body: "null"},
		"Tags":      {reason: "neither list nor object", provider: webhook.Quay, body: `{"updated_tags": 1}`, problem: "the body isn't the JSON that quay sends"},
		"Traversal": {reason: "no repository has such a name", provider: webhook.Harbor, body: harbor("../../etc", "v1")},
		"NewLine":   {reason: "nor one that forges a line of a log", provider: webhook.Harbor, body: harbor(`a\nb`, "v1")},
		"Tag":       {reason: "no tag has such a name", provider: webhook.Harbor, body: harbor("web-hook/www", `v1\u0000`)},
		"Long":      {reason: "nor such a length", provider: webhook.Harbor, body: harbor(strings.Repeat("a", 256), "v1")},
		"Host":      {reason: "no host has such a name", provider: webhook.Azure, body: `{"action": "push", "target": {"repository": "www", "tag": "v1"}, "request": {"host": "a b"}}`},
		"Digest": {
			reason: "a digest that is none is only left out", provider: webhook.Distribution, want: 1,
			body: `{"events": [{"action": "push", "target": {"repository": "www", "tag": "v1", "digest": "sha256:x"}}]}`,
		},
		"Many": {
			reason: "of very many pushes the first ones count, after those that repeat", provider: webhook.Distribution, want: webhook.MaxPushes,
			body: `{"events": [` + strings.Join(many, ",") + `]}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pushes, err := webhook.Receive(tc.provider, []byte(secret), sign(tc.provider, secret, []byte(tc.body)).webhook())
			var problem *posted.Error
			switch {
			case tc.problem != "":
				want := &posted.Error{Status: posted.StatusBadRequest, Problem: tc.problem}
				if !errors.As(err, &problem) || cmp.Diff(want, problem) != "" || err.Error() != tc.problem {
					t.Errorf("%s: Receive(...): %v, want %q", tc.reason, err, tc.problem)
				}
			case err != nil || len(pushes) != tc.want:
				t.Errorf("%s: Receive(...): %v, %v, want %d pushes", tc.reason, pushes, err, tc.want)
			}
		})
	}
}

func harbor(repository, tag string) string {
	return fmt.Sprintf(`{"type": "PUSH_ARTIFACT", "event_data": {"resources": [{"tag": "%s"}], "repository": {"repo_full_name": "%s"}}}`, tag, repository)
}

func TestUnknownProvider(t *testing.T) {
	t.Parallel()
	_, err := webhook.Receive("habor", []byte(secret), request{}.webhook())
	want := `"habor" is no provider of webhooks: write one of distribution, harbor, github, gitlab, dockerhub, quay, azure, google, ecr, nexus, gitea, generic`
	if err == nil || err.Error() != want {
		t.Errorf("Receive(habor): %v, want %s", err, want)
	}
}
