package stack_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/e2e/stack"
)

// testSecondRegistry lists through the second address, with the second account, while the first is down for one user.
func testSecondRegistry(t *testing.T, s *stack.Stack) {
	ctx := t.Context()
	if _, err := s.Registry.PushImage(ctx, "second/where", "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	second, other := s.Registry.Second, s.Registry.Other
	second.Inject(stack.Times(1, stack.From(other.Username, stack.Status(403, nil))))
	var got []int
	for _, account := range []stack.Account{{Username: s.Registry.Username, Password: s.Registry.Password}, other, other} {
		status, _, err := ask(ctx, "http://"+second.Address()+"/v2/second/where/tags/list", account.Username, account.Password)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{200, 403, 200}, got); diff != "" {
		t.Errorf("the first account, and twice the second, refused once (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(stack.Counts{"GET tags": 3}, second.Reset()); diff != "" {
		t.Errorf("counts of the second address (-want +got):\n%s", diff)
	}
}

// testNotifications has the registry tell of a push: it is dropped at first, and then taken by the controller.
func testNotifications(t *testing.T, s *stack.Stack) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := s.Notifications
	if _, err := n.Replay(ctx, n.Token); err == nil || err.Error() != "replay a notification: none was forwarded that tells of a pushed tag" {
		t.Errorf("a replay of nothing: got %v", err)
	}
	n.Forward(true)
	if err := s.ApplyYAML(ctx, s.Secrets()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registry.PushImage(ctx, "second/where", "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	replay := func(token string) (answer stack.Answer) {
		t.Helper()
		err := s.WaitFor(ctx, "an answer to a notification", func(ctx context.Context) (bool, string) {
			var err error
			if answer, err = n.Replay(ctx, token); err != nil {
				return false, err.Error()
			}
			return true, ""
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := replay(n.Token); got.Status != 202 {
		t.Errorf("a replay with the right token: want 202, got %s", got)
	}
	if got := replay("guessed"); got.Status != 401 {
		t.Errorf("a replay with another token: want 401, got %s", got)
	}
	if n.Reset()[stack.KindNotification] == 0 {
		t.Error("the notifications aren't counted")
	}
}
