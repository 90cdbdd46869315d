package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/fairlead/fairlead/cmd/fairlead/render"
	syncer "github.com/fairlead/fairlead/syncer/render"
)

// renderOptions are the flags of `fairlead render`.
type renderOptions struct {
	file       string
	repository string
	revision   string
	output     string
	caps       syncer.Capabilities
}

func newRenderCommand() *cobra.Command {
	options := renderOptions{}
	command := &cobra.Command{
		Use:   "render -f FILE",
		Short: "Print the manifests that an Application renders to, with no cluster",
		Long: `Print the manifests that an Application renders to, with no cluster: what the controller renders, before it fills in namespaces
and labels. FILE is the manifest of the Application; - is standard input. spec.source.repoURL isn't looked at.

The repository's files are taken as they are on disk, committed or not; with --revision, or from a bare repository, those of a
commit. A chart's manifests are printed byte for byte as 'helm template --include-crds' prints them, hooks last.

What a cluster would tell, --kube-version and --api-versions tell here. Without them charts see what Helm's own engine knows.

The exit status is 0 if the manifests were printed, 1 if the source can't be rendered, and 2 if the question is wrong.`,
		Example: `  fairlead render -f application.yaml
  fairlead render -f application.yaml --repo ~/config --revision main~1 | kubectl diff -f -
  fairlead render -f application.yaml --kube-version v1.36.3 --api-versions monitoring.coreos.com/v1 -o name`,
		Args: func(command *cobra.Command, args []string) error { return badInput(atMost(command, args, 0)) },
		RunE: func(command *cobra.Command, _ []string) error { return options.run(command) },
	}
	flags := command.Flags()
	flags.StringVarP(&options.file, "filename", "f", "", "`file` with the Application; -: standard input")
	flags.StringVar(&options.repository, "repo", ".", "`folder` of a clone, with a work tree or bare")
	flags.StringVar(&options.revision, "revision", "", "`commit` to render, in any way that Git understands; empty: the files as they are on disk")
	flags.StringVar(&options.caps.KubeVersion, "kube-version", "", "`version` of Kubernetes that charts see")
	flags.StringSliceVar(&options.caps.APIVersions, "api-versions", nil, "`versions` and kinds that charts see beside Helm's own: apps/v1, apps/v1/Deployment")
	flags.StringVarP(&options.output, "output", "o", render.YAML, "yaml, json or name")
	if err := errors.Join(
		command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{render.YAML, render.JSON, render.Name}, cobra.ShellCompDirectiveNoFileComp)),
		command.MarkFlagDirname("repo"), command.MarkFlagFilename("filename", "yaml", "yml", "json"),
	); err != nil {
		panic(err) // a flag that is named here isn't there
	}
	return command
}

// run renders, and prints.
func (o *renderOptions) run(command *cobra.Command) (err error) {
	if o.file == "" {
		return badInput(errors.New("which Application? Give its manifest with -f FILE"))
	}
	if err := render.CheckFormat(o.output); err != nil {
		return badInput(err)
	}
	name, data, err := o.read(command.InOrStdin())
	if err != nil {
		return badInput(err)
	}
	app, err := render.ReadApplication(name, data)
	if err != nil {
		return badInput(err)
	}
	files, done, err := render.Open(command.Context(), o.repository, o.revision)
	if err != nil {
		return badInput(err)
	}
	defer func() { err = errors.Join(err, done()) }()
	made, err := render.Of(command.Context(), app, files, o.caps)
	if err != nil {
		return err
	}
	return made.Write(command.OutOrStdout(), o.output)
}

// maxApplication bounds the manifest of an Application: the API server takes no larger ones.
const maxApplication = 3 << 20

// read reads the manifest.
func (o *renderOptions) read(stdin io.Reader) (name string, data []byte, err error) {
	from := stdin
	if name = "standard input"; o.file != "-" {
		name = o.file
		opened, err := os.Open(o.file)
		if err != nil {
			return name, nil, fmt.Errorf("read the Application: %w", err)
		}
		defer func() { _ = opened.Close() }() // it was only read
		from = opened
	}
	data, err = io.ReadAll(io.LimitReader(from, maxApplication))
	if err != nil {
		return name, nil, fmt.Errorf("read %s: %w", name, err)
	}
	return name, data, nil
}
