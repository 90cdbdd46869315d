package choice

import (
	"strings"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry/selection"
)

// Part is a part of an image reference that a target can hold. The words are those of gitwriter.Part, into which a Part
// is converted where it is written.
type Part string

// The parts.
const (
	PartTag        Part = "tag"
	PartImage      Part = "image"
	PartDigest     Part = "digest"
	PartRepository Part = "repository"
)

// Value is a key path of a target and what belongs there.
type Value struct {
	// Part that is written.
	Part Part
	// Path is the key path as the spec has it.
	Path string
	// Value that belongs there.
	Value string
}

// Values are the parts that a target names, in the order tag, image, digest, repository, with what belongs there once
// latest is selected. A nil latest gives the paths alone.
func Values(policy *v1alpha1.ImagePolicy, target v1alpha1.Target, latest *v1alpha1.SelectedTag) []Value {
	if latest == nil {
		latest = &v1alpha1.SelectedTag{}
	}
	image := policy.Spec.Image + ":" + latest.Tag
	if policy.Spec.Select.Digest != nil {
		image += "@" + latest.Digest
	}
	var values []Value
	for _, value := range []Value{
		{Part: PartTag, Path: target.Tag, Value: latest.Tag},
		{Part: PartImage, Path: target.Image, Value: image},
		{Part: PartDigest, Path: target.Digest, Value: latest.Digest},
		{Part: PartRepository, Path: target.Repository, Value: policy.Spec.Image},
	} {
		if value.Path != "" {
			values = append(values, value)
		}
	}
	return values
}

// Wanted are the values alone, in their order.
func Wanted(values []Value) []string {
	wanted := make([]string, len(values))
	for i := range values {
		wanted[i] = values[i].Value
	}
	return wanted
}

// Held is what a target holds: current are the values that stand at its key paths, in the order of values. The tag is read
// from the tag, else from the image; without either it is empty.
func Held(values []Value, current []string) selection.Reference {
	held := parse(find(values, current, PartImage))
	if has(values, PartTag) {
		held.Tag = find(values, current, PartTag)
	}
	if has(values, PartDigest) {
		held.Digest = find(values, current, PartDigest)
	}
	return held
}

// Show is what a target holds in the words of a status: `v1.0.36`, `v1.0.36@sha256:...`, an image without its repository
// if that is the policy's, or whatever stands there.
func Show(values []Value, current []string) string {
	var shown string
	switch {
	case has(values, PartTag):
		shown = find(values, current, PartTag)
	case has(values, PartImage):
		shown = find(values, current, PartImage)
		if own := repositoryOf(find(values, Wanted(values), PartImage)); repositoryOf(shown) == own {
			shown = strings.TrimPrefix(shown[len(own):], ":")
		}
	case has(values, PartDigest):
		return find(values, current, PartDigest)
	default:
		return find(values, current, PartRepository)
	}
	if digest := find(values, current, PartDigest); digest != "" {
		shown += "@" + digest
	}
	return shown
}

// parse reads an image reference. It takes whatever stands in Git: what has no tag gives none.
func parse(image string) selection.Reference {
	name, digest, _ := strings.Cut(image, "@")
	return selection.Reference{Tag: strings.TrimPrefix(name[len(repositoryOf(name)):], ":"), Digest: digest}
}

// repositoryOf is an image reference without tag and digest.
func repositoryOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}

func has(values []Value, part Part) bool {
	for i := range values {
		if values[i].Part == part {
			return true
		}
	}
	return false
}

// find is the current value of a part, empty if the target doesn't have it.
func find(values []Value, current []string, part Part) string {
	for i := range values {
		if values[i].Part == part && i < len(current) {
			return current[i]
		}
	}
	return ""
}
