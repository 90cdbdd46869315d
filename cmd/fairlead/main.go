// Command fairlead takes a container image from the registry to the running pods, through Git.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends it at once
	name := calledAs(os.Args[0])
	root := newRoot(name)
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		if text := err.Error(); text != "" {
			fmt.Fprintln(os.Stderr, name+":", retell(root, text, name))
		}
		os.Exit(exitStatus(err))
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "fairlead",
		Short: "From the registry to the running pods, through Git",
		Long: `Fairlead takes a container image from the registry to the running pods, through Git.

The exit status of each command is 0 if it is so or was done, 1 if it isn't so, couldn't be done or took too long, and 2 if the command
line is wrong or there is no answer. The help of each command says what that means for it.`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newAppCommand())
	root.AddCommand(newCheckCommand())
	root.AddCommand(newControllerCommand())
	root.AddCommand(newDescribeCommand())
	root.AddCommand(newExplainCommand())
	root.AddCommand(newGetCommand())
	root.AddCommand(newHistoryCommand())
	root.AddCommand(newReconcileCommand())
	root.AddCommand(newRenderCommand())
	root.AddCommand(newResumeCommand())
	root.AddCommand(newSetCommand())
	root.AddCommand(newSuspendCommand())
	return root
}
