package app

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// masked is what a value of a Secret is shown as. A second one that stands in its place has one sign more.
const masked = "++++++++"

// lastApplied is the annotation in which kubectl keeps a Secret as it was applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// mask hides the values of a Secret on both sides, so that it can still be told whether they are the same. The sides are
// changed. One that is nil isn't there.
func mask(is, would *unstructured.Unstructured) {
	for _, obj := range []*unstructured.Unstructured{is, would} {
		if obj != nil && (obj.GetKind() != "Secret" || obj.GroupVersionKind().Group != "") {
			return
		}
	}
	texts(is)
	texts(would)
	everyKey := func(string) bool { return true }
	for _, field := range []string{"data", "stringData"} {
		maskFields(fieldsAt(is, field), fieldsAt(would, field), everyKey)
	}
	maskFields(fieldsAt(is, "metadata", "annotations"), fieldsAt(would, "metadata", "annotations"), func(key string) bool { return key == lastApplied })
}

// maskFields hides values on both sides.
func maskFields(before, after map[string]any, secret func(key string) bool) {
	for key, value := range after {
		if !secret(key) {
			continue
		}
		after[key] = masked
		if other, both := before[key]; both && other != value {
			after[key] = masked + "+"
		}
	}
	for key := range before {
		if secret(key) {
			before[key] = masked
		}
	}
}

// texts moves the texts of stringData to data, where the API server puts them: the same value looks the same then.
func texts(secret *unstructured.Unstructured) {
	from := fieldsAt(secret, "stringData")
	if len(from) == 0 {
		return
	}
	to := fieldsAt(secret, "data")
	if to == nil {
		to = map[string]any{}
		secret.Object["data"] = to
	}
	for key, value := range from {
		if text, ok := value.(string); ok {
			to[key] = base64.StdEncoding.EncodeToString([]byte(text))
		}
	}
	delete(secret.Object, "stringData")
}

func fieldsAt(obj *unstructured.Unstructured, path ...string) map[string]any {
	if obj == nil {
		return nil
	}
	found, _, _ := unstructured.NestedFieldNoCopy(obj.Object, path...)
	fields, _ := found.(map[string]any)
	return fields
}
