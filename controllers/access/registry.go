package access

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry"
)

// Registry is how the registry of a policy is reached, from the Secrets that its spec.registry names: the credential of
// secretRef, else that of the ServiceAccount; the certificates; the proxy. What isn't named is the zero value: anonymous,
// the system's certificates, the environment's proxy.
func Registry(ctx context.Context, reader client.Reader, policy *v1alpha1.ImagePolicy, repository name.Repository) (registry.Access, error) {
	credential, err := credential(ctx, reader, policy, repository)
	if err != nil {
		return registry.Access{}, err
	}
	reach := registry.Access{Credential: credential}
	if ref := policy.Spec.Registry.CertSecretRef; ref != nil {
		if err := certificates(ctx, reader, policy.Namespace, ref.Name, &reach); err != nil {
			return registry.Access{}, err
		}
	}
	if ref := policy.Spec.Registry.ProxySecretRef; ref != nil {
		if reach.Proxy, err = proxy(ctx, reader, policy.Namespace, ref.Name); err != nil {
			return registry.Access{}, err
		}
	}
	return reach, nil
}

// credential is what secretRef has for the repository, else what the ServiceAccount's imagePullSecrets have. Those aren't
// read where secretRef says it all.
func credential(ctx context.Context, reader client.Reader, policy *v1alpha1.ImagePolicy, repository name.Repository) (registry.Credential, error) {
	spec := policy.Spec.Registry
	if spec.SecretRef != nil {
		found, err := secret(ctx, reader, policy.Namespace, spec.SecretRef.Name, "spec.registry.secretRef")
		if err != nil {
			return registry.Credential{}, err
		}
		own, err := keychain(found)
		if err != nil {
			return registry.Credential{}, err
		}
		if credential := own.For(repository); credential != (registry.Credential{}) {
			return credential, nil
		}
	}
	if spec.ServiceAccountName == "" {
		return registry.Credential{}, nil
	}
	pulls, err := pullSecrets(ctx, reader, policy.Namespace, spec.ServiceAccountName)
	if err != nil {
		return registry.Credential{}, err
	}
	return pulls.For(repository), nil
}

// keychain reads the credentials of a Secret, in either of the forms that Kubernetes has for them.
func keychain(found *corev1.Secret) (*registry.Keychain, error) {
	parse := registry.ParseDockerConfig
	data, ok := found.Data[corev1.DockerConfigJsonKey]
	if !ok {
		parse = registry.ParseDockercfg
		data, ok = found.Data[corev1.DockerConfigKey]
	}
	if !ok {
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s has neither the key %s nor %s: it must be of type %s or %s",
			found.Namespace, found.Name, corev1.DockerConfigJsonKey, corev1.DockerConfigKey, corev1.SecretTypeDockerConfigJson, corev1.SecretTypeDockercfg)
	}
	parsed, err := parse(data)
	if err != nil {
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s: %v", found.Namespace, found.Name, err)
	}
	return parsed, nil
}

// The keys of the Secrets that certSecretRef and proxySecretRef name, which users of Flux have already.
const (
	keyCA       = "ca.crt"
	keyAddress  = "address"
	keyUsername = "username"
	keyPassword = "password"
)

// certificates takes over the certificates that the registry's one must lead to, the client's own, or both. An empty value is
// as good as none: issuers leave ca.crt so.
func certificates(ctx context.Context, reader client.Reader, namespace, secretName string, into *registry.Access) error {
	found, err := secret(ctx, reader, namespace, secretName, "spec.registry.certSecretRef")
	if err != nil {
		return err
	}
	authority := registry.Access{CABundle: string(found.Data[keyCA])}
	own := registry.Access{ClientCertificate: string(found.Data[corev1.TLSCertKey]), ClientKey: string(found.Data[corev1.TLSPrivateKeyKey])}
	if authority == (registry.Access{}) && own == (registry.Access{}) {
		return failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s has neither %s nor %s with %s: write the certificates of the registry, of the client, or both",
			namespace, secretName, keyCA, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
	}
	if err := authority.Check(); err != nil {
		return unusable(found, keyCA, err)
	}
	if err := own.Check(); err != nil {
		return unusable(found, corev1.TLSCertKey+" and "+corev1.TLSPrivateKeyKey, err)
	}
	into.CABundle, into.ClientCertificate, into.ClientKey = authority.CABundle, own.ClientCertificate, own.ClientKey
	return nil
}

// proxy is the URL of the proxy, with the user name and the password that stand beside it.
func proxy(ctx context.Context, reader client.Reader, namespace, secretName string) (string, error) {
	found, err := secret(ctx, reader, namespace, secretName, "spec.registry.proxySecretRef")
	if err != nil {
		return "", err
	}
	// Values that were read from files end in a new line.
	address := strings.TrimSpace(string(found.Data[keyAddress]))
	if address == "" {
		return "", failf(v1alpha1.ReasonSecretNotUsable, false,
			"Secret %s/%s lacks the key %s: write the proxy's URL there, like http://proxy.example.com:3128", namespace, secretName, keyAddress)
	}
	if err := (registry.Access{Proxy: address}).Check(); err != nil {
		return "", unusable(found, keyAddress, err)
	}
	username, password := string(found.Data[keyUsername]), string(found.Data[keyPassword])
	if username == "" && password == "" {
		return address, nil
	}
	if username == "" {
		return "", failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s has the key %s without %s: write both or neither",
			namespace, secretName, keyPassword, keyUsername)
	}
	parsed, err := url.Parse(address)
	if err != nil {
		// Not with the parser's words: they quote the address, which may hold a password.
		return "", fmt.Errorf("read the key %s of Secret %s/%s, which was checked before", keyAddress, namespace, secretName)
	}
	parsed.User = url.UserPassword(username, password)
	return parsed.String(), nil
}

// unusable says which key of a Secret can't be used. The error says why, and nothing secret.
func unusable(found *corev1.Secret, key string, err error) error {
	return failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s, %s: %v", found.Namespace, found.Name, key, err)
}
