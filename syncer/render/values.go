package render

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
)

// values merges what overrides the values of the chart: value files, then values, then parameters.
func (t *tree) values(src Source) (map[string]any, error) {
	merged := map[string]any{}
	for _, name := range src.Helm.ValueFiles {
		file, err := locate(src.Path, name)
		if err != nil {
			return nil, err
		}
		data, err := t.file(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missing{"value file " + file + " isn't there at this revision: add it, or take it out of valueFiles"}
		}
		if err != nil {
			return nil, fmt.Errorf("value file %s: %w", name, err)
		}
		if merged, err = merge(merged, data, "value file "+file); err != nil {
			return nil, err
		}
	}
	inline, what := []byte(src.Helm.Values), "values"
	if len(src.Helm.ValuesObject) > 0 {
		inline, what = src.Helm.ValuesObject, "valuesObject"
	}
	merged, err := merge(merged, inline, what)
	if err != nil {
		return nil, err
	}
	return merged, setParameters(merged, src.Helm.Parameters)
}

// locate finds a value file in the repository: relative to the chart, or with a leading slash to the root.
func locate(chart, name string) (string, error) {
	if strings.Contains(name, "://") {
		return "", fmt.Errorf("value file %s is a URL: value files are read from the repository only", name)
	}
	file := path.Join(chart, name)
	if strings.HasPrefix(name, "/") {
		// Not cleaned as an absolute path, which would quietly drop parts that lead out.
		file = path.Join(".", strings.TrimLeft(name, "/"))
	}
	if !fs.ValidPath(file) {
		return "", fmt.Errorf("value file %s leads out of the repository", name)
	}
	return file, nil
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
