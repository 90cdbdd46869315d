package app

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// followInterval is the time between two looks where watching isn't allowed, and after a watch that has ended.
const followInterval = time.Second

// follow shows an Application as it is, and then each change of it, until see says that it is done. It ends with ctx, too, and
// if the Application is gone. Who may not watch looks again and again.
func (c *Cluster) follow(ctx context.Context, key types.NamespacedName, see func(*v1alpha1.Application) (done bool, err error)) error {
	for {
		app := &v1alpha1.Application{}
		if err := c.client.Get(ctx, key, app); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return refusal("read", key, err)
		}
		if done, err := see(app); done || err != nil {
			return err
		}
		done, err := c.watch(ctx, app, see)
		if done || err != nil {
			return err
		}
		select {
		case <-time.After(followInterval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// watch shows each change of an Application. It ends without an error where the API server doesn't go on.
func (c *Cluster) watch(ctx context.Context, app *v1alpha1.Application, see func(*v1alpha1.Application) (bool, error)) (done bool, err error) {
	changes, err := c.client.Watch(ctx, &v1alpha1.ApplicationList{}, client.InNamespace(app.Namespace), &client.ListOptions{
		Namespace: app.Namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", app.Name),
		Raw: &metav1.ListOptions{ResourceVersion: app.ResourceVersion},
	})
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case apierrors.IsForbidden(err):
		return false, nil
	case err != nil:
		return false, refusal("watch", client.ObjectKeyFromObject(app), err)
	}
	defer changes.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case change, open := <-changes.ResultChan():
			now, ok := change.Object.(*v1alpha1.Application)
			if !open || !ok {
				return false, nil
			}
			if change.Type == watch.Deleted {
				return false, terminal.Failf(nil, "Application %s was deleted meanwhile", keyOf(app))
			}
			if done, err := see(now); done || err != nil {
				return done, err
			}
		}
	}
}

// within bounds what is waited for; no time at all means without end.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// ended says whether an error is that of a time that has run out.
func ended(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
