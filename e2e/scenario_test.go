package e2e_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	// setupTimeout bounds what comes before and after a transcript.
	setupTimeout = 2 * time.Minute
	// namespacePrefix of the namespaces that scenarios make.
	namespacePrefix = "e2e-"
	// planted is a wrong password in the transcripts: it must not be told on any more than a right one.
	planted = "planted-password"
	// logLines of the controller that a failure shows, and how much of each.
	logLines, logWidth = 25, 500
)

// suite is what the scenarios share.
type suite struct {
	stack *stack.Stack
	// checked is the part of the controller's log that was found clean.
	checked int
}

// scenario is one transcript that runs.
type scenario struct {
	*suite

	// name of the scenario and of its objects.
	name string
	// namespace that its Application deploys to; it is the scenario's to create.
	namespace  string
	repository *stack.Repository
	// logStart is the length of the controller's log when it began.
	logStart int
	// logMark is its length at the last reset-counts.
	logMark int
	// notes that interfering people have committed.
	notes atomic.Int32
}

type scenarioKey struct{}

// begin gives a scenario a config repository, images and a namespace of its own, the Secrets and, as files, the declarations
// that a product needs. Nothing is applied yet but the Secrets.
func (s *suite) begin(env *testscript.Env) error {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	name := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	registry := s.stack.Registry.Address()
	repository, err := s.stack.Git.Init(ctx, name+".git", s.stack.WriteSample,
		stack.Replace("apps/webhooks/values.yaml", registry+"/web-hook", registry+"/"+name))
	if err != nil {
		return err
	}
	current := &scenario{suite: s, name: name, namespace: namespacePrefix + name, repository: repository, logStart: len(s.stack.Logs())}
	env.Values[scenarioKey{}] = current
	env.Vars = append(env.Vars,
		"NAME="+name, "NS="+current.namespace, "TEAM="+current.namespace+"-team",
		"IMAGES="+registry+"/"+name, "IMAGES2="+s.stack.Registry.Second.Address()+"/"+name,
		"IMAGES_TLS="+s.stack.Registry.Secure.Address()+"/"+name, "GIT_URL="+repository.URL, "GIT_HOST="+s.stack.Git.Address(),
		"GIT_SSH_URL="+repository.SSHURL(), "SSH_HOST="+s.stack.Git.SSH.Address(),
		// For the real commands: git looks into the bare repository, kubectl is the administrator's.
		"GIT_DIR="+repository.Dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"KUBECONFIG="+s.stack.Kubeconfig, "KUBECACHEDIR="+filepath.Join(s.stack.Dir(), "kubectl-cache"),
		"PATH="+strings.Join([]string{filepath.Dir(s.stack.BinaryPath()), filepath.Dir(s.stack.KubectlPath()), os.Getenv("PATH")}, string(filepath.ListSeparator)),
	)
	for key, value := range s.stack.Variables() {
		if env.Getenv(key) == "" {
			env.Setenv(key, value)
		}
	}
	env.Defer(func() { current.end(env.T()) })
	if err := copyDeclarations(env.WorkDir); err != nil {
		return err
	}
	if s.stack.ControllerPID() == 0 {
		if err := s.stack.StartController(ctx); err != nil {
			return err
		}
	}
	s.resetCounts()
	return s.stack.ApplyYAML(ctx, s.stack.Secrets())
}

// fronts stand before all servers.
func (s *suite) fronts() []*stack.Front {
	return []*stack.Front{s.stack.Git.Front, s.stack.Registry.Front, s.stack.Registry.Second, s.stack.Registry.Secure.Front, s.stack.Notifications.Front}
}

func (s *suite) resetCounts() {
	for _, front := range s.fronts() {
		front.Reset()
	}
}

// copyDeclarations puts the declarations into the working folder of a scenario, where no file of its own has the name.
func copyDeclarations(dir string) error {
	const from = "testdata/declarations"
	entries, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("copy the declarations: %w", err)
	}
	for _, entry := range entries {
		to := filepath.Join(dir, entry.Name())
		if _, err := os.Stat(to); err == nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, entry.Name()))
		if err != nil {
			return fmt.Errorf("copy the declarations: %w", err)
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return fmt.Errorf("copy the declarations: %w", err)
		}
	}
	return nil
}

// end takes everything back that a scenario has made, and looks at what it left in the log and the objects.
func (s *scenario) end(t testscript.T) {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	s.stack.Notifications.Forward(false)
	for _, front := range s.fronts() {
		front.Inject()
	}
	report := func(format string, args ...any) { t.Log(fmt.Sprintf(format, args...)) }
	clean := s.checkLog(report)
	clean = s.checkMetrics(ctx, report) && clean
	clean = s.checkCommits(ctx, report) && clean
	if err := s.mend(ctx); err != nil {
		clean = false
		report("mend the control plane: %v", err)
	}
	clean = s.checkObjects(ctx, report) && clean
	if err := s.remove(ctx); err != nil {
		clean = false
		report("remove what the scenario made: %v", err)
	}
	if !clean {
		t.FailNow()
	}
}

