package gitwriter

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
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
	if client = c.use(); client != nil {
		return client, true, nil
	}
	select {
	case c.dialing <- struct{}{}:
		defer func() { <-c.dialing }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if client = c.use(); client != nil { // Somebody else opened it meanwhile.
		return client, true, nil
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

// connect reaches the server, by way of the proxy if there is one.
func (c *sshConnection) connect(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{}
	if c.proxy == nil {
		return dialer.DialContext(ctx, "tcp", c.address)
	}
	port := c.proxy.Port()
	if port == "" {
		port = map[string]string{schemeHTTP: "80", schemeHTTPS: "443"}[c.proxy.Scheme]
	}
	at := net.JoinHostPort(c.proxy.Hostname(), port)
	conn, err := dialer.DialContext(ctx, "tcp", at)
	if err != nil {
		return nil, &Error{Op: opConnect, Host: c.address, Reason: ReasonProxy, Message: "the proxy " + at + " can't be reached: " + oneLine(err.Error(), maxServerWords), Err: err, later: true}
	}
	if c.proxy.Scheme == schemeHTTPS {
		conn = tls.Client(conn, &tls.Config{ServerName: c.proxy.Hostname(), MinVersion: tls.VersionTLS12})
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	tunnel, err := c.tunnel(conn)
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return tunnel, nil
}

// tunnel asks a proxy to connect, RFC 9110 section 9.3.6.
func (c *sshConnection) tunnel(conn net.Conn) (net.Conn, error) {
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: c.address}, Host: c.address, Header: http.Header{"User-Agent": {"fairlead"}}}
	if user := c.proxy.User; user != nil {
		password, _ := user.Password()
		ask.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := ask.Write(conn); err != nil {
		return nil, err
	}
	// An SSH server speaks first, so what it says may stand behind the proxy's answer already.
	buffered := bufio.NewReader(conn)
	answer, err := http.ReadResponse(buffered, ask)
	if err != nil {
		return nil, err
	}
	if err := proxyFault(c.address, c.proxy.Host, answer); err != nil {
		return nil, err
	}
	return &bufferedConn{Conn: conn, buffered: buffered}, nil
}

// bufferedConn is a connection of which something was read ahead.
type bufferedConn struct {
	net.Conn

	buffered *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.buffered.Read(p) }

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

var errSSHRefused = errors.New("the server doesn't run the command")
