package gitwriter_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestCompetitor pushes a human's commit right before each of the first pushes.
func TestCompetitor(t *testing.T) {
	t.Parallel()
	const rounds = 12
	s, m := seeded(t)
	var n atomic.Int64
	s.onRequest(func(_ http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind != kindPush {
			return false
		}
		if i := n.Add(1); i <= rounds {
			// Every other time in the very file that is about to be written.
			files := map[string]string{fmt.Sprintf("notes/%d.txt", i): "by hand\n"}
			if i%2 == 0 {
				files = map[string]string{valuesFile: values("v1.0.35", fmt.Sprintf("v2.0.%d", i), "v3.0.0")}
			}
			s.commit(fmt.Sprintf("human %d", i), files)
		}
		return false
	})
	r := write(t, m, change(t, "www", "v1.0.36"), change(t, "ws", "v3.0.1"))
	s.checkSound()
	if r.Attempts != rounds+1 || r.Commits != 2 {
		t.Errorf("attempts, commits: want %d, 2, got %d, %d", rounds+1, r.Attempts, r.Commits)
	}
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.12", "v3.0.1"))
	want := []string{"deploy(ws): v3.0.0 -> v3.0.1", "deploy(www): v1.0.35 -> v1.0.36"}
	for i := rounds; i > 0; i-- {
		want = append(want, fmt.Sprintf("human %d", i))
	}
	if diff := cmp.Diff(append(want, "start"), strings.Split(s.git("log", "--format=%s", "main"), "\n")); diff != "" {
		t.Errorf("log: -want +got:\n%s", diff)
	}
}

func TestCompetitorNeverEnds(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	var n atomic.Int64
	s.onRequest(func(_ http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind == kindPush {
			s.commit("human", map[string]string{"note.txt": fmt.Sprintln(n.Add(1))})
		}
		return false
	})
	r, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
	want := "push at " + s.host() + ": others moved the branch before 20 of 20 pushes: it is tried again later"
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Errorf("error: -want +got:\n%s", diff)
	}
	if terminal(err) || reason(err) != gitwriter.ReasonConflict {
		t.Errorf("a conflict should be tried again: %#v", err)
	}
	if o := r.Outcomes["fairlead/www"][0]; o.State != gitwriter.Failed || !slices.Equal(o.Current, []string{"v1.0.35"}) {
		t.Errorf("outcome: %+v", o)
	}
	s.checkSound()
}

// TestCompetitorOfLargePushes is faster than every push of more than 40 commits, and then goes home.
func TestCompetitorOfLargePushes(t *testing.T) {
	t.Parallel()
	const services, tooMany = 200, 40
	s, m := seeded(t)
	files := map[string]string{}
	changes := make([]gitwriter.Change, services)
	for i := range changes {
		name := fmt.Sprintf("svc%d", i)
		files[name+".yaml"] = "name: " + name + "\ntag: v1.0.0\n"
		changes[i] = gitwriter.Change{
			Policy: "fairlead/" + name, Image: "registry.example.com/" + name, Tag: "v1.0.1",
			Targets: []gitwriter.Target{target(t, name+".yaml", "tag", "v1.0.1")},
		}
	}
	s.commit("services", files)
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var pushed []int
	s.onRequest(func(_ http.ResponseWriter, r *http.Request, kind string) bool {
		if kind != kindPush {
			return false
		}
		commits := packedObjects(t, r) / 3 // a commit, its folder and its file
		if pushed = append(pushed, commits); commits > tooMany {
			s.commit("human", map[string]string{"note.txt": fmt.Sprintln(len(pushed))})
		}
		return false
	})
	r := write(t, m, changes...)
	s.checkSound()
	if diff := cmp.Diff([]int{200, 200, 100, 50, 25, 25, 25, 25, 25, 25, 25, 25}, pushed); diff != "" {
		t.Errorf("commits in each push: -want +got:\n%s", diff)
	}
	if got := s.git("rev-list", "--count", "--grep=^deploy", "main"); got != strconv.Itoa(services) || r.Commits != services {
		t.Errorf("want %d commits, got %s, told of %d", services, got, r.Commits)
	}
	told := map[string]string{}
	for _, outcomes := range r.Outcomes {
		told[outcomes[0].Target.File] = outcomes[0].Revision
	}
	log := strings.Fields(s.git("log", "--format=%H", "--name-only", "--grep=^deploy", "main"))
	for commit := range slices.Chunk(log, 2) {
		if revision, file := commit[0], commit[1]; told[file] != revision {
			t.Errorf("%s was written by %s, and the outcome tells of %q", file, revision, told[file])
		}
	}
}

