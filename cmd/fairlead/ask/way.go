package ask

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Way is what a reference stands for, in the order of a tag's way: the object that it names, or, of a name without a kind, the
// ImagePolicy, the ConfigRepositories that it writes to and the Applications that deploy it.
func (c *Cluster) Way(ctx context.Context, namespace string, named noun.Reference) ([]noun.Reference, error) {
	if named.Kind != "" {
		return []noun.Reference{named}, nil
	}
	found, err := c.read(ctx, namespace, named)
	if err != nil {
		return nil, err
	}
	policy, _ := found.Object.(*v1alpha1.ImagePolicy)
	var apps v1alpha1.ApplicationList
	var repositories v1alpha1.ConfigRepositoryList
	for _, list := range []client.ObjectList{&apps, &repositories} {
		if err := c.client.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, terminal.Failf(err, "find what %s writes to: %v: or reconcile %s alone", found, err, noun.Reference{Kind: noun.ImagePolicy, Name: named.Name})
		}
	}
	way := []noun.Reference{{Kind: noun.ImagePolicy, Name: named.Name}}
	add := func(kind noun.Kind, name string) {
		if next := (noun.Reference{Kind: kind, Name: name}); name != "" && !slices.Contains(way, next) {
			way = append(way, next)
		}
	}
	for i := range policy.Status.Targets {
		add(noun.ConfigRepository, policy.Status.Targets[i].Repository)
	}
	objects := get.Objects{Policies: []v1alpha1.ImagePolicy{*policy}, Repositories: repositories.Items, Applications: apps.Items}
	for _, line := range get.Lines(objects, c.now()) {
		add(noun.Application, line.Application)
	}
	return way, nil
}
