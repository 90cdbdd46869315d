package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/ask"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// askOptions are the flags of the commands that ask for something.
type askOptions struct {
	cluster clusterOptions
	output  string
}

// asking is what such a command does with one reference.
type asking func(ctx context.Context, cluster *ask.Cluster, namespace string, named noun.Reference) ([]ask.Outcome, error)

// newAskCommand completes a command about objects that are named.
func newAskCommand(command *cobra.Command, do asking) *cobra.Command {
	options := &askOptions{}
	options.cluster.flags(command, "`namespace` of the objects; empty: that of the kubeconfig")
	command.Flags().StringVarP(&options.output, "output", "o", "", "json, yaml or name; empty: text")
	command.ValidArgsFunction = options.cluster.completeNames()
	command.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return badInput(errors.New("of what? Give the NAME of an ImagePolicy, or KIND NAME: fairlead get lists the microservices"))
		}
		return nil
	}
	command.RunE = func(command *cobra.Command, args []string) error { return options.run(command, args, do) }
	return command
}

func (o *askOptions) run(command *cobra.Command, args []string, do asking) error {
	format, err := terminal.ParseObjectFormat(o.output)
	if err != nil {
		return badInput(err)
	}
	references, err := noun.Parse(args)
	if err != nil {
		return badInput(err)
	}
	config, scheme, namespace, err := o.cluster.read("")
	if err != nil {
		return badInput(err)
	}
	cluster, err := ask.NewCluster(config, scheme, time.Now)
	if err != nil {
		return badInput(err)
	}
	out := command.OutOrStdout()
	text := format == terminal.Text || format == terminal.Wide
	outcomes, names := []ask.Outcome{}, []string{}
	bad := false
	for _, named := range references {
		came, err := do(command.Context(), cluster, namespace, named)
		for _, outcome := range came {
			bad = bad || outcome.Failed()
			outcomes, names = append(outcomes, outcome), append(names, noun.Reference{Kind: outcome.Kind, Name: outcome.Name}.FullName())
			if text {
				_, _ = fmt.Fprintln(out, terminal.Printable(outcome.String()))
			}
		}
		if err != nil {
			return failed(err)
		}
	}
	if !text {
		if err := terminal.WriteObjects(out, format, map[string]any{"items": outcomes}, names, func(*bytes.Buffer) {}); err != nil {
			return failed(err)
		}
	}
	if bad {
		return &exitError{status: exitFailed}
	}
	return nil
}

func newReconcileCommand() *cobra.Command {
	timeout, leave := time.Minute, false
	command := newAskCommand(&cobra.Command{
		Use:   "reconcile NAME... | KIND NAME...",
		Short: "Have the controller look at once, and say what came of it",
		Long: `Have the controller look at once, wait until it has, and say what came of it. For a policy it looks at the registry, for a repository
at the branch, for an application at the cluster.

NAME alone is a microservice, and its whole way is looked at: its ImagePolicy, then the repositories that it writes to, then the
applications that deploy it. KIND is policy, repository or application, as in reconcile repository config; KIND/NAME is the same.

The exit status is 0 if all was looked at and is as it should be, 1 if something isn't, can't be reached or took too long, and 2 if
the command line is wrong.`,
		Example: `  fairlead reconcile repository config
  fairlead reconcile policy/www application/webhooks --timeout 5m
  fairlead reconcile www -n fairlead`,
	}, func(ctx context.Context, cluster *ask.Cluster, namespace string, named noun.Reference) ([]ask.Outcome, error) {
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		way, err := cluster.Way(ctx, namespace, named)
		if err != nil {
			return nil, err
		}
		var outcomes []ask.Outcome
		for _, step := range way {
			outcome, err := cluster.Reconcile(ctx, namespace, step, !leave)
			if err != nil {
				return outcomes, err
			}
			outcomes = append(outcomes, outcome)
		}
		return outcomes, nil
	})
	command.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for each NAME; 0: until it is done")
	command.Flags().BoolVar(&leave, "no-wait", false, "ask, and don't wait")
	return command
}

func newSuspendCommand() *cobra.Command {
	reason := ""
	command := newAskCommand(&cobra.Command{
		Use:   "suspend NAME... | KIND NAME...",
		Short: "Stop a policy, a repository or an application",
		Long: `Stop a policy, which is neither scanned nor committed then; a repository, which is read and not written; or an application, which is
compared and not synced. What runs keeps running. It sets spec.suspend, so that a manifest in Git which says otherwise takes it
back.

NAME alone is an ImagePolicy. KIND is policy, repository or application; KIND/NAME is the same.

The exit status is 0 if it is suspended, 1 if it can't be, and 2 if the command line is wrong.`,
		Example: `  fairlead suspend www -n fairlead --reason "frozen until the migration is over"
  fairlead suspend repository config
  fairlead suspend application/webhooks`,
	}, func(ctx context.Context, cluster *ask.Cluster, namespace string, named noun.Reference) ([]ask.Outcome, error) {
		outcome, err := cluster.Suspend(ctx, namespace, named, reason)
		return one(outcome, err)
	})
	command.Flags().StringVar(&reason, "reason", "", "why, which fairlead get and describe show")
	return command
}

func newResumeCommand() *cobra.Command {
	return newAskCommand(&cobra.Command{
		Use:   "resume NAME... | KIND NAME...",
		Short: "Go on with a policy, a repository or an application that was suspended",
		Long: `Go on with a policy, a repository or an application that was suspended. The controller takes it up at once.

NAME alone is an ImagePolicy. KIND is policy, repository or application; KIND/NAME is the same.

The exit status is 0 if it goes on, 1 if it can't, and 2 if the command line is wrong.`,
		Example: `  fairlead resume repository config
  fairlead resume www -n fairlead`,
	}, func(ctx context.Context, cluster *ask.Cluster, namespace string, named noun.Reference) ([]ask.Outcome, error) {
		outcome, err := cluster.Resume(ctx, namespace, named)
		return one(outcome, err)
	})
}

func one(outcome ask.Outcome, err error) ([]ask.Outcome, error) {
	if err != nil {
		return nil, err
	}
	return []ask.Outcome{outcome}, nil
}
