package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// manifest is one YAML document.
type manifest struct {
	// file that it came from.
	file string
	// text of the document, as it was made.
	text string
	// fields of the document; nil if it has none.
	fields map[string]any
}

// notesSuffix marks files that are made for people.
const notesSuffix = "NOTES.txt"

// chartDocuments are the documents of a chart, in the order in which `helm template --include-crds` prints them.
type chartDocuments struct{ definitions, generic, hooks []manifest }

// all are all of them in that order.
func (d *chartDocuments) all() []manifest { return slices.Concat(d.definitions, d.generic, d.hooks) }

// documentsOf reads what the templates of a chart made, and its CustomResourceDefinitions.
//
// Helm parses each document to find its place, and leaves the objects to others. Here a document is parsed once, which is
// most of the time that there is to save.
func documentsOf(c *chart.Chart, made map[string]string, options Helm) (chartDocuments, error) {
	var documents chartDocuments
	var err error
	if !options.SkipCRDs {
		for _, crd := range c.CRDObjects() {
			if documents.definitions, err = readManifests(documents.definitions, crd.Filename, string(crd.File.Data)); err != nil {
				return documents, err
			}
		}
	}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if size += len(made[name]); size > maxOutput {
			return documents, fmt.Errorf("the templates make more than %d MiB", maxOutput>>20)
		}
		if strings.HasSuffix(name, notesSuffix) {
			continue
		}
		read, err := readManifests(nil, name, made[name])
		if err != nil {
			return documents, err
		}
		documents.sort(read, options.SkipTests)
	}
	slices.SortStableFunc(documents.generic, compareKinds)
	slices.SortStableFunc(documents.hooks, compareKinds)
	return documents, nil
}

// sort puts the documents of a file where they belong.
func (d *chartDocuments) sort(read []manifest, skipTests bool) {
	for _, document := range read {
		when, hook := document.hook()
		switch runs, tests := eventsOf(when); {
		case !hook:
			d.generic = append(d.generic, document)
		case runs && (!tests || !skipTests):
			d.hooks = append(d.hooks, document)
		}
	}
}

// readManifests appends the documents of a file. One that is nothing but comments has no fields.
func readManifests(manifests []manifest, file, content string) ([]manifest, error) {
	for _, document := range documents(content) {
		data, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			return nil, fmt.Errorf("YAML parse error on %s: %w", file, err)
		}
		var value any
		if err := json.Unmarshal(data, &value); err != nil { // whole numbers stay whole
			return nil, fmt.Errorf("JSON parse error on %s: %w", file, err)
		}
		fields, ok := value.(map[string]any)
		if !ok && value != nil {
			return nil, fmt.Errorf("%s makes a document that is no object: each must have apiVersion and kind", file)
		}
		manifests = append(manifests, manifest{file: file, text: document, fields: fields})
	}
	return manifests, nil
}

// documents splits a YAML stream as Helm does.
func documents(stream string) []string {
	split := releaseutil.SplitManifests(stream)
	ordered := make([]string, len(split))
	for key, document := range split {
		if place, err := strconv.Atoi(strings.TrimPrefix(key, "manifest-")); err == nil {
			ordered[place] = document
		}
	}
	return ordered
}

// hook says when a document runs, if it is one of Helm's hooks.
func (m manifest) hook() (when string, hook bool) {
	metadata, _ := m.fields["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	value, hook := annotations["helm.sh/hook"]
	return fmt.Sprint(value), hook
}

// kind is the document's kind.
func (m manifest) kind() string {
	kind, _ := m.fields["kind"].(string)
	return kind
}

// events are those that Helm runs hooks at.
//
//nolint:gochecknoglobals // a table; nothing changes it
var events = []string{
	"pre-install", "post-install", "pre-delete", "post-delete", "pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback", "test", "test-success",
}

// eventsOf says whether Helm knows every event of a hook, for it drops a hook with one that it doesn't know; and whether tests
// are among them.
func eventsOf(when string) (runs, tests bool) {
	for event := range strings.SplitSeq(when, ",") {
		event = strings.ToLower(strings.TrimSpace(event))
		if !slices.Contains(events, event) {
			return false, false
		}
		tests = tests || event == "test" || event == "test-success"
	}
	return true, tests
}

// ranks are the places of kinds in Helm's order of installation.
//
//nolint:gochecknoglobals // a table; nothing changes it
var ranks = func() map[string]int {
	ranks := make(map[string]int, len(releaseutil.InstallOrder))
	for place, kind := range releaseutil.InstallOrder {
		ranks[kind] = place
	}
	return ranks
}()

// compareKinds is Helm's order: kinds that it knows, then the others by name.
func compareKinds(a, b manifest) int {
	left, known := ranks[a.kind()]
	right, knownToo := ranks[b.kind()]
	switch {
	case known && knownToo:
		return cmp.Compare(left, right)
	case known:
		return -1
	case knownToo:
		return 1
	default:
		return strings.Compare(a.kind(), b.kind())
	}
}
