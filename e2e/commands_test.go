package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fairlead/fairlead/e2e/stack"
)

// command is one that transcripts may use besides those of testscript. Its error fails the scenario, or, after a `!`, is what
// it prints on stderr.
type command func(ctx context.Context, ts *testscript.TestScript, s *scenario, args []string) error

// commands of the transcripts. A server is one of fronts. Arguments are expanded (${NAME}) even where quotes keep testscript
// from it, so that a message can be written in one piece.
//
//	apply [-times n] file...               apply manifests as the administrator, n times with ${N} = 0, 1, ...
//	await kind/[ns/]name jsonpath value    until the object has the value
//	await-changed kind/[ns/]name jsonpath value  until the object has another value
//	await-condition kind/[ns/]name Type=Status/Reason message
//	await-gone kind/[ns/]name              until the object isn't there
//	await-requests server kind n           until n requests of the kind were made since the last reset-counts
//	await-synced kind/[ns/]name            until the head of the config repository is Synced, Healthy and Ready
//	capture NAME                           put what was printed last into an environment variable
//	controller start|ensure|kill|terminate|await-killed
//	control-plane kill-apiserver|start-apiserver|freeze-etcd|thaw-etcd
//	control-plane hang-wire|mend-wire      what goes by ${WIRE_URL} hangs, or goes on
//	counts server                          print the requests by kind since the last reset-counts
//	delete-image service tag...            take tags from the registry
//	fault server fault                     see faultOf; without a fault the server is whole again
//	hook name [file]                       install or remove a hook of the Git server
//	human-commit message replace path before after | write path file | remove path | link path target
//	log                                    print what the controller has logged since the last reset-counts
//	notify on|off                          forward the registry's notifications to the controller, or drop them as at first
//	notify replay|forge n                  post the last notification n times more, with the right token or a wrong one
//	push-image [flags] service tag...      push tags to the registry: -build word (another digest), -platforms linux/amd64,...
//	reconcile kind/[ns/]name               have an object reconciled at once
//	reset-counts                           forget the requests
func (s *suite) commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]command{
		"apply": apply, "await": await, "await-changed": awaitChanged, "await-condition": awaitCondition, "await-event": awaitEvent, "await-gone": awaitGone, "await-requests": awaitRequests,
		"await-synced": awaitSynced, "capture": capture, "control-plane": controlPlane, "controller": controller, "counts": counts, "delete-image": deleteImage,
		"fault": fault, "hook": hook, "human-commit": humanCommit, "log": logged, "notify": notify, "push-image": pushImage, "reconcile": reconcile,
		"reset-counts": resetCounts,
	}
	wrapped := make(map[string]func(*testscript.TestScript, bool, []string), len(all))
	for name, run := range all {
		wrapped[name] = wrap(name, run)
	}
	return wrapped
}

func wrap(name string, run command) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		current, ok := ts.Value(scenarioKey{}).(*scenario)
		if !ok {
			ts.Fatalf("no scenario has begun")
		}
		for i := range args {
			args[i] = expand(args[i], ts.Getenv)
		}
		ctx, cancel := context.WithTimeout(context.Background(), *patience)
		defer cancel()
		err := run(ctx, ts, current, args)
		switch {
		case neg && err == nil:
			ts.Fatalf("%s succeeded, and shouldn't", name)
		case neg:
			_, _ = fmt.Fprintln(ts.Stderr(), err)
		case err != nil:
			ts.Fatalf("%v\nthe controller's last words:\n%s", err, current.logTail())
		}
	}
}

// expand replaces ${NAME}, and leaves every other dollar alone.
func expand(text string, getenv func(string) string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(before + getenv(name))
		text = after
	}
}

func usage(text string) error { return fmt.Errorf("usage: %s", text) }

