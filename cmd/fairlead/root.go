package main

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// program is what the program is called, plugin what it is called where kubectl runs it as kubectl-fairlead.
const (
	program = "fairlead"
	plugin  = "kubectl fairlead"
)

// calledAs is what the program is called by whoever runs it.
func calledAs(argument string) string {
	if name := strings.TrimSuffix(filepath.Base(argument), ".exe"); name == "kubectl-fairlead" {
		return plugin
	}
	return program
}

// newRoot makes the command line of the program as it is called.
func newRoot(name string) *cobra.Command {
	root := newCommand()
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: name}
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error { return badInput(unknownFlag(command, err)) })
	for _, group := range groups() {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title + ":"})
		for _, command := range root.Commands() {
			if strings.Contains(" "+group.commands+" ", " "+command.Name()+" ") {
				command.GroupID = group.title
			}
		}
	}
	finish(root, root, name)
	return root
}

// group is a part of the help, by what people want.
type group struct{ title, commands string }

func groups() []group {
	return []group{
		{"Look", "get describe explain history app"},
		{"Ask for something", "reconcile suspend resume"},
		{"Work on files", "render set"},
		{"Run", "check controller"},
	}
}

// finish gives a command and all below it what all have in common.
func finish(root, command *cobra.Command, name string) {
	const alike = 2 // letters that may differ
	command.SuggestionsMinimumDistance = alike
	if command.HasSubCommands() {
		command.Args = func(command *cobra.Command, args []string) error { return badInput(unknownCommand(command, args)) }
		command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	} else if args := command.Args; args != nil {
		command.Args = func(command *cobra.Command, given []string) error { return badInput(args(command, given)) }
	}
	completeFlags(command)
	if name != program {
		command.Long, command.Example = retell(root, command.Long, name), retell(root, command.Example, name)
	}
	for _, below := range command.Commands() {
		finish(root, below, name)
	}
}

// retell has a text speak of the program by the name that it is called by.
func retell(root *cobra.Command, text, name string) string {
	if name == program {
		return text
	}
	commands := []string{"--help", "completion", "help"}
	for _, command := range root.Commands() {
		commands = append(commands, regexp.QuoteMeta(command.Name()))
	}
	spoken := regexp.MustCompile(`(^|[^\w/.-])` + program + ` (` + strings.Join(commands, "|") + `)\b`)
	return spoken.ReplaceAllString(text, "${1}"+name+" ${2}")
}
