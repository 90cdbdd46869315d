package syncer

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// podSpecs are where kinds hold the pod that they make.
var podSpecs = [][]string{ //nolint:gochecknoglobals // a constant in all but syntax
	{"spec"},
	{"spec", "template", "spec"},
	{"spec", "jobTemplate", "spec", "template", "spec"},
}

// Images are the container images of the objects, init containers included: sorted, each once.
func Images(objs []*unstructured.Unstructured) []string {
	var images []string
	for _, obj := range objs {
		for _, path := range podSpecs {
			for _, kind := range []string{"initContainers", "containers"} {
				containers, _, _ := unstructured.NestedSlice(obj.Object, append(slices.Clone(path), kind)...)
				images = append(images, imagesOf(containers)...)
			}
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

func imagesOf(containers []any) []string {
	var images []string
	for _, container := range containers {
		fields, _ := container.(map[string]any)
		if image, _ := fields["image"].(string); image != "" {
			images = append(images, image)
		}
	}
	return images
}
