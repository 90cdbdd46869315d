package audit

import "slices"

// fate is what became of a kept step.
type fate struct {
	state State
	// by is the step that ended it, at the commit that brought that to the branch; -1 while it stands.
	by     int
	commit int32
}

// fates finds out what became of each step. A step may have several successors, on lines that met later: the one that came
// to the branch first counts.
func fates(steps []kept, crossings []crossing, current map[int]bool, arrived []int32) []fate {
	result := make([]fate, len(steps))
	for i := range result {
		result[i] = fate{state: Dropped, by: -1, commit: arrived[steps[i].commit]}
		if current[i] {
			result[i].state = Current
		}
	}
	ended := make([]bool, len(steps))
	end := func(i, by int, commit int32) {
		if !ended[i] || commit < result[i].commit {
			ended[i], result[i] = true, fate{by: by, commit: commit}
		}
	}
	for i := range steps {
		for _, b := range steps[i].before {
			end(int(b), i, arrived[steps[i].commit])
		}
	}
	for _, c := range crossings {
		end(int(c.lost), int(c.taken), arrived[c.commit])
	}
	stood := earliest(steps)
	for i := range result {
		if ended[i] {
			result[i].state = judge(steps, i, result[i], arrived, stood)
		}
	}
	return result
}

// judge says in one word how a step ended.
func judge(steps []kept, i int, f fate, arrived []int32, stood map[standing]int) State {
	by := steps[f.by]
	switch {
	case f.commit == arrived[steps[i].commit]:
		return Dropped
	case by.reference == nil:
		return Removed
	case isBefore(stood, standing{by.target, valuesKey(by.to)}, i, f.by):
		return Reverted
	case by.reference.Tag != "" && steps[i].reference != nil && by.reference.Tag != steps[i].reference.Tag &&
		isBefore(stood, standing{by.target, by.reference.Tag}, i, f.by):
		return Reverted
	default:
		return Superseded
	}
}

// standing is something that stood at a target: all its values, or a tag alone.
type standing struct {
	target line
	value  string
}

// earliest tells when something first stood at a target: before the i-th step is 2*i, after it 2*i+1.
func earliest(steps []kept) map[standing]int {
	first := map[standing]int{}
	note := func(target line, values []scalar, when int) {
		r := referenceOf(values)
		if r == nil {
			return
		}
		for _, value := range []string{valuesKey(values), r.Tag} {
			key := standing{target, value}
			if _, known := first[key]; !known && value != "" {
				first[key] = when
			}
		}
	}
	for i, s := range steps {
		note(s.target, s.from, 2*i)
		note(s.target, s.to, 2*i+1)
	}
	return first
}

// isBefore reports whether something stood before a step, and before the one that came in its place, which may be the older
// one of two lines that met.
func isBefore(stood map[standing]int, what standing, i, by int) bool {
	when, ever := stood[what]
	return ever && when <= 2*min(i, by)
}

// valuesKey writes values as one text that no tag equals.
func valuesKey(values []scalar) string {
	key := make([]byte, 0, 32*len(values))
	for _, s := range values {
		if s.there {
			key = append(key, '=')
			key = append(key, s.text...)
		}
		key = append(key, 0)
	}
	return string(key)
}

// writers collects who ever wrote each target, in the order of their first commit.
func writers(steps []kept) map[line][]string {
	all := map[line][]string{}
	for _, s := range steps {
		if s.claim != nil && !slices.Contains(all[s.target], s.claim.Policy) {
			all[s.target] = append(all[s.target], s.claim.Policy)
		}
	}
	return all
}
