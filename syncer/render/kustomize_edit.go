package render

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/api/pkg/util"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"
)

// edit lays options over the kustomization in dir: what is read of it from now on is the edited file. Each step is what
// Argo CD runs, in its order: `kustomize edit set nameprefix` and so on, and then `kustomize build`.
func (f *kustomizeFiles) edit(dir string, options Kustomize) error {
	if options.empty() {
		return nil
	}
	name, edited, err := f.kustomization(dir)
	if err != nil {
		return err
	}
	edited.NamePrefix = cmp.Or(options.NamePrefix, edited.NamePrefix)
	edited.NameSuffix = cmp.Or(options.NameSuffix, edited.NameSuffix)
	edited.Namespace = cmp.Or(options.Namespace, edited.Namespace)
	if err := setImages(&edited, options.Images); err != nil {
		return err
	}
	if err := setReplicas(&edited, options.Replicas); err != nil {
		return err
	}
	if err := addLabels(&edited, options); err != nil {
		return err
	}
	if edited.CommonAnnotations, err = added("commonAnnotations", edited.CommonAnnotations, options.CommonAnnotations); err != nil {
		return err
	}
	if err := addPatches(&edited, options.Patches); err != nil {
		return err
	}
	if err := f.addComponents(&edited, dir, options.Components); err != nil {
		return err
	}
	content, err := yaml.Marshal(edited)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.contents[name] = content
	return nil
}

// keep stands for the value that the file has.
const keep = "*"

// setImages is `kustomize edit set image`.
func setImages(edited *types.Kustomization, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	images := map[string]types.Image{}
	for _, argument := range arguments {
		if err := nothingToFillIn("source.kustomize.images: "+argument, argument); err != nil {
			return err
		}
		image, err := parseImage(argument)
		if err != nil {
			return err
		}
		images[image.Name] = image
	}
	for _, old := range edited.Images {
		image, set := images[old.Name]
		if !set {
			images[old.Name] = old
			continue
		}
		images[old.Name] = kept(image, old)
	}
	edited.Images = edited.Images[:0]
	for _, name := range slices.Sorted(maps.Keys(images)) {
		edited.Images = append(edited.Images, kept(images[name], types.Image{}))
	}
	return nil
}

// kept replaces what is to be kept by the old values.
func kept(image, old types.Image) types.Image {
	for _, field := range []struct {
		value *string
		old   string
	}{{&image.NewName, old.NewName}, {&image.NewTag, old.NewTag}, {&image.Digest, old.Digest}} {
		if *field.value == keep {
			*field.value = field.old
		}
	}
	return image
}

// parseImage reads name=newname:tag@digest, name:tag or name@digest.
func parseImage(argument string) (types.Image, error) {
	key, value, renamed := strings.Cut(argument, "=")
	if !renamed {
		key, value = "", argument
	}
	name, tag, digest := util.SplitImageName(value)
	switch {
	case name == argument:
		return types.Image{}, fmt.Errorf("source.kustomize.images: %q says nothing new of an image: write it as name=newname, name:tag or name@digest", argument)
	case key == "":
		return types.Image{Name: name, NewTag: tag, Digest: digest}, nil
	default:
		return types.Image{Name: key, NewName: name, NewTag: tag, Digest: digest}, nil
	}
}

// setReplicas is `kustomize edit set replicas`.
func setReplicas(edited *types.Kustomization, wanted []Replica) error {
	if len(wanted) == 0 {
		return nil
	}
	replicas := map[string]types.Replica{}
	for _, old := range edited.Replicas {
		replicas[old.Name] = old
	}
	for _, replica := range wanted {
		count, err := strconv.ParseInt(replica.Count.String(), 10, 32)
		if err != nil || count < 0 {
			return fmt.Errorf("source.kustomize.replicas: %s has the count %q: write a whole number", replica.Name, replica.Count.String())
		}
		replicas[replica.Name] = types.Replica{Name: replica.Name, Count: count}
	}
	edited.Replicas = edited.Replicas[:0]
	for _, name := range slices.Sorted(maps.Keys(replicas)) {
		edited.Replicas = append(edited.Replicas, replicas[name])
	}
	return nil
}

