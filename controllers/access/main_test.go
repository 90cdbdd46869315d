package access_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// api is a client of a real API server.
var api client.Client

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	out, err := exec.Command("../../hack/tools", "controlplane").Output()
	if err != nil {
		return 0, fmt.Errorf("build the control plane: %w", err)
	}
	bin := strings.TrimSpace(string(out))
	env := &envtest.Environment{}
	env.ControlPlane.GetAPIServer().Path = filepath.Join(bin, "kube-apiserver")
	env.ControlPlane.Etcd = &envtest.Etcd{Path: filepath.Join(bin, "server")}
	config, err := env.Start()
	if err != nil {
		return 0, fmt.Errorf("start the control plane: %w", err)
	}
	defer env.Stop() //nolint:errcheck // the tests are over
	if api, err = client.New(config, client.Options{Scheme: scheme.Scheme}); err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	return m.Run(), nil
}
