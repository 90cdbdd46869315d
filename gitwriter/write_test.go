package gitwriter_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

func TestOneChangeIsOneCommit(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	r := write(t, m, change(t, "www", "v1.0.36"))
	s.checkSound()
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.0", "v3.0.0"))
	want := `deploy(www): v1.0.35 -> v1.0.36

registry.example.com/web-hook/www:v1.0.36
selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags

Image-Policy: fairlead/www
Image-Target: apps/webhooks/values.yaml#www.tag
Image-From: v1.0.35
Image-To: v1.0.36@sha256:abababababababababababababababababababababababababababababababab`
	if diff := cmp.Diff(want, s.git("log", "-1", "--format=%B", "main")); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
	wantHead := gitwriter.Head{
		Revision: s.git("rev-parse", "main"), Author: "Fairlead", Email: "fairlead@localhost",
		Subject: "deploy(www): v1.0.35 -> v1.0.36", Time: clock(),
	}
	if diff := cmp.Diff(wantHead, r.Head); diff != "" {
		t.Errorf("head: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{kindFetch, kindInfoReceive, kindPush}, s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
	wantOutcome := summary{State: gitwriter.Committed, Current: "v1.0.36", Previous: "v1.0.35", Revision: r.Head.Revision}
	if diff := cmp.Diff(map[string][]summary{"fairlead/www": {wantOutcome}}, summarise(r)); diff != "" {
		t.Errorf("outcomes: -want +got:\n%s", diff)
	}
	if r.Commits != 1 || r.Attempts != 1 || r.Requests != 3 {
		t.Errorf("commits, attempts, requests: want 1, 1, 3, got %d, %d, %d", r.Commits, r.Attempts, r.Requests)
	}
}

func TestLaterPushIsOneRequest(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	write(t, m, change(t, "www", "v1.0.36"))
	s.counted()
	write(t, m, change(t, "www", "v1.0.37"))
	if diff := cmp.Diff([]string{kindPush}, s.counted()); diff != "" {
		t.Errorf("requests of a second write on an unmoved branch: -want +got:\n%s", diff)
	}
	s.checkSound()
}

func TestThreeChangesAreThreeCommitsInOnePush(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	r := write(t, m, change(t, "www", "v1.0.36"), change(t, "api", "v2.0.1"), change(t, "ws", "v3.1.0"))
	s.checkSound()
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.1", "v3.1.0"))
	want := "deploy(ws): v3.0.0 -> v3.1.0\ndeploy(api): v2.0.0 -> v2.0.1\ndeploy(www): v1.0.35 -> v1.0.36\nstart"
	if diff := cmp.Diff(want, s.git("log", "--format=%s", "main")); diff != "" {
		t.Errorf("log: -want +got:\n%s", diff)
	}
	if pushes := count(s.counted(), kindPush); pushes != 1 {
		t.Errorf("pushes: want 1, got %d", pushes)
	}
	for _, policy := range []string{"www", "api", "ws"} {
		revision := r.Outcomes["fairlead/"+policy][0].Revision
		if stat := s.git("show", "--format=%s", "--numstat", revision); !strings.Contains(stat, "deploy("+policy+")") || !strings.Contains(stat, "1\t1\t"+valuesFile) {
			t.Errorf("the commit of %s should change one line: %s", policy, stat)
		}
	}
	// Each can be taken back alone.
	work := s.clone()
	git(t, work, "revert", "--no-edit", r.Outcomes["fairlead/www"][0].Revision)
}

func TestNothingToDoIsNoRequest(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	write(t, m, change(t, "www", "v1.0.36"))
	before := s.git("rev-parse", "main")
	s.counted()
	r := write(t, m, change(t, "www", "v1.0.36"), change(t, "api", "v2.0.0"))
	if diff := cmp.Diff([]string(nil), s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
	want := map[string][]summary{
		"fairlead/www": {{State: gitwriter.Unchanged, Current: "v1.0.36"}},
		"fairlead/api": {{State: gitwriter.Unchanged, Current: "v2.0.0"}},
	}
	if diff := cmp.Diff(want, summarise(r)); diff != "" {
		t.Errorf("outcomes: -want +got:\n%s", diff)
	}
	if after := s.git("rev-parse", "main"); after != before || r.Head.Revision != before {
		t.Errorf("head: want %s, got %s and in the result %s", before, after, r.Head.Revision)
	}
}

func TestTwoTargetsOfOnePolicyAreOneCommit(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.commit("second file", map[string]string{"apps/other/values.yaml": "image:\n  tag: v1.0.30\n"})
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := change(t, "www", "v1.0.36")
	c.Targets = append(c.Targets, target(t, "apps/other/values.yaml", "image.tag", c.Tag), target(t, valuesFile, "ws.tag", c.Tag))
	c.Policy = "fairlead/www"
	r := write(t, m, c)
	s.checkSound()
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.0", "v1.0.36"))
	s.checkFile("main", "apps/other/values.yaml", "image:\n  tag: v1.0.36\n")
	want := `Image-Policy: fairlead/www
Image-Target: apps/webhooks/values.yaml#www.tag
Image-Target: apps/other/values.yaml#image.tag
Image-Target: apps/webhooks/values.yaml#ws.tag
Image-From: v1.0.35
Image-From: v1.0.30
Image-From: v3.0.0
Image-To: v1.0.36@sha256:abababababababababababababababababababababababababababababababab`
	if diff := cmp.Diff(want, s.trailers("main")); diff != "" {
		t.Errorf("trailers: -want +got:\n%s", diff)
	}
	if subject := s.git("log", "-1", "--format=%s", "main"); subject != "deploy(www): v1.0.35, v1.0.30, v3.0.0 -> v1.0.36" {
		t.Errorf("subject: %s", subject)
	}
	if r.Commits != 1 {
		t.Errorf("commits: want 1, got %d", r.Commits)
	}
}

// TestPartsGoTogether: a tag, its digest and a whole reference of the same policy are one commit.
func TestPartsGoTogether(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	old, fresh := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	file := func(tag, digest string) string {
		return fmt.Sprintf("image:\n  tag: %s # here\n  digest: \"%s\"\nsidecar: registry.example.com/web-hook/www:%s\n", tag, digest, tag)
	}
	s.commit("parts", map[string]string{"parts.yaml": file("v1.0.35", old)})
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := change(t, "www", "v1.0.36")
	c.Digest = fresh
	c.Targets = []gitwriter.Target{
		{File: "parts.yaml", Values: []gitwriter.Value{
			value(t, gitwriter.PartTag, "image.tag", "v1.0.36"), value(t, gitwriter.PartDigest, "image.digest", fresh),
		}},
		{File: "parts.yaml", Values: []gitwriter.Value{value(t, gitwriter.PartImage, "sidecar", "registry.example.com/web-hook/www:v1.0.36")}},
	}
	r := write(t, m, c)
	s.checkSound()
	s.checkFile("main", "parts.yaml", file("v1.0.36", fresh))
	want := `deploy(www): v1.0.35 -> v1.0.36

registry.example.com/web-hook/www:v1.0.36
selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags

Image-Policy: fairlead/www
Image-Target: parts.yaml#image.tag
Image-Target: parts.yaml#image.digest
Image-Target: parts.yaml#sidecar
Image-From: v1.0.35@` + old + `
Image-From: v1.0.35@` + old + `
Image-From: v1.0.35
Image-To: v1.0.36@` + fresh
	if diff := cmp.Diff(want, s.git("log", "-1", "--format=%B", "main")); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
	wantOutcomes := map[string][]summary{"fairlead/www": {
		{State: gitwriter.Committed, Current: "v1.0.36 " + fresh, Previous: "v1.0.35 " + old, Revision: r.Head.Revision},
		{
			State: gitwriter.Committed, Current: "registry.example.com/web-hook/www:v1.0.36",
			Previous: "registry.example.com/web-hook/www:v1.0.35", Revision: r.Head.Revision,
		},
	}}
	if diff := cmp.Diff(wantOutcomes, summarise(r)); diff != "" || r.Commits != 1 {
		t.Errorf("%d commits, outcomes: -want +got:\n%s", r.Commits, diff)
	}
}

// TestDigestMovesTwice: a tag that is pushed again and again is followed by its digest.
func TestDigestMovesTwice(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.commit("mutable", map[string]string{"www.yaml": "tag: latest\ndigest: \"\"\n"})
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, digit := range []string{"a", "b", "c"} {
		c := change(t, "www", "latest")
		c.Digest = "sha256:" + strings.Repeat(digit, 64)
		c.Targets = []gitwriter.Target{{File: "www.yaml", Values: []gitwriter.Value{
			value(t, gitwriter.PartTag, "tag", "latest"), value(t, gitwriter.PartDigest, "digest", c.Digest),
		}}}
		write(t, m, c)
		s.checkFile("main", "www.yaml", "tag: latest\ndigest: \""+c.Digest+"\"\n")
	}
	want := `deploy(www): latest sha256:bbbbbbbbbbbb -> sha256:cccccccccccc
deploy(www): latest sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb
deploy(www): latest sha256:aaaaaaaaaaaa`
	if diff := cmp.Diff(want, s.git("log", "-3", "--format=%s", "main")); diff != "" {
		t.Errorf("log: -want +got:\n%s", diff)
	}
	wantTrailers := "Image-Policy: fairlead/www\nImage-Target: www.yaml#digest\nImage-From: latest@sha256:" + strings.Repeat("b", 64) +
		"\nImage-To: latest@sha256:" + strings.Repeat("c", 64)
	if diff := cmp.Diff(wantTrailers, s.trailers("main")); diff != "" {
		t.Errorf("trailers: -want +got:\n%s", diff)
	}
}

func TestOnlyTheFailingPolicyFails(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	work := s.clone()
	for name, content := range map[string]string{
		valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0"), "broken.yaml": "a: [1\nb: }\n", "real/values.yaml": "www: {tag: v1.0.0}\n",
	} {
		writeFile(t, work, name, content)
	}
	symlink(t, work, "link.yaml", valuesFile)
	symlink(t, work, "outside.yaml", "/no/such/place")
	symlink(t, work, "folder", "real")
	git(t, work, "add", "-A")
	git(t, work, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",module")
	git(t, work, "commit", "-q", "-m", "start")
	git(t, work, "push", "-q", "origin", "HEAD:main")

	cases := map[string]struct {
		reason, file, path, want string
	}{
		"missing file":       {"it could be a typing error", "apps/webhooks/value.yaml", "www.tag", `apps/webhooks/value.yaml: there is no such file on branch "main": create it, or correct the target's file`},
		"missing folder":     {"the folder is what is missing", "app/values.yaml", "www.tag", `app/values.yaml: there is no such file on branch "main": create it, or correct the target's file`},
		"folder":             {"a folder can't be edited", "apps/webhooks", "www.tag", `apps/webhooks: this is a folder: name a file in it`},
		"behind a file":      {"a file has nothing below it", valuesFile + "/x", "www.tag", `apps/webhooks/values.yaml/x: "apps/webhooks/values.yaml" is a file and no folder: correct the target's file`},
		"symlink":            {"links may lead anywhere", "link.yaml", "www.tag", `link.yaml: "link.yaml" is a symbolic link, which is never followed: name the file itself`},
		"symlink outside":    {"links may lead anywhere", "outside.yaml", "www.tag", `outside.yaml: "outside.yaml" is a symbolic link, which is never followed: name the file itself`},
		"through symlink":    {"links may lead anywhere", "folder/values.yaml", "www.tag", `folder/values.yaml: "folder" is a symbolic link, which is never followed: name the file itself`},
		"submodule":          {"its content is elsewhere", "module/values.yaml", "www.tag", `module/values.yaml: "module" is a submodule, which can't be written from here: name a file of this repository`},
		"parent folder":      {"it leaves the repository", "../values.yaml", "www.tag", `../values.yaml: the file's name must be a plain path from the repository's root: no .., no . and no empty part`},
		"inner parent":       {"it may leave the repository", "apps/../../values.yaml", "www.tag", `apps/../../values.yaml: the file's name must be a plain path from the repository's root: no .., no . and no empty part`},
		"absolute":           {"it leaves the repository", "/etc/values.yaml", "www.tag", `/etc/values.yaml: the file's name is absolute: write it relative to the repository's root`},
		"empty":              {"nothing is named", "", "www.tag", `: no file is named`},
		"control":            {"it would break the message", "a\nb.yaml", "www.tag", "a\nb.yaml: the file's name has control characters"},
		"missing key":        {"Fairlead invents no structure", valuesFile, "www.tagg", ""},
		"key path to map":    {"only scalars are written", valuesFile, "www", ""},
		"file is no YAML":    {"it can't be parsed", "broken.yaml", "www.tag", ""},
		"beyond a scalar":    {"a scalar has no keys", valuesFile, "www.tag.x", ""},
		"two wishes":         {"who wins would be chance", valuesFile, "api.tag", `apps/webhooks/values.yaml: api.tag: several wishes for one place: let only one of ["fairlead/rival" "fairlead/two wishes"] write it`},
		"partly unwriteable": {"a policy is written whole or not at all", "", "", ""},
	}
	m := newMirror(s)
	changes := []gitwriter.Change{change(t, "www", "v1.0.36")}
	for name, c := range cases {
		wish := change(t, name, "v9.0.0")
		if name == "partly unwriteable" {
			wish.Targets = []gitwriter.Target{target(t, valuesFile, "ws.tag", wish.Tag), target(t, "none.yaml", "ws.tag", wish.Tag)}
		} else {
			wish.Targets = []gitwriter.Target{target(t, c.file, c.path, wish.Tag)}
		}
		changes = append(changes, wish)
	}
	rival := change(t, "rival", "v8.0.0")
	rival.Targets = []gitwriter.Target{target(t, valuesFile, "api.tag", rival.Tag)}
	changes = append(changes, rival)

	r := write(t, m, changes...)
	s.checkSound()
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.0", "v3.0.0"))
	if r.Commits != 1 {
		t.Errorf("commits: want that of www alone, got %d", r.Commits)
	}
	for name, c := range cases {
		outcome := r.Outcomes["fairlead/"+name][0]
		if name == "partly unwriteable" {
			if outcome.State != gitwriter.Kept || !slices.Equal(outcome.Current, []string{"v3.0.0"}) {
				t.Errorf("%s: want Kept at v3.0.0 because %s, got %s at %s", name, c.reason, outcome.State, outcome.Current)
			}
			const want = `apps/webhooks/values.yaml: nothing of this policy is written while another of its targets can't be: none.yaml: there is no such file on branch "main": create it, or correct the target's file`
			if diff := cmp.Diff(want, errorText(outcome.Err)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
			continue
		}
		if outcome.State != gitwriter.Failed {
			t.Errorf("%s: want Failed because %s, got %s", name, c.reason, outcome.State)
			continue
		}
		if c.want == "" { // The editor's own words, in the file's name.
			if !strings.HasPrefix(outcome.Err.Error(), c.file+": ") {
				t.Errorf("%s: the error should name the file: %v", name, outcome.Err)
			}
		} else if diff := cmp.Diff(c.want, outcome.Err.Error()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		if !terminal(outcome.Err) {
			t.Errorf("%s: should be terminal: %v", name, outcome.Err)
		}
	}
}

func TestForwardKeeps(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	refusal := errors.New("v1.0.35 in Git is newer than v1.0.34")
	c := change(t, "www", "v1.0.34")
	var asked []string
	c.Forward = func(target int, at gitwriter.Standing) error {
		asked = append(asked, fmt.Sprint(target, at.Current))
		return refusal
	}
	r := write(t, m, c, change(t, "api", "v2.0.1"))
	want := map[string][]summary{
		"fairlead/www": {{State: gitwriter.Kept, Current: "v1.0.35", Err: refusal.Error()}},
		"fairlead/api": {{State: gitwriter.Committed, Current: "v2.0.1", Previous: "v2.0.0", Revision: r.Head.Revision}},
	}
	if diff := cmp.Diff(want, summarise(r)); diff != "" {
		t.Errorf("outcomes: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"0 [v1.0.35]"}, asked); diff != "" {
		t.Errorf("values that Forward was asked about: -want +got:\n%s", diff)
	}
	s.checkFile("main", valuesFile, values("v1.0.35", "v2.0.1", "v3.0.0"))
}

func TestModesStay(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	work := s.clone()
	writeFile(t, work, valuesFile, values("v1.0.35", "v2.0.0", "v3.0.0"))
	writeFile(t, work, "apps/webhooks/run.sh", "#!/bin/sh\n")
	git(t, work, "add", "-A")
	git(t, work, "update-index", "--chmod=+x", valuesFile, "apps/webhooks/run.sh")
	git(t, work, "commit", "-q", "-m", "start")
	git(t, work, "push", "-q", "origin", "HEAD:main")
	before := s.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "main")
	write(t, newMirror(s), change(t, "www", "v1.0.36"))
	s.checkSound()
	if diff := cmp.Diff(before, s.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "main")); diff != "" {
		t.Errorf("modes: -want +got:\n%s", diff)
	}
}

func TestManyChangesInManyFiles(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	const services = 120 // More than one chain of differences holds.
	files := map[string]string{}
	var one strings.Builder
	for i := range services {
		fmt.Fprintf(&one, "svc%d:\n  tag: v1.0.0 # of %d\n", i, i)
		// Equal files and equal folders, which share their objects until one of them changes.
		files[fmt.Sprintf("apps/a%d/values.yaml", i%10)] = "tag: v1.0.0\n"
	}
	files["one.yaml"] = one.String()
	s.commit("start", files)
	m := newMirror(s)
	var changes []gitwriter.Change
	for i := range services {
		c := change(t, fmt.Sprintf("svc%d", i), fmt.Sprintf("v1.0.%d", i+1))
		c.Targets = []gitwriter.Target{target(t, "one.yaml", fmt.Sprintf("svc%d.tag", i), c.Tag)}
		if i < 10 {
			c.Targets = append(c.Targets, target(t, fmt.Sprintf("apps/a%d/values.yaml", i), "tag", c.Tag))
		}
		changes = append(changes, c)
	}
	r := write(t, m, changes...)
	s.checkSound()
	if r.Commits != services || r.Attempts != 1 {
		t.Errorf("commits, attempts: want %d, 1, got %d, %d", services, r.Commits, r.Attempts)
	}
	if got := strings.Count(s.git("show", "main:one.yaml"), "v1.0.0 "); got != 0 {
		t.Errorf("%d tags weren't written", got)
	}
	// And back again, which makes the very objects that the server has already.
	for i := range changes {
		changes[i].Tag = "v1.0.0"
		for _, target := range changes[i].Targets {
			target.Values[0].Value = "v1.0.0"
		}
	}
	write(t, m, changes...)
	s.checkSound()
	if got := s.git("diff", "--stat", "main~240", "main"); got != "" {
		t.Errorf("there and back should be no change: %s", got)
	}
}

// TestBackAndForthInOnePush makes objects equal to those that the server has, as differences from one another.
func TestBackAndForthInOnePush(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	to := change(t, "www", "v1.0.36")
	write(t, m, to)
	// Two policies for two keys, whose second commit restores the first file's bytes.
	s.commit("same file elsewhere", map[string]string{"copy.yaml": values("v1.0.35", "v2.0.0", "v3.0.0")})
	back := change(t, "copy", "v1.0.36")
	back.Targets = []gitwriter.Target{target(t, "copy.yaml", "www.tag", back.Tag)}
	again := change(t, "www", "v1.0.35")
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, m, back, again)
	s.checkSound()
	s.checkFile("main", "copy.yaml", values("v1.0.36", "v2.0.0", "v3.0.0"))
	s.checkFile("main", valuesFile, values("v1.0.35", "v2.0.0", "v3.0.0"))
}

func TestPlainServers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		rewrite map[string]string
		config  []string
	}{
		"no sideband":   {"the report comes without channels then", map[string]string{"side-band-64k": "xxxx-xxxx-xxx"}, nil},
		"no thin packs": {"every object must be sent in full then", map[string]string{"ofs-delta": "no-thin x"}, nil},
		"no filter":     {"every blob comes along then", nil, []string{"uploadpack.allowFilter=false"}},
		"no any id":     {"version 2 gives objects by id all the same", nil, []string{"uploadpack.allowAnySHA1InWant=false"}},
		"no tree filter": {
			"a host may allow single filters only", nil,
			[]string{"uploadpackfilter.allow=false", "uploadpackfilter.blob:none.allow=true"},
		},
		"no filter kind": {"a host may announce filters and allow none", nil, []string{"uploadpackfilter.allow=false"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGitServer(t, c.config...)
			s.rewrite(c.rewrite)
			s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0"), "other.yaml": "a: 1\n"})
			m := newMirror(s)
			write(t, m, change(t, "www", "v1.0.36"), change(t, "api", "v2.0.1"))
			s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.1", "v3.0.0"))
			s.commit("by hand", map[string]string{valuesFile: values("v1.0.36", "v2.0.1", "v3.0.7"), "deep/er/file.yaml": "x: y\n"})
			if _, err := m.Refresh(t.Context()); err != nil {
				t.Fatalf("%s: %v", c.reason, err)
			}
			write(t, m, change(t, "www", "v1.0.37"))
			s.checkFile("main", valuesFile, values("v1.0.37", "v2.0.1", "v3.0.7"))
			s.checkSound()
		})
	}
}
