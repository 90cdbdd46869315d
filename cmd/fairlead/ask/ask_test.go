package ask_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/ask"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// config reaches the real API server that the tests of this package share.
var config *rest.Config

func TestMain(m *testing.M) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard))) // as the program does
	os.Exit(apiserver.Run(m, apiserver.WithKinds, func(started *rest.Config) error {
		config = started
		return nil
	}))
}

const namespace = "default"

// setup declares a ConfigRepository of a name, and gives who asks and who administers.
func setup(t *testing.T, name string) (*ask.Cluster, client.Client, noun.Reference) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	admin, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	made := &v1alpha1.ConfigRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.ConfigRepositorySpec{
			URL: "https://git.example.com/config.git", Branch: "main",
			Interval: metav1.Duration{Duration: time.Minute}, Timeout: metav1.Duration{Duration: time.Minute},
		},
	}
	made.Spec.Commit.Author = v1alpha1.CommitAuthor{Name: "Fairlead", Email: "fairlead@localhost"}
	if err := admin.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	cluster, err := ask.NewCluster(config, scheme, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return cluster, admin, noun.Reference{Kind: noun.ConfigRepository, Name: name}
}

// TestSuspend stops an object and goes on with it, and says when it was so already.
func TestSuspend(t *testing.T) {
	t.Parallel()
	cluster, admin, named := setup(t, "stopped")
	steps := []struct {
		reason string
		do     func() (ask.Outcome, error)
		want   string
		spec   bool
		told   string
	}{
		{"it is stopped, and people are told why", func() (ask.Outcome, error) { return cluster.Suspend(t.Context(), namespace, named, "freeze") }, "ConfigRepository default/stopped is suspended", true, "freeze"},
		{"nothing is written", func() (ask.Outcome, error) { return cluster.Suspend(t.Context(), namespace, named, "freeze") }, "ConfigRepository default/stopped was so already", true, "freeze"},
		{"the reason of whoever did it stays", func() (ask.Outcome, error) { return cluster.Suspend(t.Context(), namespace, named, "") }, "ConfigRepository default/stopped was so already", true, "freeze"},
		{"another reason is news", func() (ask.Outcome, error) { return cluster.Suspend(t.Context(), namespace, named, "move") }, "ConfigRepository default/stopped is suspended", true, "move"},
		{"it goes on, and the reason is gone", func() (ask.Outcome, error) { return cluster.Resume(t.Context(), namespace, named) }, "ConfigRepository default/stopped is resumed", false, ""},
		{"it went on before", func() (ask.Outcome, error) { return cluster.Resume(t.Context(), namespace, named) }, "ConfigRepository default/stopped was so already", false, ""},
	}
	for _, step := range steps {
		outcome, err := step.do()
		if err != nil {
			t.Fatal(err)
		}
		found := &v1alpha1.ConfigRepository{}
		if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: named.Name}, found); err != nil {
			t.Fatal(err)
		}
		got := []any{outcome.String(), found.Spec.Suspend, found.Annotations[v1alpha1.SuspendReasonAnnotation]}
		if diff := cmp.Diff([]any{step.want, step.spec, step.told}, got); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", step.reason, diff)
		}
	}
}

// TestReconcile asks for a look, which the test takes the controller's part in.
func TestReconcile(t *testing.T) {
	t.Parallel()
	cluster, admin, named := setup(t, "looked")
	outcome, err := cluster.Reconcile(t.Context(), namespace, named, false)
	if err != nil || outcome.String() != "ConfigRepository default/looked is asked to reconcile" {
		t.Errorf("Reconcile without waiting = %q, %v", outcome, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 3*time.Second) // enough for a slow machine to ask
	defer cancel()
	const nobody = "reconcile ConfigRepository default/looked: the controller hasn't looked at it within the time given: is it running?"
	if _, err := cluster.Reconcile(short, namespace, named, true); err == nil || err.Error() != nobody {
		t.Errorf("without a controller: %v", err)
	}
	answered := make(chan error, 1)
	go func() { answered <- obey(t.Context(), admin, named.Name) }()
	outcome, err = cluster.Reconcile(t.Context(), namespace, named, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if got := outcome.String(); got != "ConfigRepository default/looked is reconciled, and not ready: down" || !outcome.Failed() {
		t.Errorf("Reconcile = %q", got)
	}
}

// obey does what the controller does, once there is a word that it hasn't seen.
func obey(ctx context.Context, admin client.Client, name string) error {
	found := &v1alpha1.ConfigRepository{}
	if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, found); err != nil {
		return err
	}
	seen := found.Annotations[v1alpha1.ReconcileAtAnnotation]
	for ctx.Err() == nil {
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, found); err != nil {
			return err
		}
		if word := found.Annotations[v1alpha1.ReconcileAtAnnotation]; word != seen {
			found.Status.LastHandledReconcileAt = word
			found.Status.Conditions = []metav1.Condition{{
				Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: "GitFailed", Message: "down", LastTransitionTime: metav1.Now(),
			}}
			return admin.Status().Update(ctx, found)
		}
	}
	return ctx.Err()
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	cluster, _, _ := setup(t, "other")
	for want, named := range map[string]noun.Reference{
		"ImagePolicy default/nobody doesn't exist: fairlead get -A lists those that do":                        {Name: "nobody"},
		"ConfigRepository default/nobody doesn't exist: kubectl get configrepositories -A lists those that do": {Kind: noun.ConfigRepository, Name: "nobody"},
		"Application default/nobody doesn't exist: fairlead app list -A lists those that do":                   {Kind: noun.Application, Name: "nobody"},
	} {
		if _, err := cluster.Reconcile(t.Context(), namespace, named, true); err == nil || err.Error() != want {
			t.Errorf("%v: -want, +got:\n%s", named, cmp.Diff(want, fmt.Sprint(err)))
		}
	}
}
