package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
	"github.com/fairlead/fairlead/registry/selection"
)

// place is a target of a policy, with the values that it held at the older revision.
type place struct {
	policy *v1alpha1.ImagePolicy
	values []choice.Value
	target gitwriter.Target
	// current is what stands there now.
	current []string
	// notes say what the policy makes of it.
	notes []string
}

// find finds the places of the Application's files that policies write to, and what stood there at the older revision.
func (r *rollback) find(ctx context.Context, reader client.Reader) error {
	beside := client.InNamespace(r.app.Namespace)
	var policies v1alpha1.ImagePolicyList
	var apps v1alpha1.ApplicationList
	var repositories v1alpha1.ConfigRepositoryList
	for _, list := range []client.ObjectList{&policies, &apps, &repositories} {
		if err := reader.List(ctx, list, beside); err != nil {
			return fmt.Errorf("find the ImagePolicies that write to its files: %w", err)
		}
	}
	for i := range policies.Items {
		policy := &policies.Items[i]
		for j, spec := range policy.Spec.Targets {
			at, err := access.Resolve(policy.Namespace, spec, apps.Items, repositories.Items)
			if err != nil || at.Repository != r.repository.declared.Name || !r.reads(spec, at.File) {
				continue
			}
			if err := r.restore(policy, j, at.File); err != nil {
				return err
			}
		}
	}
	return nil
}

// reads says whether a target's file is one of the Application's: it is named for it, lies in its path, or is one of its value
// files.
func (r *rollback) reads(target v1alpha1.Target, file string) bool {
	source := r.app.Spec.Source
	if target.ApplicationRef != nil && target.ApplicationRef.Name == r.app.Name {
		return true
	}
	dir := path.Clean(source.Path)
	if dir == "." || strings.HasPrefix(file, dir+"/") {
		return true
	}
	if source.Helm == nil {
		return false
	}
	return slices.ContainsFunc(source.Helm.ValueFiles, func(name string) bool {
		if rooted, ok := strings.CutPrefix(name, "/"); ok {
			return path.Clean(rooted) == file
		}
		return path.Join(dir, name) == file
	})
}

// restore notes what a target held. One that wasn't there yet is left alone.
func (r *rollback) restore(policy *v1alpha1.ImagePolicy, index int, file string) error {
	spec := policy.Spec.Targets[index]
	made := place{policy: policy, values: choice.Values(policy, spec, nil), target: gitwriter.Target{Application: r.app.Name, File: file}}
	content, err := fs.ReadFile(r.snapshot.FS(), file)
	if errors.Is(err, fs.ErrNotExist) {
		r.answer.Notes = append(r.answer.Notes, fmt.Sprintf("%s stays as it is: it wasn't there at %s", file, short(r.answer.To.Revision)))
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s at %s: %w", file, short(r.answer.To.Revision), err)
	}
	for i, value := range made.values {
		at, err := edit.ParsePath(value.Path)
		if err != nil {
			return fmt.Errorf("ImagePolicy %s: spec.targets[%d].%s: %w", policy.Name, index, value.Part, err)
		}
		old, err := edit.Value(content, at)
		if err != nil {
			r.answer.Notes = append(r.answer.Notes, fmt.Sprintf("%s#%s stays as it is: at %s: %v", file, value.Path, short(r.answer.To.Revision), err))
			return nil
		}
		made.values[i].Value = old
		made.target.Values = append(made.target.Values, gitwriter.Value{Part: gitwriter.Part(value.Part), Path: at, Value: old})
	}
	r.places = append(r.places, made)
	return nil
}

// wanted are the older values.
func (p *place) wanted() []string { return choice.Wanted(p.values) }

// show is what values say in a few words.
func (p *place) show(values []string) string { return choice.Show(p.values, values) }

// fight says why the policy would write the newer version again, if it would: it is asked what it will be asked once the older
// values stand there.
func (p *place) fight(at gitwriter.Standing) string {
	latest := p.policy.Status.Latest
	if latest == nil || p.policy.Spec.Suspend {
		return ""
	}
	selected := selection.Reference{Tag: latest.Tag, Digest: latest.Digest}
	held := choice.Held(p.values, p.wanted())
	if held.Tag == selected.Tag && (held.Digest == "" || held.Digest == selected.Digest) {
		return ""
	}
	selector, err := choice.Selector(p.policy)
	if err != nil {
		return ""
	}
	stays := selector.Move(held, selected, p.written(at)...)
	if stays != nil {
		p.notes = append(p.notes, fmt.Sprintf("ImagePolicy %s holds it: %v", p.policy.Name, stays))
		return ""
	}
	if p.policy.Spec.Pin != "" {
		return fmt.Sprintf("ImagePolicy %s is pinned to %s, and would write it again: change its spec.pin to %s, which commits that",
			p.policy.Name, p.policy.Spec.Pin, held.Tag)
	}
	if len(at.Written) > 0 {
		return fmt.Sprintf("ImagePolicy %s would write %s at once, which is newer than what is taken back: set its spec.pin to %s, which commits that",
			p.policy.Name, selected.Tag, held.Tag)
	}
	return fmt.Sprintf("ImagePolicy %s would write %s again: Fairlead didn't write what stands there now, so nothing is taken back: "+
		"set its spec.pin to %s, which commits that",
		p.policy.Name, selected.Tag, held.Tag)
}

// written are the references that were written there, as they will be told of once the older values stand there.
func (p *place) written(at gitwriter.Standing) []selection.Reference {
	references := make([]selection.Reference, len(at.Written))
	for i, w := range at.Written {
		references[i] = choice.Held(p.values, w.Values)
		if references[i].Tag == "" {
			references[i].Tag = w.Tag
		}
	}
	return references
}
