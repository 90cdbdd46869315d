package syncer_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/e2e/apiserver"
	"github.com/fairlead/fairlead/syncer"
)

// The real API server that the tests of this package share; each test has a namespace of its own.
var (
	config *rest.Config
	admin  dynamic.Interface
	mapper meta.RESTMapper
)

var (
	configMaps   = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	jobsResource = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	deployments  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	namespaces   = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	owner        = syncer.Owner{Namespace: "fairlead", Name: "webhooks"}
)

func TestMain(m *testing.M) {
	if slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.fuzz=") }) {
		os.Exit(m.Run()) // every worker would start a server of its own, and what is fuzzed needs none
	}
	os.Exit(apiserver.Run(m, apiserver.Bare, ready))
}

func ready(started *rest.Config) (err error) {
	config = started
	if admin, err = dynamic.NewForConfig(config); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return fmt.Errorf("make an HTTP client: %w", err)
	}
	if mapper, err = apiutil.NewDynamicRESTMapper(config, httpClient); err != nil {
		return fmt.Errorf("make a mapper: %w", err)
	}
	return nil
}

// objects parses manifests that are separated by ---.
func objects(t testing.TB, manifests string) []*unstructured.Unstructured {
	t.Helper()
	var objs []*unstructured.Unstructured
	for document := range strings.SplitSeq(manifests, "\n---\n") {
		obj := &unstructured.Unstructured{}
		data, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &obj.Object); err != nil { // whole numbers are int64, as the API server's are
			t.Fatal(err)
		}
		objs = append(objs, obj)
	}
	return objs
}

// newNamespace makes a namespace for one test.
func newNamespace(t testing.TB) string {
	t.Helper()
	namespace := objects(t, "apiVersion: v1\nkind: Namespace\nmetadata: {generateName: test-}")[0]
	created, err := admin.Resource(namespaces).Create(t.Context(), namespace, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return created.GetName()
}

// prepared are manifests as they are applied.
func prepared(t testing.TB, namespace, manifests string) []*unstructured.Unstructured {
	t.Helper()
	desired, err := syncer.Prepare(objects(t, manifests), owner, syncer.Scope{Namespace: namespace}, syncer.Options{}, mapper)
	if err != nil {
		t.Fatal(err)
	}
	return desired
}

// unseen are the states of objects of which nothing is there.
func unseen(desired []*unstructured.Unstructured) []syncer.State {
	return syncer.NewComparer().Recall(desired, nil)
}

// apply applies manifests and fails the test if it can't.
func apply(t testing.TB, namespace, manifests string) []syncer.State {
	t.Helper()
	states, err := syncer.NewApplier(admin, mapper).Apply(t.Context(), unseen(prepared(t, namespace, manifests)))
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// liveOf are the objects as they are now.
func liveOf(t testing.TB, desired []*unstructured.Unstructured) map[syncer.ID]*unstructured.Unstructured {
	t.Helper()
	live := map[syncer.ID]*unstructured.Unstructured{}
	for _, obj := range desired {
		found, err := syncer.NewApplier(admin, mapper).Get(t.Context(), syncer.IDOf(obj))
		if err != nil {
			t.Fatal(err)
		}
		live[syncer.IDOf(obj)] = found
	}
	return live
}

// roundTripper changes or counts requests on their way to the real API server.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// through is a client whose requests go through wrap.
func through(t testing.TB, wrap func(next http.RoundTripper) http.RoundTripper) dynamic.Interface {
	t.Helper()
	wrapped := rest.CopyConfig(config)
	wrapped.Wrap(wrap)
	client, err := dynamic.NewForConfig(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// counted is a client that counts its requests.
func counted(t testing.TB) (dynamic.Interface, *atomic.Int64) {
	t.Helper()
	requests := &atomic.Int64{}
	client := through(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			return next.RoundTrip(r)
		})
	})
	return client, requests
}

// eventually polls until done says so.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// terminal is what callers read of an error.
func terminal(err error) bool {
	var classified interface{ Terminal() bool }
	return errors.As(err, &classified) && classified.Terminal()
}
