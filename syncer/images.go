package syncer

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Images are the distinct images of the containers and init containers that objs run, sorted: of Pods, and of every kind
// that holds a pod template where the built-in workloads have it.
func Images(objs []*unstructured.Unstructured) []string {
	var images []string
	for _, obj := range objs {
		for _, path := range podSpecs(obj) {
			for _, list := range []string{"initContainers", "containers"} {
				containers, _, _ := unstructured.NestedFieldNoCopy(obj.Object, append(slices.Clone(path), list)...)
				images = appendImages(images, containers)
			}
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// podSpecs are the places at which obj may hold the specification of a pod.
func podSpecs(obj *unstructured.Unstructured) [][]string {
	if gk := obj.GroupVersionKind().GroupKind(); gk.Group == "" && gk.Kind == kindPod {
		return [][]string{{"spec"}}
	}
	return [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}}
}

func appendImages(images []string, containers any) []string {
	list, _ := containers.([]any)
	for _, entry := range list {
		container, _ := entry.(map[string]any)
		if image, _ := container["image"].(string); image != "" {
			images = append(images, image)
		}
	}
	return images
}
