package stack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// TestController runs the controller: what it does is seen, and it can be killed and started again.
func TestController(t *testing.T) {
	t.Parallel()
	_, s := start(t, stack.Options{Controller: true})
	t.Run("ReconcileNow", func(t *testing.T) { testReconcileNow(t, s) })
	t.Run("Notifications", func(t *testing.T) { testNotifications(t, s) })
	t.Run("Kill", func(t *testing.T) { testKill(t, s) })
}

// testReconcileNow pushes a tag that only the annotation can have found: the next scan is an hour away.
func testReconcileNow(t *testing.T, s *stack.Stack) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.PushSample(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyYAML(ctx, s.Sample(time.Hour)); err != nil {
		t.Fatal(err)
	}
	runs := func(tag string) {
		t.Helper()
		key := client.ObjectKey{Namespace: stack.AppNamespace, Name: "www"}
		_, err := stack.Await(ctx, s, key, func(d *appsv1.Deployment) (bool, string) {
			image := d.Spec.Template.Spec.Containers[0].Image
			return strings.HasSuffix(image, ":"+tag) && d.Status.UpdatedReplicas == 2 && d.Status.ReadyReplicas == 2, image
		})
		if err != nil {
			t.Fatalf("%v\n%s", err, s.Logs())
		}
	}
	runs("v1.0.35")
	if _, err := s.Registry.PushImage(ctx, "web-hook/www", "v1.0.36"); err != nil {
		t.Fatal(err)
	}
	s.Registry.Reset()
	s.Git.Reset()
	began := time.Now()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: "www"}}
	if err := s.ReconcileNow(ctx, policy); err != nil {
		t.Fatal(err)
	}
	runs("v1.0.36")
	t.Logf("annotation to pods in %s; registry: %s; Git: %s", time.Since(began), s.Registry.Counts(), s.Git.Counts())
	if err := s.Repository.Fsck(ctx); err != nil {
		t.Error(err)
	}
}

// testKill kills the controller, starts it again and ends it in order.
func testKill(t *testing.T, s *stack.Stack) {
	ctx := t.Context()
	first := s.ControllerPID()
	if first == 0 {
		t.Fatal("it doesn't run")
	}
	if err := s.StartController(ctx); err == nil || err.Error() != "start the controller: it runs already" {
		t.Errorf("a second one: got %v", err)
	}
	s.Kill()
	if pid := s.ControllerPID(); pid != 0 {
		t.Errorf("killed, but it runs as %d", pid)
	}
	if err := s.StartController(ctx); err != nil {
		t.Fatal(err)
	}
	if pid := s.ControllerPID(); pid == 0 || pid == first {
		t.Errorf("want a new process after %d, got %d", first, pid)
	}
	if err := s.Terminate(); err != nil {
		t.Error(err)
	}
	if err := s.Terminate(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if got := strings.Count(s.Logs(), `"msg":"ready"`); got != 2 {
		t.Errorf("want the logs of both starts, got\n%s", s.Logs())
	}
	if strings.Contains(s.Logs(), `"level":"error"`) {
		t.Errorf("want no error for having been ended, got\n%s", s.Logs())
	}
}
