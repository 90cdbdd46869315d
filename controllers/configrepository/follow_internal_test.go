package configrepository

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/apiserver"
	"github.com/fairlead/fairlead/gitwriter"
)

// TestCrossing has a follower record a head that it read before the process that writes recorded a newer one: a real API server
// refuses it.
func TestCrossing(t *testing.T) {
	t.Parallel()
	api := startAPI(t)
	written := &v1alpha1.ConfigRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "config"},
		Spec: v1alpha1.ConfigRepositorySpec{
			URL: "https://git.example.com/config.git", Branch: "main",
			Interval: metav1.Duration{Duration: time.Minute}, Timeout: metav1.Duration{Duration: time.Minute},
		},
	}
	if err := api.Create(t.Context(), written); err != nil {
		t.Fatal(err)
	}
	before := written.DeepCopy()
	older, newer := strings.Repeat("a", 40), strings.Repeat("b", 40)

	written.Status.Head = &v1alpha1.Head{Revision: newer, Time: metav1.Now()}
	if err := api.Status().Update(t.Context(), written); err != nil {
		t.Fatal(err)
	}

	r := &Reconciler{client: api, live: api, now: time.Now}
	s := &scope{repository: before, follows: true, result: gitwriter.WriteResult{Head: gitwriter.Head{Revision: older, Time: time.Now()}}}
	if err := r.recordFollowed(t.Context(), s, before); !apierrors.IsConflict(err) {
		t.Errorf("recordFollowed(...) = %v, want a conflict", err)
	}
	after := &v1alpha1.ConfigRepository{}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(before), after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(newer, after.Status.Head.Revision); diff != "" {
		t.Errorf("the head went back: -want, +got:\n%s", diff)
	}
}

// startAPI starts an API server with the kinds, and returns an administrator's client.
func startAPI(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(apiserver.For(t, apiserver.WithKinds), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return api
}
