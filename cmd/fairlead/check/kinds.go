package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// maxFields is how many fields a finding names.
const maxFields = 3

// reinstall installs what this version brings, or brings it up to date with the values that were given before.
const reinstall = "helm upgrade --install fairlead config/chart --namespace fairlead --create-namespace --reset-then-reuse-values\n" +
	"# or, without Helm: kubectl apply --server-side -k config/default"

// What is served is published a moment after it is installed: it is waited for, publishPatience at most.
const (
	publishPatience = 10 * time.Second
	publishInterval = 200 * time.Millisecond
)

// servedKinds are the schemas that the API server publishes of Fairlead's kinds, by kind.
func servedKinds(ctx context.Context, client discovery.DiscoveryInterface, kinds []shipped.Kind) (map[string]shipped.Schema, error) {
	ctx, cancel := context.WithTimeout(ctx, publishPatience)
	defer cancel()
	for {
		served := map[string]shipped.Schema{}
		waits := false
		for _, kind := range kinds {
			schema, err := servedKind(ctx, client, kind)
			if err != nil {
				return nil, err
			}
			if schema != nil {
				served[kind.Kind] = schema
				continue
			}
			waits = waits || isServed(client, kind)
		}
		if !waits {
			return served, nil
		}
		select {
		case <-ctx.Done():
			return served, nil
		case <-time.After(publishInterval):
		}
	}
}

// servedKind is what is published of a kind; nil if nothing is.
func servedKind(ctx context.Context, client discovery.DiscoveryInterface, kind shipped.Kind) (shipped.Schema, error) {
	document, err := client.RESTClient().Get().AbsPath(kind.PublishedAt()).SetHeader("Accept", "application/json").Do(ctx).Raw()
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	case err != nil:
		return nil, fmt.Errorf("read what the API server publishes of %s/%s: %w", kind.Group, kind.Version, err)
	}
	published, err := shipped.ParsePublished(document)
	return published.Schema(kind), err
}

// isServed says whether objects of a kind can be asked for.
func isServed(client discovery.DiscoveryInterface, kind shipped.Kind) bool {
	list, err := client.ServerResourcesForGroupVersion(kind.Group + "/" + kind.Version)
	return err == nil && slices.ContainsFunc(list.APIResources, func(resource metav1.APIResource) bool { return resource.Kind == kind.Kind })
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
func (c *checker) kinds(ctx context.Context) (findings []Finding, all bool) {
	known, err := shipped.Kinds()
	if err != nil {
		return []Finding{failure("CustomResourceDefinitions", err)}, false
	}
	served, err := servedKinds(ctx, c.discovery, known)
	if err != nil {
		return []Finding{failure("CustomResourceDefinitions", err)}, false
	}
	for _, kind := range known {
		findings = append(findings, kindVerdict(kind, served[kind.Kind]))
	}
	return findings, len(served) == len(known)
}
