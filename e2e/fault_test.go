package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fairlead/fairlead/e2e/stack"
)

// fronts are the servers that transcripts name. registry2 and registry-tls are registry once more, at other addresses; the
// latter speaks TLS, and asks for a certificate.
const fronts = "git|registry|registry2|registry-tls|notifications"

func (s *scenario) front(name string) (*stack.Front, error) {
	switch name {
	case "git":
		return s.stack.Git.Front, nil
	case "registry":
		return s.stack.Registry.Front, nil
	case "registry2":
		return s.stack.Registry.Second, nil
	case "registry-tls":
		return s.stack.Registry.Secure.Front, nil
	case "notifications":
		return s.stack.Notifications.Front, nil
	default:
		return nil, fmt.Errorf("%s: want %s", name, fronts)
	}
}

func fault(_ context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) == 0 {
		return usage("fault " + fronts + " [fault]")
	}
	front, err := s.front(args[0])
	if err != nil {
		return err
	}
	if len(args) == 1 {
		front.Inject()
		return nil
	}
	injected, err := s.faultOf(args[1:])
	if err != nil {
		return err
	}
	front.Inject(injected)
	return nil
}

// faultOf reads a fault:
//
//	down                      no answer
//	slow                      an answer after a minute
//	status code [seconds]     nothing but a status, and Retry-After
//	moved url                 a redirect to the same path below the url
//	before human [from to]    somebody commits first: a note, or in values.yaml one text in place of another
//	before kill               the controller is killed, and the request never reaches the server
//	after kill                the controller is killed when the server has done its work and hasn't answered yet
//	on kind fault             requests of this kind only
//	from user fault           requests of this user only
//	times n fault             the first n requests only
func (s *scenario) faultOf(args []string) (stack.Fault, error) {
	verb, rest := args[0], args[1:]
	switch {
	case verb == "down" && len(rest) == 0:
		return stack.Down(), nil
	case verb == "slow" && len(rest) == 0:
		return stack.Delay(time.Minute), nil
	case verb == "status" && (len(rest) == 1 || len(rest) == 2):
		code, err := strconv.Atoi(rest[0])
		if len(rest) == 1 {
			return stack.Status(code, nil), err
		}
		return stack.Status(code, http.Header{"Retry-After": rest[1:]}), err
	case verb == "moved" && len(rest) == 1:
		return stack.Redirect(rest[0]), nil
	case verb == "before" && len(rest) == 1 && rest[0] == "human":
		return stack.Before(s.interfere("", "")), nil
	case verb == "before" && len(rest) == 3 && rest[0] == "human":
		return stack.Before(s.interfere(rest[1], rest[2])), nil
	case verb == "before" && len(rest) == 1 && rest[0] == "kill":
		return stack.Before(func() error {
			s.stack.Kill()
			return errors.New("the request got lost")
		}), nil
	case verb == "after" && len(rest) == 1 && rest[0] == "kill":
		return stack.After(s.stack.Kill), nil
	case verb == "on" && len(rest) > 1:
		inner, err := s.faultOf(rest[1:])
		return stack.On(rest[0], inner), err
	case verb == "from" && len(rest) > 1:
		inner, err := s.faultOf(rest[1:])
		return stack.From(rest[0], inner), err
	case verb == "times" && len(rest) > 1:
		n, err := strconv.Atoi(rest[0])
		if err != nil {
			return nil, fmt.Errorf("times %s: %w", rest[0], err)
		}
		inner, err := s.faultOf(rest[1:])
		return stack.Times(n, inner), err
	default:
		return nil, fmt.Errorf("%q: no such fault", args)
	}
}

// interfere commits as a person each time: a note, numbered through the scenario, or in values.yaml one text in place of
// another.
func (s *scenario) interfere(from, to string) func() error {
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), *patience)
		defer cancel()
		if from != "" {
			_, err := s.repository.HumanCommit(ctx, fmt.Sprintf("%s -> %s", from, to), stack.Replace("apps/webhooks/values.yaml", from, to))
			return err
		}
		n := s.notes.Add(1)
		_, err := s.repository.HumanCommit(ctx, fmt.Sprintf("Note %d", n), stack.WriteFile(fmt.Sprintf("notes/%d.md", n), "noted\n"))
		return err
	}
}

func counts(_ context.Context, ts *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 1 {
		return usage("counts " + fronts)
	}
	front, err := s.front(args[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(ts.Stdout(), front.Counts())
	return err
}

func resetCounts(_ context.Context, _ *testscript.TestScript, s *scenario, _ []string) error {
	s.resetCounts()
	s.logMark = strings.LastIndex(s.stack.Logs(), "\n") + 1 // A line may be there in part.
	return nil
}

// logged prints what the controller has logged since the last reset-counts, at the level that it logs at by default.
func logged(_ context.Context, ts *testscript.TestScript, s *scenario, _ []string) error {
	var told strings.Builder
	for line := range strings.Lines(s.stack.Logs()[s.logMark:]) {
		if !strings.HasPrefix(line, `{"level":"debug",`) && strings.HasSuffix(line, "\n") {
			told.WriteString(line)
		}
	}
	_, err := fmt.Fprint(ts.Stdout(), told.String())
	return err
}
