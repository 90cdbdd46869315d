package selection_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// registry is what a test's registry holds, and what was looked at in it.
type registry struct {
	facts  map[string]selection.Fact
	looked []string
}

// resolve looks at what a selection needs until it needs nothing, as a scan does. Clocks that run are kept in clocks.
func (r *registry) resolve(s *selection.Selector, in selection.Input, clocks map[string]selection.Fact) selection.Selection {
	in.Known = maps.Clone(clocks)
	if in.Known == nil {
		in.Known = map[string]selection.Fact{}
	}

	for {
		got := s.Select(in)
		if len(got.Needs) == 0 {
			return got
		}

		for _, tag := range got.Needs {
			fact := r.facts[tag]
			fact.FirstSeen = in.Now
			r.looked = append(r.looked, tag)

			if known, found := clocks[tag]; found && known.Digest == fact.Digest {
				fact.FirstSeen = known.FirstSeen
			}

			in.Known[tag] = fact
		}
	}
}

// versions returns n versions, the oldest first.
func versions(n int) []string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf("1.%d.0", i)
	}

	return tags
}

// newestFirst returns tags from behind.
func newestFirst(tags []string) []string {
	reversed := slices.Clone(tags)
	slices.Reverse(reversed)

	return reversed
}

// TestPlatforms checks which platforms a tag must have, and which tags are looked at for it.
func TestPlatforms(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		wanted []string
		there  []string
		want   bool
	}{
		"Same":           {reason: "what is wanted is there", wanted: []string{"linux/amd64"}, there: []string{"linux/amd64"}, want: true},
		"Other":          {reason: "another architecture won't do", wanted: []string{"linux/amd64"}, there: []string{"linux/arm64"}},
		"OtherSystem":    {reason: "nor will another system", wanted: []string{"linux/amd64"}, there: []string{"windows/amd64"}},
		"None":           {reason: "an image may have none at all", wanted: []string{"linux/amd64"}, there: []string{}},
		"All":            {reason: "all of them are wanted", wanted: []string{"linux/amd64", "linux/arm64"}, there: []string{"unknown/unknown", "linux/arm64", "linux/amd64"}, want: true},
		"NotAll":         {reason: "not only one", wanted: []string{"linux/amd64", "linux/arm64"}, there: []string{"linux/amd64"}},
		"AnyVariant":     {reason: "who names no variant takes any", wanted: []string{"linux/arm"}, there: []string{"linux/arm/v7"}, want: true},
		"Variant":        {reason: "who names one takes that", wanted: []string{"linux/arm/v7"}, there: []string{"linux/arm/v6"}},
		"NoVariant":      {reason: "an image that names none may be any", wanted: []string{"linux/arm/v7"}, there: []string{"linux/arm"}},
		"Arm64":          {reason: "of arm64 there is one, whatever it is called", wanted: []string{"linux/arm64/v8"}, there: []string{"linux/arm64"}, want: true},
		"Arm64Newer":     {reason: "but not the next one", wanted: []string{"linux/arm64/v9"}, there: []string{"linux/arm64"}},
		"NoPrefixOfName": {reason: "arm is no part of arm64", wanted: []string{"linux/arm"}, there: []string{"linux/arm64"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := compilePolicy(t, selection.Policy{Alphabetical: &selection.Order{}, Platforms: tc.wanted})
			in := input("a")
			in.Known = map[string]selection.Fact{"a": {Platforms: tc.there}}

			if got := s.Select(in).Tag == "a"; got != tc.want {
				t.Errorf("%s: chosen is %v", tc.reason, got)
			}
		})
	}
}

