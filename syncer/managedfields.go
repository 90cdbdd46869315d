package syncer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fieldSet is a set of fields as metadata.managedFields holds it (FieldsV1): `f:` leads to a field, `k:` to the element of
// a list with these keys, `v:` to that value in a list, `i:` to a position, and `.` stands for the value itself. Below each is a
// set again.
type fieldSet map[string]any

// below is the set below a step; empty if there is none.
func (f fieldSet) below(step string) fieldSet {
	set, _ := f[step].(map[string]any)
	return set
}

func fieldSetOf(fields *metav1.FieldsV1) (fieldSet, error) {
	set := fieldSet{}
	if fields == nil {
		return set, nil
	}
	if err := json.Unmarshal(fields.GetRawBytes(), &set); err != nil {
		return nil, fmt.Errorf("read managed fields: %w", err)
	}
	return set, nil
}

// union is a set that holds what either holds.
func union(a, b fieldSet) fieldSet {
	both := maps.Clone(a)
	if both == nil {
		both = fieldSet{}
	}
	for step := range b {
		both[step] = map[string]any(union(both.below(step), b.below(step)))
	}
	return both
}

// ownedFields are the paths to the fields of a set.
func ownedFields(fields *metav1.FieldsV1) ([]fieldPath, error) {
	set, err := fieldSetOf(fields)
	if err != nil {
		return nil, err
	}
	return set.paths(nil)
}

// paths are the paths to the leaves of the set.
func (f fieldSet) paths(above fieldPath) ([]fieldPath, error) {
	var paths []fieldPath
	for _, step := range slices.Sorted(maps.Keys(f)) {
		if step == "." {
			continue
		}
		segments, err := segmentsOf(step)
		if err != nil {
			return nil, err
		}
		path := slices.Concat(above, segments)
		below := f.below(step)
		if _, itself := below["."]; len(below) == 0 || itself && len(below) == 1 {
			paths = append(paths, path)
			continue
		}
		more, err := below.paths(path)
		if err != nil {
			return nil, err
		}
		paths = append(paths, more...)
	}
	return paths, nil
}

// segmentsOf reads one step of a set.
func segmentsOf(step string) (fieldPath, error) {
	way, name, _ := strings.Cut(step, ":")
	switch way {
	case "f":
		return fieldPath{{key: &name}}, nil
	case "i":
		index, err := strconv.Atoi(name)
		if err != nil {
			return nil, fmt.Errorf("read managed fields: %q is no position", name)
		}
		return fieldPath{{index: &index}}, nil
	case "v", "k":
		var wanted any
		if err := json.Unmarshal([]byte(name), &wanted); err != nil {
			return nil, fmt.Errorf("read managed fields: %q: %w", step, err)
		}
		return fieldPath{{each: true}, {where: func(value any) bool { return holds(value, wanted) }}}, nil
	}
	return nil, fmt.Errorf("read managed fields: there is no step %q", step)
}

// holds says whether a value of an object is the one wanted, or a map that holds each of the keys wanted.
func holds(value, wanted any) bool {
	keys, ok := wanted.(map[string]any)
	if !ok {
		return same(value, wanted)
	}
	fields, ok := value.(map[string]any)
	for key, want := range keys {
		ok = ok && same(fields[key], want)
	}
	return ok
}

// hasField says whether a set holds the field at the path of keys.
func (f fieldSet) hasField(keys ...string) bool {
	set := f
	for _, key := range keys {
		if _, ok := set["f:"+key]; !ok {
			return false
		}
		set = set.below("f:" + key)
	}
	return true
}
