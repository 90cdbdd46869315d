// Command demo shows a tag's journey from the registry to the pods, on a control plane, a registry and a Git server of its own.
//
//	demo                                       start all, show the journey of www:v1.0.36, run on until Ctrl-C
//	demo push -registry http://… www:v1.0.37   push another tag to a demo that runs
//
// It ends after the journey when standard output is no terminal or DEMO_ONCE=1 is set: with 0, or with 1 and the reason.
//
// It knows what a user can see of Fairlead: objects, commits, pods. It must never know how Fairlead does its work.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit statuses.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// parentInterval is how often the demo looks whether who started it is still there.
const parentInterval = 500 * time.Millisecond

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer cancel()
	out := newPrinter(os.Stdout)
	var err error
	switch {
	case len(args) > 0 && args[0] == "push":
		err = pushCommand(ctx, out, args[1:])
	case len(args) > 0:
		err = usageError(fmt.Sprintf("unknown argument %q", args[0]))
	default:
		go followParent(ctx, cancel)
		err = demo(ctx, out, out.terminal && os.Getenv("DEMO_ONCE") != "1")
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "demo: %s\nusage: demo | demo push -registry URL NAME:TAG\n", err)
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "demo: interrupted")
		return exitInterrupted
	default:
		fmt.Fprintf(os.Stderr, "\ndemo: %s\n", err)
		return exitFailed
	}
}

// usageError is a wrong command line.
type usageError string

func (e usageError) Error() string { return string(e) }

// followParent ends the demo with who started it: `go run` passes no SIGTERM on, and would leave a control plane behind.
func followParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	ticker := time.NewTicker(parentInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if os.Getppid() != parent {
				cancel()
				return
			}
		}
	}
}