// TestNeedsNewestFirst checks that only tags are looked at that can be chosen, from the newest to the first that is fit.
func TestNeedsNewestFirst(t *testing.T) {
	t.Parallel()

	tags := versions(40)
	newest := newestFirst(tags)
	s := compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: "*"}, Platforms: []string{"linux/amd64"}, Exclude: []string{`\.39\.`}})

	got := s.Select(input(tags...))
	if diff := cmp.Diff(newest[1:17], got.Needs); diff != "" {
		t.Errorf("the first needs (-want +got):\n%s", diff)
	}

	r := registry{facts: map[string]selection.Fact{}}
	for _, tag := range tags {
		r.facts[tag] = selection.Fact{Digest: "sha256:" + tag, Platforms: []string{"linux/arm64"}}
	}

	r.facts["1.10.0"] = selection.Fact{Digest: "sha256:10", Platforms: []string{"linux/amd64"}}
	chosen := r.resolve(s, input(tags...), nil)

	if diff := cmp.Diff(selection.Reference{Tag: "1.10.0", Digest: "sha256:10"}, selection.Reference{Tag: chosen.Tag, Digest: chosen.Digest}); diff != "" {
		t.Errorf("chosen (-want +got):\n%s", diff)
	}

	// Batches are of 16: the last one reaches a little beyond the tag that is fit.
	if diff := cmp.Diff(newest[1:33], r.looked); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
}

// TestNeedsOnlyWhatCanWin checks that a fit tag, what Git holds and a pin spare all looks at what is older.
func TestNeedsOnlyWhatCanWin(t *testing.T) {
	t.Parallel()

	policy := selection.Policy{SemVer: &selection.SemVer{Range: "*"}, Platforms: []string{"linux/amd64"}}
	fit := map[string]selection.Fact{"1.7.0": {Digest: "sha256:7", Platforms: []string{"linux/amd64"}}}
	pinned := policy
	pinned.Pin = "1.3.0"
	following := selection.Policy{Digest: &selection.Digest{Tag: "1.3.0"}}

	cases := map[string]struct {
		reason  string
		policy  selection.Policy
		known   map[string]selection.Fact
		current string
		want    []string
	}{
		"Fit":      {reason: "what is older than a fit tag is superseded", policy: policy, known: fit, want: []string{"1.9.0", "1.8.0"}},
		"Current":  {reason: "what is older than Git's isn't taken", policy: policy, current: "1.8.0", want: []string{"1.9.0", "1.8.0"}},
		"Pin":      {reason: "a pin asks nobody", policy: pinned},
		"Digest":   {reason: "the digest of the one tag is asked for", policy: following, want: []string{"1.3.0"}},
		"Known":    {reason: "once", policy: following, known: map[string]selection.Fact{"1.3.0": {Digest: "sha256:3"}}},
		"Gone":     {reason: "nothing can be known of what is gone", policy: following, known: map[string]selection.Fact{"1.3.0": {Problem: "gone"}}},
		"Nameonly": {reason: "names alone decide here", policy: selection.Policy{SemVer: &selection.SemVer{Range: "*"}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			in := input(versions(10)...)
			in.Known, in.Current.Tag = tc.known, tc.current

			if diff := cmp.Diff(tc.want, compilePolicy(t, tc.policy).Select(in).Needs); diff != "" {
				t.Errorf("%s: needs (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestProblem checks that a tag that can't be looked at is passed over, by every kind of policy.
func TestProblem(t *testing.T) {
	t.Parallel()

	for name, kind := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, tags := compilePolicy(t, kind.policy), kind.tags(200)
			in := input(tags...)
			in.Known = map[string]selection.Fact{}

			if s.NeedsFacts() && kind.policy.Digest == nil {
				for _, tag := range tags {
					in.Known[tag] = selection.Fact{Digest: "sha256:1", FirstSeen: time.Unix(0, 0), Platforms: []string{"linux/amd64"}}
				}
			}

			in.Now = time.Unix(1e6, 0)
			first := s.Select(in)
			in.Known[first.Tag] = selection.Fact{Problem: "gone"}
			got := s.Explain(in)

			if first.Tag == "" || got.Tag == first.Tag || got.Counts[selection.WrongPlatform] != 1 {
				t.Errorf("chosen %q, then %q, counts %v", first.Tag, got.Tag, got.Counts)
			}

			checkTotal(t, tags, got)
		})
	}
}

// TestMinimumAge follows tags through time: each row is a moment, with what is chosen and what waits then.
func TestMinimumAge(t *testing.T) {
	t.Parallel()

	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	s := compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: "*"}, MinimumAge: 24 * time.Hour})
	r, clocks := registry{facts: map[string]selection.Fact{}}, map[string]selection.Fact{}

	moments := []struct {
		reason  string
		hours   int
		push    string
		digest  string
		want    string
		waiting []string
	}{
		{reason: "nothing is old yet", hours: 0, push: "1.0.0", digest: "sha256:a", waiting: []string{"1.0.0"}},
		{reason: "a second one waits as well", hours: 12, push: "1.1.0", digest: "sha256:b", waiting: []string{"1.1.0", "1.0.0"}},
		{reason: "a nanosecond isn't missing", hours: 24, want: "1.0.0", waiting: []string{"1.1.0"}},
		{reason: "the newest that is old enough wins", hours: 36, want: "1.1.0"},
		{reason: "each release comes of age", hours: 40, push: "1.2.0", digest: "sha256:c", want: "1.1.0", waiting: []string{"1.2.0"}},
		{reason: "however many follow", hours: 60, push: "1.3.0", digest: "sha256:d", want: "1.1.0", waiting: []string{"1.3.0", "1.2.0"}},
		{reason: "pushed again, its clock starts again", hours: 63, push: "1.2.0", digest: "sha256:e", want: "1.1.0", waiting: []string{"1.3.0", "1.2.0"}},
		{reason: "the others' go on", hours: 84, want: "1.3.0"},
	}

	for _, m := range moments {
		now := start.Add(time.Duration(m.hours) * time.Hour)

		if m.push != "" {
			r.facts[m.push] = selection.Fact{Digest: m.digest}
		}

		// What is known is asked for again: the digest may be another.
		known := map[string]selection.Fact{}

		for tag, clock := range clocks {
			if fact := r.facts[tag]; fact.Digest == clock.Digest {
				known[tag] = clock
			}
		}

		got := r.resolve(s, selection.Input{Tags: selection.NewTags(slices.Collect(maps.Keys(r.facts))), Now: now}, known)

		var waiting []string

		for _, w := range got.Waiting {
			waiting = append(waiting, w.Tag)
			clocks[w.Tag] = selection.Fact{Digest: r.facts[w.Tag].Digest, FirstSeen: w.Until.Add(-24 * time.Hour)}
		}

		if diff := cmp.Diff(m.want, got.Tag); diff != "" {
			t.Errorf("hour %d, %s: chosen (-want +got):\n%s", m.hours, m.reason, diff)
		}

		if diff := cmp.Diff(m.waiting, waiting); diff != "" {
			t.Errorf("hour %d, %s: waiting (-want +got):\n%s", m.hours, m.reason, diff)
		}
	}
}

