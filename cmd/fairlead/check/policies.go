package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry"
)

// policies looks at each ImagePolicy: its registry, and where it writes.
func (c *checker) policies(ctx context.Context, found declared) (findings []Finding) {
	answers := parallel(found.policies, func(policy v1alpha1.ImagePolicy) []Finding {
		if !c.wants(noun.ImagePolicy, policy.Name) {
			return nil
		}
		subject := string(noun.ImagePolicy) + " " + policy.Namespace + "/" + policy.Name
		findings := []Finding{c.scan(ctx, subject, &policy)}
		for _, target := range policy.Spec.Targets {
			findings = append(findings, found.target(subject, &policy, target)...)
		}
		if policy.Spec.Suspend {
			findings = append(findings, warnf(subject, "it is suspended: nothing is scanned or committed for it").
				by(`kubectl patch imagepolicy %s -n %s --type merge -p '{"spec":{"suspend":false}}'`, policy.Name, policy.Namespace))
		}
		return findings
	})
	for _, answer := range answers {
		findings = append(findings, answer...)
	}
	return findings
}

// scan asks the registry as the controller would.
func (c *checker) scan(ctx context.Context, subject string, policy *v1alpha1.ImagePolicy) Finding {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if _, err := choice.Selector(policy); err != nil {
		return failure(subject, err)
	}
	repository, err := registry.ParseImage(policy.Spec.Image, policy.Spec.Registry.Insecure)
	if err != nil {
		return failure(subject, err)
	}
	reach, err := access.Registry(ctx, c.client, policy, repository)
	if err != nil {
		return c.secretFailure(ctx, subject, err, policy.Namespace, policy.Spec.Registry.SecretRef, registrySecret(policy, repository))
	}
	if digest := policy.Spec.Select.Digest; digest != nil {
		if _, _, err := c.registry.Digest(ctx, repository.Tag(digest.Tag), reach); err != nil {
			return failure(subject, err).by("%s", mendRegistry(policy, repository, err))
		}
		return okf(subject, "%s has the tag %s", policy.Spec.Image, digest.Tag)
	}
	listing, err := c.registry.ListTags(ctx, repository, reach)
	switch {
	case err != nil:
		return failure(subject, err).by("%s", mendRegistry(policy, repository, err))
	case len(listing.Tags) == 0:
		return warnf(subject, "%s has no tag yet", policy.Spec.Image)
	default:
		return okf(subject, "%s has %s", policy.Spec.Image, counted(len(listing.Tags), "tag"))
	}
}

// counted writes a number of things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// target looks at where a policy writes.
func (d declared) target(subject string, policy *v1alpha1.ImagePolicy, target v1alpha1.Target) []Finding {
	at, err := access.Resolve(policy.Namespace, target, d.apps, d.repositories)
	if err != nil {
		return []Finding{failure(subject, err)}
	}
	known, info, err := d.in(types.NamespacedName{Namespace: policy.Namespace, Name: at.Repository}, at.File)
	where := fmt.Sprintf("%s of ConfigRepository %s", at.File, at.Repository)
	switch {
	case !known:
		return []Finding{skipf(subject, "not checked: whether %s is there, since that can't be read", where)}
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{failf(subject, "%s, which a target names, doesn't exist: commit it, or set file", where)}
	case err != nil:
		return []Finding{failure(subject, err)}
	case info.IsDir():
		return []Finding{failf(subject, "%s, which a target names, is a folder: set file", where)}
	default:
		return []Finding{okf(subject, "%s is there", where)}
	}
}

// mendRegistry is a command for what the registry didn't do.
func mendRegistry(policy *v1alpha1.ImagePolicy, repository name.Repository, err error) string {
	var failed *registry.Error
	if !errors.As(err, &failed) {
		return ""
	}
	switch failed.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return registrySecret(policy, repository)
	case 0:
		return "curl -i " + quoted(repository.Scheme()+"://"+repository.RegistryStr()+"/v2/")
	default:
		return ""
	}
}

// registrySecret writes the Secret that a policy names, anew if it is there.
func registrySecret(policy *v1alpha1.ImagePolicy, repository name.Repository) string {
	ref := policy.Spec.Registry.SecretRef
	if ref == nil {
		return ""
	}
	return writeSecret(fmt.Sprintf("docker-registry %s -n %s --docker-server=%s --docker-username=USERNAME --docker-password=PASSWORD",
		ref.Name, policy.Namespace, quoted(repository.RegistryStr())))
}
