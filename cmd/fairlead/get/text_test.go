package get_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// held is a scene with much to tell.
func held(t *testing.T) *scene {
	t.Helper()
	s := &scene{policy: policy(t), repository: repository(t), app: application(t), fresh: 3}
	s.policy.Status.Newest = &v1alpha1.NewestTag{Tag: "v2.0.0-rc.1", Reason: "PreRelease", Message: "a pre-release"}
	target := &s.policy.Status.Targets[0]
	target.Reason, target.Held = v1alpha1.ReasonHeld, &v1alpha1.Held{Version: "v1.0.36", Revision: "3f2a1c9d2b7e", Author: "Grace Hopper"}
	return s
}

// TestFits shows the same line on terminals that are ever narrower.
//
//nolint:dupword // the cells of a table
func TestFits(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		width  int
		want   string
	}{
		"Pipe": {
			reason: "whatever it takes", want: `
NAME  NEWEST                     SELECTED  IN GIT   COMMIT   AGE  DEPLOYED  REVISION  AGE  PODS  WAITS FOR
www   v2.0.0-rc.1 (pre-release)  v1.0.36   v1.0.36  4f1c0a9  12s  v1.0.36   4f1c0a9   10s  3/3   held: v1.0.36 taken back by Grace Hopper in 3f2a1c9
`,
		},
		"Large": {
			reason: "the end of a sentence is cut", width: 142, want: `
NAME  NEWEST                     SELECTED  IN GIT   COMMIT   AGE  DEPLOYED  REVISION  AGE  PODS  WAITS FOR
www   v2.0.0-rc.1 (pre-release)  v1.0.36   v1.0.36  4f1c0a9  12s  v1.0.36   4f1c0a9   10s  3/3   held: v1.0.36 taken back by Grace Hopper in…
`,
		},
		"Medium": {
			reason: "no commits", width: 120, want: `
NAME  NEWEST                     SELECTED  IN GIT   AGE  DEPLOYED  AGE  PODS  WAITS FOR
www   v2.0.0-rc.1 (pre-release)  v1.0.36   v1.0.36  12s  v1.0.36   10s  3/3   held: v1.0.36 taken back by Grace Hopper…
`,
		},
		"Usual": {
			reason: "and no reasons", width: 85, want: `
NAME  NEWEST       SELECTED  IN GIT   AGE  DEPLOYED  AGE  PODS  WAITS FOR
www   v2.0.0-rc.1  v1.0.36   v1.0.36  12s  v1.0.36   10s  3/3   held: v1.0.36 taken…
`,
		},
		"Small": {
			reason: "and no ages", width: 80, want: `
NAME  NEWEST       SELECTED  IN GIT   DEPLOYED  PODS  WAITS FOR
www   v2.0.0-rc.1  v1.0.36   v1.0.36  v1.0.36   3/3   held: v1.0.36 taken back…
`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := text(t, held(t).objects(), tc.width, terminal.Text)
			if diff := cmp.Diff(strings.TrimPrefix(tc.want, "\n"), got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			for line := range strings.Lines(got) {
				if count := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); tc.width > 0 && count > tc.width {
					t.Errorf("a line has %d columns: %s", count, line)
				}
			}
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	objects := held(t).objects()
	if diff := cmp.Diff("imagepolicy.fairlead.dev/www\n", text(t, objects, 0, terminal.Name)); diff != "" {
		t.Errorf("-o name: -want, +got:\n%s", diff)
	}
	wide := text(t, objects, 80, terminal.Wide)
	for _, want := range []string{"APPLICATION", "config/apps/webhooks/values.yaml#www.tag"} {
		if !strings.Contains(wide, want) {
			t.Errorf("-o wide doesn't tell %s:\n%s", want, wide)
		}
	}
	json := text(t, objects, 0, terminal.JSON)
	for _, want := range []string{`"gravity": "Meant"`, `"revision": "4f1c0a9d2b7e"`, `"reason": "PreRelease"`} {
		if !strings.Contains(json, want) {
			t.Errorf("-o json doesn't tell %s:\n%s", want, json)
		}
	}
	objects.Policies[0].Status.Latest.Tag = "v1\x1b[31m"
	if hostile := text(t, objects, 0, terminal.Text); strings.Contains(hostile, "\x1b") {
		t.Errorf("a terminal would act upon %q", hostile)
	}
}

// TestAppend follows a microservice where nothing can be drawn anew.
//
//nolint:dupword // the cells of a table
func TestAppend(t *testing.T) {
	t.Parallel()
	var to bytes.Buffer
	show := get.Append(&to, false)
	s := held(t)
	at := noon
	for range 3 { // Only what changed is told, and an age is no change.
		if err := show(get.Answer{Lines: get.Lines(s.objects(), at), Namespace: "fairlead", Now: at}); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
	}
	s.policy.Status.Targets[0].Reason, s.policy.Status.Newest = "", nil
	for _, answer := range []get.Answer{
		{Lines: get.Lines(s.objects(), at), Namespace: "fairlead", Now: at, Notes: []string{"the cluster doesn't answer"}},
		{Namespace: "fairlead", Now: at},
	} {
		if err := show(answer); err != nil {
			t.Fatal(err)
		}
	}
	want := `
NAME  NEWEST                     SELECTED   IN GIT     COMMIT   AGE    DEPLOYED   REVISION  AGE    PODS   WAITS FOR
www   v2.0.0-rc.1 (pre-release)  v1.0.36    v1.0.36    4f1c0a9  12s    v1.0.36    4f1c0a9   10s    3/3    held: v1.0.36 taken back by Grace Hopper in 3f2a1c9
www   v1.0.36                    v1.0.36    v1.0.36    4f1c0a9  15s    v1.0.36    4f1c0a9   13s    3/3    -
Note: the cluster doesn't answer
fairlead/www is gone
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), to.String()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
