package selection_test

import (
	"slices"
	"testing"

	"github.com/fairlead/fairlead/registry/selection"
)

// compile compiles a policy for a range that is in order.
func compile(t testing.TB, constraint string, prereleases bool) *selection.Selector {
	t.Helper()

	return compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: constraint, Prereleases: prereleases}})
}

// compilePolicy compiles a policy that is in order.
func compilePolicy(t testing.TB, policy selection.Policy) *selection.Selector {
	t.Helper()

	s, err := selection.Compile(policy)
	if err != nil {
		t.Fatal(err)
	}

	return s
}

func sorted(tags []string) []string { return slices.Sorted(slices.Values(tags)) }
