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

// TestForks tells lines of one policy apart where several Applications deploy it.
//
//nolint:dupword // the cells of a table
func TestForks(t *testing.T) {
	t.Parallel()
	s := &scene{policy: policy(t), repository: repository(t), app: application(t), fresh: 3}
	s.policy.Spec.Targets[0].ApplicationRef = nil
	objects := s.objects()
	second := application(t)
	second.Name, second.Spec.Destination.Name = "production", "prod"
	objects.Applications = append(objects.Applications, second)
	want := `
NAME  NEWEST   SELECTED  IN GIT   DEPLOYED  PODS  APPLICATION  WAITS FOR
www   v1.0.36  v1.0.36   v1.0.36  v1.0.36   3/3   webhooks     -
www   v1.0.36  v1.0.36   v1.0.36  v1.0.36   -     production   -
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), text(t, objects, 80, terminal.Text)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	var to bytes.Buffer
	show := get.Append(&to, false)
	for _, shown := range []get.Objects{objects, s.objects()} { // the heading stays
		if err := show(get.Answer{Lines: get.Lines(shown, noon), Now: noon}); err != nil {
			t.Fatal(err)
		}
	}
	if heading, _, _ := strings.Cut(to.String(), "\n"); !strings.HasSuffix(heading, "PODS   APPLICATION  WAITS FOR") {
		t.Errorf("the heading is %q", heading)
	}
}

// TestNothing says what there is none of.
func TestNothing(t *testing.T) {
	t.Parallel()
	const unanswered = "the cluster doesn't answer"
	cases := map[string]struct {
		reason string
		answer get.Answer
		want   string
	}{
		"Namespace": {"and where there may be some", get.Answer{Namespace: "fairlead"}, "No ImagePolicies in namespace fairlead (-A shows all namespaces).\n"},
		"Narrowed":  {"there may be others", get.Answer{All: true, Narrowed: true}, "No ImagePolicies that were asked for.\n"},
		"Unread":    {"nobody knows", get.Answer{All: true, Unread: true, Notes: []string{unanswered}}, "Note: " + unanswered + "\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var to bytes.Buffer
			if err := tc.answer.Write(&to, terminal.Text, 0, false); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, to.String()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
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
