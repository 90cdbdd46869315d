package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/checkout"
)

// Options of a stack. The zero value starts everything but the controller.
type Options struct {
	// Log takes the progress of what is built and started, for a person; nil discards it.
	Log io.Writer
	// Controller has Start build (unless Binary says otherwise) and start the controller too.
	Controller bool
	// Binary of fairlead to run. Empty: StartController builds it from the checkout.
	Binary string
	// Race builds the controller with the race detector; it then ends at the first race, and says so in its log.
	Race bool
	// ControllerArgs are added to the controller's command line.
	ControllerArgs []string
	// Notify forwards the registry's notifications to the controller from the start; see Notifications.
	Notify bool
	// Empty leaves the cluster without Fairlead's kinds and rights, for who installs them otherwise.
	Empty bool
	// Kubeconfig names a cluster to use instead of starting one: a file, or several as in the variable KUBECONFIG. Empty:
	// what the environment variable FAIRLEAD_E2E_KUBECONFIG says, or else a control plane of the stack's own.
	Kubeconfig string
}

// Stack is a cluster, a registry and a Git server. It is safe for concurrent use.
type Stack struct {
	// Kubeconfig is the file of the cluster's administrator.
	Kubeconfig string
	// Config is the administrator's client configuration.
	Config *rest.Config
	// Client is the administrator's client; it knows the built-in kinds and Fairlead's.
	Client client.WithWatch
	// Wire is another way to the API server.
	Wire *Wire
	// Registry holds the images.
	Registry *Registry
	// Notifications are what the registry posts about pushes.
	Notifications *Notifications
	// Git serves the repositories.
	Git *GitServer
	// Repository is the config repository, web-hook/config.git.
	Repository *Repository

	options       Options
	root          string // the checkout
	dir           string // everything that the stack writes
	tools         string
	registryTools string
	node          string
	foreign       bool // the cluster isn't ours
	spawner       *spawner
	stopOnce      sync.Once
	stopErr       error

	mu         sync.Mutex
	processes  []*process
	controller *process
	metrics    string // the address of the controller's
	binary     string
	stops      []func() error
}

// Start starts a stack; ctx bounds the start alone. On error nothing is left behind. The caller must Stop it.
func Start(ctx context.Context, options Options) (*Stack, error) {
	root, err := checkout.Root()
	if err != nil {
		return nil, err
	}
	if options.Log == nil {
		options.Log = io.Discard
	}
	options.Log = &lockedWriter{out: options.Log}
	dir, err := os.MkdirTemp("", "fairlead-e2e-")
	if err != nil {
		return nil, fmt.Errorf("start the stack: %w", err)
	}
	s := &Stack{options: options, root: root, dir: dir, binary: options.Binary, spawner: newSpawner(), node: "node-" + filepath.Base(dir)}
	if err := s.startAll(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) startAll(ctx context.Context) error {
	if err := s.findTools(ctx, s.options.Log); err != nil {
		return err
	}
	start := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.startCluster(groupCtx) })
	group.Go(func() error {
		if err := s.startNotifications(); err != nil {
			return err
		}
		if err := s.startRegistry(groupCtx); err != nil {
			return err
		}
		if err := s.startGit(); err != nil {
			return err
		}
		return s.seed(groupCtx)
	})
	if s.options.Controller {
		group.Go(func() error { return s.build(groupCtx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s.logf("cluster, registry and Git server are ready after %.1f s\n", time.Since(start).Seconds())
	if !s.options.Controller {
		return nil
	}
	return s.StartController(ctx)
}

// startCluster starts a control plane or takes the one that it is told to use, and installs Fairlead's kinds and rights.
func (s *Stack) startCluster(ctx context.Context) error {
	if file := s.foreignKubeconfig(); file != "" {
		s.foreign = true
		if err := s.copyKubeconfig(file); err != nil {
			return err
		}
	} else if err := s.startControlPlane(ctx); err != nil {
		return err
	}
	err := s.connect()
	if err != nil {
		return err
	}
	if s.Wire, err = newWire(s.Config.Host); err != nil {
		return err
	}
	if s.foreign {
		if err := s.refuseInstalled(ctx); err != nil {
			return err
		}
	}
	if err := s.startKwok(ctx); err != nil || s.options.Empty {
		return err
	}
	return s.install(ctx)
}

// foreignKubeconfig is the file of a cluster that is there already, or empty.
func (s *Stack) foreignKubeconfig() string {
	return cmp.Or(s.options.Kubeconfig, os.Getenv("FAIRLEAD_E2E_KUBECONFIG"))
}

// Stop ends every process that the stack started and removes its files; on a cluster that it didn't start, it removes what it
// installed there. It may be called more than once.
func (s *Stack) Stop() error {
	s.stopOnce.Do(func() { s.stopErr = s.end() })
	return s.stopErr
}

func (s *Stack) end() error {
	var errs []error
	errs = append(errs, s.Terminate())
	if s.foreign && s.Client != nil {
		errs = append(errs, s.uninstall())
	}
	if s.Wire != nil {
		errs = append(errs, s.Wire.close())
	}
	if s.Notifications != nil {
		errs = append(errs, s.Notifications.close())
	}
	if s.Registry != nil {
		errs = append(errs, s.Registry.shut())
	}
	if s.Git != nil && s.Git.Front != nil {
		errs = append(errs, s.Git.close())
	}
	if s.Git != nil && s.Git.SSH != nil {
		errs = append(errs, s.Git.SSH.close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.processes) {
		p.kill() // their data is thrown away: nothing to wait for
	}
	for _, stop := range s.stops {
		errs = append(errs, stop())
	}
	s.spawner.close()
	errs = append(errs, os.RemoveAll(s.dir))
	return errors.Join(errs...)
}

func (s *Stack) onStop(stop func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, stop)
}

func (s *Stack) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.options.Log, format, args...)
}

// Dir is the stack's folder: the logs of all its processes are there as <name>.log. Stop removes it.
func (s *Stack) Dir() string { return s.dir }

// lockedWriter lets parts that start side by side report to one writer.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

// Write writes the whole text before anybody else's.
func (w *lockedWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(text)
}

func randomWord() (string, error) {
	word := make([]byte, 8)
	if _, err := rand.Read(word); err != nil {
		return "", fmt.Errorf("make a password: %w", err)
	}
	return hex.EncodeToString(word), nil
}

// PID is the process ID of a part by the name of its log, such as "kube-apiserver" or "etcd"; 0 when the stack doesn't run it.
func (s *Stack) PID(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.processes {
		if p.name == name && p.running() {
			return p.cmd.Process.Pid
		}
	}
	return 0
}

// PIDs are the process IDs of everything that runs for the stack.
func (s *Stack) PIDs() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pids []int
	for _, p := range s.processes {
		if p.running() {
			pids = append(pids, p.cmd.Process.Pid)
		}
	}
	return pids
}
