package gitwriter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestPersonsMessage: a change with words of its own is a person's. What it puts back is taken back, for the mirror that wrote
// it as well as for one that starts afterwards.
func TestPersonsMessage(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	write(t, m, holding(change(t, "www", "v1.0.36")), holding(change(t, "api", "v2.0.1")))
	back := gitwriter.Change{
		Policy: "fairlead/webhooks", Message: "rollback(webhooks): two at once\n\nlogins fail",
		Targets: []gitwriter.Target{target(t, valuesFile, "www.tag", "v1.0.35"), target(t, valuesFile, "api.tag", "v2.0.0")},
	}
	result, err := m.Write(t.Context(), gitwriter.WriteRequest{
		Changes: []gitwriter.Change{back}, Author: gitwriter.Signature{Name: "Grace", Email: "grace@example.com"}, Committer: gitwriter.DefaultSignature(),
	})
	must(t, err)
	if diff := cmp.Diff([]string{"Committed v1.0.35", "Committed v2.0.0"}, told(result, back.Policy)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.checkFile("main", valuesFile, values("v1.0.35", "v2.0.0", "v3.0.0"))
	want := "Grace <grace@example.com> Fairlead\nrollback(webhooks): two at once\n\nlogins fail"
	if diff := cmp.Diff(want, s.git("log", "-1", "--format=%an <%ae> %cn%n%B", "main")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, mirror := range map[string]*gitwriter.Mirror{"the one that wrote it": m, "one that starts afterwards": newMirror(s)} {
		result := write(t, mirror, holding(change(t, "www", "v1.0.36")), holding(change(t, "api", "v2.0.1")))
		got := append(told(result, "fairlead/www"), told(result, "fairlead/api")...)
		want := []string{
			"Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Grace: rollback(webhooks): two at once",
			"Kept v2.0.0: v2.0.1 was taken back to v2.0.0 by Grace: rollback(webhooks): two at once",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	s.checkSound()
}
