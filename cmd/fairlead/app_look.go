package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/app"
)

func newAppListCommand(options *appOptions) *cobra.Command {
	all := false
	command := &cobra.Command{
		Use:   "list",
		Short: "List Applications: what runs, since when, and whether it is as Git says",
		Example: `  fairlead app list
  fairlead app list -A -o wide`,
		Args: func(command *cobra.Command, args []string) error { return badInput(atMost(command, args, 0)) },
		RunE: func(command *cobra.Command, _ []string) error {
			about, err := options.about()
			if err != nil {
				return badInput(err)
			}
			namespace := about.key.Namespace
			if all {
				namespace = ""
			}
			list, err := about.cluster.List(command.Context(), namespace)
			if err != nil {
				return badInput(err)
			}
			return badInput(about.write(command, list))
		},
	}
	command.Flags().BoolVarP(&all, "all-namespaces", "A", false, "those of all namespaces")
	return command
}

func newAppGetCommand(options *appOptions) *cobra.Command {
	refresh, timeout := false, time.Minute
	command := &cobra.Command{
		Use:   "get NAME",
		Short: "Show an Application: its objects, their health, and which images run",
		Long: `Show an Application: where it comes from and goes to, how it fares, the last sync, which images are wanted and which its pods
run, and all of its objects.

With --refresh the controller is asked to look at it anew first.`,
		Example: `  fairlead app get webhooks
  fairlead app get webhooks -n fairlead --refresh -o yaml`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			about, found, err := options.find(command.Context(), args...)
			if err == nil && refresh {
				ctx, cancel := context.WithTimeout(command.Context(), timeout)
				defer cancel()
				found, err = about.cluster.Refresh(ctx, found)
			}
			if err != nil {
				return badInput(err)
			}
			return badInput(about.write(command, about.cluster.View(command.Context(), found)))
		},
	}
	flags := command.Flags()
	flags.BoolVar(&refresh, "refresh", false, "have the controller look at it anew, and wait until it has")
	flags.DurationVar(&timeout, "timeout", timeout, "how long to wait for --refresh")
	return command
}

func newAppHistoryCommand(options *appOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "history NAME",
		Short: "Tell what was rolled out: when, by which commit, and what came of it",
		Long: `Tell what was rolled out: when, by which commit of whom, which images it changed, how long it took and what came of it. The
cluster knows as many as spec.revisionHistoryLimit says; fairlead history tells the whole from Git.`,
		Example:           `  fairlead app history webhooks -n fairlead`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			about, found, err := options.find(command.Context(), args...)
			if err != nil {
				return badInput(err)
			}
			return badInput(about.write(command, app.HistoryOf(found)))
		},
	}
}

func newAppTreeCommand(options *appOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "tree NAME",
		Short: "Draw the objects of an Application with all that they own, down to the pods",
		Long: `Draw the objects of an Application with all that they own: ReplicaSets, Pods with their images, Jobs, EndpointSlices,
PersistentVolumeClaims, and the objects of the API groups of custom resources.`,
		Example:           `  fairlead app tree webhooks -n fairlead`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			about, found, err := options.find(command.Context(), args...)
			if err != nil {
				return badInput(err)
			}
			tree, err := about.cluster.Tree(command.Context(), found)
			if err != nil {
				return badInput(err)
			}
			return badInput(about.write(command, tree))
		},
	}
}
