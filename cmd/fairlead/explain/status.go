package explain

import (
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/selection"
)

// holds is what a target holds by its status: `v1.0.36`, `v1.0.36@sha256:...`, or a digest alone, of which the status
// knows the tag.
func holds(target *v1alpha1.TargetStatus) selection.Reference {
	if target.Tag != "" {
		return selection.Reference{Tag: target.Tag, Digest: target.Current}
	}
	tag, digest, _ := strings.Cut(target.Current, "@")
	return selection.Reference{Tag: tag, Digest: digest}
}

// takenBack is what was taken back at a target by its status, or nothing.
func takenBack(target *v1alpha1.TargetStatus) []selection.Reference {
	if target.Held == nil || target.Held.Version == "" {
		return nil
	}
	tag, digest, _ := strings.Cut(target.Held.Version, "@")
	return []selection.Reference{{Tag: tag, Digest: digest}}
}

// explainRead says why a policy can't be read, and what to do.
func explainRead(err error, key types.NamespacedName) error {
	switch {
	case apierrors.IsNotFound(err):
		return terminal.Failf(nil, "ImagePolicy %s doesn't exist: kubectl get imagepolicies -A lists those that do", key)
	case apierrors.IsForbidden(err):
		return terminal.Failf(nil, "read ImagePolicy %s: %v: policies are read with your own rights: ask for that one, or explain from files with -f and --tags", key, err)
	case meta.IsNoMatchError(err):
		return terminal.Failf(nil, "read ImagePolicy %s: the cluster knows no such kind: Fairlead isn't installed there, or --context names another cluster", key)
	default:
		return terminal.Failf(nil, "read ImagePolicy %s: %v", key, err)
	}
}

// fromHere says who asked a registry in vain: the controller may stand elsewhere in the network.
func fromHere(err error) error {
	if failure, ok := errors.AsType[*registry.Error](err); ok && failure.Status == 0 {
		return terminal.Failf(nil, "%v (asked from here: the cluster may reach what you can't; explain from files with -f and --tags)", err)
	}
	return err
}
