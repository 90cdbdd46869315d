package gitwriter

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Proxy is an HTTP proxy that is asked to connect to the server.
type Proxy struct {
	// Address is its URL: http or https; over HTTP also socks5 and socks5h.
	Address string
	// Username and Password are sent to it, and to nobody else.
	Username, Password string
}

// String hides the password from package fmt.
func (p Proxy) String() string { return hidden }

// GoString hides the password from %#v.
func (p Proxy) GoString() string { return hidden }

// Check reports an address that is no proxy's, as an *InputError.
func (p Proxy) Check() error {
	_, err := p.url()
	return err
}

// url is the proxy's URL with its credentials; nil if there is no proxy.
func (p Proxy) url() (*url.URL, error) {
	if p.Address == "" {
		return nil, nil //nolint:nilnil // No proxy is no error.
	}
	u, err := url.Parse(p.Address)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, &InputError{Problem: "the proxy's address is no URL of a proxy: write it like http://proxy.example.com:3128"}
	}
	switch u.Scheme {
	case schemeHTTP, schemeHTTPS, "socks5", "socks5h":
	default:
		return nil, &InputError{Problem: "the proxy's address has a scheme that isn't known: write http, https, socks5 or socks5h"}
	}
	if p.Username != "" || p.Password != "" {
		u.User = url.UserPassword(p.Username, p.Password)
	}
	return u, nil
}

// proxyFault is what a proxy's answer to CONNECT means; nil if it connected.
func proxyFault(host, proxy string, answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return &Error{
			Op: opConnect, Host: host, Reason: ReasonProxy,
			Message: "the proxy " + proxy + " refused username and password: check the secret of the proxy",
		}
	default:
		e := &Error{
			Op: opConnect, Host: host, Reason: ReasonProxy,
			Message: "the proxy " + proxy + " doesn't connect to the server, it answered " + quote(answer.Status),
		}
		e.later = answer.StatusCode >= http.StatusInternalServerError
		return e
	}
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
		return nil, &Error{
			Op: opConnect, Host: c.address, Reason: ReasonProxy, Err: err, later: true,
			Message: "the proxy " + at + " can't be reached: " + oneLine(err.Error(), maxServerWords),
		}
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
	answer, err := http.ReadResponse(buffered, ask) //nolint:bodyclose // Its body is the tunnel.
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
