package application

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// soon is when an Application is looked at again that had nothing urgent to say: at once, as far as others leave room.
const soon = time.Millisecond

// putOff lets others go first if a commit leaves this Application as it is, and there is nothing to write but that it was looked at.
// A commit wakes up all Applications of its repository, and each writes its revision: the one that the commit is about must not
// stand in a line behind hundreds that it isn't about. Each commit is put off once.
func (s *scope) putOff(now time.Time) (reconcile.Result, bool) {
	head := s.head.Revision
	seen := s.app.Status.Sync.Revision
	if s.err != nil || s.changed > 0 || s.pruned > 0 || seen == "" || seen == head || s.memory.putOff == head {
		return reconcile.Result{}, false
	}
	after := s.app.DeepCopy()
	s.write(after, s.rolledOut(), now)
	after.Status.Sync.Revision = seen
	if !equality.Semantic.DeepEqual(after.Status, s.app.Status) {
		return reconcile.Result{}, false
	}
	s.memory.putOff = head
	priority := handler.LowPriority
	return reconcile.Result{RequeueAfter: soon, Priority: &priority}, true
}
