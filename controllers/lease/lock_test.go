package lease_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/fairlead/fairlead/controllers/lease"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// TestRefused asks for a Lease in a namespace that isn't there, and then is, of a real API server.
func TestRefused(t *testing.T) {
	t.Parallel()
	config := apiserver.For(t, apiserver.Bare)
	lock, err := lease.New(config, "late", lease.Controller, "")
	if err != nil {
		t.Fatal(err)
	}
	now := metav1.NewTime(time.Now())
	record := resourcelock.LeaderElectionRecord{HolderIdentity: lock.Identity(), LeaseDurationSeconds: 4, AcquireTime: now, RenewTime: now}
	expect := func(reason, want string) {
		t.Helper()
		got := ""
		if refused := lock.Refused(); refused != nil {
			got = refused.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", reason, diff)
		}
	}
	const refused = `the Lease late/fairlead-controller, by which one of several replicas works, can't be taken: namespaces "late" not found`

	if _, _, err := lock.Get(t.Context()); err == nil {
		t.Fatal("want no Lease")
	}
	expect("a Lease that isn't there is created, by whoever may", "")
	if err := lock.Create(t.Context(), record); err == nil {
		t.Fatal("want no Lease without a namespace")
	}
	expect("there is nowhere to create it", refused)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := lock.Get(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("want no answer, got %v", err)
	}
	expect("no answer says nothing", refused)

	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "late"}}
	if _, err := kubernetes.NewForConfigOrDie(config).CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := lock.Create(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	expect("now it could", "")
	record.RenewTime = metav1.NewTime(now.Add(time.Second))
	if err := lock.Update(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	expect("and goes on to", "")
}
