// Package receiver takes what registries and Git hosts post after a push, and has the ImagePolicies that it may concern
// scanned, and the ConfigRepositories looked at, at once.
//
// It knows HTTP and the Secrets that webhooks are verified with. It must never know how a payload is verified or read
// (registry/webhook and gitwriter/webhook do), nor what a scan or a look is (controllers/imagepolicy and
// controllers/configrepository do): it hands hints on.
//
// # What strangers may do
//
// Anybody who reaches the address may post. So bodies, times, connections and requests at once are bounded, and so are
// the Secrets that are read for names nobody has asked for before. Who can't be verified learns nothing: a Secret that doesn't exist,
// one of another type and one whose token wasn't sent are refused in the same words and after the same time.
// A request that is replayed, or sent a thousand times, costs looks at repositories that somebody watches anyway, and
// hints for one repository are answered together.
package receiver

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	gitwebhook "github.com/fairlead/fairlead/gitwriter/webhook"
	"github.com/fairlead/fairlead/registry/webhook"
)

const (
	// A payload of any provider has a few kilobytes, and comes at once.
	maxBody        = 1 << 20
	maxHeader      = 32 << 10
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	idleTimeout    = time.Minute
	// maxRequests is how many requests are read at the same time: it bounds the memory, with maxBody.
	maxRequests = 64
	// maxConnections is how many clients may be connected.
	maxConnections = 512
	// shutdownTimeout is how long requests that are under way may take after the word to stop.
	shutdownTimeout = 5 * time.Second
)

// Policies has ImagePolicies scanned.
type Policies interface {
	// Hint is told that something was pushed, and returns the number of policies in a namespace that will be scanned
	// because of it; "" is every namespace. It must not wait for them, and hints that come in together are one scan.
	Hint(namespace string, push webhook.Push) int
}

// Repositories has ConfigRepositories looked at.
type Repositories interface {
	// Hint is told that a branch was pushed to, and returns the number of ConfigRepositories in a namespace that it may
	// concern; "" is every namespace. It must not wait for them, and hints that come in together are one look.
	Hint(namespace string, push gitwebhook.Push) int
}

// Options are what a Receiver needs.
type Options struct {
	// Address is what is listened on, "host:port".
	Address string
	// OwnNamespace is Fairlead's own: webhooks in it are the administrator's, and concern all namespaces.
	OwnNamespace string
	// Secrets reads Secrets from the API server, uncached: the controller may get them, not watch them.
	Secrets client.Reader
	// Leading is closed when this process leads.
	Leading <-chan struct{}
	// Leader says where the leader listens, "host:port"; "" while there is none. nil: there are no other processes.
	Leader func(context.Context) (string, error)
	// Policies and Repositories take the hints; without Policies nobody is concerned by images.
	Policies     Policies
	Repositories Repositories
	// Count is told of each request how it was answered, by whose webhook (empty: by none), and how many objects are looked at for it.
	Count func(provider string, status, matched int)
}

// Receiver is the server of the webhooks, which every replica runs.
type Receiver struct {
	address      string
	ownNamespace string
	secrets      *secrets
	leading      <-chan struct{}
	leader       func(context.Context) (string, error)
	forwarder    *http.Client
	// stopping is closed when the process is told to stop.
	stopping     <-chan struct{}
	policies     Policies
	repositories Repositories
	count        func(provider string, status, matched int)
	places       chan struct{}
}

// New returns a Receiver that listens once it is started.
func New(options Options) *Receiver {
	return &Receiver{
		address: options.Address, ownNamespace: options.OwnNamespace, secrets: newSecrets(options.Secrets, time.Now),
		leading: options.Leading, leader: options.Leader, forwarder: newForwarder(),
		policies: options.Policies, repositories: options.Repositories, count: options.Count, places: make(chan struct{}, maxRequests),
	}
}

// NeedLeaderElection is false: who doesn't lead hands on to the leader.
func (r *Receiver) NeedLeaderElection() bool { return false }

// Start serves until ctx ends.
func (r *Receiver) Start(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", r.address)
	if err != nil {
		return fmt.Errorf("listen for webhooks on %s: %w: give --webhook-address another address, or 0 for none", r.address, err)
	}
	return r.serve(ctx, listener)
}

// serve answers on a listener until ctx ends, then lets the requests that are under way finish.
func (r *Receiver) serve(ctx context.Context, listener net.Listener) error {
	logger := ctrl.LoggerFrom(ctx).WithName("receiver")
	server := &http.Server{
		Handler:           r.handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout + idleTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         boundConnections(),
		BaseContext:       func(net.Listener) context.Context { return ctrl.LoggerInto(context.WithoutCancel(ctx), logger) },
		ErrorLog: log.New(writerFunc(func(line []byte) (int, error) {
			logger.Info("the HTTP server complains", "message", string(line))
			return len(line), nil
		}), "", 0),
	}
	r.stopping = ctx.Done()
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- server.Shutdown(bounded)
	})
	logger.Info("listening for webhooks", "address", listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve webhooks on %s: %w", listener.Addr(), err)
	}
	if err := <-stopped; err != nil { // Somebody takes his time to send, and is no reason to end badly.
		logger.Info("cut off requests that took too long", "limit", shutdownTimeout.String())
		_ = server.Close()
	}
	return nil
}

// handler routes the two forms of a webhook's URL.
func (r *Receiver) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{namespace}/{secret}", r.receive)
	mux.HandleFunc("POST /hooks/{namespace}/{secret}/{token}", r.receive)
	return mux
}

// boundConnections closes connections beyond maxConnections as they come.
func boundConnections() func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(connection net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			if open.Add(1) > maxConnections {
				_ = connection.Close() // the server finds it closed, and says so by StateClosed
			}
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		case http.StateActive, http.StateIdle:
		}
	}
}

// writerFunc is an io.Writer.
type writerFunc func([]byte) (int, error)

// Write calls the function.
func (f writerFunc) Write(text []byte) (int, error) { return f(text) }
