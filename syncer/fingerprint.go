package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Fingerprint is a hash of obj without what changes when nobody changed what it says: status, metadata.managedFields,
// resourceVersion and generation, and the number that Kubernetes gives a Deployment's revision. The same fingerprint means the
// same object to a server-side apply. It is empty for an object that is no JSON.
func Fingerprint(obj *unstructured.Unstructured) string {
	data, err := json.Marshal(declared(obj.Object))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// rolloutNumber is an annotation that the controller of Deployments writes after each change of a pod template. It is nobody's
// to declare; if it counted, each rollout of an image would cost a dry run more, and a manifest that was exported with it would
// never be in sync.
const rolloutNumber = "deployment.kubernetes.io/revision"

// declared is obj without the fields that a fingerprint leaves out. Nothing is copied but the maps that lose some.
func declared(obj map[string]any) map[string]any {
	rest := maps.Clone(obj)
	delete(rest, "status")
	if metadata, ok := rest["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
			delete(metadata, field)
		}
		if annotations, ok := metadata["annotations"].(map[string]any); ok && annotations[rolloutNumber] != nil {
			metadata["annotations"] = without(annotations, rolloutNumber)
		}
		rest["metadata"] = metadata
	}
	return rest
}

// without is a map less one key.
func without(all map[string]any, key string) map[string]any {
	rest := maps.Clone(all)
	delete(rest, key)
	return rest
}
