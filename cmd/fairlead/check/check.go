package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/registry"
)

// Options say what is looked at, and by whom.
type Options struct {
	// Version is that of this program, ClientGo that of the Kubernetes client in it: v0.37.2.
	Version, ClientGo string
	// LeaseOf is the name of the Lease by which one controller of several leads: one that runs only the side update or sync, or
	// both if no side is named.
	LeaseOf func(side string) string
	// ControllerNamespace is Fairlead's own namespace.
	ControllerNamespace string
	// Namespace of the objects that are looked at; empty: all.
	Namespace string
	// Objects are the only ones that are looked at, in Namespace, of any kind where none is said; empty: all, and what is installed.
	Objects []noun.Reference
	// Pre asks whether Fairlead can be installed, and nothing else.
	Pre bool
	// Timeout bounds each question to a server.
	Timeout time.Duration
	// UserAgent names the program to registries.
	UserAgent string
	// Now tells ages.
	Now func() time.Time
}

// Validate refuses options that contradict each other.
func (o Options) Validate() error {
	switch {
	case o.Timeout <= 0:
		return fmt.Errorf("--timeout is %s: it must be more than 0", o.Timeout)
	case o.Pre && len(o.Objects) > 0:
		return errors.New("--pre looks at no objects: leave out their names")
	case o.Pre && o.Namespace != "":
		return errors.New("--pre looks at no objects: leave out -n; --controller-namespace says where Fairlead will be")
	case len(o.Objects) > 0 && o.Namespace == "":
		return errors.New("in which namespace? Give it with -n")
	default:
		return nil
	}
}

// checker looks at one cluster.
type checker struct {
	Options

	client    client.Client
	discovery discovery.DiscoveryInterface
	registry  *registry.Client
	mirrors   *access.Mirrors
	signers   *access.Signers
	// user is whoever asks, empty if the API server doesn't say.
	user string
}

// Cluster looks at the cluster that config leads to, with the rights of its user. The scheme must know Fairlead's kinds and those
// of Kubernetes. What can't be reached is a finding; an error is a config that can't be used.
func Cluster(ctx context.Context, config *rest.Config, scheme *runtime.Scheme, options Options) (Report, error) {
	if err := options.Validate(); err != nil {
		return Report{}, err
	}
	config = rest.CopyConfig(config)
	config.Timeout = options.Timeout
	made, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return Report{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	asked, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return Report{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	c := &checker{
		Options: options, client: made, discovery: asked, registry: registry.NewClient(registry.WithUserAgent(options.UserAgent)),
		mirrors: access.NewMirrors(), signers: access.NewSigners(),
	}
	return newReport(c.look(ctx)), nil
}

// look goes through everything, and ends where nothing further can be told.
func (c *checker) look(ctx context.Context) []Group {
	server, err := c.discovery.ServerVersion()
	if err != nil {
		found := failf("API server", "it doesn't answer: %v: see that the kubeconfig leads to the cluster that is meant", err).by("kubectl cluster-info")
		return []Group{{Title: "Cluster", Findings: []Finding{found}}}
	}
	c.user = c.whoever(ctx)
	cluster := Group{Title: "Cluster", Findings: []Finding{serverVerdict(server, c.ClientGo)}}
	if c.Pre {
		return []Group{cluster, {Title: "Rights to install", Findings: c.before(ctx)}}
	}
	kinds, all := c.kinds(ctx)
	cluster.Findings = append(cluster.Findings, kinds...)
	if len(c.Objects) > 0 {
		if all {
			cluster.Findings = nil // Nobody asked about it.
		}
		return append([]Group{cluster}, c.objects(ctx, all, nil)...)
	}
	controller, found := c.controller(ctx)
	account := found.account()
	return append([]Group{
		cluster,
		{Title: "Controller", Findings: controller},
		{Title: "Rights of the controller", Findings: c.controllerRights(ctx, account)},
	}, c.objects(ctx, all, &account)...)
}
