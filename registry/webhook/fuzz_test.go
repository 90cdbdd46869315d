package webhook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fairlead/fairlead/registry/webhook"
)

// FuzzReceive holds, for every provider and any bytes: nothing panics; without the right signature there is never a push;
// with it there are at most MaxPushes, each of names that a registry could have.
func FuzzReceive(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, "package", "sha256="+strings.Repeat("0", 64), secret[1:])
	}
	f.Add([]byte(`{"specversion": "1.0", "data": {}}`), "1.0", "", "")
	plain := regexp.MustCompile(`^[a-zA-Z0-9_./:@\[\]-]*$`)

	f.Fuzz(func(t *testing.T, body []byte, header, signature, token string) {
		for _, provider := range webhook.Providers() {
			guess := request{body: body, token: token, headers: map[string]string{
				"Authorization": signature, "X-Gitlab-Token": token, "X-Api-Key": header, "X-Signature": signature,
				"X-Hub-Signature-256": signature, "X-Gitea-Signature": signature, "X-Nexus-Webhook-Signature": signature,
				"X-GitHub-Event": "package",
			}}
			if pushes, err := webhook.Receive(provider, []byte(secret), guess.webhook()); pushes != nil || err == nil {
				if !strings.Contains(signature+header+token, secret) {
					t.Fatalf("%s: %v, %v without the secret", provider, pushes, err)
				}
			}
			signed := sign(provider, secret, body)
			signed.headers["X-GitHub-Event"], signed.headers["Ce-Specversion"], signed.headers["Ce-Source"] = "package", "1.0", header
			pushes, _ := webhook.Receive(provider, []byte(secret), signed.webhook())
			if len(pushes) > webhook.MaxPushes {
				t.Fatalf("%s: %d pushes", provider, len(pushes))
			}
			for _, push := range pushes {
				if push.Repository == "" || !plain.MatchString(push.Host+push.Repository+push.Tag+push.Digest) {
					t.Fatalf("%s: %+v", provider, push)
				}
				if !push.Matches(push.Host, push.Repository) {
					t.Fatalf("%s: %+v doesn't match itself", provider, push)
				}
			}
		}
	})
}
