package stack

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// portAttempts bounds the starts of a program that needs a port: one that was free may be taken before it listens.
const portAttempts = 3

// startOnFreePort starts a program that is told its port, waits until it is ready and returns it with its address.
func (s *Stack) startOnFreePort(
	ctx context.Context, name, binary string, args func(port string) []string, ready func(ctx context.Context, address string) error,
) (*process, string, error) {
	for attempt := 1; ; attempt++ {
		address, err := freeAddress()
		if err != nil {
			return nil, "", fmt.Errorf("start %s: %w", name, err)
		}
		_, port, _ := strings.Cut(address, ":")
		p, err := s.start(name, binary, args(port)...)
		if err != nil {
			return nil, "", err
		}
		err = p.waitReady(ctx, func(ctx context.Context) error { return ready(ctx, address) })
		if err == nil {
			return p, address, nil
		}
		taken := !p.running() && strings.Contains(err.Error(), "address already in use")
		if !taken || attempt == portAttempts {
			return nil, "", err
		}
	}
}

// freeAddress returns a port of 127.0.0.1 that nobody listens on now, as an address.
func freeAddress() (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil || !ok {
		return "", fmt.Errorf("find a free port: %s: %w", listener.Addr(), err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port)), nil
}
