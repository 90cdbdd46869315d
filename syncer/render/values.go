package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
)

// values merges what overrides the values of the chart: value files, then values, then
// parameters, then those from files.
func (t *tree) values(src Source) (map[string]any, error) {
	merged := map[string]any{}
	files, err := t.valueFiles(src)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := t.file(file)
		if err != nil {
			return nil, fmt.Errorf("value file %s: %w", file, err)
		}
		if merged, err = merge(merged, data, "value file "+file); err != nil {
			return nil, err
		}
	}
	inline, what := []byte(src.Helm.Values), "values"
	if len(src.Helm.ValuesObject) > 0 {
		inline, what = src.Helm.ValuesObject, "valuesObject"
	}
	if merged, err = merge(merged, inline, what); err != nil {
		return nil, err
	}
	if err := setParameters(merged, src.Helm.Parameters); err != nil {
		return nil, err
	}
	return merged, t.setFiles(merged, src)
}

// merge puts a YAML document over what is there. Documents of one file override each other, as in Helm.
func merge(below map[string]any, document []byte, what string) (map[string]any, error) {
	above, err := loader.LoadValues(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return loader.MergeMaps(below, above), nil
}

// setParameters sets single values: first those of any type, then those that are strings, as `helm template` does.
func setParameters(values map[string]any, parameters []Parameter) error {
	for _, forced := range []bool{false, true} {
		for _, parameter := range parameters {
			if parameter.ForceString != forced {
				continue
			}
			if err := nothingToFillIn("parameter "+parameter.Name, parameter.Value); err != nil {
				return err
			}
			set := strvals.ParseInto
			if forced {
				set = strvals.ParseIntoString
			}
			if err := set(parameter.Name+"="+escapeCommas(parameter.Value), values); err != nil {
				return fmt.Errorf("parameter %s: %w", parameter.Name, err)
			}
		}
	}
	return nil
}

// setFiles sets single values to the contents of files.
func (t *tree) setFiles(values map[string]any, src Source) error {
	for _, parameter := range src.Helm.FileParameters {
		read := func(name []rune) (any, error) {
			file, err := locate(src.Path, "file", string(name))
			if err != nil {
				return nil, err
			}
			t.depends(file)
			data, err := t.file(file)
			return string(data), err
		}
		if err := strvals.ParseIntoFile(parameter.Name+"="+escapeCommas(parameter.Path), values, read); err != nil {
			return fmt.Errorf("file parameter %s: %w", parameter.Name, err)
		}
	}
	return nil
}

// buildVariable is one that Argo CD fills in.
var buildVariable = regexp.MustCompile(`\$\{?ARGOCD_\w+\}?`)

// nothingToFillIn refuses a value with a build variable of Argo CD: taken as it stands, it would be rolled out as it stands.
func nothingToFillIn(what, value string) error {
	if variable := buildVariable.FindString(value); variable != "" {
		return fmt.Errorf("%s: nothing is filled in for %s: write what it stands for", what, variable)
	}
	return nil
}

// bareComma is a comma that isn't escaped, with what stands before it.
var bareComma = regexp.MustCompile(`(^|[^\\]),`)

// escapeCommas keeps a value together that `helm --set` would end at a comma. A list in braces needs its commas.
// It is Argo CD's rule.
func escapeCommas(value string) string {
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") {
		return value
	}
	// Twice: of two commas in a row, the first is what stands before the second.
	return bareComma.ReplaceAllString(bareComma.ReplaceAllString(value, `${1}\,`), `${1}\,`)
}
