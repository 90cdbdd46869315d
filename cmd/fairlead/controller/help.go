package controller

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Usage prints how the command is used, its flags under the heading of their group.
func Usage(command *cobra.Command) error {
	var text strings.Builder
	fmt.Fprintf(&text, "Usage:\n  %s\n", command.UseLine())
	if command.HasExample() {
		fmt.Fprintf(&text, "\nExamples:\n%s\n", command.Example)
	}
	for _, heading := range groups() {
		fmt.Fprintf(&text, "\n%s:\n%s", heading, flagsOf(command.LocalFlags(), string(heading)).FlagUsages())
	}
	if rest := flagsOf(command.Flags(), ""); rest.HasFlags() {
		fmt.Fprintf(&text, "\nOther:\n%s", rest.FlagUsages())
	}
	_, err := fmt.Fprint(command.OutOrStderr(), text.String())
	return err
}

// flagsOf are the flags of a group; "": those of none.
func flagsOf(all *pflag.FlagSet, heading string) *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.SortFlags = false
	all.VisitAll(func(flag *pflag.Flag) {
		of := ""
		if named := flag.Annotations[groupAnnotation]; len(named) > 0 {
			of = named[0]
		}
		if of == heading {
			flags.AddFlag(flag)
		}
	})
	return flags
}