// TestMinimumAgeWithoutClock checks that a digest that was never seen before was first seen now.
func TestMinimumAgeWithoutClock(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	in := input("1.0.0")
	in.Now, in.Known = now, map[string]selection.Fact{"1.0.0": {Digest: "sha256:1"}}

	got := compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: "*"}, MinimumAge: time.Hour}).Select(in)
	if diff := cmp.Diff([]selection.Waiting{{Tag: "1.0.0", Until: now.Add(time.Hour)}}, got.Waiting); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
}

// TestNothingStarves checks that with more tags than clocks, and releases that never cease, releases come of age.
func TestNothingStarves(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tags := versions(250)
	s := compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: "*"}, MinimumAge: 24 * time.Hour})
	r, clocks := registry{facts: map[string]selection.Fact{}}, map[string]selection.Fact{}
	chosen := ""

	for hour := range 24 * 8 {
		now = now.Add(time.Hour)
		tags = append(tags, fmt.Sprintf("2.%d.0", hour))

		for _, tag := range tags {
			r.facts[tag] = selection.Fact{Digest: "sha256:" + tag}
		}

		in := selection.Input{Tags: selection.NewTags(tags), Now: now}
		got := r.resolve(s, in, clocks)

		if got.Tag != "" {
			if later, err := s.Later(chosen, got.Tag); err == nil && later {
				t.Fatalf("hour %d: %s was chosen after %s", hour, got.Tag, chosen)
			}

			chosen = got.Tag
		}

		if len(got.Waiting) > selection.MaxWaiting {
			t.Fatalf("hour %d: %d wait", hour, len(got.Waiting))
		}

		previous := clocks
		clocks = map[string]selection.Fact{}

		for _, w := range got.Waiting {
			clocks[w.Tag] = selection.Fact{Digest: r.facts[w.Tag].Digest, FirstSeen: w.Until.Add(-24 * time.Hour)}
			if before, found := previous[w.Tag]; found && !before.FirstSeen.Equal(clocks[w.Tag].FirstSeen) {
				t.Fatalf("hour %d: the clock of %s was set from %s to %s", hour, w.Tag, before.FirstSeen, clocks[w.Tag].FirstSeen)
			}
		}

		if got.Tag != "" {
			clocks[got.Tag] = selection.Fact{Digest: got.Digest, FirstSeen: now.Add(-24 * time.Hour)}
		}
	}

	if chosen != "2.167.0" {
		t.Errorf("after eight days %s is chosen, want the release of a day ago", chosen)
	}
}

