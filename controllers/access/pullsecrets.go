package access

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry"
)

// maxPullSecrets bounds how many Secrets one scan reads for a ServiceAccount.
const maxPullSecrets = 32

// pullSecrets are the credentials of a ServiceAccount's imagePullSecrets, joined in their order. As for the kubelet, a
// Secret that doesn't exist or holds no credentials is passed over, one that can't be read is an error, and an account
// without imagePullSecrets is anonymous. Other than for the kubelet, it is an error if all of those that it has are passed
// over: a scan without them would fail with a message about the registry, or be held to the limits of strangers.
func pullSecrets(ctx context.Context, reader client.Reader, namespace, account string) (*registry.Keychain, error) {
	names, err := pullSecretNames(ctx, reader, namespace, account)
	if err != nil {
		return nil, err
	}
	var joined *registry.Keychain
	var passedOver []string
	for _, name := range names {
		found := &corev1.Secret{}
		err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, found)
		switch {
		case apierrors.IsNotFound(err):
			passedOver = append(passedOver, name+" doesn't exist")
			continue
		case err != nil:
			return nil, fmt.Errorf("read Secret %s/%s: %w", namespace, name, err)
		case !holdsCredentials(found):
			passedOver = append(passedOver, fmt.Sprintf("%s has neither the key %s nor %s", name, corev1.DockerConfigJsonKey, corev1.DockerConfigKey))
			continue
		}
		more, err := keychain(found)
		if err != nil {
			return nil, err
		}
		joined = joined.Join(more)
	}
	if joined == nil && len(passedOver) > 0 {
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false, "none of the imagePullSecrets of ServiceAccount %s/%s can be used: %s: create them, of type %s",
			namespace, account, strings.Join(passedOver, ", "), corev1.SecretTypeDockerConfigJson)
	}
	return joined, nil
}

// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=get

// pullSecretNames are the names of an account's imagePullSecrets, in their order.
func pullSecretNames(ctx context.Context, reader client.Reader, namespace, account string) ([]string, error) {
	found := &corev1.ServiceAccount{}
	err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: account}, found)
	switch {
	case apierrors.IsNotFound(err):
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false,
			"ServiceAccount %s/%s, which spec.registry.serviceAccountName names, doesn't exist: create it", namespace, account)
	case err != nil:
		return nil, fmt.Errorf("read ServiceAccount %s/%s: %w", namespace, account, err)
	case len(found.ImagePullSecrets) > maxPullSecrets:
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false,
			"ServiceAccount %s/%s has %d imagePullSecrets, of which at most %d are read: name an account with fewer, or one Secret in spec.registry.secretRef",
			namespace, account, len(found.ImagePullSecrets), maxPullSecrets)
	}
	var names []string
	for _, ref := range found.ImagePullSecrets {
		// The API admits references without a name.
		if ref.Name != "" {
			names = append(names, ref.Name)
		}
	}
	return names, nil
}

// holdsCredentials reports whether a Secret has a file of credentials that isn't empty.
func holdsCredentials(found *corev1.Secret) bool {
	return len(found.Data[corev1.DockerConfigJsonKey]) > 0 || len(found.Data[corev1.DockerConfigKey]) > 0
}
