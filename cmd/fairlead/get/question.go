package get

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Question is what is asked for.
type Question struct {
	// Namespace of the ImagePolicies; empty: all.
	Namespace string
	// Names of the ImagePolicies, or of Applications whose microservices are meant; none: all.
	Names []noun.Reference
	// Selector of the labels of the ImagePolicies.
	Selector labels.Selector
}

// ParseSelector reads a selector of labels as kubectl does.
func ParseSelector(text string) (labels.Selector, error) {
	selector, err := labels.Parse(text)
	if err != nil {
		return nil, terminal.Failf(err, "-l %q is no selector of labels: %v: write one such as team=web,tier!=test", text, err)
	}
	return selector, nil
}

// answer makes the answer from what was read.
func (q Question) answer(objects Objects, now time.Time) Answer {
	chosen := objects
	chosen.Policies = slices.DeleteFunc(slices.Clone(objects.Policies), func(policy v1alpha1.ImagePolicy) bool {
		return !q.Selector.Matches(labels.Set(policy.Labels))
	})
	lines := Lines(chosen, now)
	if len(q.Names) > 0 {
		lines = slices.DeleteFunc(lines, func(line Line) bool { return !slices.ContainsFunc(q.Names, line.is) })
	}
	return Answer{
		Lines: lines, Notes: objects.Notes, All: q.Namespace == "", Namespace: q.Namespace, Narrowed: len(q.Names) > 0 || !q.Selector.Empty(), Now: now,
	}
}

// is says whether a line is one of what a reference names.
func (l Line) is(named noun.Reference) bool {
	switch named.Kind {
	case noun.Application:
		return l.Application == named.Name
	case noun.ConfigRepository:
		return strings.HasPrefix(l.Target, named.Name+"/")
	default:
		return l.Name == named.Name
	}
}

// missing says which of the names there is nothing of; nil if there is something of each.
func (q Question) missing(lines []Line) error {
	var gone []string
	for _, named := range q.Names {
		if !slices.ContainsFunc(lines, func(line Line) bool { return line.is(named) }) {
			gone = append(gone, named.String())
		}
	}
	if len(gone) == 0 {
		return nil
	}
	where := "in namespace " + q.Namespace
	if q.Namespace == "" {
		where = "in any namespace"
	}
	return terminal.Failf(nil, "there is no ImagePolicy for %s %s: fairlead get -A lists all microservices", terminal.Printable(strings.Join(gone, ", ")), where)
}
