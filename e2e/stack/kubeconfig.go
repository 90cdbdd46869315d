package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// tokenSeconds is how long the token of a ServiceAccount is valid: longer than any stack lives.
const tokenSeconds = 24 * 60 * 60

func (s *Stack) writeAdminKubeconfig(server string, pki *pki) error {
	cluster := &clientcmdapi.Cluster{Server: server, CertificateAuthority: pki.file("ca.crt")}
	user := &clientcmdapi.AuthInfo{ClientCertificate: pki.file("admin.crt"), ClientKey: pki.file("admin.key")}
	s.Kubeconfig = filepath.Join(s.dir, "kubeconfig")
	return writeKubeconfig(s.Kubeconfig, cluster, user)
}

// copyKubeconfig takes the current context of a user's file into the stack's folder, with all that it refers to.
func (s *Stack) copyKubeconfig(file string) error {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: filepath.SplitList(file)}
	config, err := rules.Load()
	if err != nil {
		return fmt.Errorf("read kubeconfig %s: %w", file, err)
	}
	if err := clientcmdapi.MinifyConfig(config); err != nil {
		return fmt.Errorf("read kubeconfig %s: %w", file, err)
	}
	if err := clientcmdapi.FlattenConfig(config); err != nil {
		return fmt.Errorf("read kubeconfig %s: %w", file, err)
	}
	s.Kubeconfig = filepath.Join(s.dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*config, s.Kubeconfig); err != nil {
		return fmt.Errorf("copy kubeconfig %s: %w", file, err)
	}
	return nil
}

func writeKubeconfig(file string, cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	const name = "fairlead-e2e"
	config := clientcmdapi.NewConfig()
	config.Clusters[name], config.AuthInfos[name] = cluster, user
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// connect makes the administrator's client.
func (s *Stack) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.QPS = -1 // no throttling here: it would be measured
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return fmt.Errorf("register the built-in kinds: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("register Fairlead's kinds: %w", err)
	}
	s.Config = config
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard))) // Or else the client complains, with a stack trace, in the middle of what others print.
	s.Client, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	return nil
}

// ServiceAccountKubeconfig writes a kubeconfig with a token of the ServiceAccount and returns its file. Whoever uses it has
// the rights of that ServiceAccount and no others.
func (s *Stack) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	seconds := int64(tokenSeconds)
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := s.Client.SubResource("token").Create(ctx, account, token); err != nil {
		return "", fmt.Errorf("ask for a token of ServiceAccount %s/%s: %w", namespace, name, err)
	}
	file := filepath.Join(s.dir, "kubeconfig-"+namespace+"-"+name)
	next := file + "-" + rand.Text() // In one step: another controller may be reading the file.
	if err := writeKubeconfig(next, clusterOf(s.Config), &clientcmdapi.AuthInfo{Token: token.Status.Token}); err != nil {
		return "", err
	}
	return file, os.Rename(next, file)
}

func clusterOf(config *rest.Config) *clientcmdapi.Cluster {
	return &clientcmdapi.Cluster{
		Server:                   config.Host + config.APIPath,
		CertificateAuthority:     config.CAFile,
		CertificateAuthorityData: config.CAData,
		InsecureSkipTLSVerify:    config.Insecure,
		TLSServerName:            config.ServerName,
	}
}
