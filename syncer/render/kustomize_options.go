package render

import "k8s.io/apimachinery/pkg/util/intstr"

// Kustomize is laid over a kustomization, as Argo CD does it: by editing a copy of its file as `kustomize edit` would.
// That isn't always what an overlay would give: a namespace, prefix, image or number of replicas of the file itself is
// replaced, not laid over.
type Kustomize struct {
	// NamePrefix replaces the kustomization's namePrefix.
	NamePrefix string
	// NameSuffix replaces its nameSuffix.
	NameSuffix string
	// Namespace replaces its namespace.
	Namespace string
	// Images are added to its images, or replace those of the same name: `name=newname:tag`, `name:tag`, `name@digest`. A `*`
	// in place of a new name, tag or digest keeps the one of the file.
	Images []string
	// Replicas are added to its replicas, or replace those of the same name.
	Replicas []Replica
	// CommonLabels are added to its commonLabels, which must not have the same.
	CommonLabels map[string]string
	// LabelWithoutSelector adds CommonLabels to its labels instead, which don't change selectors.
	LabelWithoutSelector bool
	// LabelIncludeTemplates puts them on pod templates, too. It requires LabelWithoutSelector.
	LabelIncludeTemplates bool
	// CommonAnnotations are added to its commonAnnotations, which must not have the same.
	CommonAnnotations map[string]string
	// Components are added to its components. They are folders relative to the kustomization, and may be patterns.
	Components []string
	// Patches are put behind its patches.
	Patches []Patch
}

// Replica sets a number of replicas.
type Replica struct {
	// Name of the workload.
	Name string
	// Count of replicas, a number or its digits.
	Count intstr.IntOrString
}

// Patch is a strategic merge patch, or a JSON patch (RFC 6902).
type Patch struct {
	// Path of its file, relative to the kustomization; or Patch.
	Path string
	// Patch is the patch itself.
	Patch string
	// Target selects the objects that are patched. Nil: the one that the patch names.
	Target *Target
	// Options are kustomize's: allowNameChange, allowKindChange.
	Options map[string]bool
}

// Target selects objects. All but the selectors are regular expressions, anchored.
type Target struct {
	Group     string
	Version   string
	Kind      string
	Name      string
	Namespace string
	// LabelSelector that the objects match.
	LabelSelector string
	// AnnotationSelector that the objects match.
	AnnotationSelector string
}

// empty says whether nothing is laid over.
func (k Kustomize) empty() bool {
	return k.NamePrefix == "" && k.NameSuffix == "" && k.Namespace == "" && len(k.Images) == 0 && len(k.Replicas) == 0 &&
		len(k.CommonLabels) == 0 && len(k.CommonAnnotations) == 0 && len(k.Components) == 0 && len(k.Patches) == 0
}
