package app

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/syncer"
)

const (
	// diffContext is how many lines are shown around a difference.
	diffContext = 3
	// nowhere is how diff(1) names a side that isn't there.
	nowhere = "/dev/null"
)

// shown are two sides of an object as YAML: without what only the API server writes, Secrets masked. One that isn't there is
// empty.
func shown(is, would *unstructured.Unstructured) (before, after string, err error) {
	is, would = declaredPart(is), declaredPart(would)
	mask(is, would)
	if before, err = asYAML(is); err == nil {
		after, err = asYAML(would)
	}
	return before, after, err
}

// declaredPart is a copy of obj without what nobody declares.
func declaredPart(obj *unstructured.Unstructured) *unstructured.Unstructured {
	if obj == nil {
		return nil
	}
	part := obj.DeepCopy()
	unstructured.RemoveNestedField(part.Object, "status")
	for _, field := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"} {
		unstructured.RemoveNestedField(part.Object, "metadata", field)
	}
	return part
}

func asYAML(obj *unstructured.Unstructured) (string, error) {
	if obj == nil {
		return "", nil
	}
	text, err := yaml.Marshal(obj.Object)
	return string(text), err
}

// unified is a unified diff; empty if both sides are the same.
func unified(id syncer.ID, before, after string) (string, error) {
	if before == after {
		return "", nil
	}
	place := strings.TrimPrefix(strings.Join([]string{id.Group, id.Kind, id.Namespace, id.Name}, "/"), "/")
	from, to := "live/"+place, "target/"+place
	if before == "" {
		from = nowhere
	}
	if after == "" {
		to = nowhere
	}
	return difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(before), B: lines(after), FromFile: from, ToFile: to, Context: diffContext,
	})
}

// lines are the lines of a text, with their ends.
func lines(text string) []string {
	split := strings.SplitAfter(text, "\n")
	if split[len(split)-1] == "" {
		split = split[:len(split)-1]
	}
	return split
}

// paintDiff writes a diff as a terminal may show it.
func paintDiff(to *bytes.Buffer, text string, paint terminal.Paint) {
	for line := range strings.Lines(text) {
		line = terminal.Printable(strings.TrimSuffix(line, "\n"))
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			line = paint.In(terminal.Bold, line)
		case strings.HasPrefix(line, "-"):
			line = paint.In(terminal.Red, line)
		case strings.HasPrefix(line, "+"):
			line = paint.In(terminal.Green, line)
		case strings.HasPrefix(line, "@@"):
			line = paint.In(terminal.Faint, line)
		}
		fmt.Fprintln(to, line)
	}
}
