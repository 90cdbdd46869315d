package syncer

import (
	"errors"
	"fmt"
	"strings"
)

// parsePointer reads a JSON pointer (RFC 6901). A token that is a number is a key or a position in a list, as it meets
// one or the other.
func parsePointer(pointer string) (fieldPath, error) {
	if pointer == "" {
		return nil, errors.New(`"": it means the whole object: name a field, such as /spec/replicas`)
	}
	if pointer[0] != '/' {
		return nil, fmt.Errorf("%q: at character 1: a JSON pointer (RFC 6901) starts with /", pointer)
	}
	var path fieldPath
	for token := range strings.SplitSeq(pointer[1:], "/") {
		key := strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		path = append(path, segment{key: &key, loose: true})
	}
	escaped := strings.NewReplacer("~0", "", "~1", "").Replace(pointer)
	if strings.Contains(escaped, "~") {
		return nil, fmt.Errorf("%q: a JSON pointer (RFC 6901) holds ~ as ~0, and / as ~1", pointer)
	}
	return path, nil
}
