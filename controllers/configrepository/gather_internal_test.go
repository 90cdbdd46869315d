package configrepository

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

func repositoryNamed(name string) v1alpha1.ConfigRepository {
	return v1alpha1.ConfigRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: name},
		Spec:       v1alpha1.ConfigRepositorySpec{URL: "https://git.example.com/" + name + ".git", Branch: "main"},
	}
}

func policyNamed(name, tag string, targets ...v1alpha1.Target) v1alpha1.ImagePolicy {
	policy := v1alpha1.ImagePolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: name, Generation: 1},
		Spec: v1alpha1.ImagePolicySpec{
			Image: "registry.example.com/" + name, Targets: targets,
			Select: v1alpha1.SelectSpec{SemVer: &v1alpha1.SemVerSpec{Range: ">=1.0.0"}},
		},
		Status: v1alpha1.ImagePolicyStatus{ObservedGeneration: 1, Targets: make([]v1alpha1.TargetStatus, len(targets))},
	}
	if tag != "" {
		policy.Status.Latest = &v1alpha1.SelectedTag{Tag: tag, Generation: 1}
	}
	return policy
}

// TestPartsHaveOneWord: a part is converted from one package's word to the other's, so the words must be the same.
func TestPartsHaveOneWord(t *testing.T) {
	t.Parallel()
	want := []gitwriter.Part{gitwriter.PartTag, gitwriter.PartImage, gitwriter.PartDigest, gitwriter.PartRepository}
	var got []gitwriter.Part
	for _, part := range []choice.Part{choice.PartTag, choice.PartImage, choice.PartDigest, choice.PartRepository} {
		got = append(got, gitwriter.Part(part))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func inRepository(name, file, path string) v1alpha1.Target {
	return v1alpha1.Target{RepositoryRef: &v1alpha1.LocalReference{Name: name}, File: file, Tag: path}
}

// digestPolicy follows a mutable tag.
func digestPolicy(name, tag, digest string, targets ...v1alpha1.Target) v1alpha1.ImagePolicy {
	policy := policyNamed(name, tag, targets...)
	policy.Spec.Select = v1alpha1.SelectSpec{Digest: &v1alpha1.DigestSpec{Tag: tag}}
	policy.Status.Latest.Digest = digest
	return policy
}

// partsInRepository is a target with whichever of tag, digest, repository and image has a key path.
func partsInRepository(name, file, tag, digest, repository, image string) v1alpha1.Target {
	target := inRepository(name, file, tag)
	target.Digest, target.Repository, target.Image = digest, repository, image
	return target
}

func TestGather(t *testing.T) {
	t.Parallel()
	config, other := repositoryNamed("config"), repositoryNamed("other")
	changed := policyNamed("changed", "v1.0.0", inRepository("config", "a.yaml", "tag"))
	changed.Generation = 2
	suspended := policyNamed("suspended", "v1.0.0", inRepository("config", "a.yaml", "tag"))
	suspended.Spec.Suspend = true
	nothing := policyNamed("nothing", "v1.0.0", inRepository("config", "a.yaml", "tag"))
	status.Set(&nothing.Status.Conditions, 1, v1alpha1.ConditionSelected, metav1.ConditionFalse, v1alpha1.ReasonNoTagSelected, "")
	unreachable := policyNamed("unreachable", "v1.0.0", inRepository("config", "a.yaml", "tag"))
	status.Set(&unreachable.Status.Conditions, 1, v1alpha1.ConditionSelected, metav1.ConditionFalse, v1alpha1.ReasonRegistryFailed, "")
	beside := neighbours{
		repositories: []v1alpha1.ConfigRepository{config, other},
		policies: []v1alpha1.ImagePolicy{
			policyNamed("www", "v1.0.36", inRepository("config", "www.yaml", "tag"), inRepository("other", "www.yaml", "tag")),
			policyNamed("api", "v2.0.0", inRepository("config", "api.yaml", "api.tag"), inRepository("config", "api.yaml", "sidecar..tag")),
			policyNamed("new", "", inRepository("config", "a.yaml", "tag")),
			policyNamed("elsewhere", "v1.0.0", inRepository("other", "a.yaml", "tag")),
			digestPolicy("parts", "latest", "sha256:aa", partsInRepository("config", "p.yaml", "t", "d", "r", "i")),
			digestPolicy("unknown", "latest", "", partsInRepository("config", "p.yaml", "", "d", "", ""), partsInRepository("config", "p.yaml", "", "", "", "i")),
			changed, suspended, nothing, unreachable,
		},
	}
	_, bad := edit.ParsePath("sidecar..tag") // In the editor's own words.
	type summary struct {
		Policy  string
		Targets []string
		Refused []string
	}
	var got []summary
	for _, wanted := range gather(&config, beside) {
		found := summary{Policy: wanted.change.Policy}
		for _, target := range wanted.change.Targets {
			for _, value := range target.Values {
				found.Targets = append(found.Targets, fmt.Sprintf("%s#%s %s=%s", target.File, value.Path, value.Part, value.Value))
			}
		}
		for at, t := range wanted.targets {
			if t.refused != nil {
				reason, message := (&scope{}).verdict(wanted, at)
				found.Refused = append(found.Refused, string(reason)+": "+message)
			}
		}
		got = append(got, found)
	}
	unknown := "Pending: latest is selected, and waits for the registry to tell its digest"
	want := []summary{
		{
			Policy: "fairlead/api", Targets: []string{"api.yaml#api.tag tag=v2.0.0"},
			Refused: []string{"EditRefused: spec.targets[1].tag: " + bad.Error()},
		},
		{Policy: "fairlead/parts", Targets: []string{
			"p.yaml#t tag=latest", "p.yaml#i image=registry.example.com/parts:latest@sha256:aa", "p.yaml#d digest=sha256:aa",
			"p.yaml#r repository=registry.example.com/parts",
		}},
		{Policy: "fairlead/unknown", Refused: []string{unknown, unknown}},
		{Policy: "fairlead/unreachable", Targets: []string{"a.yaml#tag tag=v1.0.0"}},
		{Policy: "fairlead/www", Targets: []string{"www.yaml#tag tag=v1.0.36"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("only policies with a choice for their spec as it stands, by name, and only targets in this repository (-want, +got):\n%s", diff)
	}
}
