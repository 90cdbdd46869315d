package application

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

// cluster is a cluster that objects are applied to, and what is known of it.
type cluster struct {
	mapper       meta.RESTMapper
	capabilities *capabilities
	clients      *access.Clients
	watches      *watches
}

// clusters are the one that Fairlead runs in, and those that Applications name by a kubeconfig. Another cluster is known as
// long as an Application goes there, and known anew when its kubeconfig changes.
type clusters struct {
	local  *cluster
	scheme *runtime.Scheme
	// back is called with the Applications that go to a cluster which answers again.
	back func(...types.NamespacedName)

	mu sync.Mutex
	// remote clusters, by the Secrets that hold their kubeconfigs.
	remote map[types.NamespacedName]*remote
	// visits are the Secrets that Applications go by.
	visits map[types.NamespacedName]types.NamespacedName
}

// remote is another cluster.
type remote struct {
	*cluster

	key   string // of the kubeconfig
	reach *reach
	stop  context.CancelFunc
}

// newClusters knows the cluster of the manager.
func newClusters(mgr ctrl.Manager, back func(...types.NamespacedName)) (*clusters, error) {
	watches, err := newWatches(mgr.GetConfig(), mgr.GetHTTPClient(), mgr.GetScheme(), mgr.GetRESTMapper())
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(watches.cache); err != nil {
		return nil, fmt.Errorf("run the cache of labelled objects: %w", err)
	}
	asked, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("make a discovery client: %w", err)
	}
	return &clusters{
		local: &cluster{
			mapper: mgr.GetRESTMapper(), capabilities: &capabilities{discovery: asked, now: time.Now},
			clients: access.NewClients(mgr.GetConfig()), watches: watches,
		},
		scheme: mgr.GetScheme(), back: back, remote: map[types.NamespacedName]*remote{}, visits: map[types.NamespacedName]types.NamespacedName{},
	}, nil
}

// of is the cluster that an Application goes to.
func (c *clusters) of(ctx context.Context, reader client.Reader, app *v1alpha1.Application) (*cluster, error) {
	visitor := client.ObjectKeyFromObject(app)
	if !access.IsRemote(app) {
		c.leave(visitor)
		return c.local, nil
	}
	kubeconfig, err := access.KubeconfigOf(ctx, reader, app)
	if err != nil {
		return nil, err
	}
	secret := types.NamespacedName{Namespace: app.Namespace, Name: app.Spec.Destination.Name}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.visits[visitor] != secret {
		c.left(visitor)
	}
	known, ok := c.remote[secret]
	if ok && known.key == kubeconfig.Key {
		c.visits[visitor] = secret
		return known.cluster, answers(secret, known)
	}
	made, err := connect(kubeconfig, c.scheme, func() { c.back(c.visitorsOf(secret)...) })
	if err != nil {
		return nil, fmt.Errorf("reach the cluster of Secret %s: %w", secret, err)
	}
	if ok {
		known.stop()
	}
	c.remote[secret], c.visits[visitor] = made, secret
	return made.cluster, nil
}

// answers says if a cluster doesn't.
func answers(secret types.NamespacedName, to *remote) error {
	if err := to.reach.err(); err != nil {
		return fmt.Errorf("reach the cluster of Secret %s: %w", secret, err)
	}
	return nil
}

// visitorsOf are the Applications that go to a cluster.
func (c *clusters) visitorsOf(secret types.NamespacedName) []types.NamespacedName {
	c.mu.Lock()
	defer c.mu.Unlock()
	var visitors []types.NamespacedName
	for visitor, to := range c.visits {
		if to == secret {
			visitors = append(visitors, visitor)
		}
	}
	return visitors
}

// leave notes that an Application goes to another cluster no more.
func (c *clusters) leave(visitor types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left(visitor)
}

// left lets go of a cluster that nobody goes to any more. The lock is held.
func (c *clusters) left(visitor types.NamespacedName) {
	secret, ok := c.visits[visitor]
	if !ok {
		return
	}
	delete(c.visits, visitor)
	for _, other := range c.visits {
		if other == secret {
			return
		}
	}
	if gone, ok := c.remote[secret]; ok {
		gone.stop()
		delete(c.remote, secret)
	}
}

// connect begins to know another cluster. Nothing is asked of it yet. back is called when it answers again after it didn't.
func connect(kubeconfig access.Kubeconfig, scheme *runtime.Scheme, back func()) (_ *remote, err error) {
	ctx, stop := context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			stop()
		}
	}()
	reach := newReach(ctx, back)
	bounded := rest.CopyConfig(kubeconfig.Config)
	bounded.Wrap(reach.around)
	http, err := rest.HTTPClientFor(bounded)
	if err != nil {
		return nil, err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(bounded, http)
	if err != nil {
		return nil, err
	}
	asked, err := discovery.NewDiscoveryClientForConfigAndClient(bounded, http)
	if err != nil {
		return nil, err
	}
	unbounded := rest.CopyConfig(kubeconfig.Config)
	unbounded.Timeout = 0 // a watch lasts, and is silent for long
	watching, err := rest.HTTPClientFor(unbounded)
	if err != nil {
		return nil, err
	}
	watches, err := newWatches(unbounded, watching, scheme, mapper)
	if err != nil {
		return nil, err
	}
	go func() { _ = watches.cache.Start(ctx) }() // it only ends when it is stopped
	return &remote{
		cluster: &cluster{
			mapper: mapper, capabilities: &capabilities{discovery: asked, now: time.Now},
			clients: access.NewClients(bounded), watches: watches,
		},
		key: kubeconfig.Key, reach: reach, stop: stop,
	}, nil
}
