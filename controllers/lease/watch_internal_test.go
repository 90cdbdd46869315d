package lease

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/apiserver"
)

// TestWatch goes through the life of a Lease on a real API server, by a clock of its own.
func TestWatch(t *testing.T) {
	t.Parallel()
	api := start(t)
	now := time.Now()
	watch := NewWatch(api, "default", Update)
	watch.now = func() time.Time { return now }
	expect := func(reason string, wantHeld bool, wantAddress string) {
		t.Helper()
		held, err := watch.Held(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		address, err := watch.Address(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if held != wantHeld || address != wantAddress {
			t.Errorf("%s: held %t at %q, want %t at %q", reason, held, address, wantHeld, wantAddress)
		}
	}
	expect("there was never one", false, "")

	seconds := int32(Duration.Seconds())
	longAgo := metav1.NewMicroTime(now.Add(-time.Hour))
	holder := "pod_1@10.0.0.1:9292"
	held := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: Update},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &longAgo},
	}
	if err := api.Create(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	expect("an answer of just now counts", false, "")
	now = now.Add(freshFor)
	expect("a holder whose clock is an hour slow", true, "10.0.0.1:9292")
	now = now.Add(Duration - time.Millisecond)
	expect("it may still renew", true, "10.0.0.1:9292")
	now = now.Add(time.Second)
	expect("it hasn't renewed", false, "")

	update(t, api, held, "pod_1")
	now = now.Add(freshFor)
	expect("it has, and hears no webhooks", true, "")
	update(t, api, held, "")
	now = now.Add(freshFor)
	expect("given back", false, "")
	update(t, api, held, "pod_2@[2001:db8::1]:9292")
	now = now.Add(freshFor)
	expect("taken by another", true, "[2001:db8::1]:9292")
}

// update has somebody hold a Lease.
func update(t *testing.T, api client.Client, held *coordinationv1.Lease, holder string) {
	t.Helper()
	renewed := metav1.NowMicro()
	held.Spec.HolderIdentity, held.Spec.RenewTime = &holder, &renewed
	if err := api.Update(t.Context(), held); err != nil {
		t.Fatal(err)
	}
}

// start starts an API server, and returns a client of it that has no cache.
func start(t *testing.T) client.Client {
	t.Helper()
	api, err := client.New(apiserver.For(t, apiserver.Bare), client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return api
}
