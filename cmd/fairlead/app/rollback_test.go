package app_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/e2e/apiserver"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

// released is a repository in which Fairlead wrote v1.0.36 over v1.0.35, beside a person who changed something else.
func released(t *testing.T, policy string) (o *office, s *gitServer, first string) {
	t.Helper()
	o, s = newOffice(t), newGitServer(t)
	first, _ = s.commit("start", map[string]string{
		"apps/webhooks/Chart.yaml": chart, "apps/webhooks/templates/all.yaml": templates, "apps/webhooks/values.yaml": values("v1.0.35") + "ws: {tag: v1.0.35}\n",
	})
	path, err := edit.ParsePath("www.tag")
	if err != nil {
		t.Fatal(err)
	}
	remote := gitwriter.Remote{URL: s.url, Branch: "main", Insecure: true, Auth: gitwriter.Auth{Username: username, Password: password}}
	if _, err := gitwriter.NewMirror(remote).Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{{
		Policy: o.Namespace + "/www", Image: "registry.example.com/web-hook/www", Tag: "v1.0.36",
		Targets: []gitwriter.Target{{File: "apps/webhooks/values.yaml", Values: []gitwriter.Value{{Part: gitwriter.PartTag, Path: path, Value: "v1.0.36"}}}},
	}}}); err != nil {
		t.Fatal(err)
	}
	release := s.git(s.bare, "rev-parse", "main")
	s.commit("Say more", map[string]string{"apps/webhooks/values.yaml": values("v1.0.36") + "ws: {tag: v1.0.36}\nreplicas: 2\n"})
	o.repository(s, release)
	o.Declare(strings.ReplaceAll(policy, "OFFICE", o.Namespace))
	o.status(func(status *v1alpha1.ApplicationStatus) {
		status.History = []v1alpha1.HistoryEntry{
			{Revision: release, Subject: "deploy(www): v1.0.35 -> v1.0.36", Time: metav1.NewMicroTime(noon), Images: []string{"www:v1.0.36"}, Verdict: v1alpha1.VerdictDegraded},
			{Revision: first, Subject: "start", Time: metav1.NewMicroTime(noon), Images: []string{"www:v1.0.35"}, Verdict: v1alpha1.VerdictHealthy},
		}
	})
	return o, s, first
}

const wwwPolicy = `
apiVersion: fairlead.dev/v1alpha1
kind: ImagePolicy
metadata: {name: www}
spec:
  image: registry.example.com/web-hook/www
  select: {semver: {range: ">=1.0.0"}}
  targets: [{applicationRef: {name: webhooks}, tag: www.tag}]
status: {latest: {generation: 1, selection: "semver >=1.0.0", tag: v1.0.36, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000", firstSeen: "2026-11-23T11:00:00.000000Z"}}
`

var grace = gitwriter.Signature{Name: "Grace Hopper", Email: "grace@example.com"}

