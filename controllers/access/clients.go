package access

import (
	"fmt"
	"sync"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Clients makes the clients that objects are applied with, one for each identity, and keeps them: each holds connections.
type Clients struct {
	config *rest.Config

	mu      sync.Mutex
	clients map[string]dynamic.Interface
}

// NewClients returns Clients that reach the cluster by config, whose identity may impersonate ServiceAccounts.
func NewClients(config *rest.Config) *Clients {
	return &Clients{config: config, clients: map[string]dynamic.Interface{}}
}

// As returns a client that acts as a ServiceAccount, so that the API server's RBAC decides what it may do. With an empty
// account it acts as the controller itself. The groups of the ServiceAccount are added by the API server.
func (c *Clients) As(namespace, account string) (dynamic.Interface, error) {
	user := ""
	if account != "" {
		user = "system:serviceaccount:" + namespace + ":" + account
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.clients[user]; ok {
		return known, nil
	}
	config := rest.CopyConfig(c.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user}
	made, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", user, err)
	}
	c.clients[user] = made
	return made, nil
}
