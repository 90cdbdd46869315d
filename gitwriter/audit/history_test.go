package audit_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

func TestHistory(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		make   func(r *repository)
		want   []string
	}{
		"Deployments": {
			reason: "each commit that Fairlead made is a change, and what was there first is one as well; another place isn't watched",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.put("v2", "v6", "another service, by hand")
				r.deploy("v2", "v3", "v6")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"Nothing": {
			reason: "a repository in which Fairlead wrote nothing has no changes, however many tags it has",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.put("v2", "v5", "by hand")
			},
		},
		"ByHand": {
			reason: "what people write to the same place is told although no message says so",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.as(joe).put("v2.1", "v5", "hotfix")
				r.deploy("v2.1", "v3", "v5")
			},
			want: []string{
				"www.tag: v2.1 -> v3 by fairlead/www: current",
				"www.tag: v2 -> v2.1 by Joe: superseded by fairlead/www after 1h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: superseded by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"Revert": {
			reason: "a revert ends what it takes back",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				id := r.deploy("v1", "v2", "v5")
				r.as(joe).git("revert", "--no-edit", id)
				r.done()
			},
			want: []string{
				"www.tag: v2 -> v1 by Joe: current",
				"www.tag: v1 -> v2 by fairlead/www: reverted by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"RevertOfRevert": {
			reason: "the revert itself is reverted, and what it had taken back stays taken back",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				id := r.deploy("v1", "v2", "v5")
				r.as(joe).git("revert", "--no-edit", id)
				revert := r.done()
				r.as(jane).git("revert", "--no-edit", revert)
				r.done()
				r.deploy("v2", "v3", "v5")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by Jane: superseded by fairlead/www after 1h0m0s",
				"www.tag: v2 -> v1 by Joe: reverted by Jane after 1h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: reverted by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"BackByHand": {
			reason: "going back two versions by hand takes back the last one, and the one before had been superseded",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.deploy("v2", "v3", "v5")
				r.as(joe).put("v1", "v6", "all back, and something else")
			},
			want: []string{
				"www.tag: v3 -> v1 by Joe: current",
				"www.tag: v2 -> v3 by fairlead/www: reverted by Joe after 1h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"Squash": {
			reason: "a squash buries trailers in its body; the claim that the tree holds counts, for who carried it here",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "staging")
				r.deploy("v1", "v2", "v5")
				r.deploy("v2", "v3", "v5")
				r.git("checkout", "-q", "main")
				r.as(joe).git("merge", "-q", "--squash", "staging")
				r.git("commit", "-q", "--no-edit")
				r.done()
			},
			want: []string{
				"www.tag: v1 -> v3 by Joe for fairlead/www: current",
				"www.tag: nothing -> v1 by Jane: superseded by Joe for fairlead/www after 3h0m0s",
			},
		},
		"SquashWithoutTrailers": {
			reason: "a squash that lost the trailers is found by what it did",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.as(joe).put("v4", "v5", "promote (#12)")
			},
			want: []string{
				"www.tag: v2 -> v4 by Joe: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"CherryPick": {
			reason: "who picks Fairlead's commit once more made the change, although the author is still Fairlead's",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				id := r.deploy("v1", "v2", "v5")
				r.as(joe).git("revert", "--no-edit", id)
				r.done()
				r.as(jane).git("cherry-pick", "-x", id)
				r.done()
			},
			want: []string{
				"www.tag: v1 -> v2 by Jane for fairlead/www: current",
				"www.tag: v2 -> v1 by Joe: reverted by Jane for fairlead/www after 1h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: reverted by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"FalseClaim": {
			reason: "a message that claims what the tree doesn't hold, or what the commit didn't do, says nothing",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.as(joe).put("v2", "v5", r.claim("www", file+"#www.tag", "v1", "v9"))
				r.as(joe).put("v2", "v5", r.claim("api", file+"#api.tag", "v4", "v5"))
			},
		},
		"NotAllClaimed": {
			reason: "what stands beside a place isn't an image because a message says so",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.as(fairlead).put("v2", "v5", strings.Replace(r.claim("www", file+"#www.tag", "v1", "v2"),
					"Image-From", "Image-Target: "+file+"#www.replicas\nImage-From", 1))
				r.as(joe).write(file, strings.Replace(values("v2", "v5"), "replicas: 2", "replicas: 3", 1)).commit("more")
			},
			want: []string{
				"www.tag: v1 -> v2 by fairlead/www: current",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"Merge": {
			reason: "a merge of something else changes nothing",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "topic")
				r.as(joe).write("README.md", "words\n").commit("docs")
				r.git("checkout", "-q", "main")
				r.deploy("v1", "v2", "v5")
				r.as(joe).git("merge", "-q", "--no-ff", "--no-edit", "topic")
				r.done()
				r.deploy("v2", "v3", "v5")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 2h0m0s",
			},
		},
		"MergeBringsChange": {
			reason: "a change that was made on another line counts from when it arrived, and what was replaced there never stood",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.git("checkout", "-q", "-b", "topic")
				r.as(joe).put("v3", "v5", "try")
				r.as(joe).put("v4", "v5", "try again")
				r.git("checkout", "-q", "main")
				r.as(jane).git("merge", "-q", "--no-ff", "--no-edit", "topic")
				r.done()
				r.deploy("v4", "v5", "v5")
			},
			want: []string{
				"www.tag: v4 -> v5 by fairlead/www: current",
				"www.tag: v3 -> v4 by Joe: superseded by fairlead/www after 1h0m0s, arrived after 1h0m0s",
				"www.tag: v2 -> v3 by Joe: dropped by Joe after 0s, arrived after 2h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: superseded by Joe after 3h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"MergeTakesBack": {
			reason: "a merge that keeps the old tag takes back what Fairlead wrote meanwhile, on whichever side",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "topic")
				r.as(joe).write("README.md", "words\n").commit("docs")
				r.git("checkout", "-q", "main")
				r.deploy("v1", "v2", "v5")
				r.git("checkout", "-q", "topic")
				r.as(joe).git("merge", "-q", "-s", "ours", "--no-edit", "main")
				r.done()
				r.git("checkout", "-q", "main")
				r.git("merge", "-q", "--ff-only", "topic")
			},
			want: []string{
				"www.tag: v2 -> v1 by Joe: current",
				"www.tag: v1 -> v2 by fairlead/www: reverted by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 2h0m0s",
			},
		},
		"MergeTheOtherWay": {
			reason: "who pulls and pushes makes main a second parent; Fairlead's commits stood all the same",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "local")
				r.as(joe).write("README.md", "words\n").commit("docs")
				r.git("checkout", "-q", "main")
				r.deploy("v1", "v2", "v5")
				r.deploy("v2", "v3", "v5")
				r.git("checkout", "-q", "local")
				r.as(joe).git("merge", "-q", "--no-edit", "main")
				r.done()
				r.git("checkout", "-q", "main")
				r.git("merge", "-q", "--ff-only", "local")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 2h0m0s",
			},
		},
		"MergeResolvesConflict": {
			reason: "a merge that writes what no parent has is a change of whoever merged",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "topic")
				r.as(joe).put("v1.5", "v5", "try")
				r.git("checkout", "-q", "main")
				r.deploy("v1", "v2", "v5")
				if _, err := r.as(jane).try(nil, "merge", "-q", "--no-edit", "topic"); err == nil {
					r.t.Fatal("the merge has no conflict")
				}
				r.put("v3", "v5", "merge topic")
			},
			want: []string{
				"www.tag: v2 -> v3 by Jane: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by Jane after 1h0m0s",
				"www.tag: v1 -> v1.5 by Joe: dropped by Jane after 0s, arrived after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 2h0m0s",
			},
		},
		"MergeChooses": {
			reason: "of two changes a merge takes one: what the branch had is superseded, what came too late never stood",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "topic")
				r.as(joe).put("v1.5", "v5", "try")
				r.git("checkout", "-q", "main")
				r.deploy("v1", "v2", "v5")
				r.as(jane).git("merge", "-q", "-X", "ours", "--no-edit", "topic")
				r.done()
				r.git("checkout", "-q", "-b", "other", "HEAD~1")
				r.as(joe).put("v2.5", "v5", "another try")
				r.git("checkout", "-q", "main")
				r.deploy("v2", "v3", "v5")
				r.as(jane).git("merge", "-q", "-X", "theirs", "--no-edit", "other")
				r.done()
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: superseded by Joe after 1h0m0s",
				"www.tag: v2 -> v2.5 by Joe: current, arrived after 2h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 3h0m0s",
				"www.tag: v1 -> v1.5 by Joe: dropped by fairlead/www after 0s, arrived after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 2h0m0s",
			},
		},
		"SameOnTwoLines": {
			reason: "the same tag on two lines is one deployment and a duplicate that never stood alone",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.git("checkout", "-q", "-b", "topic")
				r.as(joe).put("v2", "v5", "by hand")
				r.git("checkout", "-q", "main")
				r.deploy("v1", "v2", "v5")
				r.as(jane).git("merge", "-q", "--no-edit", "topic")
				r.done()
				r.deploy("v2", "v3", "v5")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: v1 -> v2 by Joe: dropped by fairlead/www after 0s, arrived after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 2h0m0s",
			},
		},
		"Removed": {
			reason: "a place may go away, with its file or alone, and come back",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.as(joe).write(file, "api:\n  tag: v5\n").commit("no site")
				r.as(jane).put("v2", "v5", "a site")
			},
			want: []string{
				"www.tag: nothing -> v2 by Jane: current",
				"www.tag: v2 -> nothing by Joe: reverted by Jane after 1h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: removed by Joe after 1h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"Unreadable": {
			reason: "while a file can't be read, what stood in it is taken to stand",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.as(joe).write(file, "www: [\n").commit("typo")
				r.as(joe).put("v2", "v5", "mend")
				r.deploy("v2", "v3", "v5")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 3h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
		"Reformatted": {
			reason: "another spelling of the same value is no change",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.as(joe).write(file, "api: {tag: v5}\nwww: {replicas: 2, tag: \"v2\"}\n").commit("style")
				r.deploy("v2", "v3", "v5")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			tc.make(r)
			if diff := cmp.Diff(tc.want, tell(r.read(audit.Options{}).Changes)); diff != "" {
				t.Errorf("%s: Read(...): -want, +got:\n%s\n%s", tc.reason, diff, r.git("log", "--graph", "--format=%h %an %s"))
			}
		})
	}
}

