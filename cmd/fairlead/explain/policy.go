package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/choice"
)

const (
	// maxPolicyBytes, maxDocuments and maxAliases bound the file of a policy: few write more than one screen.
	maxPolicyBytes = 1 << 20
	maxDocuments   = 1000
	maxAliases     = 64
)

// kind is what is looked for in a file.
const kind = "ImagePolicy"

// Wanted says which ImagePolicy of a file is meant, where there are several. Empty fields mean any.
type Wanted struct{ Namespace, Name string }

// String is the name as messages have it.
func (w Wanted) String() string {
	if w.Namespace == "" {
		return w.Name
	}
	return w.Namespace + "/" + w.Name
}

// document is one document of a file.
type document struct {
	line    int
	content fields
}

func (d document) text(names ...string) string {
	at := d.content
	for _, name := range names[:len(names)-1] {
		at = at.below(name)
	}
	text, _ := at[names[len(names)-1]].(string)
	return text
}

func (d document) name() Wanted {
	return Wanted{Namespace: d.text("metadata", "namespace"), Name: d.text("metadata", "name")}
}

// ReadPolicy reads the wanted ImagePolicy from a file of YAML documents or JSON, with the defaults that the API server would
// give it. What the API server would refuse in the parts that take no part in choosing (spec.targets) is returned as
// warnings, so that a draft can be asked about; the rest is an *terminal.Error. A status in the file plays no part.
func ReadPolicy(name string, file io.Reader, wanted Wanted) (*v1alpha1.ImagePolicy, []string, error) {
	data, err := io.ReadAll(&bounded{name: name, limit: maxPolicyBytes, from: file})
	if err != nil {
		return nil, nil, readError(name, err)
	}
	documents, err := split(data)
	if err != nil {
		return nil, nil, terminal.Failf(nil, "%s: %v", name, err)
	}
	found, err := pick(documents, wanted)
	if err != nil {
		return nil, nil, terminal.Failf(nil, "%s %v", name, err)
	}
	policy, warnings, err := decode(found)
	if err != nil {
		return nil, nil, terminal.Failf(nil, "%s:%d: ImagePolicy %s: %v", name, found.line, found.name(), err)
	}
	return policy, warnings, nil
}

// split parses the documents of a file.
func split(data []byte) ([]document, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkText(bytes.ReplaceAll(data, []byte{'\n'}, nil)); err != nil {
		return nil, errors.New("the file is no text of UTF-8: is this an ImagePolicy?")
	}
	var documents []document
	for line, count := 1, 1; len(data) > 0; count++ {
		text := data
		if next := separator.FindIndex(data); next != nil {
			text = data[:next[0]+1]
		}
		content, ok, err := parse(text, line)
		switch {
		case err != nil:
			return nil, err
		case count > maxDocuments:
			return nil, fmt.Errorf("more than %d documents", maxDocuments)
		case ok:
			documents = append(documents, document{line: line, content: content})
		}
		line += bytes.Count(text, []byte{'\n'})
		data = data[len(text):]
	}
	return documents, nil
}

// separator is where a line ends and the next one begins another document.
var separator = regexp.MustCompile(`\n---(?:[ \t\r\n]|$)`)

// parse reads one document, in the words of sigs.k8s.io/yaml, the API server's own parser. Its lines are counted from the
// beginning of the file. ok is false for an empty document.
func parse(data []byte, line int) (content fields, ok bool, err error) {
	var node yaml.Node
	if err := yaml.Unmarshal(data, &node); err != nil {
		return nil, false, relocate(err, line)
	}
	if aliases(&node) > maxAliases {
		return nil, false, fmt.Errorf("line %d: more than %d aliases: write the values out", line, maxAliases)
	}
	converted, err := k8syaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, false, relocate(err, line)
	}
	decoder := json.NewDecoder(bytes.NewReader(converted))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		return nil, false, err
	}
	switch decoded := decoded.(type) {
	case nil:
		return nil, false, nil
	case map[string]any:
		return decoded, true, nil
	default:
		return nil, false, fmt.Errorf("line %d: the document is no object: it must begin with apiVersion and kind", line)
	}
}

// parserLine is where a parser says that something is.
var parserLine = regexp.MustCompile(`\bline ([0-9]+)`)

