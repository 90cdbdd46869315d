package access

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
)

// secret reads a Secret that a field of an object's spec names. Secrets aren't cached, so that a rotated one counts at once
// and the controller holds none that it doesn't use.
func secret(ctx context.Context, reader client.Reader, namespace, name, field string) (*corev1.Secret, error) {
	found := &corev1.Secret{}
	err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, found)
	switch {
	case apierrors.IsNotFound(err):
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s, which %s names, doesn't exist: create it", namespace, name, field)
	case err != nil:
		return nil, fmt.Errorf("read Secret %s/%s: %w", namespace, name, err)
	}
	return found, nil
}

// Remote is the Git remote of a ConfigRepository, with the credentials of its Secret.
func Remote(ctx context.Context, reader client.Reader, repository *v1alpha1.ConfigRepository) (gitwriter.Remote, error) {
	spec := repository.Spec
	remote := gitwriter.Remote{URL: spec.URL, Branch: spec.Branch, Insecure: spec.Insecure, Timeout: spec.Timeout.Duration}
	if spec.SecretRef == nil {
		return remote, nil
	}
	found, err := secret(ctx, reader, repository.Namespace, spec.SecretRef.Name, "spec.secretRef")
	if err != nil {
		return remote, err
	}
	for key, field := range map[string]*string{"username": &remote.Auth.Username, "password": &remote.Auth.Password} {
		value, ok := found.Data[key]
		if !ok {
			return remote, failf(v1alpha1.ReasonSecretNotUsable, false,
				"Secret %s/%s lacks the key %s: it must hold username and password", repository.Namespace, found.Name, key)
		}
		*field = string(value)
	}
	return remote, nil
}
