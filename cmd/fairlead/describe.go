package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/cmd/fairlead/describe"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

func newDescribeCommand() *cobra.Command {
	cluster, output := &clusterOptions{}, ""
	command := &cobra.Command{
		Use:   "describe NAME",
		Short: "Tell the whole story of one microservice",
		Long: `Tell the whole story of one microservice: its ImagePolicy, what was selected and why, where that stands in Git and by which commit,
what is deployed, its pods, what it waits for, the conditions of all objects on its way, what was rolled out before, and what
happened lately.

What the rights of the kubeconfig's user don't let one see is left out, and said so.

The exit status is 0 if there is an answer, and 2 if there is none.`,
		Example: `  fairlead describe policy/www -o yaml
  fairlead describe www -n fairlead`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return badInput(errors.New("which microservice? Give the NAME of its ImagePolicy: fairlead get lists them"))
			}
			return nil
		},
		ValidArgsFunction: cluster.completeOne(noun.ImagePolicy),
	}
	cluster.flags(command, "`namespace` of the ImagePolicy; empty: that of the kubeconfig")
	command.Flags().StringVarP(&output, "output", "o", "", "json, yaml or name; empty: text")
	command.RunE = func(command *cobra.Command, args []string) error {
		format, err := terminal.ParseObjectFormat(output)
		if err != nil {
			return badInput(err)
		}
		name, err := noun.Single(args, noun.ImagePolicy)
		if err != nil {
			return badInput(err)
		}
		config, scheme, namespace, err := cluster.read("")
		if err != nil {
			return badInput(err)
		}
		asked, err := describe.NewCluster(config, scheme, time.Now)
		if err != nil {
			return badInput(err)
		}
		story, err := asked.Describe(command.Context(), types.NamespacedName{Namespace: namespace, Name: name})
		if err != nil {
			return badInput(err)
		}
		return badInput(story.Write(command.OutOrStdout(), format, terminal.PaintOn(command.OutOrStdout())))
	}
	return command
}
