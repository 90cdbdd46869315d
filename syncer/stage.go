package syncer

import (
	"cmp"
	"slices"
)

// Stages are objects in the order of deletion, the reverse of that of applying: by wave, and in a wave by the place of their
// kinds. What is in one stage may go at the same time; what serves it, such as the controller that honours its finalizers,
// stands in a later one.
func Stages(ids []ID, wave func(ID) int) [][]ID {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b ID) int { return cmp.Or(cmp.Compare(wave(b), wave(a)), compareIDs(b, a)) })
	var stages [][]ID
	for i, id := range sorted {
		if i == 0 || wave(sorted[i-1]) != wave(id) || rank(sorted[i-1]) != rank(id) {
			stages = append(stages, nil)
		}
		stages[len(stages)-1] = append(stages[len(stages)-1], id)
	}
	return stages
}
