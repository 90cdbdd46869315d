package gitwriter

import (
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshClient is an open connection and how many use it.
type sshClient struct {
	*ssh.Client

	idle time.Duration
	done chan struct{}

	mu      sync.Mutex
	users   int
	retired bool
	closed  bool
	timer   *time.Timer
}

// newSSHClient takes over an open connection for one user.
func newSSHClient(opened *ssh.Client, idle time.Duration) *sshClient {
	c := &sshClient{Client: opened, idle: idle, done: make(chan struct{}), users: 1}
	go c.keepAlive()
	return c
}

// use counts one more user; false if the connection is being closed.
func (c *sshClient) use() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired || c.closed {
		return false
	}
	c.users++
	if c.timer != nil {
		c.timer.Stop()
	}
	return true
}

// release counts one user less. The last one leaves the connection open for a while.
func (c *sshClient) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	switch {
	case c.users > 0 || c.closed:
	case c.retired:
		c.close()
	default:
		c.timer = time.AfterFunc(c.idle, c.retireIdle)
	}
}

func (c *sshClient) retireIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users == 0 {
		c.close()
	}
}

// retire closes the connection as soon as nobody uses it.
func (c *sshClient) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retired = true
	if c.users == 0 {
		c.close()
	}
}

// kill closes the connection at once.
func (c *sshClient) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
}

// close is for those who hold the lock.
func (c *sshClient) close() {
	if c.closed {
		return
	}
	c.closed = true
	close(c.done)
	go func() { _ = c.Close() }() // It may wait for a connection that takes nothing any more.
}

// keepAlive asks the server now and then, so that neither side nor what is in between takes the connection for dead, and
// closes one that is.
func (c *sshClient) keepAlive() {
	ticker := time.NewTicker(sshKeepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-ticker.C:
		}
		if !c.answers() {
			c.kill()
			return
		}
	}
}

// answers reports whether the server says anything in time. That it doesn't know the request is an answer.
func (c *sshClient) answers() bool {
	answered := make(chan error, 1)
	go func() {
		_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	}()
	patience := time.NewTimer(sshPatience)
	defer patience.Stop()
	select {
	case err := <-answered:
		return err == nil
	case <-patience.C:
		return false
	case <-c.done:
		return true
	}
}
