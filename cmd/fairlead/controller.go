package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers"
)

// gracePeriod is how long a push that is under way may take after the word to stop.
const gracePeriod = 30 * time.Second

// maxGatheringWindow bounds how late a release may be for the sake of fewer pushes.
const maxGatheringWindow = time.Minute

// controllerOptions are the flags of `fairlead controller`.
type controllerOptions struct {
	kubeconfig     string
	namespace      string
	metricsAddress string
	healthAddress  string
	webhookAddress string
	leaderElect    bool
	concurrency    int
	rate           float64
	window         time.Duration
}

func newControllerCommand() *cobra.Command {
	options := controllerOptions{}
	command := &cobra.Command{
		Use:   "controller",
		Short: "Scan registries, commit what the policies select, and sync the Applications",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := options.validate(); err != nil {
				return err
			}
			return options.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.kubeconfig, "kubeconfig", "", "path of a kubeconfig `file`; empty: $KUBECONFIG, or the cluster that this runs in")
	flags.StringVar(&options.namespace, "namespace", "fairlead", "Fairlead's own `namespace`: Applications in it may deploy to any other, webhooks in it concern all others")
	flags.StringVar(&options.metricsAddress, "metrics-address", "127.0.0.1:8080", "`address` that metrics are served on; 0: none")
	flags.StringVar(&options.healthAddress, "health-address", "127.0.0.1:8081", "`address` that /healthz and /readyz are served on; 0: none")
	flags.StringVar(&options.webhookAddress, "webhook-address", "0", "`address` that webhooks are received on, by the leader; 0: none")
	flags.IntVar(&options.concurrency, "registry-concurrency", 8, "`number` of requests that may be under way at one registry host")
	flags.Float64Var(&options.rate, "registry-rate", 0, "`number` of requests that one registry host may get each second; 0: no bound but its own")
	flags.DurationVar(&options.window, "gathering-window", 5*time.Second, "longest `time` that a tag waits for others released with it, to go into one push; 0: none waits")
	flags.BoolVar(&options.leaderElect, "leader-elect", false, "let one of several replicas work, by a Lease in the own namespace")
	return command
}

// validate refuses what can't work, naming the flag.
func (o *controllerOptions) validate() error {
	if problems := validation.IsDNS1123Label(o.namespace); len(problems) > 0 {
		return fmt.Errorf("--namespace %q is no name of a namespace: %s", o.namespace, problems[0])
	}
	if o.concurrency < 1 {
		return fmt.Errorf("--registry-concurrency is %d: at least one request must be allowed", o.concurrency)
	}
	if o.rate < 0 {
		return fmt.Errorf("--registry-rate is %g: it must be 0 or more", o.rate)
	}
	if o.window < 0 || o.window > maxGatheringWindow {
		return fmt.Errorf("--gathering-window is %s: it must be between 0 and %s", o.window, maxGatheringWindow)
	}
	if _, _, err := net.SplitHostPort(o.webhookAddress); err != nil && o.webhookAddress != "0" {
		return fmt.Errorf("--webhook-address %q is no address: write it like :9292, or 0", o.webhookAddress)
	}
	servers := []struct{ flag, address string }{
		{"--metrics-address", o.metricsAddress}, {"--health-address", o.healthAddress}, {"--webhook-address", o.webhookAddress},
	}
	taken := map[string]string{}
	for _, server := range servers {
		if other, ok := taken[server.address]; ok && server.address != "0" {
			return fmt.Errorf("%s and %s are both %s: give one of them another port, or 0", other, server.flag, server.address)
		}
		taken[server.address] = server.flag
	}
	return nil
}

// run works until ctx ends.
func (o *controllerOptions) run(ctx context.Context) error {
	ctrl.SetLogger(zap.New())
	config, err := o.restConfig()
	if err != nil {
		return err
	}
	mgr, err := o.manager(config)
	if err != nil {
		return err
	}
	if err := controllers.Setup(mgr, controllers.Options{
		OwnNamespace: o.namespace, WebhookAddress: o.webhookAddress, RegistryConcurrency: o.concurrency, RegistryRate: o.rate,
		GatheringWindow: o.window,
	}); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the controllers: %w", err)
	}
	return nil
}

func (o *controllerOptions) restConfig() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w: set --kubeconfig", err)
	}
	config.UserAgent = "fairlead/" + version
	config.QPS = -1 // The API server's priority and fairness is the limit; a second one here would only add latency.
	return config, nil
}

// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update,namespace=fairlead

func (o *controllerOptions) manager(config *rest.Config) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the kinds: %w", err)
	}
	grace := gracePeriod
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: o.metricsAddress},
		HealthProbeBindAddress:        o.healthAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              "fairlead-controller",
		LeaderElectionNamespace:       o.namespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &grace,
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	cachesInSync := func(request *http.Request) error {
		if !mgr.GetCache().WaitForCacheSync(request.Context()) {
			return errors.New("the caches of the API server's objects aren't in sync yet")
		}
		return nil
	}
	if err := errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("caches", cachesInSync)); err != nil {
		return nil, fmt.Errorf("serve health: %w", err)
	}
	return mgr, nil
}
