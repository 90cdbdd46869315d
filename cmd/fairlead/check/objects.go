package check

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/controllers/access"
)

// declared is what is declared in the namespaces that are looked at.
type declared struct {
	repositories []v1alpha1.ConfigRepository
	policies     []v1alpha1.ImagePolicy
	apps         []v1alpha1.Application
	// places are what was found of each repository.
	places map[types.NamespacedName]*place
}

// objects looks at what is declared. account is the controller's ServiceAccount; without one, rights play no part.
func (c *checker) objects(ctx context.Context, served bool, account *string) []Group {
	if !served {
		return []Group{{Title: "What is declared", Findings: []Finding{skipf("Objects", "not checked: install the CustomResourceDefinitions first")}}}
	}
	found, findings := c.declared(ctx)
	unreadable := Group{Title: "What is declared", Findings: append(findings, c.missing(found)...)}
	if len(unreadable.Findings)+len(found.repositories)+len(found.policies)+len(found.apps) == 0 {
		unreadable.Findings = []Finding{okf("Objects", "none are declared yet")}
	}
	repositories := c.repositories(ctx, found)
	groups := []Group{
		unreadable,
		{Title: "ConfigRepositories", Findings: repositories},
		{Title: "ImagePolicies", Findings: c.policies(ctx, found)},
		{Title: "Applications", Findings: c.applications(found)},
	}
	if account != nil {
		groups = append(groups, Group{Title: "Rights of Applications", Findings: c.deployRights(ctx, found.apps, *account)})
	}
	if len(c.Objects) == 0 {
		groups = append(groups, Group{Title: "Webhooks", Findings: c.webhooks(ctx)})
	}
	return groups
}

// declared reads all objects, since they refer to each other.
func (c *checker) declared(ctx context.Context) (found declared, findings []Finding) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var repositories v1alpha1.ConfigRepositoryList
	var policies v1alpha1.ImagePolicyList
	var apps v1alpha1.ApplicationList
	for _, list := range []struct {
		title string
		into  client.ObjectList
	}{{"ConfigRepositories", &repositories}, {"ImagePolicies", &policies}, {"Applications", &apps}} {
		if err := c.client.List(ctx, list.into, client.InNamespace(c.Namespace)); apierrors.IsForbidden(err) {
			findings = append(findings, skipf(list.title, "not checked: %v: ask for a namespace that you may look into with -n", err))
		} else if err != nil {
			findings = append(findings, failure(list.title, err))
		}
	}
	found = declared{repositories: repositories.Items, policies: policies.Items, apps: apps.Items, places: map[types.NamespacedName]*place{}}
	return found, findings
}

// wants says whether an object is one of those that are looked at.
func (c *checker) wants(kind noun.Kind, name string) bool {
	return len(c.Objects) == 0 || slices.ContainsFunc(c.Objects, func(o noun.Reference) bool {
		return o.Name == name && (o.Kind == "" || o.Kind == kind)
	})
}

// missing are the objects that somebody named, and that aren't there.
func (c *checker) missing(found declared) (findings []Finding) {
	for _, object := range c.Objects {
		is := func(kind noun.Kind, name string) bool {
			return name == object.Name && (object.Kind == "" || object.Kind == kind)
		}
		there := slices.ContainsFunc(found.repositories, func(r v1alpha1.ConfigRepository) bool { return is(noun.ConfigRepository, r.Name) }) ||
			slices.ContainsFunc(found.policies, func(p v1alpha1.ImagePolicy) bool { return is(noun.ImagePolicy, p.Name) }) ||
			slices.ContainsFunc(found.apps, func(a v1alpha1.Application) bool { return is(noun.Application, a.Name) })
		if there {
			continue
		}
		subject := object.Name
		if object.Kind != "" {
			subject = string(object.Kind) + " " + object.Name
		}
		findings = append(findings, failf(subject, "there is none in namespace %s", c.Namespace).
			by("kubectl get configrepositories,imagepolicies,applications -n %s", c.Namespace))
	}
	return findings
}

// writers are how many targets of ImagePolicies lie in each repository.
func (d declared) writers() map[types.NamespacedName]int {
	writers := map[types.NamespacedName]int{}
	for i := range d.policies {
		policy := &d.policies[i]
		for _, target := range policy.Spec.Targets {
			if at, err := access.Resolve(policy.Namespace, target, d.apps, d.repositories); err == nil {
				writers[types.NamespacedName{Namespace: policy.Namespace, Name: at.Repository}]++
			}
		}
	}
	return writers
}
