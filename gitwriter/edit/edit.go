package edit

import "fmt"

// Edit is one wish: that the value at Path be this string.
type Edit struct {
	Path  Path
	Value string
}

// ParseEdit reads KEYPATH=VALUE: the path as ParsePath reads it, up to the first equals sign that no backslash escapes, and
// the value behind it as it stands, with any further ones. Every error is an *Error without line and column.
func ParseEdit(s string) (Edit, error) {
	for at := 0; at < len(s); at++ {
		switch s[at] {
		case '\\':
			at++
		case '=':
			path, err := ParsePath(s[:at])
			if err != nil {
				return Edit{}, err
			}
			e := Edit{Path: path, Value: s[at+1:]}
			if err := checkValue(e); err != nil {
				return Edit{}, err
			}

			return e, nil
		}
	}

	return Edit{}, &Error{Problem: fmt.Sprintf("%q is no KEYPATH=VALUE", shorten(s)), Hint: "write it with an equals sign, such as www.tag=v1.0.36"}
}

// Value returns the scalar at the path as a string: what stands between the quotes, unescaped, or the plain text; a number
// or a boolean as it is written (1.20, not 1.2), a null or an empty value as "". It refuses what Apply refuses.
//
// Equality with the wished string doesn't mean that Apply has nothing to do: where the number 1.20 stands, Apply writes the
// string "1.20". Whether a file needs an edit, Apply alone says, by returning other bytes or the same.
func Value(file []byte, p Path) (string, error) {
	t := newTarget(p)
	s, err := load(file, []*target{t})
	if err != nil {
		return "", err
	}
	s.checkSpread(s.located())
	if t.err != nil {
		return "", t.err
	}

	return t.current(), nil
}

// Apply returns the file with the edits made, and every other byte as it was. If each of the values stands there already,
// as a string, it returns the very slice that it was given. It never changes the given slice. The edits are made together or
// not at all; their order doesn't matter. Every error is an *Error: the first one found, in the order of the edits.
func Apply(file []byte, edits ...Edit) ([]byte, error) {
	if len(edits) == 0 {
		return file, nil
	}
	seen := make(map[Path]struct{}, len(edits))
	for _, e := range edits {
		if _, twice := seen[e.Path]; twice {
			return nil, &Error{Path: e.Path.String(), Problem: "named by two edits", Hint: "name each key path once"}
		}
		seen[e.Path] = struct{}{}
	}
	splices, err := Plan(file, edits)
	if err != nil {
		return nil, err
	}
	draft := splices.Draft()
	for i := range edits {
		if err := splices.Err(i); err != nil {
			return nil, err
		}
		draft.Make(i)
	}

	return draft.Bytes(), nil
}
