package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// appOptions are the flags that all commands about Applications share.
type appOptions struct {
	cluster clusterOptions
	output  string
}

func newAppCommand() *cobra.Command {
	options := &appOptions{}
	command := &cobra.Command{
		Use:   "app",
		Short: "Look at Applications, sync them, and take them back",
		Long: `Look at Applications, sync them, and take them back. All is done with the rights of the kubeconfig's user; nothing is asked of
the controller but by what stands in the Application.`,
	}
	flags := command.PersistentFlags()
	flags.StringVarP(&options.cluster.namespace, "namespace", "n", "", "`namespace` of the Application; empty: that of the kubeconfig")
	flags.StringVar(&options.cluster.kubeconfig, "kubeconfig", "", "path of a kubeconfig `file`; empty: $KUBECONFIG, or ~/.kube/config")
	flags.StringVar(&options.cluster.context, "context", "", "`context` of the kubeconfig; empty: its current one")
	flags.StringVarP(&options.output, "output", "o", "", "json, yaml, wide or name; empty: text")
	command.AddCommand(
		newAppListCommand(options), newAppGetCommand(options), newAppDiffCommand(options), newAppSyncCommand(options), newAppWaitCommand(options),
		newAppHistoryCommand(options), newAppRollbackCommand(options), newAppRenderCommand(options), newAppTreeCommand(options),
	)
	return command
}

// connect reaches the cluster.
func (o *appOptions) connect() (cluster *app.Cluster, namespace string, err error) {
	config, scheme, namespace, err := o.cluster.read("")
	if err != nil {
		return nil, "", err
	}
	cluster, err = app.NewCluster(config, scheme, time.Now)
	return cluster, namespace, err
}

// named is a command about one Application.
type named struct {
	cluster *app.Cluster
	key     types.NamespacedName
	format  terminal.Format
}

// about reads what a command about one Application is told; without arguments it is about none.
func (o *appOptions) about(args ...string) (named, error) {
	format, err := terminal.ParseObjectFormat(o.output)
	if err != nil {
		return named{}, err
	}
	name := ""
	if len(args) > 0 {
		if name, err = noun.Single(args, noun.Application); err != nil {
			return named{}, badInput(err)
		}
	}
	cluster, namespace, err := o.connect()
	return named{cluster: cluster, key: types.NamespacedName{Namespace: namespace, Name: name}, format: format}, err
}

// get reads the Application.
func (n named) get(ctx context.Context) (*v1alpha1.Application, error) {
	return n.cluster.Get(ctx, n.key)
}

// find is about, and reads the Application.
func (o *appOptions) find(ctx context.Context, args ...string) (named, *v1alpha1.Application, error) {
	about, err := o.about(args...)
	if err != nil {
		return named{}, nil, err
	}
	found, err := about.get(ctx)
	return about, found, err
}

// written is what a command answers.
type written interface {
	Write(to io.Writer, format terminal.Format, paint terminal.Paint) error
}

func (n named) write(command *cobra.Command, answer written) error {
	return answer.Write(command.OutOrStdout(), n.format, terminal.PaintOn(command.OutOrStdout()))
}

// oneName is the argument of a command about one Application.
func oneName(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return badInput(errors.New("which Application? Give its NAME: fairlead app list lists them"))
	}
	return nil
}

// complete completes the name of an Application from the cluster.
func (o *appOptions) complete(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return o.cluster.completeOne(noun.Application)(command, args, begun)
}
