package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/render"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// originFlags are the flags that say where manifests come from.
func originFlags(command *cobra.Command, origin *app.Origin) {
	flags := command.Flags()
	flags.StringVar(&origin.Revision, "revision", "", "`commit` of the repository, or HEAD for the newest of its branch; empty: the one that the controller knows")
	flags.StringVar(&origin.Local, "local", "", "a `folder` in place of the repository: the root of a checkout, or the Application's path in one")
	run := command.RunE
	command.RunE = func(command *cobra.Command, args []string) error {
		if origin.Revision != "" && origin.Local != "" {
			return badInput(errors.New("--revision is a commit of the repository, and --local a folder in its place: leave out one of them"))
		}
		return run(command, args)
	}
}

func newAppDiffCommand(options *appOptions) *cobra.Command {
	origin := app.Origin{}
	command := &cobra.Command{
		Use:   "diff NAME",
		Short: "Show what a sync would change in the cluster",
		Long: `Show what a sync would change in the cluster, as a unified diff: the manifests are rendered here, as the controller renders
them, and the API server is asked by a dry run what applying them would come to. Nothing is written. What spec.ignoreDifferences
names is left out, values of Secrets are masked.

The repository is read from here with the credentials of its ConfigRepository, and the cluster with the rights of the
kubeconfig's user, who needs the right to apply. With --local a folder is taken in place of the repository.

The exit status is 0 if a sync would change nothing, 1 if it would, and 2 if there is no answer.`,
		Example: `  fairlead app diff webhooks
  fairlead app diff webhooks -n fairlead --revision HEAD
  fairlead app diff webhooks --local ~/config`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			about, found, err := options.find(command.Context(), args...)
			if err != nil {
				return badInput(err)
			}
			diff, failure := about.cluster.Diff(command.Context(), found, origin)
			if diff == nil {
				return badInput(failure)
			}
			if err := about.write(command, diff); err != nil {
				return badInput(err)
			}
			for _, note := range diff.Notes {
				if _, err := fmt.Fprintln(command.ErrOrStderr(), "Note:", terminal.Printable(note)); err != nil {
					return badInput(err)
				}
			}
			if failure == nil && len(diff.Differences) > 0 {
				return &exitError{status: exitFailed}
			}
			return badInput(failure)
		},
	}
	originFlags(command, &origin)
	return command
}

func newAppRenderCommand(options *appOptions) *cobra.Command {
	origin := app.Origin{}
	command := &cobra.Command{
		Use:   "render NAME",
		Short: "Print the manifests that an Application renders to",
		Long: `Print the manifests that an Application renders to, for the cluster that it deploys to and with that cluster's capabilities. It is
what the controller renders, before it fills in namespaces and labels.`,
		Example: `  fairlead app render webhooks
  fairlead app render webhooks -n fairlead --revision HEAD | kubectl diff -f -`,
		Args:              oneName,
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			about, found, err := options.find(command.Context(), args...)
			if err != nil {
				return badInput(err)
			}
			manifests, err := about.cluster.Render(command.Context(), found, origin)
			if err != nil {
				return badInput(err)
			}
			format := string(about.format)
			if about.format == terminal.Text || about.format == terminal.Wide {
				format = render.YAML
			}
			return badInput(manifests.Write(command.OutOrStdout(), format))
		},
	}
	originFlags(command, &origin)
	return command
}
