package install_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// commandsOf are the fenced blocks without a language: what a reader is to type.
func commandsOf(text string) []string {
	var blocks []string
	fenced, typed := false, false
	for line := range strings.Lines(text) {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence:
			fenced = !fenced
			if typed = fenced && language == ""; typed {
				blocks = append(blocks, "")
			}
		case typed:
			blocks[len(blocks)-1] += line
		}
	}
	return blocks
}

// runElsewhere are commands of documents that this test can't or needn't run, and who does.
var runElsewhere = map[string]string{
	"make demo": "e2e/demo runs it, to the end of the first journey",
	"make test": "it is what runs this",
}

// substitutions are what becomes of commands that need what the embedded stack has other means for. An image is pushed by the
// stack, since there is no Docker; the chart's pod is played by kwok, and the built binary does its work, as its ServiceAccount and with its
// arguments; the servers of the stack speak plain HTTP.
var substitutions = []struct{ command, instead string }{
	{"kind create cluster", ""},
	{"kind load docker-image ", ""},
	{"docker build ", ""},
	{"docker login ", ""},
	{"docker pull ", ""},
	{"docker tag ", ""},
	{`docker push "$REGISTRY/you/hello:`, "stack push "},
	{"make build && ", "stack start"},
	{"export GIT_URL=", ""},
	{"export REGISTRY=", ""},
}

// substitute gives what is run for a line.
func substitute(line string) string {
	for _, s := range substitutions {
		rest, found := strings.CutPrefix(line, s.command)
		switch {
		case found && s.instead == "stack push ":
			return s.instead + strings.TrimSuffix(rest, `"`)
		case found:
			return s.instead
		}
	}
	switch line {
	case "  url: $GIT_URL":
		return line + "\n  insecure: true"
	case "  registry: {secretRef: {name: registry}}":
		return "  registry: {secretRef: {name: registry}, insecure: true}"
	}
	return line
}

// TestQuickStart types what the quick start says, and looks at what comes of it.
func TestQuickStart(t *testing.T) {
	t.Parallel()
	if os.Getenv("FAIRLEAD_E2E_KUBECONFIG") != "" {
		t.Skip("only where kwok plays the controller's pods")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	s, err := stack.Start(ctx, stack.Options{Empty: true, Race: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	reader := newReader(ctx, t, s)
	for _, block := range commandsOf(document(t, "docs/quickstart.md")) {
		if runElsewhere[strings.TrimSpace(block)] == "" {
			reader.typeIn(block)
		}
	}
	reader.sees("held: v1.0.1 taken back by Grace Hopper in ")
	deployment := &appsv1.Deployment{}
	if err := s.Client.Get(ctx, client.ObjectKey{Namespace: "hello", Name: "hello"}, deployment); err != nil {
		t.Fatal(err)
	}
	if image := deployment.Spec.Template.Spec.Containers[0].Image; image != s.Registry.Address()+"/you/hello:v1.0.0" {
		t.Errorf("the revert is to roll v1.0.0 out: %s", image)
	}
}

// TestReadmeCommands: what the README has people type is a part of the quick start, which is typed, or is run elsewhere.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	typed := strings.Split(document(t, "docs/quickstart.md"), "\n")
	for _, block := range commandsOf(document(t, "README.md")) {
		for line := range strings.Lines(block) {
			command, _, _ := strings.Cut(line, "#")
			command = strings.TrimSpace(command)
			if command != "" && runElsewhere[command] == "" && !slices.Contains(typed, command) {
				t.Errorf("README.md has people type %q, which no test runs: put it into docs/quickstart.md", command)
			}
		}
	}
}

func document(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// reader is somebody who types what a document says, in a folder beside which there may be others.
type reader struct {
	*testing.T

	ctx   context.Context //nolint:containedctx // it is the time that the reader has
	stack *stack.Stack
	dir   string
	env   []string
}

func newReader(ctx context.Context, t *testing.T, s *stack.Stack) *reader {
	t.Helper()
	home := t.TempDir()
	dir, tools := filepath.Join(home, "fairlead"), filepath.Join(home, "tools")
	for _, folder := range []string{dir, tools} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	helm, err := helmPath()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.Symlink(filepath.Join(root, "config"), filepath.Join(dir, "config")),
		os.Symlink(helm, filepath.Join(tools, "helm")), os.Symlink(s.KubectlPath(), filepath.Join(tools, "kubectl")),
		stack.Build(ctx, filepath.Join(tools, "fairlead")),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Git.Init(ctx, "you/config.git", stack.WriteFile("README.md", "# Ours\n")); err != nil {
		t.Fatal(err)
	}
	return &reader{T: t, ctx: ctx, stack: s, dir: dir, env: []string{
		"HOME=" + home, "PATH=" + tools + ":" + os.Getenv("PATH"), "KUBECONFIG=" + s.Kubeconfig,
		"GIT_URL=" + strings.Replace(s.Repository.URL, "web-hook/", "you/", 1), "GIT_USERNAME=" + s.Git.Username, "GIT_PASSWORD=" + s.Git.Password,
		"REGISTRY=" + s.Registry.Address(), "REGISTRY_USERNAME=" + s.Registry.Username, "REGISTRY_PASSWORD=" + s.Registry.Password,
		"GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=Grace Hopper",
		"GIT_CONFIG_KEY_1=user.email", "GIT_CONFIG_VALUE_1=grace@example.com",
		// What a person is asked for.
		"GIT_CONFIG_KEY_2=credential.helper", `GIT_CONFIG_VALUE_2=!f() { echo "username=$GIT_USERNAME"; echo "password=$GIT_PASSWORD"; }; f`,
	}}
}

// typeIn runs a block of commands, as a shell would that stops at the first that fails.
func (r *reader) typeIn(block string) {
	r.Helper()
	script := ""
	for line := range strings.Lines(block) {
		line = substitute(strings.TrimSuffix(line, "\n"))
		tag, pushes := strings.CutPrefix(line, "stack push ")
		switch {
		case pushes:
			r.shell(script)
			script = ""
			if _, err := r.stack.Registry.PushImage(r.ctx, "you/hello", tag); err != nil {
				r.Fatal(err)
			}
		case line == "stack start":
			r.shell(script)
			script = ""
			i := &installation{T: r.T, stack: r.stack}
			i.start(r.ctx)
		default:
			script += line + "\n"
		}
	}
	r.shell(script)
}

func (r *reader) shell(script string) string {
	r.Helper()
	if strings.TrimSpace(script) == "" {
		return ""
	}
	began := time.Now()
	cmd := exec.CommandContext(r.ctx, "bash", "-euo", "pipefail")
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, r.env, strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("%v\n%s\n%s\n%s", err, script, out, r.stack.Logs())
	}
	r.Logf("%.1f s\n%s%s", time.Since(began).Seconds(), script, out)
	return string(out)
}

// sees waits until `fairlead get` says something.
func (r *reader) sees(want string) {
	r.Helper()
	for {
		out := r.shell("fairlead get --namespace fairlead -o json")
		if strings.Contains(out, want) {
			return
		}
		select {
		case <-r.ctx.Done():
			r.Fatalf("fairlead get never says %q: %s", want, out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
