package gitwriter

import (
	"bytes"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

func (v Value) edit() edit.Edit { return edit.Edit{Path: v.Path, Value: v.Value} }

// wanted are the values that belong in the target.
func (t Target) wanted() []string {
	wanted := make([]string, len(t.Values))
	for i, v := range t.Values {
		wanted[i] = v.Value
	}
	return wanted
}

// read gives the values that stand in the target's file.
func (t Target) read(body []byte) ([]string, error) {
	current := make([]string, len(t.Values))
	for i, v := range t.Values {
		var err error
		if current[i], err = edit.Value(body, v.Path); err != nil {
			return nil, err
		}
	}
	return current, nil
}

// write gives the file with the target's values in it, and which of them changed.
func (t Target) write(body []byte, current []string) (result []byte, changed []int, err error) {
	edits := make([]edit.Edit, len(t.Values))
	for i, v := range t.Values {
		edits[i] = v.edit()
	}
	result, err = edit.Apply(body, edits...)
	if err != nil || bytes.Equal(result, body) {
		return body, nil, err
	}
	for i := range edits {
		same := false
		// Where the number 1.20 stands, the string "1.20" is another value although both read the same.
		if current[i] == edits[i].Value && len(edits) > 1 {
			alone, err := edit.Apply(body, edits[i])
			same = err == nil && bytes.Equal(alone, body)
		}
		if !same {
			changed = append(changed, i)
		}
	}
	return result, changed, nil
}
