package access

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// +kubebuilder:rbac:groups="",resources=secrets,verbs=get

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
