package stack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fairlead/fairlead/e2e/checkout"
)

// buildGrace is how long a cancelled build may take to end.
const buildGrace = 5 * time.Second

// buildTools runs hack/tools, which builds what is missing, and returns the folder of the binaries. Progress goes to log.
func buildTools(ctx context.Context, root, module string, log io.Writer) (string, error) {
	var out, words bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(root, "hack", "tools"), module)
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(log, &words)
	cancelGroup(cmd)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("hack/tools %s: %w\n%s", module, err, words.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// Build compiles cmd/fairlead into a file as it is shipped, but for more flags of go build such as -race, which needs cgo. Who
// starts several stacks builds once and hands the file to each as Options.Binary.
//
// How it is built shows: a library loads plugins where there is cgo, and then the linker keeps every method there is, which
// makes the program half as big again.
func Build(ctx context.Context, file string, flags ...string) error {
	root, err := checkout.Root()
	if err != nil {
		return err
	}
	args, env := []string{"build", "-o", file}, os.Environ()
	if !slices.Contains(flags, "-race") {
		args, env = append(args, "-trimpath", "-ldflags=-s -w"), append(env, "CGO_ENABLED=0")
	}
	args = append(append(args, flags...), "./cmd/fairlead")
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, env
	cancelGroup(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/fairlead: %w\n%s", err, out)
	}
	return nil
}

// cancelGroup ends a build together with the compilers that it started when its context ends.
func cancelGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = buildGrace
}