// relocate counts the lines of a parser's error from the beginning of the file, and makes it one line.
func relocate(err error, line int) error {
	text := parserLine.ReplaceAllStringFunc(err.Error(), func(found string) string {
		number, err := strconv.Atoi(strings.TrimPrefix(found, "line "))
		if err != nil {
			return found
		}
		return fmt.Sprintf("line %d", number+line-1)
	})
	return errors.New(oneLine(strings.TrimPrefix(text, "error converting YAML to JSON: "), " "))
}

// oneLine puts the lines of a foreign message beside one another.
func oneLine(text, separator string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, separator)
}

// aliases counts the aliases of a document: each may be expanded to a multiple of what is written.
func aliases(node *yaml.Node) int {
	n := 0
	if node.Kind == yaml.AliasNode {
		n = 1
	}
	for _, below := range node.Content {
		n += aliases(below)
	}
	return n
}

// pick finds the document that is wanted. Its error completes a sentence that begins with the name of the file.
func pick(documents []document, wanted Wanted) (document, error) {
	var all, others []string
	var matches []document
	for _, d := range documents {
		if d.text("kind") != kind || d.text("apiVersion") != v1alpha1.GroupVersion.String() {
			others = append(others, fmt.Sprintf("%s of %s (line %d)", cmp.Or(d.text("kind"), "no kind"), cmp.Or(d.text("apiVersion"), "no apiVersion"), d.line))
			continue
		}
		own := d.name()
		all = append(all, own.String())
		if (wanted.Name == "" || wanted.Name == own.Name) && (wanted.Namespace == "" || own.Namespace == "" || wanted.Namespace == own.Namespace) {
			matches = append(matches, d)
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], nil
	case len(documents) == 0:
		return document{}, errors.New("holds no document")
	case len(all) == 0:
		return document{}, fmt.Errorf("holds no ImagePolicy of %s: it holds %s", v1alpha1.GroupVersion, list(others))
	case len(matches) == 0:
		return document{}, fmt.Errorf("holds no ImagePolicy %s: it holds %s", wanted, list(all))
	case wanted.Name != "":
		return document{}, fmt.Errorf("holds several ImagePolicies %s: tell them apart by -n: %s", wanted, list(names(matches)))
	default:
		return document{}, fmt.Errorf("holds several ImagePolicies: name one of %s", list(names(matches)))
	}
}

func names(documents []document) []string {
	names := make([]string, len(documents))
	for i, d := range documents {
		names[i] = d.name().String()
	}
	return names
}

// list is a list of names of bounded length.
func list(names []string) string {
	const shown = 20
	if len(names) > shown {
		names = append(slices.Clone(names[:shown]), fmt.Sprintf("and %d more", len(names)-shown))
	}
	return strings.Join(names, ", ")
}

// decode makes a policy of a document, as the API server would.
func decode(d document) (*v1alpha1.ImagePolicy, []string, error) {
	schema, err := specSchema()
	if err != nil {
		return nil, nil, err
	}
	delete(d.content, "status")
	if d.content["spec"] == nil {
		return nil, nil, errors.New("spec is missing")
	}
	schema.complete(d.content["spec"])
	var problems, warnings []string
	for _, found := range schema.check("spec", d.content["spec"]) {
		if aboutTargets(found) {
			warnings = append(warnings, "the API server would refuse this policy: "+found.String())
			continue
		}
		problems = append(problems, found.String())
	}
	if len(problems) > 0 {
		return nil, nil, errors.New(strings.Join(problems, "; "))
	}
	policy, err := decodeStrict(d.content)
	if err == nil {
		_, err = choice.Selector(policy)
	}
	if err != nil {
		return nil, nil, err
	}
	return policy, warnings, nil
}

// aboutTargets reports whether a violation is about where the choice would be written, and nothing else.
func aboutTargets(v violation) bool {
	return !v.shape && (strings.HasPrefix(v.path, "spec.targets") || strings.Contains(v.rule, "self.targets"))
}

// decodeStrict decodes an object of which every field must be known.
func decodeStrict(content fields) (*v1alpha1.ImagePolicy, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	decoder := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{Strict: true})
	policy := &v1alpha1.ImagePolicy{}
	gvk := v1alpha1.GroupVersion.WithKind(kind)
	_, _, err = decoder.Decode(data, &gvk, policy)
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		return nil, errors.New(oneLine(errors.Join(strict.Errors()...).Error(), ", "))
	}
	if err != nil {
		return nil, errors.New(oneLine(err.Error(), " "))
	}
	return policy, nil
}
