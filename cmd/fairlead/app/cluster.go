package app

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/access"
)

// Cluster is the cluster that holds the Applications, with the rights of whoever asks.
type Cluster struct {
	client client.WithWatch
	config *rest.Config
	now    func() time.Time
}

// NewCluster returns a Cluster that is reached by config. The scheme must know Fairlead's kinds and the core ones. Ages and
// timeouts are told by now.
func NewCluster(config *rest.Config, scheme *runtime.Scheme, now func() time.Time) (*Cluster, error) {
	made, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Cluster{client: made, config: config, now: now}, nil
}

// Get reads an Application.
func (c *Cluster) Get(ctx context.Context, key types.NamespacedName) (*v1alpha1.Application, error) {
	app := &v1alpha1.Application{}
	if err := c.client.Get(ctx, key, app); err != nil {
		return nil, refusal("read", key, err)
	}
	return app, nil
}

// refusal says why something can't be done with an Application, and what to do.
func refusal(verb string, key types.NamespacedName, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return terminal.Failf(err, "Application %s doesn't exist: fairlead app list -A lists those that do", key)
	case apierrors.IsForbidden(err):
		return terminal.Failf(err, "%s Application %s: %v: Applications are reached with your own rights: ask for that one", verb, key, err)
	case meta.IsNoMatchError(err):
		return terminal.Failf(err, "%s Application %s: the cluster knows no such kind: Fairlead isn't installed there, or --context names another cluster", verb, key)
	default:
		return terminal.Failf(err, "%s Application %s: %v", verb, key, err)
	}
}

// destination is the cluster that an Application deploys to.
type destination struct {
	objects   dynamic.Interface
	mapper    meta.RESTMapper
	discovery discovery.DiscoveryInterface
}

// destinationOf reaches the cluster that an Application deploys to: the one that holds it with the rights of whoever asks,
// another one by the kubeconfig that the Application names, if whoever asks may read that.
func (c *Cluster) destinationOf(ctx context.Context, app *v1alpha1.Application) (*destination, error) {
	config := c.config
	if access.IsRemote(app) {
		kubeconfig, err := access.KubeconfigOf(ctx, c.client, app)
		if err != nil {
			return nil, terminal.Failf(err, "reach the cluster %s of Application %s: %v", app.Spec.Destination.Name, client.ObjectKeyFromObject(app), err)
		}
		config = kubeconfig.Config
		config.QPS, config.Burst = c.config.QPS, c.config.Burst
	}
	made, err := newDestination(config)
	if err != nil {
		return nil, terminal.Failf(err, "reach the cluster of Application %s: %v", client.ObjectKeyFromObject(app), err)
	}
	return made, nil
}

func newDestination(config *rest.Config) (*destination, error) {
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfigAndClient(config, http)
	if err != nil {
		return nil, err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, http)
	if err != nil {
		return nil, err
	}
	asked, err := discovery.NewDiscoveryClientForConfigAndClient(config, http)
	return &destination{objects: objects, mapper: mapper, discovery: asked}, err
}
