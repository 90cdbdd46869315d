package application

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/fairlead/fairlead/syncer"
)

// syncTimeout bounds the wait for the first list of a kind, so that a kind which can't be listed fails its Applications
// and holds up no other.
const syncTimeout = 10 * time.Second

// watches sees every object that carries the label of an Application, of the kinds that Applications deploy: what it
// holds in memory grows with what is managed, not with the cluster.
type watches struct {
	cache   cache.Cache
	direct  client.Reader
	managed labels.Selector

	mu    sync.Mutex
	kinds map[schema.GroupVersionKind]bool
}

func newWatches(config *rest.Config, http *http.Client, scheme *runtime.Scheme, mapper meta.RESTMapper) (*watches, error) {
	managed, err := labels.NewRequirement(syncer.LabelApplication, selection.Exists, nil)
	if err != nil {
		return nil, fmt.Errorf("select labelled objects: %w", err)
	}
	selector := labels.NewSelector().Add(*managed)
	labelled, err := cache.New(config, cache.Options{
		HTTPClient: http, Scheme: scheme, Mapper: mapper,
		DefaultLabelSelector: selector,
		DefaultTransform:     cache.TransformStripManagedFields(),
	})
	if err != nil {
		return nil, fmt.Errorf("make the cache of labelled objects: %w", err)
	}
	direct, err := client.New(config, client.Options{HTTPClient: http, Scheme: scheme, Mapper: mapper})
	if err != nil {
		return nil, fmt.Errorf("make a client that lists labelled objects: %w", err)
	}
	return &watches{cache: labelled, direct: direct, managed: selector, kinds: map[schema.GroupVersionKind]bool{}}, nil
}

// ensure watches a kind from now on, for every Application, and returns when its objects are known.
func (w *watches) ensure(ctx context.Context, target controller.Controller, kind schema.GroupVersionKind) error {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(kind)
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	if err := w.permitted(ctx, kind); err != nil {
		return err
	}
	if _, err := w.cache.GetInformer(ctx, obj); err != nil {
		return fmt.Errorf("watch objects of kind %s: %w", kind.GroupKind(), err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kinds[kind] {
		return nil
	}
	if err := target.Watch(source.Kind(w.cache, obj, handler.TypedEnqueueRequestsFromMapFunc(ownerOf))); err != nil {
		return fmt.Errorf("watch objects of kind %s: %w", kind.GroupKind(), err)
	}
	w.kinds[kind] = true
	return nil
}

// permitted says what is missing where a kind may not be listed. The cache would try again and again, and never say why.
func (w *watches) permitted(ctx context.Context, kind schema.GroupVersionKind) error {
	w.mu.Lock()
	known := w.kinds[kind]
	w.mu.Unlock()
	if known {
		return nil
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	err := w.direct.List(ctx, list, client.MatchingLabelsSelector{Selector: w.managed}, client.Limit(1))
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("watch objects of kind %s: %w: Fairlead itself needs list and watch on every kind that is deployed", kind.GroupKind(), err)
	}
	return nil // what else is wrong, the cache finds out, and gets over
}

// ownerOf is the Application that an object's labels name.
func ownerOf(_ context.Context, obj *unstructured.Unstructured) []reconcile.Request {
	name, namespace := obj.GetLabels()[syncer.LabelApplication], obj.GetLabels()[syncer.LabelApplicationNamespace]
	if name == "" || namespace == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}}
}

// live is an object as it was last seen, or nil if there is none with a label of ours; a kind that isn't served has no
// objects.
func (w *watches) live(ctx context.Context, id syncer.ID) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind})
	err := w.cache.Get(ctx, client.ObjectKey{Namespace: id.Namespace, Name: id.Name}, obj)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	return obj, nil
}
