package e2e_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// notify decides what becomes of the registry's notifications, and plays those who post without being the registry. It
// prints an answer a line.
func notify(ctx context.Context, ts *testscript.TestScript, s *scenario, args []string) error {
	const form = "notify on|off | replay n | forge n | git secret token"
	notifications := s.stack.Notifications
	switch {
	case len(args) == 1 && (args[0] == "on" || args[0] == "off"):
		notifications.Forward(args[0] == "on")
		return nil
	case len(args) == 3 && args[0] == "git":
		answer, err := notifications.PostGit(ctx, args[1], args[2], ts.Getenv("GIT_URL"))
		_, _ = fmt.Fprintln(ts.Stdout(), answer)
		return err
	case len(args) != 2 || args[0] != "replay" && args[0] != "forge":
		return usage(form)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return usage(form)
	}
	token := notifications.Token
	if args[0] == "forge" {
		token = planted
	}
	for range n {
		answer, err := notifications.Replay(ctx, token)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(ts.Stdout(), answer)
	}
	return nil
}
