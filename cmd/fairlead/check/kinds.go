package check

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/client-go/discovery"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// maxFields is how many fields a finding names.
const maxFields = 3

// reinstall installs what this version brings, or brings it up to date with the values that were given before.
const reinstall = "helm upgrade --install fairlead config/chart --namespace fairlead --create-namespace --reset-then-reuse-values\n" +
	"# or, without Helm: kubectl apply --server-side -k config/default"

// servedKinds are the schemas that the API server publishes of Fairlead's kinds, by kind. Everybody who may ask an API server
// at all may read them, other than the definitions.
func servedKinds(client discovery.DiscoveryInterface, kinds []shipped.Kind) (map[string]shipped.Schema, error) {
	paths, err := client.OpenAPIV3().Paths()
	if err != nil {
		return nil, fmt.Errorf("read what the API server publishes of its kinds: %w", err)
	}
	served := map[string]shipped.Schema{}
	for _, kind := range kinds {
		group, ok := paths["apis/"+kind.Group+"/"+kind.Version]
		if !ok {
			continue
		}
		data, err := group.Schema("application/json")
		if err != nil {
			return nil, fmt.Errorf("read what the API server publishes of %s/%s: %w", kind.Group, kind.Version, err)
		}
		var document struct {
			Components struct {
				Schemas map[string]shipped.Schema `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(data, &document); err != nil {
			return nil, fmt.Errorf("read what the API server publishes of %s/%s: %w", kind.Group, kind.Version, err)
		}
		for name, schema := range document.Components.Schemas {
			if strings.HasSuffix(name, "."+kind.Version+"."+kind.Kind) {
				served[kind.Kind] = schema
			}
		}
	}
	return served, nil
}

// kindVerdict judges what is served of a kind; nil is nothing.
func kindVerdict(kind shipped.Kind, served shipped.Schema) Finding {
	subject := "CustomResourceDefinition " + kind.Definition
	if served == nil {
		return failf(subject, "%s/%s isn't served: install the definition", kind.Group, kind.Version).by(reinstall)
	}
	difference := kind.Compare(served)
	switch {
	case len(difference.Missing) > 0:
		return failf(subject, "it is older than this program: it lacks %s, and what is written there is lost", named(difference.Missing)).by(reinstall)
	case len(difference.Unknown) > 0:
		return warnf(subject, "it is newer than this program, which pays no heed to %s: upgrade the controller and this program", named(difference.Unknown))
	case len(difference.Changed) > 0:
		return warnf(subject, "it is of another version than this program: %s is validated otherwise", named(difference.Changed)).by(reinstall)
	default:
		return okf(subject, "%s, as this program knows it", kind.Version)
	}
}

// named names some fields.
func named(fields []string) string {
	if more := len(fields) - maxFields; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(fields[:maxFields], ", "), more)
	}
	return strings.Join(fields, ", ")
}

// kinds looks at Fairlead's kinds. all says that every one is served, so that objects can be asked for.
func (c *checker) kinds(context.Context) (findings []Finding, all bool) {
	known, err := shipped.Kinds()
	if err != nil {
		return []Finding{failure("CustomResourceDefinitions", err)}, false
	}
	served, err := servedKinds(c.discovery, known)
	if err != nil {
		return []Finding{failure("CustomResourceDefinitions", err)}, false
	}
	for _, kind := range known {
		findings = append(findings, kindVerdict(kind, served[kind.Kind]))
	}
	return findings, len(served) == len(known)
}
