package main

import (
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/check"
	process "github.com/fairlead/fairlead/cmd/fairlead/controller"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// checkOptions are the flags of `fairlead check`.
type checkOptions struct {
	check.Options

	cluster clusterOptions
	output  string
}

func newCheckCommand() *cobra.Command {
	options := checkOptions{}
	command := &cobra.Command{
		Use:   "check [NAME...]",
		Short: "Say what is missing before and after the install, and how to mend it",
		Long: `Say what is missing before and after the install, and how to mend it. With --pre only whether Fairlead can be installed is
asked: the version of the API server, and your rights. Otherwise the definitions of the kinds, the controller and its rights are
looked at; and of everything that is declared whether Git and the registry answer with the given Secrets, whether Git would
take a push, and whether the files are there. With NAMEs only those objects, and what they lie in, are looked at; KIND/NAME says of
which kind.

All is asked from here and with your own rights, and by the code that the controller asks by. What you may not look at is told
as not checked. Nothing is changed, and no secret is shown.

The exit status is 0 if nothing has failed, 1 if something has, and 2 for bad input.`,
		Example: `  fairlead check --pre
  fairlead check
  fairlead check -n web -o json
  fairlead check policy/www repository/config -n web`,
		RunE: func(command *cobra.Command, args []string) error { return badInput(options.run(command, args)) },
	}
	flags := command.Flags()
	command.ValidArgsFunction = options.cluster.completeNames()
	flags.BoolVar(&options.Pre, "pre", false, "ask only whether Fairlead can be installed")
	flags.StringVarP(&options.cluster.namespace, "namespace", "n", "", "`namespace` of the objects that are looked at; empty: all")
	flags.StringVar(&options.ControllerNamespace, "controller-namespace", "fairlead", "Fairlead's own `namespace`")
	flags.DurationVar(&options.Timeout, "timeout", 20*time.Second, "longest `time` that an answer of a server is waited for")
	flags.StringVarP(&options.output, "output", "o", "", "json or yaml; empty: text")
	flags.StringVar(&options.cluster.kubeconfig, "kubeconfig", "", "path of a kubeconfig `file`; empty: $KUBECONFIG, ~/.kube/config, or the cluster that this runs in")
	flags.StringVar(&options.cluster.context, "context", "", "`context` of the kubeconfig; empty: its current one")
	return command
}

// run looks, and writes what was found.
func (o *checkOptions) run(command *cobra.Command, args []string) (err error) {
	if o.Objects, err = noun.Parse(args); err != nil {
		return err
	}
	format, err := terminal.ParseFormat(o.output)
	if err != nil {
		return err
	}
	config, scheme, _, err := o.cluster.read("")
	if err != nil {
		return err
	}
	o.Namespace = o.cluster.namespace
	o.Version, o.ClientGo, o.LeaseOf, o.UserAgent, o.Now = version, clientGoVersion(), leaseOf, userAgent(), time.Now
	report, err := check.Cluster(command.Context(), config, scheme, o.Options)
	if err != nil {
		return err
	}
	if err := report.Write(command.OutOrStdout(), format, terminal.PaintOn(command.OutOrStdout())); err != nil {
		return err
	}
	if report.Summary.Failed > 0 {
		return &exitError{status: exitFailed}
	}
	return nil
}

// clientGoVersion is the version of client-go that this program was built with; empty if the build doesn't tell.
func clientGoVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dependency := range info.Deps {
		if dependency.Path == "k8s.io/client-go" {
			return dependency.Version
		}
	}
	return ""
}

// leaseOf is the Lease of a side of the controller, as its flag names it.
func leaseOf(side string) string { return process.LeaseOf(process.Side(side)) }
