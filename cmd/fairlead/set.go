package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/set"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

// setOptions are the flags of `fairlead set`.
type setOptions struct {
	check bool
	quiet bool
}

func newSetCommand() *cobra.Command {
	options := setOptions{}
	command := &cobra.Command{
		Use:   "set FILE KEYPATH=VALUE...",
		Short: "Replace values in a YAML file, and no other byte of it",
		Long: `Replace values in a YAML file, and no other byte of it: comments, blank lines, quotes, anchors and line ends stay. The
controller writes by the same code; neither a cluster nor a network is needed.

A KEYPATH is written as in helm --set: www.tag, services[0].image.tag, annotations.example\.com/version. It must exist. A
VALUE is all that follows the first equals sign, and always a string: it gets quotes where YAML would read it as anything
else. All values are written or none.

FILE is replaced in one step and keeps its mode. If it is a symbolic link, the file that it leads to is replaced, and that is
said. With - standard input is read, and the result written to standard output.

The exit status is 0 if the values stand there now, 1 if they don't and the reason has been said, 2 if the command line is
wrong. With --check nothing is written, and it is 0 if they stand there already, else 1.`,
		Example: `  fairlead set values.yaml www.tag=v1.0.36
  fairlead set values.yaml 'services[0].image.tag=1.20' 'podAnnotations.example\.com/version=1.20'
  fairlead set --check values.yaml www.tag=v1.0.36
  git show HEAD:values.yaml | fairlead set - www.tag=v1.0.36`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return nil
			}
			return badInput(fmt.Errorf("which value of which file? Write %s FILE KEYPATH=VALUE, such as values.yaml www.tag=v1.0.36", command.CommandPath()))
		},
		RunE: func(command *cobra.Command, args []string) error {
			edits, err := set.ParseEdits(args[1:])
			if err != nil {
				return badInput(err)
			}
			if args[0] == "-" {
				return options.pipe(command, edits)
			}
			return options.file(command, args[0], edits)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&options.check, "check", false, "write nothing, and say what differs")
	flags.BoolVarP(&options.quiet, "quiet", "q", false, "don't say what changed or differs")
	return command
}

// file changes a file, if it isn't as it should be.
func (o *setOptions) file(command *cobra.Command, name string, edits []edit.Edit) error {
	file, err := set.Open(name)
	if err != nil {
		return err
	}
	content, changes, err := set.Make(name, file.Content, edits)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	if !o.check {
		if file.Link != "" {
			// Not even --quiet leaves this out: what is written isn't what was named.
			if _, err := fmt.Fprintf(command.ErrOrStderr(), "%s: a symbolic link: writing to %s\n", name, file.Link); err != nil {
				return err
			}
		}
		if err := file.Replace(content); err != nil {
			return err
		}
	}
	return o.report(command.ErrOrStderr(), name, changes)
}

// pipe changes what comes through.
func (o *setOptions) pipe(command *cobra.Command, edits []edit.Edit) error {
	return read(command, "-", func(shown string, from io.Reader) error {
		content, err := set.Read(from)
		if err != nil {
			return &set.Error{File: shown, Problem: "can't read it: " + err.Error(), Err: err}
		}
		content, changes, err := set.Make(shown, content, edits)
		if err != nil {
			return err
		}
		if !o.check {
			if _, err := command.OutOrStdout().Write(content); err != nil {
				return fmt.Errorf("write to standard output: %w", err)
			}
		}
		return o.report(command.ErrOrStderr(), shown, changes)
	})
}

// report says what changed, or what differs: then the error is the exit status, and has nothing to add.
func (o *setOptions) report(to io.Writer, name string, changes []set.Change) error {
	format := "%s: %s: %s -> %s\n"
	if o.check {
		format = "%s: %s: %s, not %s\n"
	}
	for _, change := range changes {
		if o.quiet {
			break
		}
		if _, err := fmt.Fprintf(to, format, name, change.Path, change.From, change.To); err != nil {
			return err
		}
	}
	if o.check && len(changes) > 0 {
		return &exitError{status: exitFailed}
	}
	return nil
}
