package controller

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// healthTimeout bounds what a client may take to ask for the health.
const healthTimeout = 5 * time.Second

// health serves /healthz, which answers as long as the process runs, and /readyz, which says why it isn't ready.
func (o *Options) health(ready func() error) (*manager.Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", o.HealthAddress)
	if err != nil {
		return nil, fmt.Errorf("listen for health on %s: %w: give --health-address another address, or 0 for none", o.HealthAddress, err)
	}
	return &manager.Server{
		Name: "health", Listener: listener,
		Server: &http.Server{Handler: healthHandler(ready), ReadTimeout: healthTimeout, WriteTimeout: healthTimeout, IdleTimeout: time.Minute},
	}, nil
}

// healthHandler answers with "ok", or with status 503 and the reason.
func healthHandler(ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
