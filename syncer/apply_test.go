package syncer_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/fairlead/fairlead/syncer"
)

func TestApplyTakesFieldsBack(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	apply(t, namespace, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"1\", b: \"2\"}")
	theirs := objects(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"3\", c: \"4\"}")[0]
	if _, err := admin.Resource(configMaps).Namespace(namespace).Apply(t.Context(), "c", theirs, metav1.ApplyOptions{FieldManager: "somebody", Force: true}); err != nil {
		t.Fatal(err)
	}
	states := apply(t, namespace, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"1\"}")
	if diff := cmp.Diff(map[string]any{"a": "1", "c": "4"}, states[0].Live.Object["data"]); diff != "" {
		t.Errorf("what the revision sets is taken from others, what it no longer sets goes, what it doesn't set stays (-want, +got):\n%s", diff)
	}
}

func TestApplyChanges(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	desired := prepared(t, namespace, configMap+"\n---\n"+deployment)
	client, requests := counted(t)
	applier, comparer := syncer.NewApplier(client, mapper), syncer.NewComparer()
	changed := func(states []syncer.State) []bool {
		var all []bool
		for _, state := range states {
			all = append(all, state.Changed)
		}
		return all
	}
	states, err := applier.Apply(t.Context(), comparer.Recall(desired, nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bool{true, true}, changed(states)); diff != "" {
		t.Errorf("both are new:\n%s", diff)
	}
	comparer.Record(states)
	patch(t, namespace, `[{"op": "add", "path": "/status/replicas", "value": 1}]`, "status")

	// A restart: nothing is known any more.
	live := liveOf(t, desired)
	states, err = applier.Apply(t.Context(), syncer.NewComparer().Recall(desired, live))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bool{false, false}, changed(states)); diff != "" {
		t.Errorf("applying the same changes nothing:\n%s", diff)
	}

	before := requests.Load()
	states, err = applier.Apply(t.Context(), comparer.Recall(desired, live))
	if err != nil {
		t.Fatal(err)
	}
	if got := requests.Load() - before; got != 0 || !states[0].Synced || !states[1].Synced {
		t.Errorf("what is synced isn't applied again, got %d requests", got)
	}
}

func TestApplyErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason   string
		manifest string
		want     string // NAMESPACE stands for the namespace
		terminal bool
	}{
		"Invalid": {
			reason:   "the API server's own words tell what is wrong",
			manifest: "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 99999, targetPort: 1}]}",
			want:     `apply Service NAMESPACE/s: Service "s" is invalid: spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive`,
			terminal: true,
		},
		"UnknownField": {
			reason:   "a field that the schema lacks is no field",
			manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndatas: {}",
			want:     "apply ConfigMap NAMESPACE/c: failed to create typed patch object (NAMESPACE/c; /v1, Kind=ConfigMap): .datas: field not declared in schema",
			terminal: true,
		},
		"WrongType": {
			reason:   "a value of another type than the schema's",
			manifest: strings.Replace(deployment, "replicas: 2", "replicas: many", 1),
			want: "apply Deployment NAMESPACE/www: failed to create typed patch object (NAMESPACE/www; apps/v1, Kind=Deployment): " +
				`.spec.replicas: expected numeric (int or float), got string`,
			terminal: true,
		},
		"BadName": {
			reason:   "a name that the kind doesn't take",
			manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}",
			want: `apply ConfigMap NAMESPACE/Not_A_Name: ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist ` +
				`of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is ` +
				`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
			terminal: true,
		},
		"NoNamespace": {
			reason:   "somebody may create it",
			manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: nowhere}",
			want:     `apply ConfigMap nowhere/c: namespaces "nowhere" not found: create namespace nowhere, or set the sync option CreateNamespace=true`,
		},
		"Quota": {
			reason:   "somebody may raise it",
			manifest: "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {priorityClassName: none, containers: [{name: c, image: i}]}",
			want:     `apply Pod NAMESPACE/p: pods "p" is forbidden: no PriorityClass with name none was found`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			states, err := syncer.NewApplier(admin, mapper).Apply(t.Context(), unseen(prepared(t, namespace, tc.manifest)))
			want := strings.ReplaceAll(tc.want, "NAMESPACE", namespace)
			if diff := cmp.Diff(want, text(err)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if terminal(err) != tc.terminal {
				t.Errorf("\n%s\nterminal is %v", tc.reason, terminal(err))
			}
			if states[0].Synced || states[0].Changed || !strings.HasPrefix(states[0].Difference, "can't be applied: ") {
				t.Errorf("\n%s\nit wasn't applied: %+v", tc.reason, states[0])
			}
		})
	}
}

func TestApplyGoesOn(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifests := configMap + "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndatas: {}\n---\n" + deployment +
		"\n---\napiVersion: v1\nkind: Service\nmetadata: {name: nowhere, namespace: nowhere}\nspec: {ports: [{port: 1}]}"
	states, err := syncer.NewApplier(admin, mapper).Apply(t.Context(), unseen(prepared(t, namespace, manifests)))
	want := fmt.Sprintf("apply ConfigMap %s/bad: failed to create typed patch object (%s/bad; /v1, Kind=ConfigMap): .datas: field not declared in schema; "+
		`apply Service nowhere/nowhere: namespaces "nowhere" not found: create namespace nowhere, or set the sync option CreateNamespace=true`, namespace, namespace)
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Errorf("each failure is named, in the order of applying (-want, +got):\n%s", diff)
	}
	if terminal(err) {
		t.Error("as long as one of them may pass, trying again can help")
	}
	var synced []string
	for _, state := range states {
		if state.Synced {
			synced = append(synced, state.ID.Kind+" "+state.ID.Name)
		}
	}
	if diff := cmp.Diff([]string{"ConfigMap c", "Deployment www"}, synced); diff != "" {
		t.Errorf("what fails holds up no other (-want, +got):\n%s", diff)
	}
}

func TestApplyStopsWithoutANamespace(t *testing.T) {
	t.Parallel()
	manifests := "apiVersion: v1\nkind: Namespace\nmetadata: {name: Not_A_Name}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: Not_A_Name}"
	client, requests := counted(t)
	_, err := syncer.NewApplier(client, mapper).Apply(t.Context(), unseen(prepared(t, "web", manifests)))
	if !strings.HasPrefix(text(err), `apply Namespace Not_A_Name: Namespace "Not_A_Name" is invalid`) || requests.Load() != 1 {
		t.Errorf("what comes after would only fail for its sake, got %d requests and %v", requests.Load(), err)
	}
}

func TestApplyKindAndInstance(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	instance := "apiVersion: GROUP/v1\nkind: Ship\nmetadata: {name: one}\nspec: {masts: 2}\n---"
	manifests := strings.ReplaceAll(instance+shipKind, "GROUP", "apply.example.com")
	desired := prepared(t, namespace, manifests)
	applier, comparer := syncer.NewApplier(admin, mapper), syncer.NewComparer()
	states, err := applier.Apply(t.Context(), comparer.Recall(desired, nil))
	if err != nil {
		t.Fatalf("a definition and its instance in one revision: %v", err)
	}
	if diff := cmp.Diff(map[string]any{"masts": int64(2), "sails": int64(3)}, states[1].Live.Object["spec"]); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	states, err = comparer.Compare(t.Context(), applier, desired, liveOf(t, desired))
	if err != nil || !states[0].Synced || !states[1].Synced {
		t.Errorf("both are synced, got %+v, %v", states, err)
	}
	bad := prepared(t, namespace, strings.ReplaceAll("apiVersion: GROUP/v1\nkind: Ship\nmetadata: {name: two}\nspec: {masts: 9}", "GROUP", "apply.example.com"))
	_, err = applier.Apply(t.Context(), unseen(bad))
	want := fmt.Sprintf(`apply Ship %s/two: Ship.apply.example.com "two" is invalid: spec.masts: Invalid value: 9: spec.masts in body should be less than or equal to 7`, namespace)
	if diff := cmp.Diff(want, text(err)); diff != "" || !terminal(err) {
		t.Errorf("the definition's own rule (-want, +got):\n%s", diff)
	}
}

// TestApplyToAServerThatLagsBehind plays an API server of which one part doesn't serve a new kind yet.
func TestApplyToAServerThatLagsBehind(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	refusals := make(chan struct{}, 3)
	for range cap(refusals) {
		refusals <- struct{}{}
	}
	client := through(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "lags.example.com/v1/") {
				select {
				case <-refusals:
					body := io.NopCloser(strings.NewReader("404 page not found"))
					return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{"Content-Type": {"text/plain"}}, Body: body, Request: r}, nil
				default:
				}
			}
			return next.RoundTrip(r)
		})
	})
	manifests := strings.ReplaceAll("apiVersion: GROUP/v1\nkind: Ship\nmetadata: {name: one}\n---"+shipKind, "GROUP", "lags.example.com")
	// The mapper has the kind already, from another part of the API server.
	if _, err := syncer.NewApplier(client, mapper).Apply(t.Context(), unseen(prepared(t, namespace, manifests))); err != nil {
		t.Fatal(err)
	}
	if len(refusals) > 0 {
		t.Errorf("the API server was asked too seldom: %d refusals are left", len(refusals))
	}
}

func TestApplyPolicies(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	policy := strings.ReplaceAll(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
  validations: [{expression: "object.metadata.name == 'allowed'", message: only allowed is allowed}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME, validationActions: [Deny]}`, "NAME", namespace)
	apply(t, namespace, policy)
	var err error
	eventually(t, "the policy counts", func() bool {
		_, err = syncer.NewApplier(admin, mapper).Apply(t.Context(), unseen(prepared(t, namespace, configMap)))
		return err != nil
	})
	want := strings.ReplaceAll(`apply ConfigMap NAME/c: configmaps "c" is forbidden: ValidatingAdmissionPolicy 'NAME' with binding 'NAME' denied request: only allowed is allowed`, "NAME", namespace)
	if diff := cmp.Diff(want, text(err)); diff != "" || terminal(err) {
		t.Errorf("a policy may change without a word to us (-want, +got):\n%s", diff)
	}
}