// packedObjects is how many objects a push has in its pack, by gitformat-pack(5). The body can be read again.
func packedObjects(t *testing.T, r *http.Request) int {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, pack, found := bytes.Cut(body, []byte("0000PACK"))
	if !found {
		t.Fatal("a push without a pack")
	}
	return int(binary.BigEndian.Uint32(pack[4:]))
}

// TestCompetitorWritesTheSame: what somebody else wrote meanwhile isn't written again.
func TestCompetitorWritesTheSame(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	var once sync.Once
	s.onRequest(func(_ http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind == kindPush {
			once.Do(func() {
				s.commit("human was faster", map[string]string{valuesFile: values("v1.0.36", "v2.0.0", "v3.0.0")})
			})
		}
		return false
	})
	r := write(t, m, change(t, "www", "v1.0.36"))
	if diff := cmp.Diff(map[string][]summary{"fairlead/www": {{State: gitwriter.Unchanged, Current: "v1.0.36"}}}, summarise(r)); diff != "" {
		t.Errorf("outcomes: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff("human was faster\nstart", s.git("log", "--format=%s", "main")); diff != "" {
		t.Errorf("log: -want +got:\n%s", diff)
	}
}

// TestForwardIsAskedAnew: a human who moved further forward meanwhile is not taken back.
func TestForwardIsAskedAnew(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	var once sync.Once
	s.onRequest(func(_ http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind == kindPush {
			once.Do(func() {
				s.commit("human went further", map[string]string{valuesFile: values("v1.0.99", "v2.0.0", "v3.0.0")})
			})
		}
		return false
	})
	c := change(t, "www", "v1.0.36")
	c.Forward = func(_ int, at gitwriter.Standing) error {
		if at.Current[0] > c.Tag {
			return errors.New("newer in Git")
		}
		return nil
	}
	r := write(t, m, c)
	want := map[string][]summary{"fairlead/www": {{State: gitwriter.Kept, Current: "v1.0.99", Err: "newer in Git"}}}
	if diff := cmp.Diff(want, summarise(r)); diff != "" {
		t.Errorf("outcomes: -want +got:\n%s", diff)
	}
	s.checkFile("main", valuesFile, values("v1.0.99", "v2.0.0", "v3.0.0"))
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		// fault answers the first push.
		fault    func(s *gitServer, w http.ResponseWriter, r *http.Request)
		log      string
		attempts int
	}{
		"the server took it": {
			"the head is ours already: nothing is repeated",
			func(s *gitServer, w http.ResponseWriter, r *http.Request) { s.loseAnswer(w, r) },
			"deploy(www): v1.0.35 -> v1.0.36\nstart", 1,
		},
		"the server took it and answers 502": {
			"a proxy gave up too early",
			func(s *gitServer, w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Authorization")
				s.backend.ServeHTTP(discard{}, r)
				http.Error(w, "bad gateway", http.StatusBadGateway)
			},
			"deploy(www): v1.0.35 -> v1.0.36\nstart", 1,
		},
		"the server took it, and a human went on": {
			"our commit is in the history: nothing is repeated",
			func(s *gitServer, w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Authorization")
				s.backend.ServeHTTP(discard{}, r)
				s.commit("human", map[string]string{"note.txt": "x\n"})
				s.cut(w)
			},
			"human\ndeploy(www): v1.0.35 -> v1.0.36\nstart", 1,
		},
		"the server never saw it": {
			"the branch is where it was: pushed again",
			func(s *gitServer, w http.ResponseWriter, _ *http.Request) { s.cut(w) },
			"deploy(www): v1.0.35 -> v1.0.36\nstart", 2,
		},
		"the server never saw it, and a human was faster": {
			"decided anew on the human's commit",
			func(s *gitServer, w http.ResponseWriter, _ *http.Request) {
				s.commit("human", map[string]string{"note.txt": "x\n"})
				s.cut(w)
			},
			"deploy(www): v1.0.35 -> v1.0.36\nhuman\nstart", 2,
		},
		"the answer is cut in the middle": {
			"half an answer is none",
			func(s *gitServer, w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Authorization")
				s.backend.ServeHTTP(discard{}, r)
				w.Header().Set("Content-Type", "application/x-git-receive-pack-result")
				fmt.Fprint(w, "0030\x01000eunp")
			},
			"deploy(www): v1.0.35 -> v1.0.36\nstart", 1,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t)
			var once sync.Once
			s.onRequest(func(w http.ResponseWriter, r *http.Request, kind string) (done bool) {
				if kind == kindPush {
					once.Do(func() {
						c.fault(s, w, r)
						done = true
					})
				}
				return done
			})
			result := write(t, m, change(t, "www", "v1.0.36"))
			if diff := cmp.Diff(c.log, s.git("log", "--format=%s", "main")); diff != "" {
				t.Errorf("log: %s: -want +got:\n%s", c.reason, diff)
			}
			o := result.Outcomes["fairlead/www"][0]
			if o.State != gitwriter.Committed || o.Revision != s.git("log", "-1", "--format=%H", "--grep=deploy", "main") {
				t.Errorf("outcome: %s: %+v", c.reason, o)
			}
			if result.Attempts != c.attempts || result.Commits != 1 || result.Head.Revision != s.git("rev-parse", "main") {
				t.Errorf("result: %s: %+v", c.reason, result)
			}
			s.checkSound()
		})
	}
}

