package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
)

// inspection looks at all that a kustomization names before it is built. Kustomize fetches what isn't there (by HTTP, or by
// running git) and can't be told not to, so nothing that it would take for an address may reach it. An address can stand in
// the files of kustomizations and in those of transformers and generators, and nowhere else.
type inspection struct {
	files *kustomizeFiles
	// builds counts for every folder how many kustomizations are built for it, its bases' with it. Zero: it is being counted.
	builds map[string]int
	// ownSchema says that one replaces the schema.
	ownSchema bool
}

// maxBuilds is the number of kustomizations that one may build. A base that is used twice is built twice, and its bases
// four times.
const maxBuilds = 1_000

// start inspects the kustomization in dir.
func (i *inspection) start(dir string) error {
	_, err := i.folder(dir, false)
	return err
}

// folder inspects the kustomization in a folder, and those below it. Configurations are those that make transformers and
// generators.
func (i *inspection) folder(dir string, configurations bool) (int, error) {
	if count, known := i.builds[dir]; known && count == 0 {
		return 0, fmt.Errorf("%s is a base of itself: its kustomization names itself, or a base that does", dir)
	} else if known && !configurations {
		return count, nil
	}
	i.builds[dir] = 0
	name, read, err := i.files.kustomization(dir)
	if err != nil {
		return 0, err
	}
	if err := i.inspect(name, read, configurations); err != nil {
		return 0, err
	}
	count := 1
	for _, entry := range read.Resources {
		built, err := i.reference(name, "resources", entry, configurations)
		if err != nil {
			return 0, err
		}
		count += built
	}
	for _, entry := range read.Components {
		built, err := i.reference(name, "components", entry, false)
		if err != nil {
			return 0, err
		}
		count += built
	}
	if count > maxBuilds {
		return 0, fmt.Errorf("%s builds more than %d kustomizations: a base that is used twice counts twice", name, maxBuilds)
	}
	i.builds[dir] = count
	return count, i.plugins(name, read)
}

// inspect looks at the file of a kustomization itself.
func (i *inspection) inspect(name string, read types.Kustomization, configurations bool) error {
	if len(read.HelmCharts) > 0 || read.HelmGlobals != nil {
		return fmt.Errorf("%s: helmCharts aren't rendered by kustomize: make an Application of the chart, or commit what it renders to", name)
	}
	i.ownSchema = i.ownSchema || len(read.OpenAPI) > 0
	data, err := json.Marshal(read)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if configurations {
		for _, field := range []string{"resources", "kind", "apiVersion"} {
			delete(fields, field)
		}
		if len(fields) > 0 {
			return fmt.Errorf("%s makes transformers or generators, and has more than resources: list their files where they are used", name)
		}
		return nil
	}
	return local(name, "", fields)
}

// reference inspects an entry that names a file or a folder, and counts what is built for it.
func (i *inspection) reference(name, field, entry string, configurations bool) (int, error) {
	if isRemote(entry) {
		return 0, remoteError(name, field, entry)
	}
	target := path.Join(path.Dir(name), entry)
	if path.IsAbs(entry) || !fs.ValidPath(target) {
		return 0, fmt.Errorf("%s: %s: %s: %w", name, field, entry, errOutside)
	}
	info, err := i.files.stat(absolute(target))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, missing{fmt.Sprintf("%s: %s: %s isn't there at this revision: correct the entry, or add the file", name, field, target)}
	case err != nil:
		return 0, fmt.Errorf("%s: %s: %w", name, field, err)
	case info.IsDir():
		return i.folder(target, configurations)
	case !configurations:
		return 0, nil
	}
	content, err := i.files.ReadFile(absolute(target))
	if err != nil {
		return 0, err
	}
	return 0, configured(target, content)
}

// plugins inspects transformers, generators and validators: the names of files and folders, or YAML.
func (i *inspection) plugins(name string, read types.Kustomization) error {
	for _, list := range []struct {
		field   string
		entries []string
	}{{"generators", read.Generators}, {"transformers", read.Transformers}, {"validators", read.Validators}} {
		field := list.field
		for _, entry := range list.entries {
			if _, err := configurationsIn([]byte(entry)); err == nil {
				if err := configured(name+": "+field, []byte(entry)); err != nil {
					return err
				}
				continue
			}
			if _, err := i.reference(name, field, entry, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// configurationsIn reads YAML as kustomize does.
func configurationsIn(content []byte) (resmap.ResMap, error) {
	return resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory()).NewResMapFromBytes(content) //nolint:wrapcheck // the caller says where
}

// configured refuses transformers and generators that are programs, and those that fetch.
func configured(place string, content []byte) error {
	found, err := configurationsIn(content)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	for _, one := range found.Resources() {
		kind := one.GetKind()
		switch {
		case one.GetGvk().Group != "" || one.GetGvk().Version != konfig.BuiltinPluginApiVersion:
			return fmt.Errorf("%s: %s is none of kustomize's own transformers and generators: programs, containers and functions aren't run", place, kind)
		case kind == "HelmChartInflationGenerator":
			return fmt.Errorf("%s: charts aren't rendered by kustomize: make an Application of the chart, or commit what it renders to", place)
		}
		fields, err := one.Map()
		if err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		if err := local(place, "", fields); err != nil {
			return err
		}
	}
	return nil
}

// naming are the fields whose values kustomize loads. It doesn't mind their case.
//
//nolint:gochecknoglobals // a table; nothing changes it
var naming = []string{
	"bases", "components", "configurations", "crds", "env", "envs", "files", "generators", "patchesstrategicmerge", "path", "paths",
	"resources", "targetfilepath", "transformers", "validators",
}

// local refuses values that name something elsewhere, and aliases that would take all memory.
func local(place, field string, value any) error {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) { // the same error each time
			if err := local(place, name, value[name]); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range value {
			if err := local(place, field, item); err != nil {
				return err
			}
		}
	case string:
		if err := boundAliases([]byte(value)); err != nil {
			return fmt.Errorf("%s: %s: %w", place, field, err)
		}
		if !slices.ContainsFunc(naming, func(name string) bool { return strings.EqualFold(name, field) }) {
			return nil
		}
		_, source, _ := strings.Cut(value, "=") // key=path
		if isRemote(value) || isRemote(source) {
			return remoteError(place, field, value)
		}
	}
	return nil
}

// remoteError says what to do about an address.
func remoteError(place, field, value string) error {
	return fmt.Errorf("%s: %s: %s is outside of this repository, and nothing is fetched: commit it to the repository, and name it there",
		place, field, oneLine(value))
}

// userAtHost begins the address of a Git repository over SSH.
var userAtHost = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@`)

// isRemote says whether kustomize would take a value for the address of a file or of a Git repository, and somewhat more.
func isRemote(value string) bool {
	if parsed, err := url.Parse(value); err == nil && parsed.Scheme != "" && strings.HasPrefix(parsed.Scheme, "http") {
		return true
	}
	value = strings.TrimPrefix(strings.ToLower(value), "git::")
	return strings.HasPrefix(value, "github.com/") || strings.HasPrefix(value, "github.com:") || userAtHost.MatchString(value) ||
		slices.ContainsFunc([]string{"ssh://", "https://", "http://", "file://"}, func(scheme string) bool { return strings.HasPrefix(value, scheme) })
}
