// Package follow follows one object of an API server as it changes.
//
// It knows how one object is watched, and looked at again where that may not be done or ends. It must never know what is waited
// for, or say it to people.
package follow

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// lookAgain is the time between two looks where watching isn't allowed, and after a watch that has ended.
const lookAgain = time.Second

// Object shows an object as it is, and then each change of it, until see says that it is done, or fails. It is the one that named
// names, which must hold a namespace and a name and nothing else; list is an empty list of its kind. What is shown isn't touched
// again.
//
// The error is that of see, or what the API server says when it is asked for the object, such as that it is gone, or the cause for
// which ctx has ended. A watch that is refused or breaks off is none: looking again says what is wrong, if it matters.
func Object[O client.Object](ctx context.Context, server client.WithWatch, named O, list client.ObjectList, see func(O) (done bool, err error)) error {
	for {
		now, _ := named.DeepCopyObject().(O)
		if err := server.Get(ctx, client.ObjectKeyFromObject(named), now); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err //nolint:wrapcheck // the caller knows what it was asked for
		}
		if done, err := see(now); done || err != nil {
			return err
		}
		if done, err := changes(ctx, server, now, list, see); done || err != nil {
			return err
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// changes shows each change of an object. It ends without an error where the API server doesn't go on, and where the object is gone.
func changes[O client.Object](ctx context.Context, server client.WithWatch, from O, list client.ObjectList, see func(O) (bool, error)) (done bool, err error) {
	stream, err := server.Watch(ctx, list, &client.ListOptions{
		Namespace: from.GetNamespace(), FieldSelector: fields.OneTermEqualSelector("metadata.name", from.GetName()),
		Raw: &metav1.ListOptions{ResourceVersion: from.GetResourceVersion()},
	})
	if err != nil {
		return false, nil // looking again says what is wrong, if it matters
	}
	defer stream.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case change, open := <-stream.ResultChan():
			now, ok := change.Object.(O)
			if !open || !ok || change.Type == watch.Deleted {
				return false, nil
			}
			if done, err := see(now); done || err != nil {
				return done, err
			}
		}
	}
}