// discard is a ResponseWriter that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func TestServerStaysAway(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.onRequest(func(w http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind == kindPush {
			s.cut(w)
		}
		return kind == kindPush
	})
	_, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
	if reason(err) != gitwriter.ReasonUnavailable || terminal(err) {
		t.Errorf("want an error that is tried again, got %v", err)
	}
	if pushes := count(s.counted(), kindPush); pushes != 2 {
		t.Errorf("pushes: want 2, got %d", pushes)
	}
	s.onRequest(nil)
	write(t, m, change(t, "www", "v1.0.36"))
	s.checkSound()
}

func TestHookRefuses(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.hook("pre-receive", "echo 'Freeze until Monday:'; echo 'ask the release team' >&2; exit 1\n")
	r, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
	want := "push at " + s.host() + `: the server refused the push to "main": pre-receive hook declined; remote: Freeze until Monday: ask the release team`
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Errorf("error: -want +got:\n%s", diff)
	}
	if reason(err) != gitwriter.ReasonHookDeclined || !terminal(err) {
		t.Errorf("a refusal should be terminal: %#v", err)
	}
	o := r.Outcomes["fairlead/www"][0]
	if o.State != gitwriter.Failed || !slices.Equal(o.Current, []string{"v1.0.35"}) || !errors.Is(o.Err, err) {
		t.Errorf("outcome: %+v", o)
	}
	if pushes := count(s.counted(), kindPush); pushes != 1 {
		t.Errorf("pushes: want 1, got %d", pushes)
	}
	if diff := cmp.Diff("start", s.git("log", "--format=%s", "main")); diff != "" {
		t.Errorf("log: -want +got:\n%s", diff)
	}
	s.hook("pre-receive", "exit 0\n")
	write(t, m, change(t, "www", "v1.0.36"))
	s.checkSound()
}

