package access

import (
	"fmt"
	"sync"

	"k8s.io/client-go/dynamic"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// Identity is the clients of one identity, which may be a ServiceAccount that is impersonated.
type Identity struct {
	// Objects reads and writes objects of any kind.
	Objects dynamic.Interface
	// Core reads pods, their events and logs.
	Core typedcorev1.CoreV1Interface
}

// Clients makes the clients that objects are applied with, one for each identity, and keeps them: each holds connections.
type Clients struct {
	config *rest.Config

	mu      sync.Mutex
	clients map[string]Identity
}

// NewClients returns Clients that reach the cluster by config, whose identity may impersonate ServiceAccounts.
func NewClients(config *rest.Config) *Clients {
	return &Clients{config: config, clients: map[string]Identity{}}
}

// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=impersonate

// As returns clients that act as a ServiceAccount, so that the API server's RBAC decides what it may do. With an empty
// account they act as the controller itself. The groups of the ServiceAccount are added by the API server.
func (c *Clients) As(namespace, account string) (Identity, error) {
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
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return Identity{}, fmt.Errorf("make a client for %s: %w", user, err)
	}
	core, err := typedcorev1.NewForConfig(config)
	if err != nil {
		return Identity{}, fmt.Errorf("make a client for %s: %w", user, err)
	}
	made := Identity{Objects: objects, Core: core}
	c.clients[user] = made
	return made, nil
}