func TestHistoryRenames(t *testing.T) {
	t.Parallel()

	const moved = "apps/store/values.yaml"
	cases := map[string]struct {
		reason  string
		make    func(r *repository)
		want    []string
		renamed []string
	}{
		"AndWrittenAgain": {
			reason: "a file's history goes on under its new name",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.git("mv", "apps/shop", "apps/store")
				r.as(joe).commit("store")
				r.as(fairlead).write(moved, values("v3", "v5")).commit(r.claim("www", moved+"#www.tag", "v2", "v3"))
			},
			want: []string{
				moved + "#www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
			renamed: []string{file + " > " + moved},
		},
		"NeverWrittenAgain": {
			reason: "also if Fairlead never wrote it under that name, and something else changed at once",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.git("mv", "apps/shop", "apps/store")
				r.as(joe).write(moved, values("v2", "v6")).commit("store")
				r.as(joe).write(moved, values("v1", "v6")).commit("back")
			},
			want: []string{
				moved + "#www.tag: v2 -> v1 by Joe: current",
				"www.tag: v1 -> v2 by fairlead/www: reverted by Joe after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
			renamed: []string{file + " > " + moved},
		},
		"BeforeItWasWritten": {
			reason: "or only under the new one",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.as(joe).put("v1.5", "v5", "by hand")
				r.git("mv", "apps/shop", "apps/store")
				r.as(joe).commit("store")
				r.as(fairlead).write(moved, values("v2", "v5")).commit(r.claim("www", moved+"#www.tag", "v1.5", "v2"))
			},
			want: []string{
				moved + "#www.tag: v1.5 -> v2 by fairlead/www: current",
				"www.tag: v1 -> v1.5 by Joe: superseded by fairlead/www after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by Joe after 1h0m0s",
			},
			renamed: []string{file + " > " + moved},
		},
		"OnOneSideOfAMerge": {
			reason: "a line that renames meets one that writes",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.git("checkout", "-q", "-b", "topic")
				r.git("mv", "apps/shop", "apps/store")
				r.as(joe).commit("store")
				r.git("checkout", "-q", "main")
				r.deploy("v2", "v3", "v5")
				r.as(jane).git("merge", "-q", "--no-edit", "topic")
				r.done()
				r.as(fairlead).write(moved, values("v4", "v5")).commit(r.claim("www", moved+"#www.tag", "v3", "v4"))
			},
			want: []string{
				moved + "#www.tag: v3 -> v4 by fairlead/www: current",
				"www.tag: v2 -> v3 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 2h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
			renamed: []string{file + " > " + moved},
		},
		"ThereAndBack": {
			reason: "a rename that is taken back is two",
			make: func(r *repository) {
				r.put("v1", "v5", "start")
				r.deploy("v1", "v2", "v5")
				r.git("mv", "apps/shop", "apps/store")
				r.as(joe).commit("store")
				r.git("mv", "apps/store", "apps/shop")
				r.as(joe).commit("shop")
				r.deploy("v2", "v3", "v5")
			},
			want: []string{
				"www.tag: v2 -> v3 by fairlead/www: current",
				"www.tag: v1 -> v2 by fairlead/www: superseded by fairlead/www after 3h0m0s",
				"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
			},
			renamed: []string{moved + " > " + file, file + " > " + moved},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			tc.make(r)
			h := r.read(audit.Options{})
			if diff := cmp.Diff(tc.want, tell(h.Changes)); diff != "" {
				t.Errorf("%s: Read(...): -want, +got:\n%s", tc.reason, diff)
			}
			var renamed []string
			for _, m := range h.Renames {
				renamed = append(renamed, m.From+" > "+m.To)
			}
			if diff := cmp.Diff(tc.renamed, renamed); diff != "" {
				t.Errorf("%s: Read(...).Renames: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHistoryOfAShallowClone(t *testing.T) {
	t.Parallel()

	whole := newRepository(t)
	whole.put("v1", "v5", "start")
	whole.deploy("v1", "v2", "v5")
	cutAt := whole.deploy("v2", "v3", "v5")
	whole.as(joe).put("v2", "v5", "back")
	part := &repository{t: t, folder: filepath.Join(t.TempDir(), "clone"), who: jane, now: whole.now}
	whole.git("clone", "-q", "--depth=2", "file://"+whole.folder, part.folder)

	h := part.read(audit.Options{})
	want := []string{
		"www.tag: v3 -> v2 by Joe: current",
		"www.tag: nothing -> v3 by fairlead/www: superseded by Joe after 1h0m0s",
	}
	if diff := cmp.Diff(want, tell(h.Changes)); diff != "" {
		t.Errorf("what the oldest commit claims counts, and nobody knows what was before: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]audit.Revision{{Commit: cutAt, Time: start.Add(2 * time.Hour)}}, h.Cut); diff != "" {
		t.Errorf("Read(...).Cut: -want, +got:\n%s", diff)
	}
}