// addLabels is `kustomize edit add label`.
func addLabels(edited *types.Kustomization, options Kustomize) (err error) {
	switch {
	case len(options.CommonLabels) == 0:
		return nil
	case !options.LabelWithoutSelector && options.LabelIncludeTemplates:
		return errors.New("source.kustomize.labelIncludeTemplates is for labels that stay out of selectors: set labelWithoutSelector, too, or leave it out")
	case !options.LabelWithoutSelector:
		edited.CommonLabels, err = added("commonLabels", edited.CommonLabels, options.CommonLabels) //nolint:staticcheck // labels would be put on in another order
		return err
	}
	at := slices.IndexFunc(edited.Labels, func(label types.Label) bool {
		return !label.IncludeSelectors && label.IncludeTemplates == options.LabelIncludeTemplates
	})
	if at < 0 {
		at = len(edited.Labels)
		edited.Labels = append(edited.Labels, types.Label{IncludeTemplates: options.LabelIncludeTemplates})
	}
	edited.Labels[at].Pairs, err = added("commonLabels", edited.Labels[at].Pairs, options.CommonLabels)
	return err
}

// added adds labels or annotations. A value loses the quotes around it, as it would on the command line of kustomize.
func added(field string, old, more map[string]string) (map[string]string, error) {
	if len(more) == 0 {
		return old, nil
	}
	all := maps.Clone(old)
	if all == nil {
		all = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		if _, has := old[key]; has {
			return nil, fmt.Errorf("source.kustomize.%s: %s is in the kustomization's file already: change it there, or leave it out", field, key)
		}
		value := more[key]
		if len(value) >= len(`""`) && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
			value = value[1 : len(value)-1]
		}
		all[key] = value
	}
	return all, nil
}

// addPatches puts patches behind those of the file.
func addPatches(edited *types.Kustomization, patches []Patch) error {
	for _, patch := range patches {
		next := types.Patch{Path: patch.Path, Patch: patch.Patch}
		if target := patch.Target; target != nil {
			next.Target = &types.Selector{
				ResId: resid.ResId{
					Gvk:  resid.Gvk{Group: target.Group, Version: target.Version, Kind: target.Kind},
					Name: target.Name, Namespace: target.Namespace,
				},
				LabelSelector: target.LabelSelector, AnnotationSelector: target.AnnotationSelector,
			}
		}
		for _, option := range slices.Sorted(maps.Keys(patch.Options)) {
			if next.Options == nil {
				next.Options = &types.PatchArgs{}
			}
			switch option {
			case "allowNameChange":
				next.Options.AllowNameChange = patch.Options[option]
			case "allowKindChange":
				next.Options.AllowKindChange = patch.Options[option]
			default:
				return fmt.Errorf("source.kustomize.patches: there is no option %q: use allowNameChange or allowKindChange", option)
			}
		}
		edited.Patches = append(edited.Patches, next)
	}
	return nil
}

// addComponents is `kustomize edit add component`.
func (f *kustomizeFiles) addComponents(edited *types.Kustomization, dir string, components []string) error {
	for _, component := range components {
		if isRemote(component) {
			return remoteError("source.kustomize", "components", component)
		}
		found, err := f.matches(dir, component)
		if err != nil {
			return fmt.Errorf("source.kustomize.components: %w", err)
		}
		for _, one := range found {
			if !slices.Contains(edited.Components, one) {
				edited.Components = append(edited.Components, one)
			}
		}
	}
	return nil
}

// matches gives the folders that a pattern stands for, relative to dir. What is no pattern stands for itself.
func (f *kustomizeFiles) matches(dir, component string) ([]string, error) {
	if !strings.ContainsAny(component, `*?[\`) {
		return []string{component}, nil
	}
	pattern := path.Join(dir, component)
	parent := path.Dir(pattern)
	if path.IsAbs(component) || strings.HasPrefix(pattern, "..") || strings.ContainsAny(parent, `*?[\`) {
		return nil, fmt.Errorf("%s: a pattern names folders beside each other inside of the repository, such as ../components/*", component)
	}
	entries, err := f.list(parent)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range entries {
		matched, err := path.Match(path.Base(pattern), entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", component, err)
		}
		if matched {
			found = append(found, path.Join(path.Dir(component), entry))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s matches nothing: correct it, or add the component", component)
	}
	return found, nil
}
