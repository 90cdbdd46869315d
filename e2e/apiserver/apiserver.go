// Package apiserver starts a real API server, with an etcd of its own and nothing else of a control plane: for the tests of a
// package that needs to know what the API server itself makes of objects.
//
// It knows how it is started. It must never know what is asked of it.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/fairlead/fairlead/e2e/checkout"
)

// Kinds says which kinds it serves.
type Kinds bool

const (
	// Bare serves Kubernetes' own kinds.
	Bare Kinds = false
	// WithKinds serves Fairlead's kinds, too.
	WithKinds Kinds = true
)

// Start starts an API server, whose administrator the configuration is of. The caller must stop it.
func Start(kinds Kinds) (config *rest.Config, stop func() error, err error) {
	root, err := checkout.Root()
	if err != nil {
		return nil, nil, err
	}
	tools := exec.CommandContext(context.Background(), filepath.Join(root, "hack/tools"), "controlplane")
	tools.Stderr = os.Stderr // the first build takes minutes, and says so
	out, err := tools.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("build the control plane: %w", err)
	}
	bin := strings.TrimSpace(string(out))
	env := &envtest.Environment{}
	if kinds == WithKinds {
		env.CRDDirectoryPaths, env.ErrorIfCRDPathMissing = []string{filepath.Join(root, "config/crd")}, true
	}
	env.ControlPlane.GetAPIServer().Path = filepath.Join(bin, "kube-apiserver")
	env.ControlPlane.Etcd = &envtest.Etcd{Path: filepath.Join(bin, "server")}
	if config, err = env.Start(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start the control plane: %w", err), env.Stop())
	}
	config.QPS = -1
	return config, env.Stop, nil
}

// Run runs the tests of a package beside an API server, and returns their exit status. ready is called before them; an error is
// told, and ends it.
func Run(m *testing.M, kinds Kinds, ready func(*rest.Config) error) int {
	config, stop, err := Start(kinds)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if err = ready(config); err == nil {
		code = m.Run()
	}
	if err := errors.Join(err, stop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// For starts an API server for one test, at whose end it is stopped.
func For(t *testing.T, kinds Kinds) *rest.Config {
	t.Helper()
	config, stop, err := Start(kinds)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return config
}
