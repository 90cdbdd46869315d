package stack

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// portAttempts bounds the starts of a program that needs a port: one that was free may be taken before it listens.
const portAttempts = 3

// onPorts is a program that is told which ports to listen on.
type onPorts struct {
	name, binary string
	// ports is how many it needs.
	ports int
	// args are its command line, given the addresses that are free.
	args func(addresses []string) []string
	// ready says whether it answers there.
	ready func(ctx context.Context, addresses []string) error
}

// startOnFreePorts starts a program, waits until it is ready and returns it with its addresses.
func (s *Stack) startOnFreePorts(ctx context.Context, program onPorts) (*process, []string, error) {
	for attempt := 1; ; attempt++ {
		addresses, err := freeAddresses(ctx, program.ports)
		if err != nil {
			return nil, nil, fmt.Errorf("start %s: %w", program.name, err)
		}
		p, err := s.start(program.name, program.binary, program.args(addresses)...)
		if err != nil {
			return nil, nil, err
		}
		err = p.waitReady(ctx, func(ctx context.Context) error { return program.ready(ctx, addresses) })
		if err == nil {
			return p, addresses, nil
		}
		taken := !p.running() && strings.Contains(err.Error(), "address already in use")
		if !taken || attempt == portAttempts {
			return nil, nil, err
		}
	}
}

// freeAddresses returns ports of 127.0.0.1 that nobody listens on now, as addresses.
func freeAddresses(ctx context.Context, n int) ([]string, error) {
	addresses := make([]string, 0, n)
	// All are held until the last is found: a port that is free again could be found twice.
	var held []net.Listener
	defer func() {
		for _, listener := range held {
			_ = listener.Close()
		}
	}()
	for range n {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		held = append(held, listener)
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
