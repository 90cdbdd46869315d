package main

import (
	"os"

	"github.com/spf13/cobra"

	process "github.com/fairlead/fairlead/cmd/fairlead/controller"
)

const controllerLong = `Scan registries, commit what the policies select, and sync the Applications.

Each flag has a variable of the environment: --metrics-address is FAIRLEAD_METRICS_ADDRESS. A flag wins over its variable.

SIGTERM ends it gently: a push that is under way is finished or left undone, and the Lease is given back. A second one ends it at once.`

const controllerExample = `  fairlead controller --kubeconfig ~/.kube/config --log-format text
  fairlead controller --leader-elect --metrics-address :8080 --health-address :8081 --webhook-address :9292`

func newControllerCommand() *cobra.Command {
	options := process.Options{}
	command := &cobra.Command{
		Use:     "controller",
		Short:   "Scan registries, commit what the policies select, and sync the Applications",
		Long:    controllerLong,
		Example: controllerExample,
		Args:    func(command *cobra.Command, args []string) error { return atMost(command, args, 0) },
		RunE: func(command *cobra.Command, _ []string) error {
			strangers, err := options.Environment(command.Flags(), os.Environ())
			if err != nil {
				return badInput(err)
			}
			if err := options.Validate(); err != nil {
				return badInput(err)
			}
			return options.Run(command.Context(), userAgent(), strangers)
		},
	}
	options.Flags(command.Flags())
	command.SetUsageFunc(process.Usage)
	return command
}
