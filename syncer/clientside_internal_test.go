package syncer

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// FuzzThreeWay holds that whatever anybody writes into the annotation comes to a patch or an error, and that neither the kind nor the
// name is patched.
func FuzzThreeWay(f *testing.F) {
	for _, seed := range []string{
		"", "{", "null", "[]", "{}", `"a"`, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"www","labels":{"a":"1"}},"spec":{"replicas":1}}`,
		`{"spec":{"template":{"spec":{"containers":[{"name":"old"},1,null,[]]}}}}`, `{"spec":{"template":{"spec":{"containers":{"name":"old"}}}}}`,
		`{"metadata":{"$patch":"delete"},"spec":{"$patch":"replace","$retainKeys":[1]}}`, `{"metadata":{"name":"other"},"kind":"Pod","spec":null}`,
		`{"spec":{"template":{"spec":{"$setElementOrder/containers":1,"$deleteFromPrimitiveList/finalizers":[{}]}}}}`,
	} {
		f.Add(seed)
	}
	body := map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "www", "labels": map[string]any{"b": "1"}},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "www", "image": "www:2"}}}}},
	}
	f.Fuzz(func(t *testing.T, original string) {
		for _, version := range []string{"apps/v1", "example.com/v1"} {
			desired := (&unstructured.Unstructured{Object: body}).DeepCopy()
			desired.SetAPIVersion(version)
			live := desired.DeepCopy()
			live.SetAnnotations(map[string]string{lastApplied: original})
			kind, patch, err := threeWay(desired, live)
			if err != nil {
				continue
			}
			if want := map[string]types.PatchType{"apps/v1": types.StrategicMergePatchType, "example.com/v1": types.MergePatchType}[version]; kind != want {
				t.Errorf("want a patch of type %s, got %s", want, kind)
			}
			fields := map[string]any{}
			if err := json.Unmarshal(patch, &fields); err != nil {
				t.Fatalf("%s: %v", patch, err)
			}
			metadata, _ := fields["metadata"].(map[string]any)
			if fields["kind"] != nil || metadata["name"] != nil {
				t.Errorf("another object is patched: %s", patch)
			}
		}
	})
}
