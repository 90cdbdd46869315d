package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/cmd/fairlead/explain"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/registry"
)

// explainOptions are the flags of `fairlead explain`.
type explainOptions struct {
	file    string
	tags    string
	current string
	output  string

	cluster clusterOptions
}

func newExplainCommand() *cobra.Command {
	options := explainOptions{}
	command := &cobra.Command{
		Use:   "explain [NAME]",
		Short: "Say which tag an ImagePolicy takes, and why not the others",
		Long: `Say which tag an ImagePolicy takes, and for every tag why it is taken or not. The controller decides by the same code.

With -f and --tags the policy and the tags are read from files, and neither a cluster nor a network is needed. Otherwise the
ImagePolicy NAME and the Secrets that it names are read from the cluster, and its registry is asked from here.

The exit status is 0 if a tag is chosen, 1 if none is, and 2 if there is no answer: bad input, or something that can't be
read or reached.`,
		Example: `  fairlead explain -f policy.yaml --tags tags.txt
  crane ls registry.example.com/web-hook/www | fairlead explain -f policy.yaml --tags - --current v1.0.35 -o json
  fairlead explain www -n fairlead`,
		RunE: func(command *cobra.Command, args []string) error {
			return badInput(options.run(command, args))
		},
	}
	command.ValidArgsFunction = options.cluster.completeOne(noun.ImagePolicy)
	flags := command.Flags()
	flags.StringVarP(&options.file, "filename", "f", "", "`file` that holds the ImagePolicy, NAME if it holds several; -: standard input")
	flags.StringVar(&options.tags, "tags", "", "`file` of tags, one a line, optionally with digest and time of first sight; -: standard input")
	flags.StringVar(&options.current, "current", "", "`tag` that Git holds, optionally with @digest; empty: none")
	flags.StringVarP(&options.output, "output", "o", "", "json or yaml; empty: text")
	flags.StringVarP(&options.cluster.namespace, "namespace", "n", "", "`namespace` of the ImagePolicy; empty: that of the kubeconfig, or any in a file")
	flags.StringVar(&options.cluster.kubeconfig, "kubeconfig", "", "path of a kubeconfig `file`; empty: $KUBECONFIG, or ~/.kube/config")
	flags.StringVar(&options.cluster.context, "context", "", "`context` of the kubeconfig; empty: its current one")
	return command
}

// run asks, and writes the answer.
func (o *explainOptions) run(command *cobra.Command, args []string) error {
	name := ""
	if len(args) > 0 {
		var err error
		if name, err = noun.Single(args, noun.ImagePolicy); err != nil {
			return err
		}
	}
	if err := o.validate(name); err != nil {
		return err
	}
	format, err := terminal.ParseFormat(o.output)
	if err != nil {
		return err
	}
	ask := o.askCluster
	if o.file != "" {
		ask = o.askFiles
	}
	answer, err := ask(command, name)
	if err != nil {
		return err
	}
	if err := answer.Write(command.OutOrStdout(), format, terminal.PaintOn(command.OutOrStdout())); err != nil {
		return err
	}
	if answer.Chosen == nil {
		return &exitError{status: exitFailed}
	}
	return nil
}

// validate refuses flags that contradict each other.
func (o *explainOptions) validate(name string) error {
	switch {
	case o.file == "" && o.tags != "":
		return errors.New("--tags needs -f, the file that holds the ImagePolicy")
	case o.file == "" && o.current != "":
		return errors.New("--current needs -f: what Git holds is known to the cluster")
	case o.file == "" && name == "":
		return errors.New("which ImagePolicy? Give its NAME in the cluster, or a file with -f and its tags with --tags")
	case o.file != "" && o.tags == "":
		return errors.New("-f needs --tags, the file that lists the tags")
	case o.file != "" && (o.cluster.kubeconfig != "" || o.cluster.context != ""):
		return errors.New("-f asks no cluster: leave out --kubeconfig and --context")
	case o.file == "-" && o.tags == "-":
		return errors.New("-f and --tags are both -, and standard input can be read only once: put one of them into a file")
	default:
		return nil
	}
}

// askFiles asks without a cluster.
func (o *explainOptions) askFiles(command *cobra.Command, name string) (explain.Answer, error) {
	var question explain.Question
	err := read(command, o.file, func(shown string, from io.Reader) (err error) {
		question.Policy, question.Warnings, err = explain.ReadPolicy(shown, from, explain.Wanted{Namespace: o.cluster.namespace, Name: name})
		return err
	})
	if err != nil {
		return explain.Answer{}, err
	}
	err = read(command, o.tags, func(shown string, from io.Reader) (err error) {
		question.Tags, err = explain.ReadTags(shown, from)
		return err
	})
	if err != nil {
		return explain.Answer{}, err
	}
	question.Current.Tag, question.Current.Digest, _ = strings.Cut(o.current, "@")
	question.Now = time.Now()
	return question.Answer()
}

// askCluster asks with the rights of the kubeconfig's user.
func (o *explainOptions) askCluster(command *cobra.Command, name string) (explain.Answer, error) {
	reader, namespace, err := o.cluster.connect("explain from files with -f and --tags")
	if err != nil {
		return explain.Answer{}, err
	}
	cluster := explain.Cluster{Reader: reader, Registry: registry.NewClient(registry.WithUserAgent(userAgent())), Now: time.Now()}
	return cluster.Answer(command.Context(), types.NamespacedName{Namespace: namespace, Name: name})
}

// read opens a file, or standard input, for f. A person who waits for standard input may give up.
func read(command *cobra.Command, path string, f func(shown string, from io.Reader) error) error {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // it was only read
		return f(path, file)
	}
	done := make(chan error, 1)
	go func() { done <- f("standard input", command.InOrStdin()) }()
	select {
	case err := <-done:
		return err
	case <-command.Context().Done():
		return fmt.Errorf("read standard input: %w", context.Cause(command.Context()))
	}
}
