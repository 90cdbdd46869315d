package syncer_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairlead/fairlead/syncer"
)

const (
	configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}"
	shipKind  = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Ship, plural: ships, singular: ship, listKind: ShipList}
  versions:
  - {name: v0, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {masts: {type: integer, maximum: 7}, sails: {type: integer, default: 3}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
    subresources: {status: {}}`
)

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	team := syncer.Scope{Namespace: "web", NamespaceOnly: true}
	cases := map[string]struct {
		reason    string
		manifests string
		scope     syncer.Scope
		want      string
		passing   bool
	}{
		"NoKind":       {reason: "an object has a kind", manifests: "apiVersion: v1\nmetadata: {name: c}", want: `object 1 of what was rendered (apiVersion "v1", name "c") has no kind`},
		"NoAPIVersion": {reason: "and a version of it", manifests: "kind: ConfigMap\nmetadata: {name: c}", want: `object 1 of what was rendered (kind "ConfigMap", name "c") has no apiVersion`},
		"NoName":       {reason: "and a name", manifests: "apiVersion: v1\nkind: ConfigMap", want: "object 1 of what was rendered (v1 ConfigMap) has no metadata.name"},
		"GenerateName": {
			reason:    "a name that is made anew each time names nothing",
			manifests: "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}",
			want:      "Job migrate-*: metadata.generateName would make a new object at each sync: give it a metadata.name",
		},
		"Twice": {
			reason:    "one would undo the other, for ever; with and without the namespace it is the same object",
			manifests: configMap + "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: web}",
			want:      "ConfigMap web/c is declared twice: object 1 (v1) and object 2 (v1) of what was rendered: remove one",
		},
		"TwiceInTwoVersions": {
			reason:    "the API server shows one object in each version of its kind",
			manifests: "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}",
			want:      "HorizontalPodAutoscaler web/h is declared twice: object 1 (autoscaling/v1) and object 2 (autoscaling/v2) of what was rendered: remove one",
		},
		"UnknownKind": {
			reason:    "a kind needs a definition, which somebody else may bring any time",
			manifests: "apiVersion: example.com/v1\nkind: Boat\nmetadata: {name: b}", passing: true,
			want: "Boat b: the cluster has no kind Boat in example.com/v1: is its CustomResourceDefinition missing?",
		},
		"UnservedVersion": {
			reason:    "a definition brings the versions that it serves, and no others",
			manifests: "apiVersion: GROUP/v0\nkind: Ship\nmetadata: {name: s}\n---" + shipKind, passing: true,
			want: "Ship s: the cluster has no kind Ship in GROUP/v0: is its CustomResourceDefinition missing?",
		},
		"Hook": {
			reason:    "a wave that can't be understood must not count as wave 0",
			manifests: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {argocd.argoproj.io/sync-wave: first}}",
			want:      `ConfigMap c: annotation argocd.argoproj.io/sync-wave: "first" can't be understood: it takes a whole number`,
		},
		"OtherNamespace": {
			reason:    "an Application of a team stays in the team's namespace",
			manifests: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: kube-system}", scope: team,
			want: "ConfigMap kube-system/c is in another namespace: an Application outside of Fairlead's own namespace may deploy to its namespace web only",
		},
		"ClusterScoped": {
			reason:    "what belongs to no namespace is not a team's, whatever namespace it names",
			manifests: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: web}", scope: team,
			want: "ClusterRole r is cluster-scoped: an Application outside of Fairlead's own namespace may deploy to its namespace web only",
		},
		"ChildOfAnother": {
			reason:    "an object that blocks its owner's deletion would hold up what isn't the team's",
			manifests: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, ownerReferences: [{apiVersion: v1, kind: Namespace, name: web, uid: u, blockOwnerDeletion: true}]}", scope: team,
			want: "ConfigMap web/c has metadata.ownerReferences: an Application outside of Fairlead's own namespace may not make an object the child of another: leave them out",
		},
		"Several": {
			reason:    "all that is wrong is said at once, and only a change of the revision can mend the first",
			manifests: "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: example.com/v1\nkind: Boat\nmetadata: {name: b}",
			want:      "object 1 of what was rendered (v1 ConfigMap) has no metadata.name; Boat b: the cluster has no kind Boat in example.com/v1: is its CustomResourceDefinition missing?",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scope := tc.scope
			if scope.Namespace == "" {
				scope.Namespace = "web"
			}
			_, err := syncer.Prepare(objects(t, tc.manifests), owner, scope, syncer.Options{}, mapper)
			if diff := cmp.Diff(tc.want, text(err)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if terminal(err) == tc.passing {
				t.Errorf("\n%s\nterminal is %v", tc.reason, terminal(err))
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	rendered := objects(t, `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: b
  labels: {team: web}
  uid: 1234
  resourceVersion: "7"
  generation: 3
  creationTimestamp: null
  managedFields: []
spec: {selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: b}}}}
---
apiVersion: prepare.example.com/v1
kind: Ship
metadata: {name: t}
---
apiVersion: v1
kind: Pod
metadata: {name: p, annotations: {helm.sh/hook: test}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: clean, annotations: {helm.sh/hook: "pre-delete,post-rollback"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: web, namespace: wrong}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.prepare.example.com}
spec: {group: prepare.example.com, scope: Namespaced, names: {kind: Ship, plural: ships}, versions: [{name: v1, served: true}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: other}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: v}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r}
---
apiVersion: v1
kind: Service
metadata: {name: s}`)
	before := rendered[0].DeepCopy()
	desired, err := syncer.Prepare(rendered, owner, syncer.Scope{Namespace: "web"}, syncer.Options{}, mapper)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, obj := range desired {
		got = append(got, syncer.IDOf(obj).String())
		if found, owned := syncer.OwnerOf(obj); !owned || found != owner {
			t.Errorf("%s lacks the labels of its Application: %v", syncer.IDOf(obj), obj.GetLabels())
		}
	}
	want := []string{
		"Namespace web", "CustomResourceDefinition ships.prepare.example.com", "Role web/r", "RoleBinding web/rb", "Service web/s",
		"Deployment other/a", "Deployment web/b", "Ingress web/i", "Ship web/t", "ValidatingWebhookConfiguration v",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what others need comes first, what intercepts others last, tests and deletion are left out (-want, +got):\n%s", diff)
	}
	if diff := cmp.Diff(before.Object, rendered[0].Object); diff != "" {
		t.Errorf("what was rendered is shared and must not be changed:\n%s", diff)
	}
	wantB := objects(t, `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: b
  namespace: web
  labels: {team: web, fairlead.dev/application: webhooks, fairlead.dev/application-namespace: fairlead}
spec: {selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: b}}}}`)[0]
	if diff := cmp.Diff(wantB.Object, desired[6].Object); diff != "" {
		t.Errorf("labels stand on the object alone, and what only the API server writes is gone (-want, +got):\n%s", diff)
	}
}

// unanswering is a mapper that can't ask.
type unanswering struct{ meta.RESTMapper }

var errNoAnswer = errors.New("no answer")

func (unanswering) RESTMapping(schema.GroupKind, ...string) (*meta.RESTMapping, error) {
	return nil, errNoAnswer
}

func TestPrepareWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	_, err := syncer.Prepare(objects(t, configMap), owner, syncer.Scope{Namespace: "web"}, syncer.Options{}, unanswering{})
	if diff := cmp.Diff("find the resource of kind /v1, Kind=ConfigMap: no answer", text(err)); diff != "" {
		t.Error(diff)
	}
	if terminal(err) || !errors.Is(err, errNoAnswer) {
		t.Errorf("it is no fault of the object: %#v", err)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	desired := objects(t, configMap+"\n---\n"+deployment+"\n---\napiVersion: example.com/v1\nkind: Boat\nmetadata: {name: b}")
	inventory := []syncer.ID{{Version: "v1", Kind: "Secret"}, {Version: "v1", Kind: "ConfigMap"}, {Group: "gone.example.com", Version: "v1", Kind: "Gone"}}
	got, err := syncer.Kinds(desired, inventory, mapper)
	if err != nil {
		t.Fatal(err)
	}
	want := []schema.GroupVersionKind{{Version: "v1", Kind: "ConfigMap"}, {Group: "apps", Version: "v1", Kind: "Deployment"}, {Version: "v1", Kind: "Secret"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("each kind once, those that nobody serves left out (-want, +got):\n%s", diff)
	}
	if _, err := syncer.Kinds(desired, nil, unanswering{}); !errors.Is(err, errNoAnswer) {
		t.Errorf("got %v", err)
	}
}
