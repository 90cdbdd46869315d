package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers"
	"github.com/fairlead/fairlead/controllers/lease"
)

// gracePeriod is how long what is under way may take to end after the word to stop.
const gracePeriod = 30 * time.Second

// checkTimeout bounds how long the API server may take to say what it serves.
const checkTimeout = 10 * time.Second

// Run works until ctx ends, with valid options. strangers are told of in the log, userAgent to every server.
func (o *Options) Run(ctx context.Context, userAgent string, strangers []string) error {
	logger := o.logger(os.Stderr)
	ctrl.SetLogger(logger)
	klog.SetLogger(logger) // the words of the Kubernetes client
	// Helm's library warns of values that don't fit each other on Go's own loggers, slog and by it log, and quotes them.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	for _, stranger := range strangers {
		logger.Info(stranger)
	}
	config, err := o.restConfig(userAgent)
	if err != nil {
		return err
	}
	lock, err := o.lock(config)
	if err != nil {
		return err
	}
	mgr, err := o.manager(config, lock)
	if err != nil {
		return err
	}
	if err := o.add(mgr, lock); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the controllers: %w", err)
	}
	return nil
}

// add gives the manager the health, and the gate that the controllers come through.
func (o *Options) add(mgr ctrl.Manager, lock *lease.Lock) error {
	server, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	gate := newGate(func(ctx context.Context) error {
		bounded, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		return checkKinds(bounded, server.RESTClient())
	}, func(ctx context.Context) error { return o.open(ctx, mgr) })
	if err := mgr.Add(gate); err != nil {
		return fmt.Errorf("add what waits for the CRDs: %w", err)
	}
	if o.HealthAddress == off {
		return nil
	}
	health, err := o.health(func() error {
		if err := gate.ready(); err != nil || lock == nil {
			return err
		}
		return lock.Refused()
	})
	if err != nil {
		return err
	}
	if err := mgr.Add(health); err != nil {
		return fmt.Errorf("serve health: %w", err)
	}
	return nil
}

// open fills the caches and sets the controllers up: they run as soon as this process leads.
func (o *Options) open(ctx context.Context, mgr ctrl.Manager) error {
	for _, kind := range []client.Object{&v1alpha1.ConfigRepository{}, &v1alpha1.ImagePolicy{}, &v1alpha1.Application{}} {
		if _, err := mgr.GetCache().GetInformer(ctx, kind); err != nil && ctx.Err() == nil {
			return fmt.Errorf("watch objects of type %T: %w", kind, err)
		}
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to stop
	}
	return controllers.Setup(mgr, controllers.Options{
		Update: o.runs(SideUpdate), Sync: o.runs(SideSync),
		OwnNamespace: o.Namespace, WebhookAddress: o.WebhookAddress, RegistryConcurrency: o.RegistryConcurrency,
		RegistryRate: o.RegistryRate, GatheringWindow: o.GatheringWindow, Leader: o.leader(mgr.GetAPIReader()),
	})
}

func (o *Options) restConfig(userAgent string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{}).ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, fmt.Errorf("find the cluster: this is no pod of one, and no kubeconfig at %s says where one is: set --kubeconfig", strings.Join(rules.GetLoadingPrecedence(), " or "))
	case err != nil:
		return nil, fmt.Errorf("find the cluster: %w: set --kubeconfig", err)
	}
	config.UserAgent = userAgent
	config.QPS = -1 // The API server's priority and fairness is the limit; a second one here would only add latency.
	return config, nil
}

// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update,namespace=fairlead

func (o *Options) manager(config *rest.Config, lock *lease.Lock) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the kinds: %w", err)
	}
	var shared resourcelock.Interface // nil if there is no lock, not one that holds a nil
	if lock != nil {
		shared = lock
	}
	grace, duration, deadline, period := gracePeriod, lease.Duration, lease.RenewDeadline, lease.RetryPeriod
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                              scheme,
		Metrics:                             metricsserver.Options{BindAddress: o.MetricsAddress},
		HealthProbeBindAddress:              off, // served by health, which says why
		LeaderElection:                      o.LeaderElect,
		LeaderElectionID:                    o.leaseName(), // as metrics call it
		LeaderElectionResourceLockInterface: shared,
		LeaderElectionReleaseOnCancel:       true,
		LeaseDuration:                       &duration, RenewDeadline: &deadline, RetryPeriod: &period,
		GracefulShutdownTimeout: &grace,
		Client:                  client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return mgr, nil
}
