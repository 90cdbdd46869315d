package controller

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/controllers/lease"
)

// leaseName is the Lease that replicas with these options share.
func (o *Options) leaseName() string {
	switch {
	case !o.runs(SideSync):
		return LeaseOf(SideUpdate)
	case !o.runs(SideUpdate):
		return LeaseOf(SideSync)
	default:
		return LeaseOf("")
	}
}

// LeaseOf is the Lease of processes that run only this side; of those that run both, if it is empty.
func LeaseOf(side Side) string {
	switch side {
	case SideUpdate:
		return lease.Update
	case SideSync:
		return lease.Sync
	default:
		return lease.Controller
	}
}

// lock is that Lease; it says where this process hears webhooks.
func (o *Options) lock(config *rest.Config) (*lease.Lock, error) {
	if !o.LeaderElect {
		return nil, nil //nolint:nilnil // nobody to share with
	}
	address, err := o.reachedAt(config.Host)
	if err != nil {
		return nil, err
	}
	return lease.New(config, o.Namespace, o.leaseName(), address)
}

// leader says where the leader among the replicas hears webhooks; nil: there are no replicas.
func (o *Options) leader(reader client.Reader) func(context.Context) (string, error) {
	if !o.LeaderElect {
		return nil
	}
	return lease.NewWatch(reader, o.Namespace, o.leaseName()).Address
}

// reachedAt is where other replicas reach the webhooks of this one: at the address that is listened on or, if that stands for all
// of the machine's, the one that it has on the way to the API server, on which all of them are.
func (o *Options) reachedAt(server string) (string, error) {
	if o.WebhookAddress == off {
		return "", nil
	}
	host, port, err := net.SplitHostPort(o.WebhookAddress)
	if err != nil {
		return "", fmt.Errorf("read --webhook-address %q: %w", o.WebhookAddress, err)
	}
	if !everywhere(host) {
		return o.WebhookAddress, nil
	}
	at, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("read the address of the API server: %w", err)
	}
	to := at.Host
	if at.Port() == "" {
		to = net.JoinHostPort(at.Hostname(), "443")
	}
	connection, err := (&net.Dialer{}).DialContext(context.Background(), "udp", to) // It chooses the way, and sends nothing.
	if err != nil {
		return "", fmt.Errorf("find the address of this machine on the way to the API server at %s: %w: give --webhook-address a host", to, err)
	}
	defer func() { _ = connection.Close() }()
	own, _, err := net.SplitHostPort(connection.LocalAddr().String())
	if err != nil {
		return "", fmt.Errorf("read the address of this machine: %w", err)
	}
	return net.JoinHostPort(own, port), nil
}
