package syncer

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// establishing bounds the time that a CustomResourceDefinition may take until it is served.
	establishing = 30 * time.Second
	// pollInterval is the time between two looks.
	pollInterval = 50 * time.Millisecond
)

// established waits until a CustomResourceDefinition is served.
func (a *Applier) established(ctx context.Context, id ID) error {
	definitions := a.client.Resource(schema.GroupVersionResource{Group: id.Group, Version: id.Version, Resource: "customresourcedefinitions"})
	var message string
	var err error
	served := poll(ctx, establishing, func() bool {
		var crd *unstructured.Unstructured
		if crd, err = definitions.Get(ctx, id.Name, metav1.GetOptions{}); err != nil {
			return false
		}
		var done bool
		done, message = isEstablished(crd)
		return done
	})
	switch {
	case served:
		return nil
	case err != nil:
		return fmt.Errorf("wait until it is established: %w", err)
	default:
		return fmt.Errorf("it isn't established after %s: %s", establishing, message)
	}
}

// isEstablished reads the conditions of a CustomResourceDefinition. The second result says what is in the way.
func isEstablished(crd *unstructured.Unstructured) (bool, string) {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	message := "the API server hasn't looked at it yet"
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		established := condition["type"] == "Established"
		if established && condition["status"] == "True" {
			return true, ""
		}
		if text, _ := condition["message"].(string); condition["status"] == "False" && text != "" {
			message = text
		}
	}
	return false, message
}

// poll looks until done says so, at most for the time given. It says whether done did.
func poll(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if done() {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}