func TestApplyWaitsWhenItIsTold(t *testing.T) {
	t.Parallel()
	client := through(t, func(http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			body := io.NopCloser(strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too many requests","reason":"TooManyRequests","details":{"retryAfterSeconds":7},"code":429}`))
			return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r}, nil
		})
	})
	_, err := syncer.NewApplier(client, mapper).Apply(t.Context(), unseen(prepared(t, "web", configMap)))
	var waits interface{ RetryAfter() time.Duration }
	if !errors.As(err, &waits) || waits.RetryAfter() != 7*time.Second || terminal(err) {
		t.Errorf("got %v", err)
	}
}

// as is a client that impersonates a ServiceAccount.
func as(t *testing.T, namespace, account string) dynamic.Interface {
	t.Helper()
	impersonating := rest.CopyConfig(config)
	impersonating.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + account, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace},
	}
	client, err := dynamic.NewForConfig(impersonating)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestImpersonation(t *testing.T) {
	t.Parallel()
	namespace, other := newNamespace(t), newNamespace(t)
	rights := `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: sync}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, create, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sync}
subjects: [{kind: ServiceAccount, name: fairlead-sync, namespace: ` + namespace + `}]`
	apply(t, namespace, rights)
	limited := syncer.NewApplier(as(t, namespace, "fairlead-sync"), mapper)
	eventually(t, "the rights count", func() bool {
		_, err := limited.Apply(t.Context(), unseen(prepared(t, namespace, configMap)))
		return err == nil
	})
	user := "system:serviceaccount:" + namespace + ":fairlead-sync"
	cases := map[string]struct {
		reason    string
		namespace string
		manifest  string
		want      string
	}{
		"OtherNamespace": {
			reason: "rights end at the namespace", namespace: other, manifest: configMap,
			want: fmt.Sprintf(`apply ConfigMap %s/c: configmaps "c" is forbidden: User %q cannot patch resource "configmaps" in API group "" in the namespace %q`, other, user, other),
		},
		"OtherKind": {
			reason: "and at the kinds that are named", namespace: namespace, manifest: "apiVersion: v1\nkind: Secret\nmetadata: {name: s}",
			want: fmt.Sprintf(`apply Secret %s/s: secrets "s" is forbidden: User %q cannot patch resource "secrets" in API group "" in the namespace %q`, namespace, user, namespace),
		},
		"MoreRights": {
			reason: "nobody gives away what he doesn't have", namespace: namespace,
			manifest: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: " + namespace + "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}",
			want: fmt.Sprintf(`apply ClusterRoleBinding %s: clusterrolebindings.rbac.authorization.k8s.io %q is forbidden: User %q cannot patch resource "clusterrolebindings" `+
				`in API group "rbac.authorization.k8s.io" at the cluster scope`, namespace, namespace, user),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := limited.Apply(t.Context(), unseen(prepared(t, tc.namespace, tc.manifest)))
			if diff := cmp.Diff(tc.want, text(err)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if terminal(err) || !apierrors.IsForbidden(err) {
				t.Errorf("rights can be given without a word to us, so that it must be tried again: %v", err)
			}
		})
	}
	t.Run("Prune", func(t *testing.T) {
		t.Parallel()
		apply(t, namespace, strings.Replace(configMap, "name: c", "name: old", 1))
		id := syncer.ID{Version: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "old"}
		results, err := limited.Prune(t.Context(), owner, []syncer.ID{id}, nil)
		want := fmt.Sprintf(`prune ConfigMap %s/old: configmaps "old" is forbidden: User %q cannot delete resource "configmaps" in API group "" in the namespace %q`, namespace, user, namespace)
		if diff := cmp.Diff(want, text(err)); diff != "" || results[0].Deleted || results[0].Err == nil {
			t.Errorf("-want, +got:\n%s\n%+v", diff, results)
		}
	})
}

func TestGet(t *testing.T) {
	t.Parallel()
	applier := syncer.NewApplier(admin, mapper)
	for _, id := range []syncer.ID{
		{Version: "v1", Kind: "ConfigMap", Namespace: "web", Name: "none"},
		{Group: "gone.example.com", Version: "v1", Kind: "Gone", Namespace: "web", Name: "none"},
	} {
		if live, err := applier.Get(t.Context(), id); live != nil || err != nil {
			t.Errorf("%s isn't there, got %v, %v", id, live, err)
		}
	}
}
