package configrepository

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
)

// yieldFor is how long a follower leaves a repository to the process that writes to it before it looks whether that is still
// there.
const yieldFor = 2 * time.Second

// follow looks at the remote head if that is due and records it, unless another process does that.
//
// The two could cross: the writer starts after it was asked for, pushes and records the new head, and then the head that was read
// before is recorded over it. So the record names the version of the object that was there before the look, and the API server
// refuses it if anybody has written since.
func (r *Reconciler) follow(ctx context.Context, s *scope) (reconcile.Result, error) {
	there, err := r.writer(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	if there {
		r.looks.Delay(s.repository, 0) // When that process is gone, the head that is known here is an old one.
		return reconcile.Result{RequeueAfter: yieldFor}, nil
	}
	s.follows = true
	before := s.repository.DeepCopy()
	for _, step := range []func(context.Context, *scope) error{r.open, r.look} {
		if s.err = step(ctx, s); s.err != nil {
			break
		}
	}
	if err := r.recordFollowed(ctx, s, before); err != nil {
		if apierrors.IsConflict(err) {
			r.looks.Delay(s.repository, 0)
			return reconcile.Result{RequeueAfter: yieldFor}, nil
		}
		return reconcile.Result{}, err
	}
	return r.next(s)
}

// recordFollowed writes the head and the conditions over the status that was there before.
func (r *Reconciler) recordFollowed(ctx context.Context, s *scope, before *v1alpha1.ConfigRepository) error {
	ready := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	s.news = s.err != nil && (ready == nil || ready.Message != status.Bounded(s.err.Error()))
	after := before.DeepCopy()
	recordRepository(after, s, metav1.NewTime(r.now()))
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	err := r.client.Status().Patch(ctx, after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("write the status of ConfigRepository %s: %w", client.ObjectKeyFromObject(before), err)
	}
	r.tell(ctx, s)
	r.tellState(ctx, s, ready)
	return nil
}
