package gitwriter

import (
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