func TestBranchDeletedWhileWriting(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.git("branch", "other", "main")
	s.git("update-ref", "-d", "refs/heads/main")
	_, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
	want := "read the head at " + s.host() + `: the branch "main" doesn't exist: create it, or name one that does ("other")`
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Errorf("error: -want +got:\n%s", diff)
	}
	// Created again at an older, other history: followed.
	s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-m", "anew", "other^{tree}"))
	write(t, m, change(t, "www", "v1.0.36"))
	if diff := cmp.Diff("deploy(www): v1.0.35 -> v1.0.36\nanew", s.git("log", "--format=%s", "main")); diff != "" {
		t.Errorf("log: -want +got:\n%s", diff)
	}
	s.checkSound()
}

func TestHistoryRewritten(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	first := s.git("rev-parse", "main")
	write(t, m, change(t, "www", "v1.0.36"))
	for i := range 5 {
		s.commit(fmt.Sprintf("human %d", i), map[string]string{fmt.Sprintf("dir%d/f.txt", i): "x\n"})
	}
	s.git("repack", "-adb") // With bitmaps, a server leaves out exactly what older commits have.
	refreshed(t, s, m)
	// Back to the first commit, whose trees were never fetched.
	s.git("update-ref", "refs/heads/main", first)
	refreshed(t, s, m)
	r := write(t, m, change(t, "www", "v1.0.40"))
	if !slices.Equal(r.Outcomes["fairlead/www"][0].Previous, []string{"v1.0.35"}) {
		t.Errorf("outcome: %+v", r.Outcomes["fairlead/www"][0])
	}
	// A commit on top that restores an older tree.
	old := s.git("rev-parse", "main")
	s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-p", old, "-m", "roll back", first+"^{tree}"))
	refreshed(t, s, m)
	write(t, m, change(t, "www", "v1.0.41"))
	s.checkSound()
	s.checkFile("main", valuesFile, values("v1.0.41", "v2.0.0", "v3.0.0"))
}

func refreshed(t *testing.T, s *gitServer, m *gitwriter.Mirror) {
	t.Helper()
	head, err := m.Refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := s.git("rev-parse", "main"); head.Revision != want {
		t.Fatalf("head: want %s, got %s", want, head.Revision)
	}
	snapshot, err := m.Snapshot(t.Context(), head.Revision)
	must(t, err)
	must(t, snapshot.Prefetch(t.Context(), "."))
	want := s.git("ls-tree", "-r", "--name-only", "main")
	if diff := cmp.Diff(strings.Split(want, "\n"), filesOf(t, snapshot)); diff != "" {
		t.Fatalf("files: -want +got:\n%s", diff)
	}
}

// TestConcurrentUse lets many do everything at once, with a human pushing meanwhile.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			for round := range 3 {
				if err := useAll(t, m, i, round); err != nil {
					t.Errorf("user %d, round %d: %v", i, round, err)
				}
			}
		})
	}
	for i := range 5 {
		s.tryCommit(fmt.Sprintf("human %d", i), map[string]string{fmt.Sprintf("notes/%d.txt", i): "x\n"})
	}
	group.Wait()
	s.checkSound()
}

func useAll(t *testing.T, m *gitwriter.Mirror, user, round int) error {
	t.Helper()
	switch user % 3 {
	case 0:
		c := change(t, []string{"www", "api", "ws"}[user/3%3], fmt.Sprintf("v9.%d.%d", user, round))
		_, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{c}})
		return err
	case 1:
		_, err := m.Refresh(t.Context())
		return err
	default:
		head, _ := m.Head()
		snapshot, err := m.Snapshot(t.Context(), head.Revision)
		if err != nil {
			return err
		}
		if err := snapshot.Prefetch(t.Context(), "."); err != nil {
			return err
		}
		filesOf(t, snapshot)
		return nil
	}
}
