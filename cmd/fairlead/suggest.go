package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// unknownCommand says that there is no such command below another one, and which is meant, if that can be guessed.
func unknownCommand(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	above := strings.TrimPrefix(command.CommandPath(), command.Root().CommandPath())
	wanted := terminal.Printable(strings.TrimSpace(above + " " + args[0]))
	if similar := command.SuggestionsFor(args[0]); len(similar) > 0 {
		return fmt.Errorf("there is no command %s: did you mean %s?", wanted, strings.TrimSpace(above+" "+strings.Join(similar, " or ")))
	}
	return fmt.Errorf("there is no command %s: %s --help lists those that there are", wanted, command.CommandPath())
}

// atMost refuses more arguments than a command takes.
func atMost(command *cobra.Command, args []string, most int) error {
	if len(args) <= most {
		return nil
	}
	return fmt.Errorf("there is no place for %q: %s --help says what it takes", terminal.Printable(args[most]), command.CommandPath())
}

// unknownFlag says which flag is meant in place of one that there isn't, if that can be guessed. Other errors stay.
func unknownFlag(command *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		if strings.HasPrefix(err.Error(), "unknown shorthand flag: ") {
			return fmt.Errorf("%s: %s --help lists those that there are", terminal.Printable(err.Error()), command.CommandPath())
		}
		return errors.New(terminal.Printable(err.Error()))
	}
	name = terminal.Printable(name)
	if similar := nearestFlag(command, name); similar != "" {
		return fmt.Errorf("there is no flag --%s: did you mean --%s?", name, similar)
	}
	return fmt.Errorf("there is no flag --%s: %s --help lists those that there are", name, command.CommandPath())
}

// nearestFlag is the flag that is most like a name; empty if none is much like it.
func nearestFlag(command *cobra.Command, name string) string {
	best, nearest := "", 3
	for _, known := range flagNames(command) {
		away := terminal.Distance(name, known)
		if strings.HasPrefix(known, name) {
			away = 1
		}
		if away < nearest {
			best, nearest = known, away
		}
	}
	return best
}
