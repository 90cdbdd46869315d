package gitwriter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLook reads the head, and fetches nothing.
func TestLook(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	m := newMirror(s)
	got, err := m.Look(t.Context())
	if want := s.git("rev-parse", "main"); err != nil || got != want {
		t.Errorf("Look() = %s, %v, want %s", got, err, want)
	}
	if _, fetched := m.Head(); fetched {
		t.Error("a look has fetched the head")
	}
}

// TestMayPush asks whether a push would be taken, and leaves the branch as it is.
func TestMayPush(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reason, setting string
		want            string // HOST is the server
	}{
		"Yes": {reason: "it is read and written", setting: "http.receivepack=true"},
		"No": {
			reason: "it is only read", setting: "http.receivepack=false",
			want: "push at HOST: the credentials may not do this: give them the right to read and write the repository",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t, tc.setting)
			before := s.git("rev-parse", "main")
			want := ""
			if tc.want != "" {
				want = "push at " + s.host() + ": the credentials may not do this: give them the right to read and write the repository"
			}
			if diff := cmp.Diff(want, errorText(m.MayPush(t.Context()))); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if after := s.git("rev-parse", "main"); after != before {
				t.Errorf("the branch went from %s to %s", before, after)
			}
		})
	}
}
