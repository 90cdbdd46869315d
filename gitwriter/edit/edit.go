package edit

// Edit is one wish: that the value at Path be this string.
type Edit struct {
	Path  Path
	Value string
}

// Value returns the scalar at the path as a string: what stands between the quotes, unescaped, or the plain text; a number
// or a boolean as it is written (1.20, not 1.2), a null or an empty value as "". It refuses what Apply refuses.
//
// Equality with the wished string doesn't mean that Apply has nothing to do: where the number 1.20 stands, Apply writes the
// string "1.20". Whether a file needs an edit, Apply alone says, by returning other bytes or the same.
func Value(file []byte, p Path) (string, error) {
	state, err := load(file, []Path{p})
	if err != nil {
		return "", err
	}
	target := state.targets[0]
	if state.aliases {
		// An alias elsewhere may repeat the value, which shows when it changes: try it.
		probe := Edit{Path: p, Value: target.current() + "-x"}
		if len(probe.Value) > maxValue {
			probe.Value = "x"
		}
		if checkValue(probe) != nil {
			probe.Value = "x"
		}
		if _, err := state.apply([]Edit{probe}); err != nil {
			return "", err
		}
	}

	return target.current(), nil
}

// Apply returns the file with the edits made, and every other byte as it was. If each of the values stands there already,
// as a string, it returns the very slice that it was given. It never changes the given slice. The edits are made together or
// not at all; their order doesn't matter. Every error is an *Error: the first one found, in the order of the edits.
func Apply(file []byte, edits ...Edit) ([]byte, error) {
	if len(edits) == 0 {
		return file, nil
	}
	paths := make([]Path, len(edits))
	seen := make(map[Path]struct{}, len(edits))
	for i, e := range edits {
		if err := checkValue(e); err != nil {
			return nil, err
		}
		if _, twice := seen[e.Path]; twice {
			return nil, &Error{Path: e.Path.String(), Problem: "named by two edits", Hint: "name each key path once"}
		}
		seen[e.Path] = struct{}{}
		paths[i] = e.Path
	}
	state, err := load(file, paths)
	if err != nil {
		return nil, err
	}

	return state.apply(edits)
}
