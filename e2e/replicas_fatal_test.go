package e2e_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// fatalApplications are one whose chart takes longer to render than any process of the test lives, and one beside it.
const fatalApplications = `apiVersion: fairlead.dev/v1alpha1
kind: ConfigRepository
metadata: {name: fatal, namespace: fairlead}
spec: {url: %[1]s, insecure: true, interval: 1s, secretRef: {name: git}}
---
apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: endless, namespace: fairlead}
spec:
  source: {repoURL: %[1]s, path: endless}
  destination: {server: https://kubernetes.default.svc, namespace: replicas}
  syncPolicy: {automated: {}}
---
apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: beside, namespace: fairlead}
spec:
  source: {repoURL: %[1]s, path: beside}
  destination: {server: https://kubernetes.default.svc, namespace: replicas}
  syncPolicy: {automated: {}}
`

const (
	endlessTemplate = "{{ range until 3000 }}{{ range until 3000 }}{{ range $.Values.l }}{{ end }}{{ end }}{{ end }}"
	fatalConfigMap  = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
)

// fatal: a rendering in which two processes were killed is left alone by the third, which serves everybody else, and takes it
// up again when it is corrected.
func (r *replicas) fatal(ctx context.Context, t *testing.T) error {
	repository, err := r.stack.Git.Init(ctx, "fatal.git",
		stack.WriteFile("endless/Chart.yaml", "apiVersion: v2\nname: endless\nversion: 1.0.0\n"),
		stack.WriteFile("endless/values.yaml", "l: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]\n"),
		stack.WriteFile("endless/templates/x.yaml", endlessTemplate),
		stack.WriteFile("beside/x.yaml", fmt.Sprintf(fatalConfigMap, "beside")))
	if err != nil {
		return err
	}
	if err := r.stack.ApplyYAML(ctx, r.stack.Secrets()+"---\n"+fmt.Sprintf(fatalApplications, repository.URL)); err != nil {
		return err
	}

	stopped, err := r.start(ctx, t, "fatal-stopped")
	if err != nil {
		return err
	}
	if err := r.awaitRendering(ctx, 1); err != nil {
		return err
	}
	if err := stopped.Terminate(); err != nil {
		return err
	}
	if err := r.awaitRendering(ctx, 0); err != nil {
		return fmt.Errorf("a process that was told to stop left a note behind: %w", err)
	}
	for try := range int32(2) {
		killed, err := r.start(ctx, t, fmt.Sprintf("fatal-killed%d", try))
		if err != nil {
			return err
		}
		if err := r.awaitRendering(ctx, try+1); err != nil {
			return err
		}
		killed.Kill()
	}

	if _, err := repository.HumanCommit(ctx, "Beside it", stack.WriteFile("beside/y.yaml", fmt.Sprintf(fatalConfigMap, "besides"))); err != nil {
		return err
	}
	if _, err := r.start(ctx, t, "fatal-careful"); err != nil {
		return err
	}
	alone := regexp.MustCompile(`^RenderFailed: 2 times the controller was ended while it rendered this, last after \S+: does a template call itself, ` +
		`or take all memory\? It is tried again at \S+, when the source changes, and when fairlead reconcile asks for it$`)
	if err := r.awaitApplication(ctx, "endless", alone); err != nil {
		return err
	}
	if _, err := r.stack.Kubectl(ctx, "--namespace", "replicas", "wait", "--for=create", "configmap/besides", "--timeout=60s"); err != nil {
		return err
	}
	if _, err := repository.HumanCommit(ctx, "Come to an end", stack.WriteFile("endless/templates/x.yaml", fmt.Sprintf(fatalConfigMap, "endless"))); err != nil {
		return err
	}
	if err := r.awaitApplication(ctx, "endless", regexp.MustCompile(`^Succeeded: `)); err != nil {
		return err
	}
	return r.awaitRendering(ctx, 0)
}

// awaitRendering waits until the status of the Application endless tells of a rendering begun so often; 0: of none.
func (r *replicas) awaitRendering(ctx context.Context, tries int32) error {
	return r.stack.WaitFor(ctx, fmt.Sprintf("a rendering begun %d times", tries), func(ctx context.Context) (bool, string) {
		app, err := r.application(ctx, "endless")
		if err != nil {
			return false, err.Error()
		}
		noted := app.Status.Rendering
		if noted == nil {
			return tries == 0, "none is noted"
		}
		return noted.Tries == tries, fmt.Sprintf("%+v", *noted)
	})
}

// awaitApplication waits until the condition Ready of an Application reads so: its reason, a colon, and its message.
func (r *replicas) awaitApplication(ctx context.Context, name string, ready *regexp.Regexp) error {
	return r.stack.WaitFor(ctx, fmt.Sprintf("Application %s with %s", name, ready), func(ctx context.Context) (bool, string) {
		app, err := r.application(ctx, name)
		if err != nil {
			return false, err.Error()
		}
		said := ""
		for _, condition := range app.Status.Conditions {
			if condition.Type == v1alpha1.ConditionReady {
				said = condition.Reason + ": " + condition.Message
			}
		}
		return ready.MatchString(said), said
	})
}

func (r *replicas) application(ctx context.Context, name string) (*v1alpha1.Application, error) {
	app := &v1alpha1.Application{}
	return app, r.stack.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: name}, app)
}
