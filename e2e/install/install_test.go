// Package install_test installs Fairlead as its users do: by the chart with helm, and from plain manifests with kubectl. The
// API server says whether what they make is valid and allowed; kwok plays the pods, and where a controller must work, the
// built binary runs with the ServiceAccount and the arguments of the Deployment.
//
// It knows config/chart and config/default as users see them. It must never know the inside of the controller.
package install_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	chart     = "../../config/chart"
	release   = "fairlead"
	namespace = stack.Namespace
)

// cluster is started by the first test that needs one.
var cluster = sync.OnceValues(func() (*stack.Stack, error) {
	return stack.Start(context.Background(), stack.Options{Empty: true, Race: true})
})

// started says whether there is a cluster to stop.
var started = make(chan struct{}, 1)

func TestMain(m *testing.M) {
	code := m.Run()
	select {
	case <-started:
		s, err := cluster()
		if err == nil {
			err = s.Stop()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	default:
	}
	os.Exit(code)
}

// running returns the cluster that the tests share.
func running(t *testing.T) *stack.Stack {
	t.Helper()
	select {
	case started <- struct{}{}:
	default:
	}
	s, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// helmPath builds the helm that the project pins.
var helmPath = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../../hack/tools", "helm").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "helm"), err
})

// helm runs helm without anything of the user's configuration, and returns what it says on standard output.
func helm(t *testing.T, kubeconfig string, args ...string) (string, error) {
	t.Helper()
	path, err := helmPath()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	home := t.TempDir()
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + kubeconfig}
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}

// template renders the chart.
func template(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return helm(t, os.DevNull, append([]string{"template", release, chart, "--namespace", namespace}, args...)...)
}
