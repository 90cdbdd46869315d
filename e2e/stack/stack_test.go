package stack_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// timeout of one test: the tools are built before, and a start takes seconds.
const timeout = 15 * time.Minute

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 3
  progressDeadlineSeconds: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example.com/web:1"}]}
`

func start(t *testing.T, options stack.Options) (context.Context, *stack.Stack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	options.Log = t.Output()
	s, err := stack.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return ctx, s
}

func TestStack(t *testing.T) {
	t.Parallel()
	_, s := start(t, stack.Options{})
	t.Run("Deployment", func(t *testing.T) { t.Parallel(); testDeployment(t, s) })
	t.Run("Registry", func(t *testing.T) { t.Parallel(); testRegistry(t, s) })
	t.Run("SecondRegistry", func(t *testing.T) { t.Parallel(); testSecondRegistry(t, s) })
	t.Run("Git", func(t *testing.T) { t.Parallel(); testGit(t, s) })
	t.Run("SSH", func(t *testing.T) { t.Parallel(); testSSH(t, s) })
	t.Run("Rights", func(t *testing.T) { t.Parallel(); testRights(t, s) })
	t.Run("Sample", func(t *testing.T) { t.Parallel(); testSample(t, s) })
}

// testDeployment rolls a Deployment out, and one that fails to order.
func testDeployment(t *testing.T, s *stack.Stack) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.ApplyYAML(ctx, deployment); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	key := client.ObjectKey{Namespace: "default", Name: "web"}
	_, err := stack.Await(ctx, s, key, func(d *appsv1.Deployment) (bool, string) {
		return d.Status.ReadyReplicas == 3 && d.Status.UpdatedReplicas == 3, d.Status.String()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("3 pods ready after %s", time.Since(began))
	failing := strings.Replace(deployment, "labels: {app: web}}\n    spec", "labels: {app: web, e2e.fairlead.dev/fail: ImagePullBackOff}}\n    spec", 1)
	if err := s.ApplyYAML(ctx, failing); err != nil {
		t.Fatal(err)
	}
	_, err = stack.Await(ctx, s, key, func(d *appsv1.Deployment) (bool, string) {
		for _, c := range d.Status.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
				return true, ""
			}
		}
		return false, d.Status.String()
	})
	if err != nil {
		t.Error(err)
	}
	pods, err := s.Kubectl(ctx, "get", "pods", "--selector", "e2e.fairlead.dev/fail", "--no-headers")
	if err != nil || !strings.Contains(pods, "ImagePullBackOff") {
		t.Errorf("want pods in ImagePullBackOff, got %q, %v", pods, err)
	}
}

// testRegistry pushes and lists with and without credentials, and disturbs it.
func testRegistry(t *testing.T, s *stack.Stack) {
	ctx := t.Context()
	r := s.Registry
	first, err := r.PushImage(ctx, "some/where", "v1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.PushImage(ctx, "some/where", "v1.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if first.Digest == second.Digest {
		t.Errorf("two tags share digest %s", first.Digest)
	}
	began := time.Now()
	if err := r.Retag(ctx, "some/where", "v1.0.1", "v1.0.2", "v1.0.3"); err != nil {
		t.Fatal(err)
	}
	t.Logf("two tags more in %s", time.Since(began))
	if err := r.DeleteTag(ctx, "some/where", "v1.0.3"); err != nil {
		t.Fatal(err)
	}
	list := func(username string) (int, string, error) {
		return ask(ctx, "http://"+r.Address()+"/v2/some/where/tags/list", username, r.Password)
	}
	if got := r.Counts(); len(got) > 0 {
		t.Errorf("the stack's own pushes are counted: %s", got)
	}
	steps := []struct {
		reason, username string
		faults           []stack.Fault
		status           int
		body             string
	}{
		{reason: "the right credentials", username: r.Username, status: 200, body: `{"name":"some/where","tags":["v1.0.0","v1.0.1","v1.0.2"]}`},
		{reason: "nobody", username: "", status: 401},
		{reason: "a status", username: r.Username, faults: []stack.Fault{stack.Status(503, nil)}, status: 503, body: "Service Unavailable"},
		{reason: "a limit", username: r.Username, faults: []stack.Fault{stack.TooManyRequests(7 * time.Second)}, status: 429, body: "Too Many Requests"},
		{reason: "a fault of another kind", username: r.Username, faults: []stack.Fault{stack.On("GET manifest", stack.Down())}, status: 200},
		{reason: "a delay", username: r.Username, faults: []stack.Fault{stack.Delay(time.Millisecond)}, status: 200},
		{reason: "no fault any more", username: r.Username, faults: []stack.Fault{stack.Times(0, stack.Down())}, status: 200},
	}
	for _, step := range steps {
		r.Inject(step.faults...)
		status, body, err := list(step.username)
		if err != nil || status != step.status || (step.body != "" && step.body != strings.TrimSpace(body)) {
			t.Errorf("%s: want %d %s, got %d %s, %v", step.reason, step.status, step.body, status, body, err)
		}
	}
	r.Inject(stack.Times(1, stack.Down()))
	if _, _, err := list(r.Username); err == nil {
		t.Error("down: want an error")
	}
	if status, _, err := list(r.Username); err != nil || status != 200 {
		t.Errorf("up again: got %d, %v", status, err)
	}
	if diff := cmp.Diff(stack.Counts{"GET tags": 9}, r.Reset()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if _, err := stack.Push(ctx, r.Repository("else/where")+":v1", r.Username, r.Password); err != nil {
		t.Errorf("a push from outside: %v", err)
	}
	if got := r.Counts(); got["PUT manifest"] != 1 {
		t.Errorf("a push from outside isn't counted: %s", got)
	}
}

// testGit clones and pushes over HTTP while a human commits, and disturbs it.
func testGit(t *testing.T, s *stack.Stack) {
	ctx := t.Context()
	r, err := s.Git.Init(ctx, "some/where.git", stack.WriteFile("a/b.txt", "one\n"))
	if err != nil {
		t.Fatal(err)
	}
	s.Git.Reset()
	dir := t.TempDir()
	if out, err := git(ctx, dir, "clone", r.CloneURL(), "clone"); err != nil {
		t.Fatalf("clone: %v\n%s", err, out)
	}
	want := stack.Counts{"info/refs upload-pack": 2, "ls-refs": 1, "fetch": 1} // one request to be told who asks
	if diff := cmp.Diff(want, s.Git.Reset()); diff != "" {
		t.Errorf("counts of a clone (-want +got):\n%s", diff)
	}
	clone := filepath.Join(dir, "clone")
	if _, err := git(ctx, clone, "commit", "--allow-empty", "--message", "from outside"); err != nil {
		t.Fatal(err)
	}
	s.Git.Inject(stack.Times(1, stack.BeforePush(func() error {
		_, err := r.HumanCommit(ctx, "be faster", stack.Replace("a/b.txt", "one", "two"))
		return err
	})))
	began := time.Now()
	out, err := git(ctx, clone, "push", "origin", "main")
	if err == nil || !strings.Contains(out, "rejected") {
		t.Errorf("a push on an old head: want it rejected, got %v\n%s", err, out)
	}
	t.Logf("a human and a push took %s", time.Since(began))
	if out, err := git(ctx, clone, "pull", "--rebase", "origin", "main"); err != nil {
		t.Fatalf("pull: %v\n%s", err, out)
	}
	if err := r.InstallHook("pre-receive", "#!/bin/sh\necho no deployments on Fridays\nexit 1\n"); err != nil {
		t.Fatal(err)
	}
	if out, err := git(ctx, clone, "push", "origin", "main"); err == nil || !strings.Contains(out, "no deployments on Fridays") {
		t.Errorf("a hook that refuses: got %v\n%s", err, out)
	}
	if err := r.InstallHook("pre-receive", ""); err != nil {
		t.Fatal(err)
	}
	if out, err := git(ctx, clone, "push", "origin", "main"); err != nil {
		t.Errorf("push: %v\n%s", err, out)
	}
	log, err := r.Log(ctx, "--format=%an: %s")
	if diff := cmp.Diff("Test: from outside\nGrace Hopper: be faster\nGrace Hopper: Add what runs in our clusters", log); diff != "" || err != nil {
		t.Errorf("log (-want +got):\n%s%v", diff, err)
	}
	if content, err := r.Show(ctx, "main:a/b.txt"); content != "two" || err != nil {
		t.Errorf("want two, got %q, %v", content, err)
	}
	if err := r.Fsck(ctx); err != nil {
		t.Error(err)
	}
	s.Git.Inject(stack.Down())
	if out, err := git(ctx, clone, "fetch"); err == nil {
		t.Errorf("down: want an error, got %s", out)
	}
	s.Git.Inject()
	status, _, err := ask(ctx, r.URL+"/info/refs?service=git-upload-pack", s.Git.Username, "wrong")
	if status != http.StatusUnauthorized || err != nil {
		t.Errorf("a wrong password: got %d, %v", status, err)
	}
}

// testRights checks that the ServiceAccount has rights, and not the administrator's.
func testRights(t *testing.T, s *stack.Stack) {
	ctx := t.Context()
	file, err := s.ServiceAccountKubeconfig(ctx, stack.Namespace, "fairlead")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		reason string
		args   []string
		want   string
	}{
		{"its own kinds", []string{"list", "imagepolicies.fairlead.dev", "--all-namespaces"}, "yes"},
		{"who it is", []string{"deletecollection", "imagepolicies.fairlead.dev", "--as", "system:serviceaccount:default:default"}, "no"},
	}
	for _, c := range cases {
		// kubectl exits with 1 when the answer is no.
		got, _ := s.Kubectl(ctx, append([]string{"--kubeconfig", file, "auth", "can-i"}, c.args...)...)
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%s: want %s, got %q", c.reason, c.want, got)
		}
	}
}

// testSample applies the sample: the API server takes each of its manifests.
func testSample(t *testing.T, s *stack.Stack) {
	ctx := t.Context()
	if err := s.ApplyYAML(ctx, s.Sample(5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := s.PushSample(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := s.Kubectl(ctx, "get", "imagepolicies,configrepositories,applications", "--all-namespaces", "--output", "name")
	want := "imagepolicy.fairlead.dev/api\nimagepolicy.fairlead.dev/ws\nimagepolicy.fairlead.dev/www\n" +
		"configrepository.fairlead.dev/config\napplication.fairlead.dev/webhooks\n"
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("objects (-want +got):\n%s%v", diff, err)
	}
	values, err := s.Repository.Show(ctx, "main:apps/webhooks/values.yaml")
	if err != nil || !strings.Contains(values, `prefix: "`+s.Registry.Address()+`/web-hook"`) {
		t.Errorf("the registry isn't in values.yaml: %v\n%s", err, values)
	}
}

// TestStop checks that nothing is left: no process, no file, no listener.
func TestStop(t *testing.T) {
	t.Parallel()
	began := time.Now()
	ctx, s := start(t, stack.Options{})
	t.Logf("started in %s", time.Since(began))
	pids := s.PIDs()
	if len(pids) != 6 {
		t.Errorf("want 6 processes (etcd, API server, controller manager, scheduler, kwok, registry), got %v", pids)
	}
	address := s.Registry.Address()
	began = time.Now()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped in %s", time.Since(began))
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", pid, err)
		}
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", s.Dir(), err)
	}
	if _, _, err := ask(ctx, "http://"+address+"/v2/", "", ""); err == nil {
		t.Errorf("somebody still listens on %s", address)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
}

func TestWaitForSaysWhatItSaw(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var s stack.Stack
	err := s.WaitFor(ctx, "Godot", func(context.Context) (bool, string) {
		cancel()
		return false, "a country road, a tree"
	})
	want := "wait for Godot: context canceled; last seen: a country road, a tree"
	if err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
}

func ask(ctx context.Context, url, username, password string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	if username != "" {
		request.SetBasicAuth(username, password)
	}
	request.Close = true // no second try on an old connection: it would be counted
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@example.com")
	err := cmd.Run()
	return out.String(), err
}
