package install_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// patience is how long one step may take.
const patience = 2 * time.Minute

// userObjects are what a user declares, and what comes of it.
const userObjects = "imagepolicies.fairlead.dev,configrepositories.fairlead.dev,applications.fairlead.dev,secrets,deployments.apps"

// TestInstall installs, upgrades, uninstalls and installs anew on a cluster where users have objects of Fairlead's kinds, and
// has tags make their way in between. No object of theirs is lost.
func TestInstall(t *testing.T) {
	t.Parallel()
	if os.Getenv("FAIRLEAD_E2E_KUBECONFIG") != "" {
		t.Skip("only where kwok plays the controller's pods")
	}
	i := &installation{T: t, stack: running(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	i.apply(ctx, "../../config/default/namespace.yaml")

	i.helm("install", release, chart)
	i.start(ctx)
	i.declare(ctx)
	i.release(ctx, "v1.0.36")
	i.test(ctx)
	owned := i.owned(ctx)

	i.helm("upgrade", release, i.changedChart(), "--set", "replicas=2", "--set", "controller.registryConcurrency=4")
	i.checkUpgrade(ctx)
	i.start(ctx)
	i.release(ctx, "v1.0.37")
	i.still(ctx, "the upgrade", owned)

	i.terminate()
	i.helm("uninstall", release)
	i.still(ctx, "the uninstallation", owned)
	if left, err := i.stack.Kubectl(ctx, "get", "clusterroles,clusterrolebindings,deployments,services,serviceaccounts,roles,rolebindings",
		"--all-namespaces", "--selector", "app.kubernetes.io/instance="+release, "--output", "name"); err != nil || left != "" {
		t.Errorf("uninstalling leaves behind: %s%v", left, err)
	}

	i.applyPlain(ctx)
	i.start(ctx)
	i.release(ctx, "v1.0.38")
	i.terminate()
	i.deletePlain(ctx)
	i.still(ctx, "installing from plain manifests, and deleting these again,", owned)

	i.helm("install", release, chart)
	i.still(ctx, "another installation", owned)
}

// installation is one cluster with Fairlead in it.
type installation struct {
	*testing.T

	stack *stack.Stack
}

// helm runs helm and waits for what it makes.
func (i *installation) helm(verb string, args ...string) {
	i.Helper()
	began := time.Now()
	args = append([]string{verb, "--namespace", namespace, "--wait", "--timeout", patience.String()}, args...)
	if out, err := helm(i.T, i.stack.Kubeconfig, args...); err != nil {
		i.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	i.Logf("helm %s took %s", verb, time.Since(began).Round(time.Millisecond))
}

func (i *installation) apply(ctx context.Context, file string) {
	i.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		i.Fatal(err)
	}
	if err := i.stack.ApplyYAML(ctx, string(data)); err != nil {
		i.Fatal(err)
	}
}

// start runs the built binary as the pods would: as their ServiceAccount, with the arguments of their container, of whose
// variables one stands in them. Only where it listens is its own.
func (i *installation) start(ctx context.Context) {
	i.Helper()
	i.terminate()
	deployment := i.deployment(ctx)
	args := slices.DeleteFunc(deployment.Spec.Template.Spec.Containers[0].Args[1:], func(arg string) bool {
		flag, _, _ := strings.Cut(arg, "=")
		return slices.Contains([]string{"--health-address", "--metrics-address", "--webhook-address"}, flag)
	})
	for n := range args {
		args[n] = strings.ReplaceAll(args[n], "$(POD_NAMESPACE)", deployment.Namespace)
	}
	if err := i.stack.StartControllerAs(ctx, deployment.Spec.Template.Spec.ServiceAccountName, args...); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) terminate() {
	i.Helper()
	if err := i.stack.Terminate(); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) deployment(ctx context.Context) *appsv1.Deployment {
	i.Helper()
	deployment := &appsv1.Deployment{}
	if err := i.stack.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: release}, deployment); err != nil {
		i.Fatal(err)
	}
	return deployment
}

// declare applies what a user does: a ConfigRepository, an Application, ImagePolicies and the Secrets that they name.
func (i *installation) declare(ctx context.Context) {
	i.Helper()
	if err := i.stack.PushSample(ctx); err != nil {
		i.Fatal(err)
	}
	if err := i.stack.ApplyYAML(ctx, i.stack.Sample(5*time.Second)); err != nil {
		i.Fatal(err)
	}
}

