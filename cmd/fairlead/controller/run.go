package controller

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers"
)

// gracePeriod is how long a push that is under way may take after the word to stop.
const gracePeriod = 30 * time.Second

// Run works until ctx ends, with valid options. strangers are told of in the log, userAgent to every server.
func (o *Options) Run(ctx context.Context, userAgent string, strangers []string) error {
	logger := o.logger(os.Stderr)
	ctrl.SetLogger(logger)
	klog.SetLogger(logger) // the words of the Kubernetes client
	for _, stranger := range strangers {
		logger.Info(stranger)
	}
	config, err := o.restConfig(userAgent)
	if err != nil {
		return err
	}
	mgr, err := o.manager(config)
	if err != nil {
		return err
	}
	if err := controllers.Setup(mgr, controllers.Options{
		Update: o.runs(SideUpdate), Sync: o.runs(SideSync),
		OwnNamespace: o.Namespace, WebhookAddress: o.WebhookAddress, RegistryConcurrency: o.RegistryConcurrency,
		RegistryRate: o.RegistryRate, GatheringWindow: o.GatheringWindow,
	}); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the controllers: %w", err)
	}
	return nil
}

func (o *Options) restConfig(userAgent string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w: set --kubeconfig", err)
	}
	config.UserAgent = userAgent
	config.QPS = -1 // The API server's priority and fairness is the limit; a second one here would only add latency.
	return config, nil
}

// LeaseName is the Lease by which one controller of several leads, in Fairlead's own namespace.
const LeaseName = "fairlead-controller"

// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update,namespace=fairlead

func (o *Options) manager(config *rest.Config) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the kinds: %w", err)
	}
	grace := gracePeriod
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: o.MetricsAddress},
		HealthProbeBindAddress:        o.HealthAddress,
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              LeaseName,
		LeaderElectionNamespace:       o.Namespace,
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
