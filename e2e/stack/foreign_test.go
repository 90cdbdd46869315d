package stack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/e2e/stack"
)

// TestForeignCluster uses a cluster that the stack didn't start: it refuses one with Fairlead in it, and leaves another as it was.
func TestForeignCluster(t *testing.T) {
	t.Parallel()
	ctx, owner := start(t, stack.Options{})
	_, err := stack.Start(ctx, stack.Options{Kubeconfig: owner.Kubeconfig})
	if err == nil || !strings.Contains(err.Error(), "the stack needs a cluster without Fairlead") {
		t.Fatalf("a cluster with Fairlead in it: want it refused, got %v", err)
	}
	all := []string{"get", "namespaces,nodes,customresourcedefinitions,clusterroles,clusterrolebindings", "--output", "name"}
	if _, err := owner.KubectlIn(ctx, ".", "delete", "--ignore-not-found", "--kustomize", "../../config/default"); err != nil {
		t.Fatal(err)
	}
	before, err := owner.Kubectl(ctx, all...)
	if err != nil {
		t.Fatal(err)
	}

	guest, err := stack.Start(ctx, stack.Options{Kubeconfig: owner.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	if err := guest.ApplyYAML(ctx, guest.Sample(time.Minute)); err != nil {
		t.Error(err)
	}
	if got := len(guest.PIDs()); got != 2 {
		t.Errorf("want 2 processes (kwok and the registry), got %d", got)
	}
	nodes, err := owner.Kubectl(ctx, "get", "nodes", "--selector", "type=kwok", "--output", "jsonpath={.items[*].spec.taints[*].key}")
	if err != nil || nodes != "kwok.x-k8s.io/node" {
		t.Errorf("want a taint on the guest's node, got %q, %v", nodes, err)
	}
	if err := guest.Stop(); err != nil {
		t.Fatal(err)
	}
	after, err := owner.Kubectl(ctx, all...)
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("the cluster isn't as it was (-before +after):\n%s%v", diff, err)
	}
}
