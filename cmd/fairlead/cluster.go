package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// clusterOptions are the flags of a command that asks a cluster.
type clusterOptions struct {
	namespace  string
	kubeconfig string
	context    string
}

// flags adds the flags by which a command is told which cluster and namespace are meant.
func (o *clusterOptions) flags(command *cobra.Command, namespace string) {
	flags := command.Flags()
	flags.StringVarP(&o.namespace, "namespace", "n", "", namespace)
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "path of a kubeconfig `file`; empty: $KUBECONFIG, or ~/.kube/config")
	flags.StringVar(&o.context, "context", "", "`context` of the kubeconfig; empty: its current one")
}

// clientQPS and clientBurst bound the requests of one command, as kubectl does: the API server keeps order itself.
const (
	clientQPS   = 50
	clientBurst = 300
)

// userAgent is how the program names itself to servers.
func userAgent() string { return "fairlead/" + version }

// connect reads the kubeconfig, and gives a reader with the rights of its user, and the namespace that is meant. otherwise
// says what a person can do who has no cluster.
func (o *clusterOptions) connect(otherwise string) (reader client.Reader, namespace string, err error) {
	config, scheme, namespace, err := o.read(", or " + otherwise)
	if err != nil {
		return nil, "", err
	}
	if reader, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return nil, "", fmt.Errorf("connect to the cluster: %w", err)
	}
	return reader, namespace, nil
}

// loader finds the kubeconfig and reads it.
func (o *clusterOptions) loader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.kubeconfig
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.context})
}

// lacksContext says whether the kubeconfig can be read, and hasn't the context that was asked for.
func (o *clusterOptions) lacksContext() bool {
	known, err := o.contexts()
	return err == nil && o.context != "" && !slices.Contains(known, o.context)
}

// read reads the kubeconfig.
func (o *clusterOptions) read(otherwise string) (config *rest.Config, scheme *runtime.Scheme, namespace string, err error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard))) // What is to be said is in the answer, or in the error.
	kubeconfig := o.loader()
	config, err = kubeconfig.ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, nil, "", fmt.Errorf("find the cluster: there is no kubeconfig: set --kubeconfig%s", otherwise)
	case err != nil && o.lacksContext():
		return nil, nil, "", fmt.Errorf("find the cluster: %w: set --context to one that kubectl config get-contexts lists%s", err, otherwise)
	case err != nil:
		return nil, nil, "", fmt.Errorf("find the cluster: %w: set --kubeconfig%s", err, otherwise)
	}
	config.UserAgent, config.WarningHandler = userAgent(), rest.NoWarnings{}
	config.QPS, config.Burst = clientQPS, clientBurst
	if namespace = o.namespace; namespace == "" {
		if namespace, _, err = kubeconfig.Namespace(); err != nil {
			return nil, nil, "", fmt.Errorf("find the namespace: %w: set -n", err)
		}
	}
	scheme = runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, nil, "", fmt.Errorf("register the kinds: %w", err)
	}
	return config, scheme, namespace, nil
}