func apply(ctx context.Context, ts *testscript.TestScript, s *scenario, args []string) error {
	flags := flag.NewFlagSet("apply", flag.ContinueOnError)
	times := flags.Int("times", 1, "how often")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for n := range *times {
		getenv := func(name string) string {
			if name == "N" {
				return strconv.Itoa(n)
			}
			return ts.Getenv(name)
		}
		for _, file := range flags.Args() {
			if err := s.stack.ApplyYAML(ctx, expand(ts.ReadFile(file), getenv)); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

func pushImage(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) < 2 {
		return usage("push-image [-build word] [-platforms list] service tag...")
	}
	variant := stack.Variant{}
	flags := flag.NewFlagSet("push-image", flag.ContinueOnError)
	flags.StringVar(&variant.Build, "build", "", "what makes the digest another one")
	platforms := flags.String("platforms", "", "platforms of the image, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *platforms != "" {
		variant.Platforms = strings.Split(*platforms, ",")
	}
	for _, tag := range flags.Args()[1:] {
		if _, err := s.stack.Registry.PushVariant(ctx, s.name+"/"+flags.Arg(0), tag, variant); err != nil {
			return err
		}
	}
	return nil
}

func deleteImage(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) < 2 {
		return usage("delete-image service tag...")
	}
	for _, tag := range args[1:] {
		if err := s.stack.Registry.DeleteTag(ctx, s.name+"/"+args[0], tag); err != nil {
			return err
		}
	}
	return nil
}

func reconcile(ctx context.Context, ts *testscript.TestScript, s *scenario, args []string) error {
	for _, arg := range args {
		object, err := objectOf(arg)
		if err != nil {
			return err
		}
		if err := s.stack.ReconcileNow(ctx, object); err != nil {
			return err
		}
		ts.Logf("%s is asked to reconcile", arg)
	}
	return nil
}

func humanCommit(ctx context.Context, ts *testscript.TestScript, s *scenario, args []string) error {
	const form = "human-commit message replace path before after | write path file | remove path | link path target"
	if len(args) < 3 {
		return usage(form)
	}
	message, verb, path, rest := args[0], args[1], args[2], args[3:]
	var change stack.Change
	switch {
	case verb == "replace" && len(rest) == 2:
		change = stack.Replace(path, rest[0], rest[1])
	case verb == "write" && len(rest) == 1:
		change = stack.WriteFile(path, expand(ts.ReadFile(rest[0]), ts.Getenv))
	case verb == "remove" && len(rest) == 0:
		change = stack.Remove(path)
	case verb == "link" && len(rest) == 1:
		change = stack.Link(path, rest[0])
	default:
		return usage(form)
	}
	revision, err := s.repository.HumanCommit(ctx, message, change)
	_, _ = fmt.Fprintln(ts.Stdout(), revision)
	return err
}

func hook(_ context.Context, ts *testscript.TestScript, s *scenario, args []string) error {
	switch len(args) {
	case 1:
		return s.repository.InstallHook(args[0], "")
	case 2:
		return s.repository.InstallHook(args[0], ts.ReadFile(args[1]))
	default:
		return usage("hook name [file]")
	}
}

func capture(_ context.Context, ts *testscript.TestScript, _ *scenario, args []string) error {
	if len(args) != 1 {
		return usage("capture NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
	return nil
}

func controller(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	switch strings.Join(args, " ") {
	case "start":
		return s.stack.StartController(ctx)
	case "ensure":
		// As a kubelet does: who can't renew his lease ends himself.
		if s.stack.ControllerPID() != 0 {
			return nil
		}
		return s.stack.StartController(ctx)
	case "kill":
		s.stack.Kill()
		return nil
	case "terminate":
		return s.stack.Terminate()
	case "await-killed":
		return s.stack.WaitFor(ctx, "the controller to be killed", func(context.Context) (bool, string) {
			pid := s.stack.ControllerPID()
			return pid == 0, fmt.Sprintf("it runs as process %d", pid)
		})
	default:
		return usage("controller start|ensure|kill|terminate|await-killed")
	}
}

// controlPlane disturbs the cluster itself. What a scenario leaves behind, its end mends.
func controlPlane(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	switch strings.Join(args, " ") {
	case "kill-apiserver":
		return s.stack.KillAPIServer()
	case "start-apiserver":
		return s.stack.StartAPIServer(ctx)
	case "freeze-etcd":
		return s.stack.Freeze()
	case "thaw-etcd":
		return s.stack.Thaw()
	case "hang-wire", "mend-wire":
		s.stack.Wire.Hang(args[0] == "hang-wire")
		return nil
	default:
		return usage("control-plane kill-apiserver|start-apiserver|freeze-etcd|thaw-etcd|hang-wire|mend-wire")
	}
}

// condition is what transcripts may ask besides testscript's conditions: [own-cluster] is true where the stack runs the control
// plane.
func condition(s *suite) func(string) (bool, error) {
	return func(word string) (bool, error) {
		if word != "own-cluster" {
			return false, fmt.Errorf("%s: unknown condition", word)
		}
		return s.stack.PID("etcd") != 0, nil
	}
}

// mend sets right what a scenario that failed has left of the control plane.
func (s *suite) mend(ctx context.Context) error {
	s.stack.Wire.Hang(false)
	if s.stack.PID("etcd") == 0 {
		return nil
	}
	if err := s.stack.Thaw(); err != nil {
		return err
	}
	if s.stack.PID("kube-apiserver") != 0 {
		return nil
	}
	return s.stack.StartAPIServer(ctx)
}
