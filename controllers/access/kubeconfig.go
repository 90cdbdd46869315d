package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

const (
	keyKubeconfig      = "kubeconfig"
	keyKubeconfigValue = "value" // as Cluster API writes it

	// remoteTimeout bounds one request to another cluster. Watches are exempt.
	remoteTimeout = 30 * time.Second
)

// Kubeconfig is how another cluster is reached.
type Kubeconfig struct {
	// Config to reach it by.
	Config *rest.Config
	// Key changes when anything in the kubeconfig does. It tells nothing of it.
	Key string
}

// IsRemote says whether an Application goes to another cluster than the one that Fairlead runs in.
func IsRemote(app *v1alpha1.Application) bool {
	name := app.Spec.Destination.Name
	return name != "" && name != v1alpha1.InClusterName
}

// KubeconfigOf reads the kubeconfig of an Application's destination, from the Secret of that name beside it.
//
// A kubeconfig is somebody else's, and the controller runs what it says with its own hands: one that starts programs, reads
// files, or talks without checking who answers is refused.
func KubeconfigOf(ctx context.Context, reader client.Reader, app *v1alpha1.Application) (Kubeconfig, error) {
	found, err := secret(ctx, reader, app.Namespace, app.Spec.Destination.Name, "spec.destination.name")
	if err != nil {
		return Kubeconfig{}, err
	}
	where := fmt.Sprintf("Secret %s/%s", found.Namespace, found.Name)
	data, key := found.Data[keyKubeconfig], keyKubeconfig
	if len(data) == 0 {
		data, key = found.Data[keyKubeconfigValue], keyKubeconfigValue
	}
	if len(data) == 0 {
		return Kubeconfig{}, failf(v1alpha1.ReasonSecretNotUsable, false,
			"%s, which spec.destination.name names, has neither the key %s nor %s: put a kubeconfig there", where, keyKubeconfig, keyKubeconfigValue)
	}
	config, problem := restConfig(data)
	if problem != "" {
		return Kubeconfig{}, failf(v1alpha1.ReasonSecretNotUsable, false, "%s, key %s: %s", where, key, problem)
	}
	sum := sha256.Sum256(data)
	return Kubeconfig{Config: config, Key: hex.EncodeToString(sum[:])}, nil
}

// restConfig makes a client's configuration of a kubeconfig, or says what is wrong with it. Parsers' own words may quote
// the kubeconfig, and with it credentials: they aren't passed on.
func restConfig(data []byte) (config *rest.Config, problem string) {
	parsed, err := clientcmd.Load(data)
	if err != nil {
		return nil, "it is no kubeconfig: see that it is YAML of kind Config"
	}
	name := parsed.CurrentContext
	at, ok := parsed.Contexts[name]
	if !ok {
		return nil, fmt.Sprintf("its current-context %q isn't among its contexts: set it to one of them", name)
	}
	cluster, ok := parsed.Clusters[at.Cluster]
	if !ok {
		return nil, fmt.Sprintf("context %q names cluster %q, which isn't there", name, at.Cluster)
	}
	user, ok := parsed.AuthInfos[at.AuthInfo]
	if !ok {
		return nil, fmt.Sprintf("context %q names user %q, which isn't there", name, at.AuthInfo)
	}
	if problem := refusedCluster(cluster); problem != "" {
		return nil, fmt.Sprintf("cluster %q %s", at.Cluster, problem)
	}
	if problem := refusedUser(user); problem != "" {
		return nil, fmt.Sprintf("user %q %s", at.AuthInfo, problem)
	}
	config, err = clientcmd.NewNonInteractiveClientConfig(*parsed, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, "it can't be used: see that certificates and keys are base64 of PEM"
	}
	config.Timeout = remoteTimeout
	config.QPS = -1
	return config, ""
}

// refusedCluster says what is wrong with the part that says where the cluster is.
func refusedCluster(cluster *clientcmdapi.Cluster) string {
	server, err := url.Parse(cluster.Server)
	switch {
	case err != nil || server.Host == "" || server.User != nil:
		return "has no usable server: write https://HOST"
	case server.Scheme != "https":
		return "has a server that isn't https: credentials would be sent in the clear"
	case cluster.InsecureSkipTLSVerify:
		return "sets insecure-skip-tls-verify: give certificate-authority-data, so that credentials go to the right server only"
	case cluster.CertificateAuthority != "":
		return "names a file by certificate-authority: put its content into certificate-authority-data"
	case cluster.ProxyURL != "" && !strings.HasPrefix(cluster.ProxyURL, "https://") && !strings.HasPrefix(cluster.ProxyURL, "http://"):
		return "has a proxy-url that is neither http nor https"
	}
	return ""
}

// refusedUser says what is wrong with the part that says who asks.
func refusedUser(user *clientcmdapi.AuthInfo) string {
	switch {
	case user.Exec != nil:
		return "starts a program (exec): give a token or a client certificate; no program is run for a kubeconfig"
	case user.AuthProvider != nil:
		return "names an auth-provider, which there isn't any more: give a token or a client certificate"
	case user.ClientCertificate != "" || user.ClientKey != "" || user.TokenFile != "":
		return "names files: put their content into client-certificate-data, client-key-data and token"
	}
	return ""
}