// release pushes an image and waits until its pods are meant to run.
func (i *installation) release(ctx context.Context, tag string) {
	i.Helper()
	began := time.Now()
	if _, err := i.stack.Registry.PushImage(ctx, "web-hook/www", tag); err != nil {
		i.Fatal(err)
	}
	key := client.ObjectKey{Namespace: stack.AppNamespace, Name: "www"}
	_, err := stack.Await(ctx, i.stack, key, func(d *appsv1.Deployment) (bool, string) {
		image := d.Spec.Template.Spec.Containers[0].Image
		return strings.HasSuffix(image, ":"+tag), image
	})
	if err != nil {
		i.Fatalf("%v\n%s", err, i.stack.Logs())
	}
	i.Logf("%s took %s", tag, time.Since(began).Round(time.Millisecond))
}

// owned are the objects that aren't Fairlead's, by their UIDs.
func (i *installation) owned(ctx context.Context) []string {
	i.Helper()
	var objects []string
	for _, namespace := range []string{namespace, stack.AppNamespace} {
		out, err := i.stack.Kubectl(ctx, "get", userObjects, "--namespace", namespace, "--selector", "app.kubernetes.io/instance!="+release+",owner!=helm",
			"--output", `jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\n"}{end}`)
		if err != nil {
			i.Fatal(err)
		}
		objects = append(objects, strings.Split(strings.TrimSpace(out), "\n")...)
	}
	return objects
}

// still checks that all of them are there, and are the same ones.
func (i *installation) still(ctx context.Context, after string, want []string) {
	i.Helper()
	if len(want) < 2*len(stack.Services)+2 {
		i.Fatalf("these objects can't be all of the sample: %q", want)
	}
	if diff := cmp.Diff(want, i.owned(ctx)); diff != "" {
		i.Errorf("%s lost objects of users: -before, +after:\n%s", after, diff)
	}
}

// changedChart is a later version of the chart, in which ImagePolicies have one field more.
func (i *installation) changedChart() string {
	i.Helper()
	dir := filepath.Join(i.TempDir(), "fairlead")
	if err := os.CopyFS(dir, os.DirFS(chart)); err != nil {
		i.Fatal(err)
	}
	file := filepath.Join(dir, "files/crd/fairlead.dev_imagepolicies.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		i.Fatal(err)
	}
	const spec = "              spec:\n"
	changed := regexp.MustCompile(`(?m)^( +)spec:\n(?:.*\n)*?( +)properties:\n`).ReplaceAllString(string(data), "${0}${2}  later:\n${2}    type: string\n")
	if changed == string(data) {
		i.Fatalf("%s has no %q", file, spec)
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		i.Fatal(err)
	}
	return dir
}

// checkUpgrade checks that what is changed in the chart and in its values has arrived.
func (i *installation) checkUpgrade(ctx context.Context) {
	i.Helper()
	deployment := i.deployment(ctx)
	if got := *deployment.Spec.Replicas; got != 2 {
		i.Errorf("want 2 replicas, got %d", got)
	}
	if args := deployment.Spec.Template.Spec.Containers[0].Args; !slices.Contains(args, "--registry-concurrency=4") {
		i.Errorf("the changed value isn't in %q", args)
	}
	if out, err := i.stack.Kubectl(ctx, "explain", "imagepolicy.spec.later"); err != nil || !strings.Contains(out, "FIELD: later <string>") {
		i.Errorf("the new field isn't served: %s%v", out, err)
	}
}

var flagName = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`)

// TestFlags holds the arguments of the container to the flags of the controller: each has a value of the chart.
func TestFlags(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "fairlead")
	if err := stack.Build(t.Context(), binary, "-race"); err != nil {
		t.Fatal(err)
	}
	help, err := exec.CommandContext(t.Context(), binary, "controller", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, match := range flagName.FindAllStringSubmatch(string(help), -1) {
		// In a pod the cluster is the one that it runs in.
		if name := match[1]; name != "help" && name != "kubeconfig" {
			want = append(want, name)
		}
	}
	rendered, err := template(t, "--show-only", "templates/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, match := range regexp.MustCompile(`(?m)^ +- --([a-z-]+)=`).FindAllStringSubmatch(rendered, -1) {
		got = append(got, match[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-flags of the controller, +arguments that the chart gives:\n%s", diff)
	}
}
