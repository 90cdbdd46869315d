package syncer

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Conflict is a field manager that has set fields otherwise than the revision says. What Git says is meant: an apply takes
// the fields over.
type Conflict struct {
	// Manager is the name of the other field manager, such as `kubectl-edit`.
	Manager string
	// Fields that it has set, such as `spec.replicas`, sorted.
	Fields []string
}

// String is the conflict for people: "spec.replicas from kubectl-edit".
func (c Conflict) String() string {
	fields := c.Fields
	if more := len(fields) - maxFields; more > 0 {
		return fmt.Sprintf("%s and %d more fields from %s", strings.Join(fields[:maxFields], ", "), more, c.Manager)
	}
	return fmt.Sprintf("%s from %s", strings.Join(fields, ", "), c.Manager)
}

// conflictsOf reads who stands in the way of an apply without force; none if that isn't why it was refused.
func conflictsOf(err error) []Conflict {
	status := apierrors.APIStatus(nil)
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	fields := map[string][]string{}
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		manager := managerOf(cause.Message)
		fields[manager] = append(fields[manager], strings.TrimPrefix(cause.Field, "."))
	}
	conflicts := make([]Conflict, 0, len(fields))
	for manager, of := range fields {
		slices.Sort(of)
		conflicts = append(conflicts, Conflict{Manager: manager, Fields: slices.Compact(of)})
	}
	slices.SortFunc(conflicts, func(a, b Conflict) int { return strings.Compare(a.Manager, b.Manager) })
	return conflicts
}

// managerOf reads the manager in the API server's words: `conflict with "kubectl-edit" using apps/v1`.
func managerOf(message string) string {
	quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(message, "conflict with "))
	if err != nil {
		return message
	}
	manager, err := strconv.Unquote(quoted)
	if err != nil {
		return message
	}
	return manager
}

// takenFrom is the part of a difference that says who has made it; empty without conflicts.
func takenFrom(conflicts []Conflict) string {
	if len(conflicts) == 0 {
		return ""
	}
	managers := make([]string, len(conflicts))
	for i, conflict := range conflicts {
		managers[i] = conflict.Manager
	}
	return ", set by " + strings.Join(managers, ", ")
}
