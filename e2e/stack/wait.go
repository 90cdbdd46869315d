package stack

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// pollInterval of WaitFor: what is waited for takes tens of milliseconds at least.
const pollInterval = 20 * time.Millisecond

// WaitFor polls until reached says yes. When ctx ends before, the error names what was waited for and the last state seen.
func (s *Stack) WaitFor(ctx context.Context, what string, reached func(context.Context) (ok bool, state string)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	last := "nothing"
	for {
		ok, state := reached(ctx)
		if ok {
			return nil
		}
		if ctx.Err() == nil || last == "nothing" { // an error of the ended context would hide what was seen before
			last = state
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last seen: %s", what, ctx.Err(), last)
		}
	}
}

// Await watches one object until reached says yes, and returns it as it then was. When ctx ends before, the error names the
// object and the last state seen, as reached put it. The type is that of reached's argument:
//
//	d, err := stack.Await(ctx, s, key, func(d *appsv1.Deployment) (bool, string) { ... })
func Await[T any, P interface {
	*T
	client.Object
}](ctx context.Context, s *Stack, key client.ObjectKey, reached func(P) (ok bool, state string)) (P, error) {
	gvk, err := apiutil.GVKForObject(P(new(T)), s.Client.Scheme())
	if err != nil {
		return nil, fmt.Errorf("wait for %s: %w", key, err)
	}
	what := gvk.Kind + " " + key.String()
	last := "not there"
	// A watch may end at any time (the API server ends idle ones); each new one begins with what is there.
	for ctx.Err() == nil {
		watcher, err := watchOne(ctx, s, gvk.GroupVersion().WithKind(gvk.Kind+"List"), key)
		if err != nil {
			last = err.Error()
			if !pause(ctx) {
				break
			}
			continue
		}
		object, ok := follow(ctx, watcher, reached, &last)
		watcher.Stop()
		if ok {
			return object, nil
		}
	}
	return nil, fmt.Errorf("wait for %s: %w; last seen: %s", what, ctx.Err(), last)
}

// follow reads events until reached says yes or the watch ends.
func follow[P client.Object](ctx context.Context, watcher watch.Interface, reached func(P) (bool, string), last *string) (P, bool) {
	var none P
	for {
		select {
		case <-ctx.Done():
			return none, false
		case event, open := <-watcher.ResultChan():
			if !open {
				return none, false
			}
			object, isObject := event.Object.(P)
			switch {
			case event.Type == watch.Deleted:
				*last = "deleted"
			case isObject:
				ok, state := reached(object)
				if ok {
					return object, true
				}
				*last = state
			}
		}
	}
}

func pause(ctx context.Context) bool {
	timer := time.NewTimer(pollInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func watchOne(ctx context.Context, s *Stack, list schema.GroupVersionKind, key client.ObjectKey) (watch.Interface, error) {
	object, err := s.Client.Scheme().New(list)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", list.Kind, err)
	}
	objects, ok := object.(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("watch %s: it is no list", list.Kind)
	}
	watcher, err := s.Client.Watch(ctx, objects, client.InNamespace(key.Namespace),
		client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", key.Name)})
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", list.Kind, err)
	}
	return watcher, nil
}
