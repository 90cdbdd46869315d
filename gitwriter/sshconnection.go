package gitwriter

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// sshIdle is how long a connection stays open that nobody uses: longer than the default interval between two looks.
	sshIdle = 5 * time.Minute
	// sshKeepAlive is how often a connection is asked whether it lives, and sshPatience how long it may take to say so.
	sshKeepAlive = 30 * time.Second
	sshPatience  = 15 * time.Second
)

// sshConnection is the way to an SSH server: one connection that all operations of a Mirror share, opened when the first needs
// it and closed when none has for a while.
//
//	none ──run──▶ open ──run──▶ open ──idle, dead, or no more commands taken──▶ none
type sshConnection struct {
	address string
	config  ssh.ClientConfig
	known   knownHosts
	proxy   *url.URL
	idle    time.Duration
	key     string

	// dialing holds one token: who has it may open the connection.
	dialing chan struct{}

	mu      sync.Mutex
	current *sshClient
}

// newSSHConnection reads key and known hosts. It makes no connection. Errors are *InputError.
func newSSHConnection(r Remote, base *url.URL, idle time.Duration) (*sshConnection, error) {
	signer, err := r.Auth.SSH.signer()
	if err != nil {
		return nil, err
	}
	known, err := parseKnownHosts(r.Auth.SSH.KnownHosts)
	if err != nil {
		return nil, err
	}
	proxy, err := r.Proxy.url()
	if err != nil {
		return nil, err
	}
	if proxy != nil && proxy.Scheme != schemeHTTP && proxy.Scheme != schemeHTTPS {
		return nil, &InputError{Problem: "the proxy's address is " + quote(proxy.Scheme) + ", over which no ssh is spoken here: write the URL of an http or https proxy"}
	}
	port := base.Port()
	if port == "" {
		port = defaultSSHPort
	}
	c := &sshConnection{
		address: net.JoinHostPort(base.Hostname(), port), known: known, proxy: proxy, idle: idle,
		key: ssh.FingerprintSHA256(signer.PublicKey()), dialing: make(chan struct{}, 1),
	}
	c.config = ssh.ClientConfig{
		User: base.User.Username(), Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, ClientVersion: "SSH-2.0-fairlead",
		HostKeyAlgorithms: known.algorithms(c.address),
	}
	return c, nil
}

// client gives the open connection, or opens one. reused: it was open before, and may be dead. release must be called.
func (c *sshConnection) client(ctx context.Context) (client *sshClient, reused bool, err error) {
	if open := c.use(); open != nil {
		return open, true, nil
	}
	select {
	case c.dialing <- struct{}{}:
		defer func() { <-c.dialing }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if open := c.use(); open != nil { // Somebody else opened it meanwhile.
		return open, true, nil
	}
	opened, err := c.dial(ctx)
	if err != nil {
		return nil, false, err
	}
	client = newSSHClient(opened, c.idle)
	c.mu.Lock()
	c.current = client
	c.mu.Unlock()
	return client, false, nil
}

// use counts one more user of the open connection; nil if there is none.
func (c *sshConnection) use() *sshClient {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil || !c.current.use() {
		c.current = nil
	}
	return c.current
}

// abandon makes the next operation open another connection. Those that use the given one may finish.
func (c *sshConnection) abandon(client *sshClient) {
	c.mu.Lock()
	if c.current == client {
		c.current = nil
	}
	c.mu.Unlock()
	client.retire()
}

// retire closes the connection as soon as nobody uses it.
func (c *sshConnection) retire() {
	c.mu.Lock()
	client := c.current
	c.current = nil
	c.mu.Unlock()
	if client != nil {
		client.retire()
	}
}

// dial opens a connection, logs in, and makes sure that it is the right server.
func (c *sshConnection) dial(ctx context.Context) (*ssh.Client, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // The handshake knows no context.
	var untrusted error
	config := c.config
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		untrusted = c.known.check(c.address, key)
		return untrusted
	}
	opened, channels, requests, err := ssh.NewClientConn(conn, c.address, &config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		return ssh.NewClient(opened, channels, requests), nil
	}
	_ = conn.Close()
	fault := &Error{Op: opConnect, Host: c.address, Err: err}
	switch {
	case untrusted != nil:
		fault.Reason, fault.Message = ReasonServerNotTrusted, untrusted.Error()
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case strings.Contains(err.Error(), "unable to authenticate"):
		fault.Reason = ReasonAuthentication
		fault.Message = "the server refused the key " + c.key + " for the user " + quote(c.config.User) + ": add its public key on the server, with the right to write"
	case strings.Contains(err.Error(), "no common algorithm"):
		fault.Reason, fault.Message = ReasonProtocol, oneLine(err.Error(), maxServerWords)+": update the server's SSH"
	default:
		fault.Reason, fault.Message = ReasonUnavailable, "the server ended the handshake: "+oneLine(err.Error(), maxServerWords)
	}
	return nil, fault
}
