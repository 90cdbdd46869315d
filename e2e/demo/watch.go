package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// event is something that happened, with the time at which it was seen. What is a pushedTag, a pushedCommits, or an object.
type event struct {
	time time.Time
	what any
}

// pushedTag is a tag that the registry took.
type pushedTag struct{ service, tag string }

// pushedCommits says that the Git server took a push.
type pushedCommits struct{}

// eventsBuffer is far more than a journey has; who sends must not wait for a terminal.
const eventsBuffer = 1024

// watcher sees everything that the journeys are told from, as it happens.
type watcher struct {
	stack  *stack.Stack
	events chan event
}

func newWatcher(s *stack.Stack) *watcher {
	return &watcher{stack: s, events: make(chan event, eventsBuffer)}
}

// start begins to watch; it goes on until ctx ends.
func (w *watcher) start(ctx context.Context) error {
	w.stack.Registry.Observe(func(e stack.Exchange) {
		path, tag, isManifest := strings.Cut(strings.TrimPrefix(e.Path, "/v2/"+folder+"/"), "/manifests/")
		if e.Method == http.MethodPut && e.Status == http.StatusCreated && isManifest {
			w.send(ctx, event{e.End, pushedTag{service: path, tag: tag}})
		}
	})
	w.stack.Git.Observe(func(e stack.Exchange) {
		if e.Kind == stack.KindPush && e.Status == http.StatusOK {
			w.send(ctx, event{e.End, pushedCommits{}})
		}
	})
	for _, one := range []struct {
		namespace string
		list      func() client.ObjectList
	}{
		{stack.Namespace, func() client.ObjectList { return &v1alpha1.ImagePolicyList{} }},
		{stack.Namespace, func() client.ObjectList { return &v1alpha1.ApplicationList{} }},
		{stack.AppNamespace, func() client.ObjectList { return &appsv1.DeploymentList{} }},
	} {
		first, err := w.stack.Client.Watch(ctx, one.list(), client.InNamespace(one.namespace))
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		go w.follow(ctx, first, func() (watch.Interface, error) {
			return w.stack.Client.Watch(ctx, one.list(), client.InNamespace(one.namespace))
		})
	}
	return nil
}

// follow hands events on; the API server ends a watch now and then, and a new one begins with what is there.
func (w *watcher) follow(ctx context.Context, current watch.Interface, again func() (watch.Interface, error)) {
	for {
		for e := range current.ResultChan() {
			if e.Type == watch.Added || e.Type == watch.Modified {
				w.send(ctx, event{time.Now(), e.Object})
			}
		}
		current.Stop()
		ticker := time.NewTicker(time.Second)
		for renewed := false; !renewed; {
			select {
			case <-ctx.Done():
				ticker.Stop()
				return
			case <-ticker.C:
				next, err := again()
				if renewed = err == nil; renewed {
					current = next
				}
			}
		}
		ticker.Stop()
	}
}

func (w *watcher) send(ctx context.Context, e event) {
	select {
	case w.events <- e:
	case <-ctx.Done():
	}
}
