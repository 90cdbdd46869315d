package application

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/discovery"

	"github.com/fairlead/fairlead/syncer/render"
)

// capabilitiesAge is how long the cluster's version and kinds are believed. A chart that asks for a kind which was just
// installed renders with it at the latest then.
const capabilitiesAge = 5 * time.Minute

// capabilities asks the cluster for its version and kinds, now and then.
type capabilities struct {
	discovery discovery.DiscoveryInterface
	now       func() time.Time

	mu    sync.Mutex
	known keyed
	asked time.Time
}

// keyed are capabilities with a hash of them.
type keyed struct {
	render.Capabilities

	key string
}

// get returns what the cluster can do.
func (c *capabilities) get() (keyed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asked.IsZero() && c.now().Sub(c.asked) < capabilitiesAge {
		return c.known, nil
	}
	asked, err := CapabilitiesOf(c.discovery)
	if err != nil {
		return keyed{}, err
	}
	found := keyed{Capabilities: asked}
	if found.key, err = hashOf(found.Capabilities); err != nil {
		return keyed{}, err
	}
	c.known, c.asked = found, c.now()
	return c.known, nil
}

// forget makes the next get ask again: a sync has brought new kinds.
func (c *capabilities) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = time.Time{}
}

// CapabilitiesOf asks a cluster for its version, and for the kinds that it serves. Groups whose API servers don't answer are
// left out.
func CapabilitiesOf(cluster discovery.DiscoveryInterface) (render.Capabilities, error) {
	version, err := cluster.ServerVersion()
	if err != nil {
		return render.Capabilities{}, fmt.Errorf("ask the API server for its version: %w", err)
	}
	groups, resources, err := cluster.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return render.Capabilities{}, fmt.Errorf("ask the API server for its kinds: %w", err)
	}
	var versions []string
	for _, group := range groups {
		for _, version := range group.Versions {
			versions = append(versions, version.GroupVersion)
		}
	}
	for _, list := range resources {
		for _, resource := range list.APIResources {
			versions = append(versions, list.GroupVersion+"/"+resource.Kind)
		}
	}
	slices.Sort(versions)
	return render.Capabilities{KubeVersion: version.GitVersion, APIVersions: slices.Compact(versions)}, nil
}
