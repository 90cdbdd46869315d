package audit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/audit"
)

func TestSummarize(t *testing.T) {
	t.Parallel()

	r := newRepository(t)
	r.put("v1", "v5", "start")
	deploy := func(service, from, to, www, api string, lead time.Duration) string {
		message := r.claim(service, file+"#"+service+".tag", from, to)
		if lead > 0 {
			message += fmt.Sprintf("%s: %s\n", gitwriter.TrailerSeen, r.now.Add(-lead).Format(time.RFC3339))
		}
		return r.as(fairlead).put(www, api, message)
	}
	deploy("www", "v1", "v2", "v2", "v5", 10*time.Second)
	bad := deploy("www", "v2", "v3", "v3", "v5", 20*time.Second)
	deploy("api", "v5", "v6", "v3", "v6", 0)
	r.as(joe).git("revert", "--no-edit", bad)
	r.done()
	deploy("www", "v2", "v4", "v4", "v6", 90*time.Second)
	h := r.read(audit.Options{})

	until := start.Add(time.Hour + 2*7*24*time.Hour)
	got := audit.Summarize(h.Changes, time.Time{}, until)
	restore := audit.Spread{Count: 1, Median: 7200, P90: 7200, Max: 7200}
	lead := audit.Spread{Count: 3, Median: 20, P90: 90, Max: 90}
	want := audit.Stats{
		Since: start.Add(time.Hour), Until: until,
		Total: audit.Figures{Deployments: 4, PerWeek: 2, Lead: lead, TakenBack: 1, Share: 0.25, Restore: restore},
		Policies: []audit.PolicyStats{
			{Policy: "fairlead/api", Figures: audit.Figures{Deployments: 1, PerWeek: 0.5}},
			{Policy: "fairlead/www", Figures: audit.Figures{Deployments: 3, PerWeek: 1.5, Lead: lead, TakenBack: 1, Share: 0.3333, Restore: restore}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Summarize(...): -want, +got:\n%s", diff)
	}

	short := audit.Summarize(h.Changes, start, start.Add(24*time.Hour))
	if short.Total.PerWeek != 4 {
		t.Errorf("a time of less than a week counts as one: %v deployments a week, want 4", short.Total.PerWeek)
	}
	if diff := cmp.Diff(audit.Stats{Since: until, Until: until, Policies: []audit.PolicyStats{}}, audit.Summarize(nil, time.Time{}, until)); diff != "" {
		t.Errorf("without deployments all is zero: -want, +got:\n%s", diff)
	}
}

func TestSummarizeCountsACommitOnce(t *testing.T) {
	t.Parallel()

	r := newRepository(t)
	r.put("v1", "v5", "start")
	r.as(fairlead).put("v2", "v2", "deploy(www): v2\n\nImage-Policy: fairlead/www\nImage-Target: "+file+"#www.tag\nImage-Target: "+
		file+"#api.tag\nImage-To: v2\n")
	r.as(joe).put("v1", "v2", "one")
	r.as(joe).put("v1", "v5", "and the other")
	got := audit.Summarize(r.read(audit.Options{}).Changes, time.Time{}, start.Add(time.Hour)).Total
	want := audit.Figures{Deployments: 1, PerWeek: 1, TakenBack: 1, Share: 1, Restore: audit.Spread{Count: 1, Median: 3600, P90: 3600, Max: 3600}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a commit of two targets is one deployment, taken back once: -want, +got:\n%s", diff)
	}
}
