package stack

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"time"
)

// Wire is another way to the API server, byte by byte, that can be made to hang: connections are taken, and nothing goes through.
// It is how a cluster elsewhere looks whose network or control plane is stuck.
type Wire struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	flows  *sync.Cond
	hangs  bool
	closed bool
	open   map[net.Conn]bool
	done   sync.WaitGroup
}

// newWire begins to listen; what comes in goes to the host of server, a URL.
func newWire(server string) (*Wire, error) {
	target, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("make a wire to the API server: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("make a wire to the API server: %w", err)
	}
	w := &Wire{listener: listener, target: target.Host, open: map[net.Conn]bool{}}
	w.flows = sync.NewCond(&w.mu)
	w.done.Go(w.accept)
	return w, nil
}

// URL is where the API server is reached by the wire.
func (w *Wire) URL() string { return "https://" + w.listener.Addr().String() }

// Hang stops everything that goes through, or lets it go on.
func (w *Wire) Hang(hangs bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hangs = hangs
	w.flows.Broadcast()
}

func (w *Wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", w.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		if !w.keep(near, far) {
			return
		}
		w.done.Go(func() { w.carry(far, near) })
		w.done.Go(func() { w.carry(near, far) })
	}
}

// keep notes both ends of a connection, or closes them if the wire is.
func (w *Wire) keep(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range ends {
		if w.closed {
			_ = end.Close()
			continue
		}
		w.open[end] = true
	}
	return !w.closed
}

// carry copies until one of the two ends.
func (w *Wire) carry(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if !w.pass() || n > 0 && !sent(to, buffer[:n]) || err != nil {
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range []net.Conn{to, from} {
		_ = end.Close()
		delete(w.open, end)
	}
}

func sent(to io.Writer, data []byte) bool {
	_, err := to.Write(data)
	return err == nil
}

// pass waits until the wire doesn't hang, and says whether it still is one.
func (w *Wire) pass() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.hangs && !w.closed {
		w.flows.Wait()
	}
	return !w.closed
}

func (w *Wire) close() error {
	w.mu.Lock()
	w.closed = true
	for end := range w.open {
		_ = end.Close()
	}
	w.flows.Broadcast()
	w.mu.Unlock()
	err := w.listener.Close()
	w.done.Wait()
	if err != nil {
		return fmt.Errorf("close the wire to the API server: %w", err)
	}
	return nil
}