func TestRollback(t *testing.T) {
	t.Parallel()
	o, s, first := released(t, wwwPolicy)
	before := s.git(s.bare, "rev-parse", "main")
	request := app.RollbackRequest{Reason: "logins fail", Author: grace, DryRun: true}
	planned, err := asks(t, "").Rollback(t.Context(), o.get(), request)
	if err != nil {
		t.Fatal(err)
	}
	message := "rollback(webhooks): www v1.0.36 -> v1.0.35\n\nlogins fail\n\napps/webhooks/values.yaml#www.tag from v1.0.36 to v1.0.35\n\n" +
		"as it was at " + first + " (start)\nasked for by Grace Hopper with fairlead app rollback\n"
	const place = "apps/webhooks/values.yaml#www.tag: v1.0.36 -> v1.0.35\n"
	const note = "Note: ImagePolicy www holds it: v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36, revert the revert, or pin it\n"
	want := place + "\nWould be committed to main:\n\n" + indented(message) + note
	if diff := cmp.Diff(want, o.shown(func(to *bytes.Buffer) error { return planned.Write(to, terminal.Text, false) })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if now := s.git(s.bare, "rev-parse", "main"); now != before {
		t.Errorf("a dry run has committed %s", now)
	}

	request.DryRun, request.To = false, "1"
	made, err := asks(t, "").Rollback(t.Context(), o.get(), request)
	if err != nil {
		t.Fatal(err)
	}
	commit := s.git(s.bare, "rev-parse", "main")
	want = place + "Committed " + commit[:10] + " to main\n" + note
	if diff := cmp.Diff(want, o.shown(func(to *bytes.Buffer) error { return made.Write(to, terminal.Text, false) })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got := s.git(s.bare, "log", "-1", "--format=%an <%ae> %cn%n%P%n%B", "main")
	if diff := cmp.Diff("Grace Hopper <grace@example.com> Fairlead\n"+before+"\n"+strings.TrimSpace(message), got); diff != "" {
		t.Errorf("the commit: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(strings.TrimSpace(values("v1.0.35")+"ws: {tag: v1.0.36}\nreplicas: 2"), s.git(s.bare, "show", "main:apps/webhooks/values.yaml")); diff != "" {
		t.Errorf("only what the policy writes is put back: -want +got:\n%s", diff)
	}
	var repository v1alpha1.ConfigRepository
	o.read("config", &repository)
	if repository.Annotations[v1alpha1.ReconcileAtAnnotation] == "" {
		t.Error("the controller isn't told of it")
	}

	again, err := asks(t, "").Rollback(t.Context(), o.get(), request)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("Nothing to do: what was written at "+first[:10]+" stands there already.\n",
		o.shown(func(to *bytes.Buffer) error { return again.Write(to, terminal.Text, false) })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func indented(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestRollbackRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		policy string
		to     string
		user   string
		status func(*v1alpha1.ApplicationStatus)
		want   string
	}{
		"Pinned": {
			reason: "a pin is written whatever stands there", policy: strings.Replace(wwwPolicy, "spec:", "spec:\n  pin: v1.0.36", 1),
			want: "roll back Application OFFICE/webhooks: ImagePolicy www is pinned to v1.0.36, and would write it again: change its spec.pin to v1.0.35, which commits that",
		},
		"Newer": {
			reason: "nothing that Fairlead wrote is taken back from a version that is still to come", policy: strings.Replace(wwwPolicy, "tag: v1.0.36", "tag: v1.0.37", 1),
			want: "roll back Application OFFICE/webhooks: ImagePolicy www would write v1.0.37 at once, which is newer than what is taken back: " +
				"set its spec.pin to v1.0.35, which commits that",
		},
		"NotOurs": {
			reason: "what a person has written isn't Fairlead's to be taken back", policy: strings.Replace(wwwPolicy, "tag: www.tag", "tag: ws.tag", 1),
			want: "roll back Application OFFICE/webhooks: ImagePolicy www would write v1.0.36 again: Fairlead didn't write what stands there now, " +
				"so nothing is taken back: set its spec.pin to v1.0.35, which commits that",
		},
		"NoPolicy": {
			reason: "what is a version and what isn't, policies say", policy: "",
			want: "roll back Application OFFICE/webhooks: no ImagePolicy writes to its files, so there is nothing that is known to be a version: revert the commit in a clone: git revert",
		},
		"Number": {
			reason: "numbers are those of the history", policy: wwwPolicy, to: "7",
			want: "roll back Application OFFICE/webhooks: its history has no number 7: fairlead app history webhooks lists those that it has",
		},
		"NothingHealthy": {
			reason: "without a name it is the last that was healthy", policy: wwwPolicy,
			status: func(status *v1alpha1.ApplicationStatus) { status.History = status.History[:1] },
			want: "roll back Application OFFICE/webhooks: its history has no earlier revision that was healthy: " +
				"name one, by its id or its number in fairlead app history webhooks",
		},
		"Twice": {
			reason: "a second one doesn't go forward to what the first one took away", policy: wwwPolicy,
			status: func(status *v1alpha1.ApplicationStatus) {
				back := status.History[1]
				back.Revision = "0b1946c5a7de0b1946c5a7de0b1946c5a7de0b19"
				status.History[0].Verdict = v1alpha1.VerdictHealthy
				status.History = append([]v1alpha1.HistoryEntry{back}, status.History...)
			},
			want: "roll back Application OFFICE/webhooks: its history has no earlier revision that was healthy: " +
				"name one, by its id or its number in fairlead app history webhooks",
		},
		"Secret": {
			reason: "it is pushed with the repository's password", policy: wwwPolicy, user: "jane",
			want: `read the repository of Application OFFICE/webhooks: read Secret OFFICE/git: secrets "git" is forbidden: ` +
				`User "jane" cannot get resource "secrets" in API group "" in the namespace "OFFICE": ` +
				"it is read from here, with your own rights to its Secret: ask for them, or revert the commit in a clone: git revert",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, s, _ := released(t, tc.policy)
			o.Allow(apiserver.User("jane"), rule("fairlead.dev", []string{"applications", "configrepositories", "imagepolicies"}, "get", "list"))
			if tc.status != nil {
				o.status(tc.status)
			}
			before := s.git(s.bare, "rev-parse", "main")
			_, err := asks(t, tc.user).Rollback(t.Context(), o.get(), app.RollbackRequest{To: tc.to, Author: grace})
			if err == nil {
				t.Fatalf("%s: it is done", tc.reason)
			}
			if diff := cmp.Diff(tc.want, o.named(err.Error())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if now := s.git(s.bare, "rev-parse", "main"); now != before {
				t.Errorf("%s: and yet %s was committed", tc.reason, now)
			}
		})
	}
}
