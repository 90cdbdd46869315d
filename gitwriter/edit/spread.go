package edit

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkSpread refuses the targets whose change would show at other paths too, because an alias repeats them or a map that
// they stand in.
//
// Whether an alias shows a value depends on merge keys and on what overrides them, as Helm reads them. So it is tried, for
// all suspects at once: each gets a text of its own, and where that turns up tells whose it is.
func (s *state) checkSpread(targets []*target) {
	suspects := s.belowAliased(targets)
	if len(suspects) == 0 {
		return
	}
	probes := make(map[string]*target, len(suspects))
	texts := make(map[*target]string, len(suspects))
	for i, t := range suspects {
		probe := fmt.Sprintf("probe-%d-of-%d", i, len(suspects))
		// It must differ from what stands there, by any reading, or it would show nothing.
		if t.node.Value == probe {
			probe += "-other"
		}
		probes[probe], texts[t] = t, probe
	}
	after, err := readValues(s.probe(suspects, texts))
	if err != nil || len(after.parts) != len(s.values.parts) {
		return // The proof says what is wrong.
	}
	seen := make(map[*target]int, len(suspects))
	for i := range after.parts {
		countProbes(s.values.parts[i].tree, after.parts[i].tree, probes, seen)
	}
	for _, t := range suspects {
		// Once is its own place.
		if seen[t] > 1 {
			t.err = s.refuseSpread(t)
		}
	}
}

// belowAliased returns the targets that carry an anchor with aliases, or stand in a node that does.
func (s *state) belowAliased(targets []*target) []*target {
	if len(s.aliases) == 0 {
		return nil
	}
	aliased := make(map[*yaml.Node]struct{}, len(s.aliases))
	for _, alias := range s.aliases {
		aliased[alias.Alias] = struct{}{}
	}
	var below []*target
	for _, t := range targets {
		for node := range t.around() {
			if _, is := aliased[node]; is {
				below = append(below, t)

				break
			}
		}
	}

	return below
}

// around are the target's node and all that it stands in.
func (t *target) around() map[*yaml.Node]struct{} {
	around := make(map[*yaml.Node]struct{}, len(t.trail)+1)
	for _, node := range t.trail {
		around[node] = struct{}{}
	}
	around[t.node] = struct{}{}

	return around
}

// probe returns the file with the targets' probes in it.
func (s *state) probe(targets []*target, texts map[*target]string) []byte {
	var result bytes.Buffer
	done := 0
	for _, t := range targets {
		result.Write(s.data[done:t.span.start])
		result.WriteString(s.write(t, texts[t]))
		done = t.span.end
	}
	result.Write(s.data[done:])

	return result.Bytes()
}

// countProbes counts, for each target, the places where its probe stands and something else stood before.
func countProbes(before, after any, probes map[string]*target, seen map[*target]int) {
	switch is := after.(type) {
	case map[string]any:
		was, _ := before.(map[string]any)
		for key, value := range is {
			if t, isProbe := probes[key]; isProbe {
				seen[t]++ // an alias may also be a key
			}
			countProbes(was[key], value, probes, seen)
		}
	case []any:
		was, _ := before.([]any)
		for i, value := range is {
			if i < len(was) {
				countProbes(was[i], value, probes, seen)
			}
		}
	case string:
		if t, isProbe := probes[is]; isProbe && before != after {
			seen[t]++
		}
	}
}

// maxAliasesShown bounds the aliases that a message lists.
const maxAliasesShown = 5

// refuseSpread says which aliases carry a change to other paths.
func (s *state) refuseSpread(t *target) error {
	around := t.around()
	var users []string
	for _, alias := range s.aliases {
		if _, repeats := around[alias.Alias]; repeats && len(users) < maxAliasesShown {
			users = append(users, fmt.Sprintf("*%s at line %d", shorten(alias.Value), alias.Line))
		}
	}

	return t.refuse("other values would change with it, through "+strings.Join(users, ", "), "write the value out there instead")
}
