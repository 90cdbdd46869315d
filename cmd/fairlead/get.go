package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// getOptions are the flags of `fairlead get`.
type getOptions struct {
	cluster  clusterOptions
	output   string
	selector string
	all      bool
	watch    bool
}

func newGetCommand() *cobra.Command {
	options := &getOptions{}
	command := &cobra.Command{
		Use:   "get [NAME...]",
		Short: "Tell in a line for each microservice how far it is, and what it waits for",
		Long: `Tell in a line for each microservice how far it is on its way from the registry to its pods, and what it waits for: the newest tag of
the registry, the one that is selected, what stands in Git since when and by which commit, what is deployed since when and by which
revision, how many of its pods run that and are ready, and what is in the way, or until when it waits.

NAME is an ImagePolicy, or KIND/NAME: application/webhooks means all microservices of that Application, repository/config all that
are written there. All is read from objects of the cluster, with the rights of the kubeconfig's user; what those don't let one see is
left out, and said so.

With -w the lines are kept as they are, on a terminal in place, elsewhere by writing those that change. Ctrl-C ends it.

The exit status is 0 if there is an answer, and 2 if there is none.`,
		Example: `  fairlead get
  fairlead get -n fairlead -w
  fairlead get www api -o wide
  fairlead get -A -l team=web -o json`,
		RunE: func(command *cobra.Command, args []string) error { return badInput(options.run(command, args)) },
	}
	flags := command.Flags()
	options.cluster.flags(command, "`namespace` of the ImagePolicies; empty: that of the kubeconfig")
	flags.StringVarP(&options.output, "output", "o", "", "json, yaml, wide or name; empty: text")
	flags.StringVarP(&options.selector, "selector", "l", "", "labels of the ImagePolicies, such as team=web,tier!=test")
	flags.BoolVarP(&options.all, "all-namespaces", "A", false, "those of all namespaces")
	flags.BoolVarP(&options.watch, "watch", "w", false, "keep the lines as they are, until Ctrl-C")
	command.ValidArgsFunction = options.cluster.completeNames()
	return command
}

// run asks, and writes the answer.
func (o *getOptions) run(command *cobra.Command, args []string) error {
	format, err := terminal.ParseObjectFormat(o.output)
	if err != nil {
		return err
	}
	text := format == terminal.Text || format == terminal.Wide
	if o.watch && !text {
		return errors.New("-w writes lines for people: leave out -o " + o.output + ", or watch the objects with kubectl get imagepolicies -w -o " + o.output)
	}
	question := get.Question{}
	if question.Names, err = noun.Parse(args); err != nil {
		return err
	}
	if question.Selector, err = get.ParseSelector(o.selector); err != nil {
		return err
	}
	config, scheme, namespace, err := o.cluster.read("")
	if err != nil {
		return err
	}
	if !o.all {
		question.Namespace = namespace
	}
	cluster, err := get.NewCluster(config, scheme, time.Now)
	if err != nil {
		return err
	}
	out, wide := command.OutOrStdout(), format == terminal.Wide
	width, _ := terminal.SizeOf(out)
	switch {
	case o.watch && width > 0:
		return cluster.Watch(command.Context(), question, time.Second, get.Redraw(out, wide, terminal.PaintOn(out)))
	case o.watch:
		return cluster.Watch(command.Context(), question, 0, get.Append(out, wide))
	}
	answer, err := cluster.Get(command.Context(), question)
	if err != nil && len(answer.Lines) == 0 {
		return err
	}
	return errors.Join(answer.Write(out, format, width, terminal.PaintOn(out)), err)
}
