package fairlead_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
	gitwebhook "github.com/fairlead/fairlead/gitwriter/webhook"
	"github.com/fairlead/fairlead/registry/webhook"
)

var scriptBlock = regexp.MustCompile("(?s)\n```bash\n(.*?\n)```\n")

// recorder stands in for the programs of the recipes: they talk to services of others, so that only what they are told can be tested.
const recorder = `#!/bin/sh
{ printf '%s\0' "${0##*/}" "$@"; printf '\n\0'; } >>"$RECORD"
`

// TestWebhookRecipes runs each recipe, with programs that write down what they are told: the shell understands it, each body is
// JSON, each provider is there, and what signs itself is taken for signed.
func TestWebhookRecipes(t *testing.T) {
	t.Parallel()

	blocks := scriptBlock.FindAllStringSubmatch(read(t, "docs/howto/webhooks.md"), -1)
	if len(blocks) == 0 {
		t.Fatal("docs/howto/webhooks.md has no recipe")
	}
	providers := map[string]bool{}
	for _, block := range blocks[1:] {
		recipe := block[1]
		var provider, token string
		for _, command := range typed(t, blocks[0][1]+recipe)[1:] {
			for _, arg := range command {
				if strings.HasPrefix(arg, "{") && !json.Valid([]byte(arg)) {
					t.Errorf("%s is told what is no JSON: %s", command[0], arg)
				}
				if value, found := strings.CutPrefix(arg, "--from-literal=provider="); found {
					provider = value
				}
				if value, found := strings.CutPrefix(arg, "--from-literal=token="); found {
					token = value
				}
			}
			if provider == string(webhook.Generic) && command[0] == "curl" {
				receive(t, command, token)
			}
		}
		if len(token) != 64 {
			t.Errorf("the token isn't 32 bytes in hex: %q\n%s", token, recipe)
		}
		providers[provider] = true
	}
	known := append(all(webhook.Providers()), all(gitwebhook.Providers())...)
	slices.Sort(known)
	if diff := cmp.Diff(slices.Compact(known), slices.Sorted(maps.Keys(providers))); diff != "" {
		t.Errorf("providers that recipes are for (-want +got):\n%s", diff)
	}
}

// receive has the receiver read what the pipeline's curl would post.
func receive(t *testing.T, curl []string, token string) {
	t.Helper()
	body := curl[slices.Index(curl, "-d")+1]
	name, value, _ := strings.Cut(curl[slices.Index(curl, "-H")+1], ": ")
	pushes, err := webhook.Receive(webhook.Generic, []byte(token), posted.Request{Body: []byte(body), Header: func(asked string) string {
		if strings.EqualFold(asked, name) {
			return value
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []webhook.Push{{Host: "registry.example.com", Repository: "web-hook/www", Tag: "v1.0.36"}}
	if diff := cmp.Diff(want, pushes); diff != "" {
		t.Errorf("what the pipeline tells (-want +got):\n%s", diff)
	}
}

// all names the providers.
func all[P ~string](providers []P) []string {
	names := make([]string, len(providers))
	for i, provider := range providers {
		names[i] = string(provider)
	}
	return names
}

// typed runs a script, and gives the commands that it gave to programs of others.
func typed(t *testing.T, script string) [][]string {
	t.Helper()
	dir := t.TempDir()
	for _, program := range []string{"aws", "az", "curl", "gcloud", "gh", "helm", "kubectl"} {
		if err := os.WriteFile(filepath.Join(dir, program), []byte(recorder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	record := filepath.Join(dir, "record")
	cmd := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "RECORD=" + record}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	var commands [][]string
	for command := range strings.SplitSeq(strings.TrimSuffix(read(t, record), "\n\x00"), "\n\x00") {
		commands = append(commands, strings.Split(strings.TrimSuffix(command, "\x00"), "\x00"))
	}
	return commands
}
