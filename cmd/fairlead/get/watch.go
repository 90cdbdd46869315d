package get

import (
	"context"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// settle is how long changes gather, so that those of one step are shown together.
	settle = 50 * time.Millisecond
	// patience is how long the first answer waits for a source that neither answers nor refuses.
	patience = 5 * time.Second
)

// Watch shows the answer, and then each change of it, until ctx ends. A connection that is lost is made anew, and the answer has a
// note meanwhile. With tick it is also shown whenever so much time has passed, for its ages.
func (c *Cluster) Watch(ctx context.Context, question Question, tick time.Duration, show func(Answer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &watcher{cluster: c, started: map[[2]string]*feed{}, changed: make(chan struct{}, 1)}
	defer w.running.Wait()
	defer cancel()
	for _, kind := range ownKinds() {
		w.start(ctx, source{kind: kind, namespace: question.Namespace})
	}
	var ticks <-chan time.Time
	if tick > 0 {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		ticks = ticker.C
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	shown := false
	for {
		gathered := false
		select {
		case <-ctx.Done():
			return nil
		case <-w.changed:
			gathered = true
		case <-late.C:
			shown = true
		case <-ticks:
		}
		if gathered && !pause(ctx, settle) {
			return nil
		}
		objects, ready, err := w.look(ctx)
		if err != nil {
			return err
		}
		if !ready && !shown {
			continue
		}
		shown = true
		answer := question.answer(objects, c.now())
		answer.Unread = !w.started[[2]string{policies, question.Namespace}].informer.HasSynced()
		if err := show(answer); err != nil {
			return err
		}
	}
}

// pause waits, and says whether it may go on.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// watcher follows all sources of an answer.
type watcher struct {
	cluster *Cluster
	changed chan struct{}
	running sync.WaitGroup
	started map[[2]string]*feed
}

// feed follows one source.
type feed struct {
	source   source
	informer cache.SharedIndexInformer

	mu sync.Mutex
	// err is that of the last request; nil after one that was answered.
	err error
}

// note keeps the outcome of a request, and says whether that is another than before.
func (f *feed) note(err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	other := (f.err == nil) != (err == nil)
	f.err = err
	return other
}

func (f *feed) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// start follows a source, unless it is followed already.
func (w *watcher) start(ctx context.Context, from source) {
	key := [2]string{from.kind.plural, from.namespace}
	if w.started[key] != nil {
		return
	}
	f := &feed{source: from}
	f.informer = cache.NewSharedIndexInformer(w.lister(f), from.kind.object(), 0, nil)
	// What went wrong is noted where it did.
	_ = f.informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) {})
	_, _ = f.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { w.tell() }, UpdateFunc: func(any, any) { w.tell() }, DeleteFunc: func(any) { w.tell() },
	})
	w.started[key] = f
	w.running.Go(func() { f.informer.RunWithContext(ctrl.LoggerInto(ctx, ctrl.Log)) })
	w.running.Go(func() { // an empty list is news, too
		if cache.WaitForCacheSync(ctx.Done(), f.informer.HasSynced) {
			w.tell()
		}
	})
}

// tell says that something has changed.
func (w *watcher) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// lister lists and watches a source, and notes what comes of it.
func (w *watcher) lister(f *feed) cache.ListerWatcher {
	options := func(given metav1.ListOptions) *client.ListOptions {
		return &client.ListOptions{Namespace: f.source.namespace, Raw: &given}
	}
	noted := func(err error) {
		if f.note(err) {
			w.tell()
		}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, given metav1.ListOptions) (runtime.Object, error) {
			list := f.source.kind.list()
			err := w.cluster.client.List(ctx, list, options(given))
			noted(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, given metav1.ListOptions) (watch.Interface, error) {
			changes, err := w.cluster.client.Watch(ctx, f.source.kind.list(), options(given))
			if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) && !apierrors.IsInvalid(err) {
				noted(err)
			}
			return changes, err
		},
	}
}

// look gathers what is known, and follows what has become worth it. It is ready when each source has answered or refused. The
// error is one that waiting doesn't mend.
func (w *watcher) look(ctx context.Context) (objects Objects, ready bool, err error) {
	shelves := newShelves()
	ready = true
	for _, f := range w.started {
		ready = w.take(f, shelves) && ready
		if failure := f.failure(); f.source.kind.plural == policies && !f.informer.HasSynced() && final(failure) {
			return objects, false, f.source.refusal("watch", failure)
		}
	}
	for _, place := range shelves.places() {
		for _, kind := range runningKinds() {
			from := source{kind: kind, namespace: place}
			if w.started[[2]string{kind.plural, place}] == nil {
				ready = false
				w.start(ctx, from)
			}
		}
	}
	return shelves.objects(), ready, nil
}

// take takes what a feed holds, and says whether it has answered or refused.
func (w *watcher) take(f *feed, shelves *shelves) bool {
	failure := f.failure()
	items := f.informer.GetStore().List()
	found := make([]runtime.Object, 0, len(items))
	for _, item := range items {
		if object, ok := item.(runtime.Object); ok {
			found = append(found, object)
		}
	}
	shelves.put(f.source, found)
	switch {
	case failure == nil:
		return f.informer.HasSynced()
	case f.source.mayMiss(failure):
		shelves.miss(f.source)
	case !slices.Contains(shelves.notes, lost):
		shelves.notes = append(shelves.notes, lost)
	}
	return f.source.mayMiss(failure)
}

// lost is the note while the API server doesn't answer.
const lost = "the cluster doesn't answer: this is how it was; it is asked again"

// final says whether an error stays until somebody changes something.
func final(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) || meta.IsNoMatchError(err)
}
