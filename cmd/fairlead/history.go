package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/cmd/fairlead/history"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/gitwriter/audit"
)

// historyOptions are the flags of `fairlead history`.
type historyOptions struct {
	repository string
	branch     string
	since      string
	until      string
	limit      int
	stats      bool
	output     string
	cluster    clusterOptions
}

func newHistoryCommand() *cobra.Command {
	options := historyOptions{}
	command := &cobra.Command{
		Use:   "history [POLICY|APPLICATION|FILE#KEYPATH]",
		Short: "Tell every change of every tag: when, from what to what, by whom, and what became of it",
		Long: `Tell from a config repository alone every change of every tag that Fairlead ever wrote: when it was, from what to what, who made
it (a policy, or a person), and what became of it: whether it stands, was superseded, or was reverted, by whom and after how
long. Changes that people made to the same places are among them, whether or not their messages say so.

POLICY is NAME or NAMESPACE/NAME. Without a cluster an APPLICATION is the folder that it is rendered from. With -n, --kubeconfig or
--context the name is looked up in the cluster, where both go by their names. FILE#KEYPATH is one place, of which Fairlead
needn't have written anything. Where a name means several things, imagepolicy/NAME and application/FOLDER say which one.

With --stats it tells how many deployments there were a week, how long it took from a tag's being seen to its commit, how many
were taken back, and after how long.

The exit status is 0 if there is an answer, be it that nothing ever changed, and 2 if there is none.`,
		Example: `  fairlead history
  fairlead history www --repo ~/config --since 2.weeks.ago
  fairlead history apps/webhooks --repo https://git.example.com/web-hook/config.git -o json
  fairlead history webhooks -n fairlead --stats`,
		Args: func(command *cobra.Command, args []string) error {
			return badInput(atMost(command, args, 1))
		},
		RunE: func(command *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return badInput(options.run(command, name))
		},
	}
	command.ValidArgsFunction = options.cluster.completeOne(noun.ImagePolicy, noun.Application)
	flags := command.Flags()
	flags.StringVar(&options.repository, "repo", ".", "`folder` of a clone, or a URL to clone from")
	flags.StringVar(&options.branch, "branch", "", "`branch` to read; empty: the one that is checked out, or the remote's own")
	flags.StringVar(&options.since, "since", "", "leave out what was committed before this `time`: a day, RFC 3339, or 2.weeks.ago")
	flags.StringVar(&options.until, "until", "", "leave out what was committed after this `time`")
	flags.IntVar(&options.limit, "limit", 0, "tell no more than the `number` newest changes; 0: all")
	flags.BoolVar(&options.stats, "stats", false, "tell figures in place of changes")
	flags.StringVarP(&options.output, "output", "o", "", "json or yaml; empty: text")
	flags.StringVarP(&options.cluster.namespace, "namespace", "n", "", "look the name up in this `namespace` of the cluster")
	flags.StringVar(&options.cluster.kubeconfig, "kubeconfig", "", "look the name up in the cluster of this `file`")
	flags.StringVar(&options.cluster.context, "context", "", "look the name up in the cluster of this `context` of the kubeconfig")
	return command
}

// run asks, and writes the answer.
func (o *historyOptions) run(command *cobra.Command, name string) (err error) {
	format, err := terminal.ParseFormat(o.output)
	if err != nil {
		return err
	}
	question, err := o.question(time.Now(), name)
	if err != nil {
		return err
	}
	if o.cluster != (clusterOptions{}) {
		if question.Query.Name, err = o.lookUp(command, name); err != nil {
			return err
		}
	}
	repository, err := history.Open(command.Context(), o.repository, o.branch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	answer, err := repository.Ask(command.Context(), question)
	if err != nil {
		return err
	}
	return answer.Write(command.OutOrStdout(), format, terminal.PaintOn(command.OutOrStdout()))
}

// question reads the flags.
func (o *historyOptions) question(now time.Time, name string) (history.Question, error) {
	question := history.Question{Branch: o.branch, Query: audit.Query{Name: name, Limit: o.limit}, Stats: o.stats, Now: now}
	var err error
	switch {
	case o.limit < 0:
		return question, fmt.Errorf("--limit %d is no number of changes: write 0 for all, or more", o.limit)
	case o.limit > 0 && o.stats:
		return question, errors.New("--stats counts all changes of a time: leave out --limit, and set --since or --until")
	}
	if o.since != "" {
		if question.Query.Since, err = history.ParseTime(o.since, now, false); err != nil {
			return question, fmt.Errorf("--since: %w", err)
		}
	}
	if o.until != "" {
		if question.Query.Until, err = history.ParseTime(o.until, now, true); err != nil {
			return question, fmt.Errorf("--until: %w", err)
		}
	}
	return question, nil
}

// lookUp asks the cluster what the name means.
func (o *historyOptions) lookUp(command *cobra.Command, name string) (string, error) {
	if name == "" {
		return "", errors.New("which ImagePolicy or Application? Give its NAME, or leave out -n, --kubeconfig and --context to see all of a repository")
	}
	reader, namespace, err := o.cluster.connect("ask without -n, --kubeconfig and --context")
	if err != nil {
		return "", err
	}
	return history.Resolve(command.Context(), reader, types.NamespacedName{Namespace: namespace, Name: name})
}
