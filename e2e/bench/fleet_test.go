package bench_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// fleet is a number of services with an image, a policy and a Deployment each: one chart, one file of values.
type fleet struct {
	// policies is how many there are; images how many repositories they share evenly.
	policies, images int
	interval         time.Duration
}

const (
	// fleetTag is the tag that all begin with.
	fleetTag = "v1.0.0"
	// fleetValues is where the tags stand.
	fleetValues = "apps/fleet/values.yaml"
	// fleetPushes is how many images are pushed at the same time.
	fleetPushes = 8
	// setupPatience bounds what comes before a fleet is at rest.
	setupPatience = 5 * time.Minute
)

const fleetTemplate = `{{- range $name, $service := .Values.services }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ $name }}}
spec:
  selector: {matchLabels: {app: {{ $name }}}}
  template:
    metadata: {labels: {app: {{ $name }}}}
    spec:
      containers:
      - {name: {{ $name }}, image: "{{ $.Values.prefix }}/{{ $service.image }}:{{ $service.tag }}"}
{{- end }}
`

const fleetPolicy = `apiVersion: fairlead.dev/v1alpha1
kind: ImagePolicy
metadata: {name: %[1]s, namespace: fairlead}
spec:
  image: %[2]s
  interval: %[3]s
  registry: {secretRef: {name: registry}, insecure: true}
  select: {semver: {range: ">=1.0.0"}}
  targets:
  - repositoryRef: {name: config}
    file: apps/fleet/values.yaml
    tag: services.%[1]s.tag
---
`

const fleetApplication = `apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: fleet, namespace: fairlead}
spec:
  source:
    repositoryRef: {name: config}
    path: apps/fleet
    helm: {valueFiles: [values.yaml]}
  destination: {namespace: webhooks}
  syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}
`

func (f fleet) service(i int) string { return fmt.Sprintf("s%d", i) }

// image of the i-th service, without the registry.
func (f fleet) image(i int) string { return fmt.Sprintf("fleet/i%d", i%f.images) }

// declare pushes the images, writes the chart, declares the policies and waits until all have selected.
func (f fleet) declare(b *testing.B, s *stack.Stack) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), setupPatience)
	defer cancel()
	f.push(ctx, b, s, f.images, fleetTag)
	var values, policies strings.Builder
	fmt.Fprintf(&values, "prefix: %s\nservices:\n", s.Registry.Address())
	for i := range f.policies {
		fmt.Fprintf(&values, "  %s: {image: %s, tag: %s}\n", f.service(i), f.image(i), fleetTag)
		fmt.Fprintf(&policies, fleetPolicy, f.service(i), s.Registry.Repository(f.image(i)), f.interval)
	}
	if _, err := s.Repository.HumanCommit(ctx, "Add a fleet",
		stack.WriteFile("apps/fleet/Chart.yaml", "apiVersion: v2\nname: fleet\nversion: 1.0.0\n"),
		stack.WriteFile("apps/fleet/templates/deployments.yaml", fleetTemplate),
		stack.WriteFile(fleetValues, values.String())); err != nil {
		b.Fatal(err)
	}
	if err := s.ApplyYAML(ctx, s.Secrets()+"---\n"+s.ConfigRepository(rarely)+"---\n"+policies.String()); err != nil {
		b.Fatal(err)
	}
	err := s.WaitFor(ctx, "all policies to be ready", func(ctx context.Context) (bool, string) {
		var list v1alpha1.ImagePolicyList
		if err := s.Client.List(ctx, &list, client.InNamespace(stack.Namespace)); err != nil {
			return false, err.Error()
		}
		ready := 0
		for i := range list.Items {
			if meta.IsStatusConditionTrue(list.Items[i].Status.Conditions, v1alpha1.ConditionReady) {
				ready++
			}
		}
		return ready == f.policies, fmt.Sprintf("%d of %d", ready, f.policies)
	})
	if err != nil {
		b.Fatalf("%v\n%s", err, s.Logs())
	}
}

// push pushes a tag of the first n images, many at the same time.
func (f fleet) push(ctx context.Context, b *testing.B, s *stack.Stack, n int, tag string) {
	b.Helper()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fleetPushes)
	for i := range n {
		group.Go(func() error {
			_, err := s.Registry.PushImage(ctx, f.image(i), tag)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}