// remove deletes the objects of a scenario and begins to delete its namespaces. What Fairlead deployed stays behind when an
// Application is deleted.
func (s *scenario) remove(ctx context.Context) error {
	var namespaces corev1.NamespaceList
	if err := s.stack.Client.List(ctx, &namespaces); err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	var errs []error
	for i := range namespaces.Items {
		namespace := namespaces.Items[i].Name
		own := strings.HasPrefix(namespace, s.namespace)
		if !own && namespace != stack.Namespace {
			continue
		}
		for _, kind := range []client.Object{&v1alpha1.ImagePolicy{}, &v1alpha1.Application{}, &v1alpha1.ConfigRepository{}} {
			errs = append(errs, s.stack.Client.DeleteAllOf(ctx, kind, client.InNamespace(namespace)))
		}
		if own {
			errs = append(errs, client.IgnoreNotFound(s.stack.Client.Delete(ctx, &namespaces.Items[i])))
		}
	}
	return errors.Join(errs...)
}

// leave waits until the scenarios' namespaces are gone from a cluster that lives on: their pods end only while the stack
// plays their node.
func (s *suite) leave() error {
	if os.Getenv("FAIRLEAD_E2E_KUBECONFIG") == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	return s.stack.WaitFor(ctx, "the scenarios' namespaces to go", func(ctx context.Context) (bool, string) {
		var namespaces corev1.NamespaceList
		if err := s.stack.Client.List(ctx, &namespaces); err != nil {
			return false, err.Error()
		}
		for i := range namespaces.Items {
			if name := namespaces.Items[i].Name; strings.HasPrefix(name, namespacePrefix) {
				return false, name + " is still there"
			}
		}
		return true, ""
	})
}

// checkLog says whether what the controller wrote since the last look is free of races, panics and passwords.
func (s *suite) checkLog(report func(format string, args ...any)) bool {
	log := s.stack.Logs()
	since := log[s.checked:]
	s.checked = len(log)
	clean := true
	for _, bad := range append(s.passwords(), "DATA RACE", "panic") {
		if _, after, found := strings.Cut(since, bad); found {
			clean = false
			report("the controller's log holds %q, and then: %.4000s", bad, after)
		}
	}
	return clean
}

// checkObjects says whether no object that users may read holds a password.
func (s *scenario) checkObjects(ctx context.Context, report func(format string, args ...any)) bool {
	out, err := s.stack.Kubectl(ctx, "get", "imagepolicies,configrepositories,applications,events", "--all-namespaces", "--output", "yaml")
	if err != nil {
		report("look for passwords in objects: %v", err)
		return false
	}
	return s.isFree("an object holds", out, report)
}

// checkMetrics says whether all metrics of Fairlead that are served are documented, and none holds a password.
func (s *suite) checkMetrics(ctx context.Context, report func(format string, args ...any)) bool {
	served, err := s.stack.Metrics(ctx)
	if err != nil {
		report("look at the metrics: %v", err)
		return false
	}
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		report("look at the metrics: %v", err)
		return false
	}
	clean := s.isFree("the metrics hold", served, report)
	for _, described := range typeOfMetric.FindAllStringSubmatch(served, -1) {
		if !strings.Contains(string(page), "| `"+described[1]+"` | "+described[2]+" |") {
			clean = false
			report("docs/metrics.md doesn't tell of the %s %s, which is served", described[2], described[1])
		}
	}
	return clean
}

// typeOfMetric is the line before the series of a metric of Fairlead's own.
var typeOfMetric = regexp.MustCompile(`(?m)^# TYPE (fairlead_\w+) (\w+)$`)

// checkCommits says whether no commit of Fairlead's holds a password.
func (s *scenario) checkCommits(ctx context.Context, report func(format string, args ...any)) bool {
	written, err := exec.CommandContext(ctx, "git", "--git-dir", s.repository.Dir, "log", "--all", "--format=fuller", "--patch", "--author=^Fairlead").Output()
	if err != nil {
		report("look for passwords in commits: %v", err)
		return false
	}
	return s.isFree("a commit holds", string(written), report)
}

// isFree says whether a text is free of passwords.
func (s *suite) isFree(what, text string, report func(format string, args ...any)) bool {
	for _, password := range s.passwords() {
		if at := strings.Index(text, password); at >= 0 {
			report("%s a password: ... %.300s", what, text[max(0, at-200):])
			return false
		}
	}
	return true
}

// passwords are those that are in use, and the one that transcripts plant, as they are and in base64, as Secrets hold them.
func (s *suite) passwords() []string {
	plain := []string{s.secretOfKey(), s.stack.Registry.Password, s.stack.Registry.Other.Password, s.stack.Notifications.Token, s.stack.Git.Password, planted}
	all := slices.Clone(plain)
	for _, password := range plain {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(password)))
	}
	return all
}

// secretOfKey is a part of the SSH key that only the key holds.
func (s *suite) secretOfKey() string {
	lines := strings.Split(strings.TrimSpace(s.stack.Git.SSH.Identity), "\n")
	return lines[len(lines)-2]
}

// logTail are the last lines that the controller has written in this scenario.
func (s *scenario) logTail() string {
	lines := strings.Split(strings.TrimSpace(s.stack.Logs()[s.logStart:]), "\n")
	var words strings.Builder
	for _, line := range lines[max(0, len(lines)-logLines):] {
		fmt.Fprintf(&words, "  %.*s\n", logWidth, line)
	}
	return words.String()
}
