package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// failed makes an error of a command end the program with exitFailed, unless it has a status of its own.
func failed(err error) error {
	if _, ok := errors.AsType[*exitError](err); ok || err == nil {
		return err
	}
	return &exitError{status: exitFailed, err: err}
}

func newAppSyncCommand(options *appOptions) *cobra.Command {
	request, resources := app.SyncRequest{}, []string{}
	command := &cobra.Command{
		Use:   "sync NAME",
		Short: "Bring the cluster to what Git says, now",
		Long: `Ask the controller to bring the cluster to the newest revision that it knows, whatever syncPolicy.automated says, and follow
it until that is over: hooks included, what happened to each object is told.

With --resource only some objects are synced, and no hooks run. Objects are named GROUP:KIND:NAME or
GROUP:KIND:NAMESPACE/NAME, with an empty group for core kinds: apps:Deployment:www, :Service:webhooks/www.

The exit status is 0 if everything was applied, 1 if something wasn't or it took too long, and 2 if the command line is wrong.`,
		Example: `  fairlead app sync webhooks -n fairlead --prune
  fairlead app sync webhooks --dry-run
  fairlead app sync webhooks --resource apps:Deployment:www --force`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			for _, text := range resources {
				resource, err := app.ParseResource(text)
				if err != nil {
					return badInput(err)
				}
				request.Sync.Resources = append(request.Sync.Resources, resource)
			}
			about, err := options.about(args...)
			if err != nil {
				return badInput(err)
			}
			if about.format == terminal.Text || about.format == terminal.Wide {
				request.Progress = func(line string) { _, _ = fmt.Fprintln(command.ErrOrStderr(), line) }
			}
			return failed(runSync(command.Context(), command, about, request))
		},
	}
	flags := command.Flags()
	flags.BoolVar(&request.Sync.Prune, "prune", false, "delete what the revision doesn't hold any more")
	flags.BoolVar(&request.Sync.DryRun, "dry-run", false, "only tell what would be done")
	flags.BoolVar(&request.Sync.Force, "force", false, "apply everything, what is in sync included")
	flags.StringArrayVar(&resources, "resource", nil, "sync only this `object`; may be given several times")
	flags.StringArrayVar(&request.Sync.SyncOptions, "sync-option", nil, "an `option` that counts for this once, such as Replace=true; may be given several times")
	flags.DurationVar(&request.Timeout, "timeout", 0, "how long to follow it; 0: until it is over")
	flags.BoolVar(&request.Async, "async", false, "ask, and don't wait")
	return command
}

func runSync(ctx context.Context, command *cobra.Command, about named, request app.SyncRequest) error {
	synced, err := about.cluster.Sync(ctx, about.key, request)
	if err != nil || synced == nil {
		return err
	}
	if err := about.write(command, synced); err != nil {
		return err
	}
	if !synced.Succeeded() {
		return &exitError{status: exitFailed}
	}
	return nil
}

func newAppWaitCommand(options *appOptions) *cobra.Command {
	wanted := app.WaitFor{}
	command := &cobra.Command{
		Use:   "wait NAME",
		Short: "Wait until an Application is synced and healthy",
		Long: `Wait until an Application is synced and healthy and no sync of it runs, or for some of these. With --revision it must be at
that commit, so that a pipeline which has pushed one waits for just that.

The exit status is 0 once it is so, 1 if it isn't within --timeout, and 2 if the command line is wrong.`,
		Example: `  fairlead app wait webhooks -n fairlead --timeout 5m
  fairlead app wait webhooks --health
  fairlead app wait webhooks --revision "$(git rev-parse HEAD)" --timeout 10m`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			about, err := options.about(args...)
			if err != nil {
				return badInput(err)
			}
			found, err := about.cluster.Wait(command.Context(), about.key, wanted)
			if err != nil {
				return failed(err)
			}
			if about.format != terminal.Text && about.format != terminal.Wide {
				return failed(about.write(command, app.Single(found)))
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), terminal.Printable(app.Summary(found)))
			return failed(err)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&wanted.Sync, "sync", false, "until it is synced")
	flags.BoolVar(&wanted.Health, "health", false, "until it is healthy")
	flags.BoolVar(&wanted.Operation, "operation", false, "until no sync runs")
	flags.StringVar(&wanted.Revision, "revision", "", "until it is at this `commit`; its id, or the beginning of that")
	flags.DurationVar(&wanted.Timeout, "timeout", time.Duration(0), "how long to wait; 0: without end")
	return command
}
