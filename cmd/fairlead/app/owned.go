package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/syncer"
)

const (
	// ownedPage is how many objects are asked for at a time, ownedMost how many of one kind and namespace are looked at.
	ownedPage = 500
	ownedMost = 5000
	// ownedKinds bounds the kinds of custom resources that are looked through.
	ownedKinds = 24
)

// podOwners are the kinds between a workload and its containers.
func podOwners() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "replicasets"},
		{Group: "batch", Version: "v1", Resource: "jobs"},
		{Version: "v1", Resource: "pods"},
	}
}

// allOwned are the kinds of Kubernetes that others own.
func allOwned() []schema.GroupVersionResource {
	return append(podOwners(),
		schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
		schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"},
	)
}

// Node is an object of an Application, or one that is owned by such.
type Node struct {
	// Group, Version, Kind, Namespace and Name name the object. The namespace of a cluster-scoped one is empty.
	Group     string `json:"group,omitempty"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Status is that of an object of the Application itself, empty for one that is owned.
	Status v1alpha1.SyncStatusCode `json:"status,omitempty"`
	// Health of the object, with a message where it isn't well.
	Health  v1alpha1.HealthStatusCode `json:"health,omitempty"`
	Message string                    `json:"message,omitempty"`
	// Images that a Pod runs.
	Images []string `json:"images,omitempty"`
	// Ready is true for a Pod that is.
	Ready bool `json:"ready,omitempty"`
	// Children are the objects that this one owns, by kind and name.
	Children []*Node `json:"children,omitempty"`

	// idle is true for a ReplicaSet that is kept for the history of its Deployment alone.
	idle bool
}

// ownerKey names an object as owner references do.
type ownerKey struct{ group, kind, namespace, name string }

func (n *Node) key() ownerKey { return ownerKey{n.Group, n.Kind, n.Namespace, n.Name} }

// rootsOf are the objects that an Application's status names, the hooks of its last sync included.
func rootsOf(app *v1alpha1.Application) []*Node {
	var roots []*Node
	seen := map[ownerKey]bool{}
	for i := range app.Status.Resources {
		r := &app.Status.Resources[i]
		node := &Node{
			Group: r.Group, Version: r.Version, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name,
			Status: r.Status, Health: r.Health, Message: r.Message,
		}
		roots, seen[node.key()] = append(roots, node), true
	}
	if app.Status.Operation == nil {
		return roots
	}
	for _, h := range app.Status.Operation.Hooks {
		node := &Node{
			Group: h.Group, Version: h.Version, Kind: h.Kind, Namespace: h.Namespace, Name: h.Name,
			Health: hookHealth(h.Status), Message: cmp.Or(h.Message, h.Phase+" hook"),
		}
		if !seen[node.key()] {
			roots, seen[node.key()] = append(roots, node), true
		}
	}
	return roots
}

func hookHealth(status string) v1alpha1.HealthStatusCode {
	switch syncer.HookStatus(status) {
	case syncer.HookDone:
		return v1alpha1.HealthHealthy
	case syncer.HookBroken:
		return v1alpha1.HealthDegraded
	case syncer.HookRunning:
		return v1alpha1.HealthProgressing
	}
	return v1alpha1.HealthUnknown
}

// grow finds what the roots own, of some kinds, in the namespaces of the roots, and hangs it below them. The notes say what
// couldn't be looked at.
func (d *destination) grow(ctx context.Context, roots []*Node, kinds []schema.GroupVersionResource) (notes []string, err error) {
	var namespaces []string
	for _, root := range roots {
		if root.Namespace != "" {
			namespaces = append(namespaces, root.Namespace)
		}
	}
	slices.Sort(namespaces)
	below := map[ownerKey][]*Node{}
	for _, namespace := range slices.Compact(namespaces) {
		for _, kind := range kinds {
			found, note, err := d.list(ctx, kind, namespace)
			if err != nil {
				return notes, err
			}
			if note != "" {
				notes = append(notes, note)
			}
			for i := range found {
				hang(below, &found[i])
			}
		}
	}
	seen := map[*Node]bool{}
	for _, root := range roots {
		root.adopt(below, seen)
	}
	return notes, nil
}

// list lists the objects of a kind in a namespace. What may not be listed, and where there are too many, is a note.
func (d *destination) list(ctx context.Context, kind schema.GroupVersionResource, namespace string) (found []unstructured.Unstructured, note string, err error) {
	next := ""
	for {
		page, err := d.objects.Resource(kind).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: ownedPage, Continue: next})
		switch {
		case apierrors.IsForbidden(err):
			return nil, fmt.Sprintf("%s in namespace %s are left out: you may not list them", kind.Resource, namespace), nil
		case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
			return nil, "", nil
		case err != nil:
			return nil, "", terminal.Failf(err, "list %s in namespace %s: %v", kind.Resource, namespace, err)
		}
		found, next = append(found, page.Items...), page.GetContinue()
		if next == "" {
			return found, "", nil
		}
		if len(found) >= ownedMost {
			return found, fmt.Sprintf("there are more than %d %s in namespace %s: only the first of them are looked at", ownedMost, kind.Resource, namespace), nil
		}
	}
}

// hang makes a node of an object, below each of its owners.
func hang(below map[ownerKey][]*Node, obj *unstructured.Unstructured) {
	owners := obj.GetOwnerReferences()
	if len(owners) == 0 {
		return
	}
	node := nodeOf(obj)
	for _, owner := range owners {
		gv, err := schema.ParseGroupVersion(owner.APIVersion)
		if err != nil {
			continue
		}
		for _, namespace := range []string{obj.GetNamespace(), ""} { // the owner may be cluster-scoped
			key := ownerKey{gv.Group, owner.Kind, namespace, owner.Name}
			below[key] = append(below[key], node)
		}
	}
}

func nodeOf(obj *unstructured.Unstructured) *Node {
	id := syncer.IDOf(obj)
	health := syncer.HealthOf(id, obj)
	node := &Node{
		Group: id.Group, Version: id.Version, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name,
		Health: v1alpha1.HealthStatusCode(health.Status), Message: strings.TrimSpace(strings.TrimPrefix(health.Message, id.String())),
	}
	switch node.Kind {
	case "Pod":
		node.Images = syncer.Images([]*unstructured.Unstructured{obj})
		node.Ready = podReady(obj)
	case "ReplicaSet":
		wanted, found, _ := unstructured.NestedInt64(obj.Object, "spec", "replicas")
		running, _, _ := unstructured.NestedInt64(obj.Object, "status", "replicas")
		node.idle = found && wanted == 0 && running == 0
	}
	return node
}

func podReady(pod *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(pod.Object, "status", "conditions")
	return slices.ContainsFunc(conditions, func(entry any) bool {
		condition, _ := entry.(map[string]any)
		return condition["type"] == "Ready" && condition["status"] == "True"
	})
}

// adopt hangs the objects below their owner. An object with several owners hangs below the first that is met.
func (n *Node) adopt(below map[ownerKey][]*Node, seen map[*Node]bool) {
	for _, child := range below[n.key()] {
		if seen[child] {
			continue
		}
		seen[child] = true
		n.Children = append(n.Children, child)
		child.adopt(below, seen)
	}
	slices.SortFunc(n.Children, func(a, b *Node) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// walk visits the nodes and all below them.
func walk(nodes []*Node, visit func(*Node)) {
	for _, node := range nodes {
		visit(node)
		walk(node.Children, visit)
	}
}

// customKinds are the kinds of the API groups that extend the cluster and that the roots are of: operators make objects of
// their own groups.
func (d *destination) customKinds(roots []*Node) ([]schema.GroupVersionResource, error) {
	versions := map[string]string{}
	var groups []string
	for _, root := range roots {
		if extends(root.Group) && versions[root.Group] == "" {
			versions[root.Group] = root.Version
			groups = append(groups, root.Group)
		}
	}
	slices.Sort(groups)
	var kinds []schema.GroupVersionResource
	for _, group := range groups {
		gv := schema.GroupVersion{Group: group, Version: versions[group]}
		list, err := d.discovery.ServerResourcesForGroupVersion(gv.String())
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, terminal.Failf(err, "ask the API server for the kinds of %s: %v", gv, err)
		}
		for _, resource := range list.APIResources {
			if resource.Namespaced && slices.Contains(resource.Verbs, "list") && len(kinds) < ownedKinds {
				kinds = append(kinds, gv.WithResource(resource.Name))
			}
		}
	}
	return kinds, nil
}

// extends says whether a group isn't one of Kubernetes' own.
func extends(group string) bool {
	return strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") && group != v1alpha1.GroupVersion.Group
}
