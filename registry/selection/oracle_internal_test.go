package selection

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

// FuzzParseVersion checks that exactly those tags are versions that the library's strict parser takes for one, with
// the same parts.
func FuzzParseVersion(f *testing.F) {
	for _, seed := range []string{
		"1.2.3", "v1.2.3", "1.2", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-0a.b-", "1.2.3+001", "1.2.3-+", "1.2-a.3", "1+b.2.3",
		"1.2.3+a-b", "18446744073709551616.0.0", "1..3", "", "v", "1.2.3-\xff", "1.2.3-é", "+1.2.3",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, tag string) {
		got := parseVersion(tag)
		want, err := semver.StrictNewVersion(strings.TrimPrefix(tag, "v"))

		if len(tag) > maxTagLength {
			if got.why != whyTooLong {
				t.Errorf("%q: %q", tag, got.why.reason())
			}

			return
		}

		if (got.why == placed) != (err == nil) {
			t.Fatalf("%q: %q, the library says %v", tag, got.why.reason(), err)
		}

		if err == nil && (got.major != want.Major() || got.minor != want.Minor() || got.patch != want.Patch() ||
			got.preRelease() != want.Prerelease() || got.metadata() != want.Metadata()) {
			t.Errorf("%q: %+v, the library says %+v", tag, got, want)
		}
	})
}

// oracle is a range and what the library says about it.
type oracle struct {
	rule                 *versionRule
	written              string
	released, anyRelease *semver.Constraints
}

// newOracle compiles a range, and reports whether it is one.
func newOracle(t *testing.T, constraint string) (oracle, bool) {
	t.Helper()

	s, err := Compile(Policy{SemVer: &SemVer{Range: constraint}})
	if err != nil {
		return oracle{}, false
	}

	written := s.policy.SemVer.Range

	released, err := semver.NewConstraint(written)
	if err != nil {
		t.Fatal(err)
	}

	anyRelease := *released
	anyRelease.IncludePrerelease = true

	rule := &versionRule{released: newVersionRange(written, released), anyRelease: newVersionRange(written, &anyRelease)}

	return oracle{rule: rule, written: written, released: released, anyRelease: &anyRelease}, true
}

// check compares the range's answers for a tag with those of the library, asked for this one version.
func (o oracle) check(t *testing.T, tag string) {
	t.Helper()

	v := parseVersion(tag)
	if v.why != placed {
		return
	}

	parsed := semver.MustParse(tag)

	if got, want := o.rule.released.has(&v), o.released.Check(parsed); got != want {
		t.Fatalf("range %q takes %q: %v, the library says %v", o.written, tag, got, want)
	}

	if got, want := o.rule.anyRelease.has(&v), o.anyRelease.Check(parsed); got != want {
		t.Fatalf("range %q with pre-releases takes %q: %v, the library says %v", o.written, tag, got, want)
	}
}

// constraints are ranges with every operator, and every way to leave out a part.
func constraints() []string {
	var all []string

	for _, operator := range []string{"", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"} {
		for _, operand := range []string{
			"*", "x.2.3", "0", "0.x", "0.0", "0.0.0", "0.0.2", "0.2", "0.2.1", "1", "1.x", "1.x.2", "v1.2", "1.2.x", "1.2.3", "1.2.3-rc.1", "01.02.0",
			"1.2.3+build.7",
		} {
			all = append(all, operator+operand)
		}
	}

	return append(all, "1.0 - 2.0", "0.2.1 - 1.2.x", "1.x || >=3.0.0 <3.5.0", ">=1, <2 || ^0.2", ">=1.0.0-0 <2.0.0 !=1.2.0", "1.0.0-1.2.3")
}

// TestRange compares all ranges with the library's answers for releases on and around their edges.
func TestRange(t *testing.T) {
	t.Parallel()

	for _, constraint := range constraints() {
		o, ok := newOracle(t, constraint)
		if !ok {
			t.Fatalf("%q is no range", constraint)
		}

		for i := range 5 * 5 * 5 {
			release := fmt.Sprintf("%d.%d.%d", i/25, i/5%5, i%5)

			o.check(t, release)
			o.check(t, release+"-rc.1")
			o.check(t, release+"-0")
			o.check(t, release+"-rc.1+build")
		}
	}
}

// FuzzRange does the same for ranges and versions that nobody thought of.
func FuzzRange(f *testing.F) {
	for i, constraint := range constraints() {
		f.Add(constraint, fmt.Sprintf("%d.%d.%d", i%3, i%4, i%5))
	}

	f.Add(">=18446744073709551615.0.0", "18446744073709551615.0.0")

	f.Fuzz(func(t *testing.T, constraint, tag string) {
		if o, ok := newOracle(t, constraint); ok {
			o.check(t, tag)
		}
	})
}
