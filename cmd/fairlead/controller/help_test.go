package controller_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fairlead/fairlead/cmd/fairlead/controller"
)

// command is one with the flags.
func command() *cobra.Command {
	made := &cobra.Command{Use: "controller", Example: "  fairlead controller", Run: func(*cobra.Command, []string) {}}
	(&controller.Options{}).Flags(made.Flags())
	made.SetUsageFunc(controller.Usage)
	return made
}

func TestUsage(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	made := command()
	made.SetOut(&out)
	made.SetArgs([]string{"--help"})
	if err := made.Execute(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if flag := regexp.MustCompile(`--[a-z-]+`).FindString(line); flag != "" {
			got = append(got, flag)
		} else if heading, ok := strings.CutSuffix(strings.TrimSpace(line), ":"); ok {
			got = append(got, heading)
		}
	}
	want := []string{
		"Usage", "Examples",
		"Cluster", "--kubeconfig", "--namespace",
		"What runs", "--controllers",
		"Addresses", "--health-address", "--metrics-address", "--webhook-address",
		"Registries", "--registry-concurrency", "--registry-rate",
		"Git", "--gathering-window",
		"Logs", "--log-format", "--log-level",
		"Leader election", "--leader-elect",
		"Other", "--help",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s\n%s", diff, out.String())
	}
}

// TestPage holds the table of docs/controller.md to the flags: none is missing there, and the defaults are right.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/controller.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `([^`]*)` \\|").FindAllStringSubmatch(string(page), -1) {
		got = append(got, row[1]+" "+row[2])
	}
	command().Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" {
			want = append(want, flag.Name+" "+strings.Trim(flag.DefValue, "[]"))
		}
	})
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-flags, +page:\n%s", diff)
	}
}
