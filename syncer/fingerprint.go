package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Fingerprint is a hash of obj without what changes when nobody changed what it says: status, metadata.managedFields,
// resourceVersion and generation. The same fingerprint means the same object to a server-side apply. It is empty for an
// object that is no JSON.
func Fingerprint(obj *unstructured.Unstructured) string {
	data, err := json.Marshal(declared(obj.Object))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// declared is obj without the fields that a fingerprint leaves out. Nothing is copied but the two maps that lose some.
func declared(obj map[string]any) map[string]any {
	rest := maps.Clone(obj)
	delete(rest, "status")
	if metadata, ok := rest["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
			delete(metadata, field)
		}
		rest["metadata"] = metadata
	}
	return rest
}
