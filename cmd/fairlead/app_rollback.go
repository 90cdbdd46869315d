package main

import (
	"context"
	"errors"
	"net/mail"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/gitwriter"
)

func newAppRollbackCommand(options *appOptions) *cobra.Command {
	request, author := app.RollbackRequest{}, ""
	command := &cobra.Command{
		Use:   "rollback NAME [REVISION|ID]",
		Short: "Take versions back, by a commit in Git",
		Long: `Take back what ImagePolicies have written: one commit in the config repository restores the values that their targets in the
Application's files held at an older revision, and nothing else. The cluster follows, since Git says so, and the policies hold
still until there is a version that is newer than what was taken back.

REVISION is a commit's id, or the beginning of one in the history; ID is a number that fairlead app history shows. Without either
it is the newest revision that was healthy before what runs now ran for the first time.

The commit is made and pushed from here, with the credentials of the ConfigRepository, if you may read its Secret. Its author
is whom git knows as you, or else whom the cluster does.

The exit status is 0 if the older values stand in Git now, 1 if they don't, and 2 if the command line is wrong.`,
		Example: `  fairlead app rollback webhooks -n fairlead --dry-run
  fairlead app rollback webhooks 2
  fairlead app rollback webhooks 4f1c0a9d2b -m "logins fail"`,
		Args: func(command *cobra.Command, args []string) error {
			const most = 2
			if len(args) == 0 {
				return oneName(command, args)
			}
			return badInput(atMost(command, args, most))
		},
		ValidArgsFunction: options.complete,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				request.To = args[1]
			}
			var err error
			if request.Author, err = authorOf(command.Context(), author); err != nil {
				return badInput(err)
			}
			about, err := options.about(args[0])
			if err != nil {
				return badInput(err)
			}
			found, err := about.get(command.Context())
			if err != nil {
				return failed(err)
			}
			made, err := about.cluster.Rollback(command.Context(), found, request)
			if err != nil {
				return failed(err)
			}
			return failed(about.write(command, made))
		},
	}
	flags := command.Flags()
	flags.StringVarP(&request.Reason, "message", "m", "", "why, for the commit's `message`")
	flags.StringVar(&author, "author", "", "`Name <address>` of the commit's author; empty: as git has it")
	flags.BoolVar(&request.DryRun, "dry-run", false, "only tell what would be committed")
	return command
}

// authorOf is whom a commit is made by: as the flag says, or as git would take it; nobody if neither tells.
func authorOf(ctx context.Context, flag string) (gitwriter.Signature, error) {
	if flag != "" {
		parsed, err := mail.ParseAddress(flag)
		if err != nil || parsed.Name == "" {
			return gitwriter.Signature{}, errors.New(`--author: write it as "Name <address>"`)
		}
		return gitwriter.Signature{Name: parsed.Name, Email: parsed.Address}, nil
	}
	known := gitwriter.Signature{Name: os.Getenv("GIT_AUTHOR_NAME"), Email: os.Getenv("GIT_AUTHOR_EMAIL")}
	if known.Name == "" {
		known.Name = gitConfig(ctx, "user.name")
	}
	if known.Email == "" {
		known.Email = gitConfig(ctx, "user.email")
	}
	if known.Name == "" || known.Email == "" {
		return gitwriter.Signature{}, nil
	}
	return known, nil
}

// gitConfig is what git's configuration says; empty if it says nothing, or there is no git.
func gitConfig(ctx context.Context, key string) string {
	out, err := exec.CommandContext(ctx, "git", "config", "--get", key).Output() //nolint:gosec // The key is one of ours.
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
