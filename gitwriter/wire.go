package gitwriter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"time"

	"github.com/fairlead/fairlead/failpoint"
)

// wire carries the services of the Git protocol between a session and its server: by HTTP, where each call is a request, or
// by SSH, where it goes through a command that runs on the server. A wire serves one session at a time.
type wire interface {
	// greet opens a service and reads its advertisement. at is where the service is, for call.
	greet(ctx context.Context, op, service string, read func(r io.Reader) error) (at string, err error)
	// call sends a request to a service and reads the answer, of at most limit bytes. last: the service ends with it.
	call(ctx context.Context, c call, read func(r io.Reader) error) error
	// hangUp ends what is open of a service, so that the next call or greeting opens it anew.
	hangUp()
}

// call is a request to a service.
type call struct {
	op, at, service string
	body            []byte
	limit           int64
	last            bool
}

// link is what outlives an operation on the way to a server: connections, what the server said that it can do, tokens. It is
// made for one set of credentials, and is replaced with them.
type link struct {
	remote Remote
	base   *url.URL
	http   *http.Client
	app    *appToken
	ssh    *sshConnection
	known  advertisements
}

// links makes the link of a Mirror when it is needed.
type links struct {
	now  func() time.Time
	idle time.Duration

	mu      sync.Mutex
	current *link
}

// to gives the link to a Remote, the same one as long as the Remote's access stays what it was. Errors are *Error.
func (l *links) to(r Remote) (*link, error) {
	base, err := r.endpoint()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && l.current.serves(r) {
		return l.current, nil
	}
	made, err := newLink(r, base, l.now, l.idle)
	if err != nil {
		return nil, err
	}
	l.drop()
	l.current = made
	return made, nil
}

// drop closes the link. Operations that use it still may fail.
func (l *links) drop() {
	if l.current == nil {
		return
	}
	if l.current.ssh != nil {
		l.current.ssh.retire()
	}
	l.current.http.CloseIdleConnections()
	l.current = nil
}

// serves reports whether nothing of the way to the server differs.
func (l *link) serves(r Remote) bool {
	r.Timeout, r.Branch = l.remote.Timeout, l.remote.Branch
	return reflect.DeepEqual(l.remote, r)
}

func newLink(r Remote, base *url.URL, now func() time.Time, idle time.Duration) (*link, error) {
	l := &link{remote: r, base: base}
	transport, err := httpTransport(r, base)
	if err != nil {
		return nil, invalidRemote(base.Host, err.Error())
	}
	l.http = &http.Client{CheckRedirect: checkRedirect, Transport: transport}
	if r.Auth.App != nil {
		l.app = &appToken{app: *r.Auth.App, client: l.http, now: now}
	}
	if base.Scheme == schemeSSH {
		if l.ssh, err = newSSHConnection(r, base, idle); err != nil {
			return nil, invalidRemote(base.Host, err.Error())
		}
	}
	return l, nil
}

// httpTransport is a transport of its own, so that connections are shared with no other Remote.
func httpTransport(r Remote, base *url.URL) (*http.Transport, error) {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the program's default HTTP transport was replaced")
	}
	transport := shared.Clone()
	transport.WriteBufferSize = failpoint.WriteBuffer
	config, err := r.TLS.config()
	if err != nil {
		return nil, err
	}
	proxy, err := r.Proxy.url()
	if err != nil {
		return nil, err
	}
	transport.TLSClientConfig = config
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	transport.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
		return proxyFault(base.Host, proxy.Host, answer)
	}
	return transport, nil
}