// TestFullClocks checks what is said of tags that can't even begin to wait.
func TestFullClocks(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tags := versions(150)
	s := compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: "*"}, MinimumAge: time.Hour})
	in := selection.Input{Tags: selection.NewTags(tags), Now: now, Known: map[string]selection.Fact{}}

	for _, tag := range tags[:95] {
		in.Known[tag] = selection.Fact{Digest: "sha256:1", FirstSeen: now}
	}

	if diff := cmp.Diff(newestFirst(tags[145:]), s.Select(in).Needs); diff != "" {
		t.Errorf("no more may begin to wait than there are clocks (-want +got):\n%s", diff)
	}

	for i, tag := range tags[:120] {
		in.Known[tag] = selection.Fact{Digest: "sha256:1", FirstSeen: now.Add(-time.Duration(i) * time.Second)}
	}

	got := s.Explain(in)
	if len(got.Needs) > 0 {
		t.Errorf("needs %q", got.Needs)
	}

	if diff := cmp.Diff(selection.TagVerdict{Tag: "1.149.0", Verdict: selection.TooYoung, Reason: "its digest isn't known, and 100 others wait already"}, got.Verdicts[0]); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}

	// The first 20 were seen last.
	waiting := make([]string, 0, len(got.Waiting))
	for _, w := range got.Waiting {
		waiting = append(waiting, w.Tag)
	}

	if diff := cmp.Diff(newestFirst(tags[20:120]), waiting); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}

	for _, tag := range tags[:120] {
		in.Known[tag] = selection.Fact{Digest: "sha256:1", FirstSeen: now}
	}

	if got := s.Select(in).Waiting; len(got) != 100 || got[0].Tag != "1.119.0" {
		t.Errorf("of tags that were seen at once the newest are kept: %d, the first is %v", len(got), got[0])
	}

	checkTotal(t, tags, got)
}

// TestDigestMatures checks that a new digest waits under the tag that is followed.
func TestDigestMatures(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	s := compilePolicy(t, selection.Policy{Digest: &selection.Digest{Tag: "latest"}, MinimumAge: time.Hour})
	in := input("latest", "1.0.0")
	in.Now, in.Known = now, map[string]selection.Fact{"latest": {Digest: "sha256:2", FirstSeen: now.Add(-time.Minute)}}

	got := s.Select(in)
	if diff := cmp.Diff([]selection.Waiting{{Tag: "latest", Until: now.Add(59 * time.Minute)}}, got.Waiting); diff != "" || got.Tag != "" {
		t.Errorf("chosen %q, waiting (-want +got):\n%s", got.Tag, diff)
	}

	in.Now = now.Add(59 * time.Minute)
	if got := s.Select(in); got.Tag != "latest" || got.Digest != "sha256:2" {
		t.Errorf("chosen %q with %q", got.Tag, got.Digest)
	}
}
