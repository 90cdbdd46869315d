package app

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/follow"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// follow shows an Application as it is, and then each change of it, until see says that it is done. It ends with ctx, too, and
// if the Application is gone.
func (c *Cluster) follow(ctx context.Context, key types.NamespacedName, see func(*v1alpha1.Application) (done bool, err error)) error {
	named := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	seen, told := false, error(nil)
	err := follow.Object(ctx, c.client, named, &v1alpha1.ApplicationList{}, func(now *v1alpha1.Application) (bool, error) {
		seen = true
		var done bool
		done, told = see(now)
		return done, told
	})
	switch {
	case err == nil, told != nil, ctx.Err() != nil:
		return err
	case seen && apierrors.IsNotFound(err):
		return terminal.Failf(err, "Application %s was deleted meanwhile", key)
	default:
		return refusal("read", key, err)
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
