package syncer

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// fieldPath leads from an object to fields of it: to none, one or, through lists, several.
type fieldPath []segment

// segment is one step of a fieldPath: exactly one of its ways is set.
type segment struct {
	// key is a key of a map; with loose also an index of a list, as in a JSON pointer.
	key   *string
	loose bool
	// index is a position in a list; negative: from its end.
	index *int
	// each goes into each element of a list or map.
	each bool
	// where stays at the value, if it meets a condition.
	where func(value any) bool
}

// without is value without the fields that path leads to. What is given isn't changed: what loses a field is copied. The
// second result is false if the value itself goes.
func (p fieldPath) without(value any) (any, bool) {
	if len(p) == 0 {
		return nil, false
	}
	step, rest := p[0], p[1:]
	if step.where != nil {
		if !step.where(value) {
			return value, true
		}
		return rest.without(value)
	}
	switch container := value.(type) {
	case map[string]any:
		return rest.withoutKeys(container, step), true
	case []any:
		return rest.withoutItems(container, step), true
	}
	return value, true
}

// withoutKeys goes on with p in the entries of container that step leads to.
func (p fieldPath) withoutKeys(container map[string]any, step segment) map[string]any {
	var changed map[string]any
	for key, child := range container {
		if !step.each && (step.key == nil || *step.key != key) {
			continue
		}
		if changed == nil {
			changed = maps.Clone(container)
		}
		if left, stays := p.without(child); stays {
			changed[key] = left
		} else {
			delete(changed, key)
		}
	}
	if changed == nil {
		return container
	}
	return changed
}

// withoutItems goes on with p in the elements of container that step leads to.
func (p fieldPath) withoutItems(container []any, step segment) []any {
	changed := make([]any, 0, len(container))
	for i, child := range container {
		if !step.leadsTo(i, len(container)) {
			changed = append(changed, child)
			continue
		}
		if left, stays := p.without(child); stays {
			changed = append(changed, left)
		}
	}
	return changed
}

// leadsTo says whether a step leads to the element at position i of a list.
func (s segment) leadsTo(i, length int) bool {
	switch {
	case s.each:
		return true
	case s.index != nil && *s.index < 0:
		return i == length+*s.index
	case s.index != nil:
		return i == *s.index
	case s.key != nil && s.loose:
		position, err := strconv.Atoi(*s.key)
		return err == nil && position == i
	}
	return false
}

// found is a value that may be absent.
type found struct {
	value  any
	exists bool
}

// carry is desired with the values of live in the fields that path leads to. A field that live lacks goes; where desired
// has no way to the field, it stays as it is. What is given isn't changed.
func (p fieldPath) carry(desired, live found) found {
	if len(p) == 0 {
		return live
	}
	step, rest := p[0], p[1:]
	if step.where != nil {
		if !step.where(desired.value) {
			return desired
		}
		return rest.carry(desired, live)
	}
	switch container := desired.value.(type) {
	case map[string]any:
		theirs, _ := live.value.(map[string]any)
		return found{value: rest.carryKeys(container, theirs, step), exists: true}
	case []any:
		theirs, _ := live.value.([]any)
		return found{value: rest.carryItems(container, theirs, step), exists: true}
	}
	return desired
}

func (p fieldPath) carryKeys(container, theirs map[string]any, step segment) map[string]any {
	changed := maps.Clone(container)
	keys := slices.Collect(maps.Keys(container))
	if step.key != nil {
		keys = []string{*step.key}
	}
	for _, key := range keys {
		own, has := container[key]
		live, hasLive := theirs[key]
		if carried := p.carry(found{own, has}, found{live, hasLive}); carried.exists {
			changed[key] = carried.value
		} else {
			delete(changed, key)
		}
	}
	return changed
}

func (p fieldPath) carryItems(container, theirs []any, step segment) []any {
	changed := make([]any, 0, len(container))
	for i, own := range container {
		if !step.leadsTo(i, len(container)) {
			changed = append(changed, own)
			continue
		}
		live := counterpart(own, i, theirs)
		if !live.exists {
			changed = append(changed, own)
			continue
		}
		if carried := p.carry(found{own, true}, live); carried.exists {
			changed = append(changed, carried.value)
		}
	}
	return changed
}

// counterpart finds the element of a live list that is the same as the one at position i of a desired list: the one of the
// same name, or where elements have no names, that at the same position.
func counterpart(own any, i int, theirs []any) found {
	if name, named := nameOf(own); named {
		for _, live := range theirs {
			if other, ok := nameOf(live); ok && reflect.DeepEqual(name, other) {
				return found{live, true}
			}
		}
		return found{}
	}
	if i < len(theirs) {
		return found{theirs[i], true}
	}
	return found{}
}

func nameOf(item any) (any, bool) {
	fields, ok := item.(map[string]any)
	if !ok {
		return nil, false
	}
	name, ok := fields["name"]
	return name, ok
}

// at are the values that path leads to.
func (p fieldPath) at(value any) []any {
	if len(p) == 0 {
		return []any{value}
	}
	step, rest := p[0], p[1:]
	if step.where != nil {
		if !step.where(value) {
			return nil
		}
		return rest.at(value)
	}
	var values []any
	switch container := value.(type) {
	case map[string]any:
		for key, child := range container {
			if step.each || step.key != nil && *step.key == key {
				values = append(values, rest.at(child)...)
			}
		}
	case []any:
		for i, child := range container {
			if step.leadsTo(i, len(container)) {
				values = append(values, rest.at(child)...)
			}
		}
	}
	return values
}
