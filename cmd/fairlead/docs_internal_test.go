package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/noun"
)

var update = flag.Bool("update", false, "write docs/cli anew")

const pages = "../../docs/cli"

// TestPages holds the pages of the command line against the commands; with -update it writes them.
func TestPages(t *testing.T) {
	t.Parallel()
	root := newRoot(program)
	root.InitDefaultCompletionCmd(program)
	want := map[string]string{"README.md": index(root)}
	for _, command := range commandsBelow(root) {
		want[pageOf(command)] = reference(command)
	}
	if *update {
		rewrite(t, want)
	}
	got := map[string]string{}
	entries, err := os.ReadDir(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(pages, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[entry.Name()] = string(content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/cli isn't what the commands say: run make docs: -want, +got:\n%s", diff)
	}
}

func rewrite(t *testing.T, want map[string]string) {
	t.Helper()
	if err := os.RemoveAll(pages); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(pages, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if err := os.WriteFile(filepath.Join(pages, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// commandsBelow are the commands that people call, in the order of their names.
func commandsBelow(command *cobra.Command) []*cobra.Command {
	var found []*cobra.Command
	for _, below := range command.Commands() {
		if below.IsAvailableCommand() {
			found = append(append(found, below), commandsBelow(below)...)
		}
	}
	return found
}

func pageOf(command *cobra.Command) string {
	return strings.ReplaceAll(strings.TrimPrefix(command.CommandPath(), program+" "), " ", "-") + ".md"
}

const generated = "<!-- Written by make docs from the commands themselves. -->\n\n"

// index lists all commands, and says what they have in common.
func index(root *cobra.Command) string {
	var page strings.Builder
	page.WriteString(generated + "# The command line\n\n")
	page.WriteString("What each command does and takes, as `--help` has it. [fairlead get](../get.md) shows how to read what they answer.\n\n")
	page.WriteString("| command | what it does |\n|---|---|\n")
	for _, command := range commandsBelow(root) {
		fmt.Fprintf(&page, "| [`%s`](%s) | %s |\n", command.CommandPath(), pageOf(command), command.Short)
	}
	page.WriteString(naming)
	for _, kind := range noun.Kinds() {
		fmt.Fprintf(&page, "| %s | `%s` |\n", kind, strings.Join(kind.Words(), "`, `"))
	}
	page.WriteString(alike)
	return page.String()
}

const naming = `
## What they have in common

Objects are named ` + "`NAME`, `KIND NAME` or `KIND/NAME`" + `, as for kubectl. A kind has these words, with or without ` + "`.fairlead.dev`" + `:

| kind | words |
|---|---|
`

const alike = `
| flag | meaning |
|---|---|
| ` + "`-n`, `--namespace`" + ` | the namespace; that of the kubeconfig without it |
| ` + "`-A`, `--all-namespaces`" + ` | all namespaces |
| ` + "`-o`, `--output`" + ` | ` + "`json` and `yaml` for programs, `wide` for what a line has no room for, `name` for names as kubectl takes them" + ` |
| ` + "`--kubeconfig`, `--context`" + ` | which cluster, and as whom; ` + "`$KUBECONFIG` or `~/.kube/config`" + ` without them |

| exit status | meaning |
|---|---|
| 0 | it is so, or was done |
| 1 | it isn't so: there are differences, no tag is chosen, something isn't as it should be; or it couldn't be done, or took too long |
| 2 | the command line is wrong; or a question has no answer, because something can't be read or reached |

Answers go to standard output, everything else to standard error. Colours are for terminals only, and not where ` + "[`NO_COLOR`](https://no-color.org)" + ` is set.
What comes from registries, repositories and charts is shown so that a terminal acts upon none of it.

## As a plugin of kubectl

The same program, called ` + "`kubectl-fairlead`" + ` and found in ` + "`$PATH`" + `, is ` + "`kubectl fairlead`" + `:

` + "```" + `
ln -s "$(command -v fairlead)" ~/.local/bin/kubectl-fairlead
kubectl fairlead get -A
` + "```" + `

## Completion

Commands, flags, names of objects, namespaces and contexts are completed in bash, zsh, fish and PowerShell: ` + "`source <(fairlead completion bash)`" + `, and see
[fairlead completion](completion.md). For the plugin kubectl asks a program that is called ` + "`kubectl_complete-fairlead`" + `:

` + "```" + `
cat > ~/.local/bin/kubectl_complete-fairlead <<'END'
#!/bin/sh
exec kubectl-fairlead __complete "$@"
END
chmod +x ~/.local/bin/kubectl_complete-fairlead
` + "```" + `
`

// reference is the page of one command.
func reference(command *cobra.Command) string {
	var page strings.Builder
	fence := func(title, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(&page, "\n%s```\n%s\n```\n", title, text)
		}
	}
	fmt.Fprintf(&page, "%s# %s\n\n%s\n", generated, command.CommandPath(), command.Short)
	if !command.HasSubCommands() {
		fence("", command.UseLine())
	}
	if below := slices.DeleteFunc(command.Commands(), func(c *cobra.Command) bool { return !c.IsAvailableCommand() }); len(below) > 0 {
		page.WriteString("\n| command | what it does |\n|---|---|\n")
		for _, c := range below {
			fmt.Fprintf(&page, "| [`%s`](%s) | %s |\n", c.CommandPath(), pageOf(c), c.Short)
		}
	}
	switch {
	case strings.Contains(command.Long, "\t"): // it has its own layout
		fence("", command.Long)
	case command.Long != "":
		page.WriteString("\n" + strings.TrimSpace(command.Long) + "\n")
	}
	fence("## Examples\n\n", command.Example)
	command.InitDefaultHelpFlag()
	fence("## Flags\n\n", command.NonInheritedFlags().FlagUsages())
	fence("## Flags of the commands above\n\n", command.InheritedFlags().FlagUsages())
	return page.String()
}
