package syncer

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// differing appends the paths at which a and b differ, sorted, below path. Lists are compared by position; of lists of
// different length the list itself is named.
func differing(paths []string, path string, a, b any) []string {
	switch left := a.(type) {
	case map[string]any:
		if right, ok := b.(map[string]any); ok {
			return differingMaps(paths, path, left, right)
		}
	case []any:
		if right, ok := b.([]any); ok && len(left) == len(right) {
			for i := range left {
				paths = differing(paths, fmt.Sprintf("%s[%d]", path, i), left[i], right[i])
			}
			return paths
		}
	}
	if reflect.DeepEqual(a, b) {
		return paths
	}
	return append(paths, path)
}

func differingMaps(paths []string, path string, a, b map[string]any) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		left, inLeft := a[key]
		right, inRight := b[key]
		field := member(path, key)
		if inLeft != inRight {
			paths = append(paths, field)
			continue
		}
		paths = differing(paths, field, left, right)
	}
	return paths
}

// member is the path of a key below path. Keys that aren't plain words are put in brackets.
func member(path, key string) string {
	switch {
	case strings.ContainsAny(key, ".[]/ "):
		return fmt.Sprintf("%s[%s]", path, key)
	case path == "":
		return key
	default:
		return path + "." + key
	}
}
