package audit

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// The words before a slash that say which kind of name follows.
const (
	kindPolicy      = "imagepolicy/"
	kindApplication = "application/"
)

// Query says which changes of a History to look at. The zero Query means all.
type Query struct {
	// Name is a policy, "namespace/name" or a name alone; a folder or a file, which stands for the Application that is rendered
	// from it; or one place, "file#key.path". Empty means all. "imagepolicy/" before a policy and "application/" before a
	// folder say which one is meant.
	Name string
	// Since and Until are the times, both included, between which the changes were committed; zero means no bound.
	Since, Until time.Time
	// Limit is how many changes there are at most, the newest; zero means all.
	Limit int
}

// Select gives the changes that a query asks for. All changes of a policy's targets are the policy's, whoever made them. A name
// that means several things is an error, and so is one that means nothing.
func (h *History) Select(q Query) ([]Change, error) {
	wanted, err := h.resolve(q.Name)
	if err != nil {
		return nil, err
	}
	selected := []Change{}
	for _, c := range h.Changes {
		if q.Limit > 0 && len(selected) == q.Limit {
			break
		}
		early, late := !q.Since.IsZero() && c.Time.Before(q.Since), !q.Until.IsZero() && c.Time.After(q.Until)
		if !early && !late && wanted(c) {
			selected = append(selected, c)
		}
	}
	return selected, nil
}

// resolve finds what a name means.
func (h *History) resolve(name string) (wanted func(Change) bool, err error) {
	if name == "" {
		return func(Change) bool { return true }, nil
	}
	if strings.Contains(name, "#") {
		place, err := ParsePlace(name)
		if err != nil {
			return nil, err
		}
		return h.found(name, func(c Change) bool { return slices.Contains(c.Places, place.String()) })
	}
	asPolicy, policy := cutKind(name, kindPolicy)
	asFolder, folder := cutKind(name, kindApplication)
	folder = strings.Trim(path.Clean("/"+folder), "/")
	below := func(c Change) bool {
		return slices.ContainsFunc(c.Places, func(place string) bool { return isBelow(place, folder) })
	}
	var meanings []string
	for _, known := range h.policies() {
		if !asFolder && (known == policy || !strings.Contains(policy, "/") && path.Base(known) == policy) {
			meanings = append(meanings, known)
		}
	}
	if !asPolicy && slices.ContainsFunc(h.Changes, below) {
		meanings = append(meanings, folder+"/")
	}
	switch len(meanings) {
	case 0:
		return h.found(name, func(Change) bool { return false })
	case 1:
		if strings.HasSuffix(meanings[0], "/") {
			return below, nil
		}
		return func(c Change) bool { return slices.Contains(c.writers, meanings[0]) }, nil
	default:
		return nil, ambiguous(name, meanings)
	}
}

// cutKind takes the word for a kind off a name, if it stands there in any case.
func cutKind(name, kind string) (found bool, rest string) {
	if len(name) > len(kind) && strings.EqualFold(name[:len(kind)], kind) {
		return true, name[len(kind):]
	}
	return false, name
}

// isBelow reports whether a place lies in a folder, or in a file of that name.
func isBelow(place, folder string) bool {
	file, _, _ := strings.Cut(place, "#")
	return folder == "" || file == folder || strings.HasPrefix(file, folder+"/")
}

// found refuses a meaning that no change has.
func (h *History) found(name string, wanted func(Change) bool) (func(Change) bool, error) {
	if slices.ContainsFunc(h.Changes, wanted) {
		return wanted, nil
	}
	known := h.policies()
	switch {
	case len(h.Changes) == 0:
		return nil, &Error{Problem: fmt.Sprintf("find %q: in this history Fairlead wrote nothing", oneLine(name, maxValue))}
	case len(known) > maxShown:
		known = append(known[:maxShown:maxShown], fmt.Sprintf("%d more", len(known)-maxShown))
	}
	return nil, &Error{Problem: fmt.Sprintf("find %q: it is no policy in this history, and no folder or file that Fairlead wrote to: "+
		"its policies are %s", oneLine(name, maxValue), strings.Join(known, ", "))}
}

// maxShown bounds the names that a message lists.
const maxShown = 12

func ambiguous(name string, meanings []string) error {
	shown := make([]string, 0, len(meanings))
	for _, meaning := range meanings {
		if folder, isFolder := strings.CutSuffix(meaning, "/"); isFolder {
			shown = append(shown, kindApplication+folder)
		} else {
			shown = append(shown, kindPolicy+meaning)
		}
	}
	if len(shown) > maxShown {
		shown = append(shown[:maxShown:maxShown], fmt.Sprintf("%d more", len(shown)-maxShown))
	}
	return &Error{Problem: fmt.Sprintf("find %q: it means several things: write one of %s", oneLine(name, maxValue), strings.Join(shown, ", "))}
}

// policies are all that made a change, sorted.
func (h *History) policies() []string {
	var all []string
	seen := map[string]bool{}
	for _, c := range h.Changes {
		for _, policy := range c.writers {
			if !seen[policy] {
				seen[policy] = true
				all = append(all, policy)
			}
		}
	}
	slices.Sort(all)
	return all
}
