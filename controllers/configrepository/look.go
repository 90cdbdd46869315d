package configrepository

import "context"

// look asks the remote for its head when that is due. In between the head that is known counts: a push that was made on
// an old one is refused by the server and made anew.
func (r *Reconciler) look(ctx context.Context, s *scope) error {
	head, known := s.mirror.Head()
	if known && r.looks.Wait(s.repository, 0) > 0 {
		s.result.Head = head
		return nil
	}
	head, err := s.mirror.Refresh(ctx)
	if err != nil {
		s.reason = reasonOf(err)
		r.looks.Delay(s.repository, 0)
		return err
	}
	s.result.Head = head
	r.looks.Done(s.repository, s.repository.Spec.Interval.Duration)
	return nil
}
