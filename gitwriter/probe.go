package gitwriter

import "context"

// Look asks the remote for the branch's head, and fetches nothing. The revision is 40 hexadecimal digits. Errors are *Error, or
// the context's.
func (m *Mirror) Look(ctx context.Context) (revision string, err error) {
	s, err := m.open()
	if err != nil {
		return "", err
	}
	defer s.close()
	id, err := s.readHead(ctx)
	if err != nil {
		return "", err
	}
	return id.String(), nil
}

// MayPush begins a push and ends it before anything is sent, so that the server says whether it would take one from these
// credentials. Rules for single branches, like those that protect one, and the verdict of hooks are told by a real push only.
// Errors are *Error, or the context's.
func (m *Mirror) MayPush(ctx context.Context) error {
	s, err := m.open()
	if err != nil {
		return err
	}
	defer s.close()
	s.known.forget() // What was offered before a credential changed says nothing.
	_, err = s.receiveService(ctx)
	return err
}
