package history

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Resolve asks a cluster what a name means, an ImagePolicy or an Application, and gives the name that a history knows it by:
// that of the policy, or the path that the Application is rendered from.
func Resolve(ctx context.Context, reader client.Reader, key types.NamespacedName) (string, error) {
	policy, application := &v1alpha1.ImagePolicy{}, &v1alpha1.Application{}
	isPolicy, err := get(ctx, reader, "ImagePolicy", key, policy)
	if err != nil {
		return "", err
	}
	isApplication, err := get(ctx, reader, "Application", key, application)
	if err != nil {
		return "", err
	}
	switch asPolicy, asFolder := "imagepolicy/"+key.String(), "application/"+application.Spec.Source.Path; {
	case isPolicy && isApplication:
		return "", terminal.Failf(nil, "find %q: %s is both an ImagePolicy and an Application: without -n, --kubeconfig and --context, ask for %s or for %s",
			key.Name, key, asPolicy, asFolder)
	case isPolicy:
		return asPolicy, nil
	case isApplication:
		return asFolder, nil
	default:
		return "", terminal.Failf(nil, "find %q: there is neither an ImagePolicy nor an Application %s: the history may still know it: "+
			"ask without -n, --kubeconfig and --context", key.Name, key)
	}
}

func get(ctx context.Context, reader client.Reader, kind string, key types.NamespacedName, into client.Object) (bool, error) {
	err := reader.Get(ctx, key, into)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read the %s %s: %w", kind, key, err)
	default:
		return true, nil
	}
}
