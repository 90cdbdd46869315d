package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// grace that the controller has to end after SIGTERM.
const grace = 20 * time.Second

// build compiles the controller unless Options.Binary names one.
func (s *Stack) build(ctx context.Context) error {
	s.mu.Lock()
	built := s.binary != ""
	s.mu.Unlock()
	if built {
		return nil
	}
	file := filepath.Join(s.dir, "fairlead")
	s.logf("building cmd/fairlead ...\n")
	start := time.Now()
	var flags []string
	if s.options.Race {
		flags = append(flags, "-race")
	}
	if err := Build(ctx, file, flags...); err != nil {
		return err
	}
	s.logf("built cmd/fairlead in %.1f s\n", time.Since(start).Seconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.binary = file
	return nil
}

// BinaryPath is the program whose controller runs: its other commands are for people.
func (s *Stack) BinaryPath() string { return s.binary }

// StartController starts fairlead as a process of its own, as ServiceAccount fairlead/fairlead with exactly the rights of
// config/default, and waits until it is ready. After Kill or Terminate it starts it again; its log goes on in the same file.
func (s *Stack) StartController(ctx context.Context) error {
	return s.StartControllerAs(ctx, "fairlead", s.options.ControllerArgs...)
}

// StartControllerAs is StartController as another ServiceAccount of Fairlead's namespace, with these arguments after those
// that say where the cluster is and which ports are free.
func (s *Stack) StartControllerAs(ctx context.Context, account string, args ...string) error {
	if err := s.build(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	binary, running := s.binary, s.controller != nil && s.controller.running()
	s.mu.Unlock()
	if running {
		return errors.New("start the controller: it runs already")
	}
	kubeconfig, err := s.ServiceAccountKubeconfig(ctx, Namespace, account)
	if err != nil {
		return fmt.Errorf("start the controller: %w", err)
	}
	start := time.Now()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	p, addresses, err := s.startOnFreePorts(ctx, onPorts{
		name: "fairlead", binary: binary, ports: 3,
		args: func(addresses []string) []string {
			return append([]string{
				"controller", "--kubeconfig", kubeconfig, "--namespace", Namespace,
				"--metrics-address", addresses[2], "--health-address", addresses[0], "--webhook-address", addresses[1],
			}, args...)
		},
		ready: func(ctx context.Context, addresses []string) error {
			return errors.Join(get(ctx, client, "http://"+addresses[0]+"/readyz"), dial(ctx, addresses[1]))
		},
	})
	if err != nil {
		return err
	}
	s.logf("the controller is ready after %.1f s\n", time.Since(start).Seconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.controller, s.metrics = p, addresses[2]
	s.Notifications.to.Store(&addresses[1])
	return nil
}

// Metrics are what the controller serves to Prometheus; empty while it doesn't run.
func (s *Stack) Metrics(ctx context.Context) (string, error) {
	if s.ControllerPID() == 0 {
		return "", nil
	}
	s.mu.Lock()
	address := s.metrics
	s.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return "", fmt.Errorf("ask for metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask for metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask for metrics: %s: %w", response.Status, err)
	}
	return string(body), nil
}

// dial says whether somebody listens at an address.
func dial(ctx context.Context, address string) error {
	connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	return connection.Close()
}

// Kill ends the controller with SIGKILL, in the middle of whatever it does, and returns when it is gone.
func (s *Stack) Kill() {
	if p := s.takeController(); p != nil {
		p.kill()
	}
}

// Terminate ends the controller with SIGTERM and waits until it is gone. The error says how it ended, if not well.
func (s *Stack) Terminate() error {
	p := s.takeController()
	if p == nil {
		return nil
	}
	if err := p.terminate(grace); err != nil {
		return fmt.Errorf("the controller didn't end well: %w, its last words:\n%s", err, tail(p.log, 15))
	}
	return nil
}

func (s *Stack) takeController() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.controller
	s.controller = nil
	return p
}

// ControllerPID is the process ID of the controller, 0 when it doesn't run: for measuring what it uses.
func (s *Stack) ControllerPID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.controller == nil || !s.controller.running() {
		return 0
	}
	return s.controller.cmd.Process.Pid
}

// Logs are what the controller has written, over all its starts.
func (s *Stack) Logs() string {
	data, err := os.ReadFile(filepath.Join(s.dir, "fairlead.log"))
	if err != nil {
		return ""
	}
	return string(data)
}
