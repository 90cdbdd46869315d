package bench_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	// drifts is the number of changes that are made and healed, drifting the number of objects that they go round. So that none of
	// these is taken for a fight, each is changed a few times only.
	drifts, drifting = 100, 50
	// standing is the number of replicas in Git.
	standing = 1
)

// BenchmarkHeal changes the replicas of one Deployment after the other, as kubectl scale does, and takes the time from the API
// server's answer to the watch's word that they are again as Git says.
func BenchmarkHeal(b *testing.B) {
	s := startEmpty(b)
	declareDrifting(b, s)
	var took []time.Duration
	for b.Loop() {
		for i := range drifts {
			took = append(took, heal(b, s, fmt.Sprintf("d%d", i%drifting)))
		}
	}
	report(b, took, "heal")
}

// declareDrifting has an Application deploy the Deployments, with selfHeal.
func declareDrifting(b *testing.B, s *stack.Stack) {
	b.Helper()
	var manifests strings.Builder
	for i := range drifting {
		_, _ = fmt.Fprintf(&manifests, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d%d}
spec:
  replicas: %d
  selector: {matchLabels: {app: d%[1]d}}
  template:
    metadata: {labels: {app: d%[1]d}}
    spec: {containers: [{name: main, image: "registry.example.com/main:v1"}]}
`, i, standing)
	}
	if _, err := s.Repository.HumanCommit(b.Context(), "Add Deployments", stack.WriteFile("apps/drifting/all.yaml", manifests.String())); err != nil {
		b.Fatal(err)
	}
	if err := s.ApplyYAML(b.Context(), s.Secrets()+fmt.Sprintf(`---
apiVersion: fairlead.dev/v1alpha1
kind: ConfigRepository
metadata: {name: config, namespace: %[1]s}
spec:
  url: %[2]s
  insecure: true
  interval: 1h
  secretRef: {name: git}
---
apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: drifting, namespace: %[1]s}
spec:
  source: {repositoryRef: {name: config}, path: apps/drifting}
  destination: {namespace: %[3]s}
  syncPolicy:
    automated: {selfHeal: true}
    syncOptions: [CreateNamespace=true]
`, stack.Namespace, s.Repository.URL, stack.AppNamespace)); err != nil {
		b.Fatal(err)
	}
	awaitHealthy(b, s, "drifting")
}

// heal changes a Deployment and returns how long it stays changed.
func heal(b *testing.B, s *stack.Stack, name string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	deployment := &appsv1.Deployment{}
	deployment.Namespace, deployment.Name = stack.AppNamespace, name
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":2}}`))
	if err := s.Client.Patch(ctx, deployment, patch, client.FieldOwner("kubectl")); err != nil {
		b.Fatal(err)
	}
	changed, at := deployment.Generation, time.Now()
	key := client.ObjectKeyFromObject(deployment)
	if _, err := stack.Await(ctx, s, key, func(d *appsv1.Deployment) (bool, string) {
		return d.Generation > changed && *d.Spec.Replicas == standing, strconv.Itoa(int(*d.Spec.Replicas))
	}); err != nil {
		b.Fatalf("%v\n%s", err, s.Logs())
	}
	return time.Since(at)
}
