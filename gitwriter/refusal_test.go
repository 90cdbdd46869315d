package gitwriter_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestServerSaysNo: each refusal has its own reason, and the server's own words.
func TestServerSaysNo(t *testing.T) {
	t.Parallel()
	hook := func(words string) func(s *gitServer) {
		return func(s *gitServer) { s.hook("pre-receive", "cat >&2 <<'END'\n"+words+"\nEND\nexit 1\n") }
	}
	status := func(code int, words string) func(s *gitServer) {
		return func(s *gitServer) {
			s.onRequest(func(w http.ResponseWriter, _ *http.Request, kind string) bool {
				if kind != kindPush {
					return false
				}
				http.Error(w, words, code)
				return true
			})
		}
	}
	const declined = `push at HOST: the server refused the push to "main": pre-receive hook declined; remote: `
	cases := map[string]struct {
		reason string
		setup  func(s *gitServer)
		want   string
		class  gitwriter.Reason
	}{
		"protected branch of GitHub": {
			"it protects by a hook", hook("error: GH006: Protected branch update failed for refs/heads/main.\nerror: At least 1 approving review is required"),
			declined + "error: GH006: Protected branch update failed for refs/heads/main. error: At least 1 approving review is required",
			gitwriter.ReasonBranchProtected,
		},
		"ruleset of GitHub": {
			"the newer kind", hook("error: GH013: Repository rule violations found for refs/heads/main."),
			declined + "error: GH013: Repository rule violations found for refs/heads/main.", gitwriter.ReasonBranchProtected,
		},
		"protected branch of GitLab": {
			"it speaks of rights, and means the branch", hook("GitLab: You are not allowed to push code to protected branches on this project."),
			declined + "GitLab: You are not allowed to push code to protected branches on this project.", gitwriter.ReasonBranchProtected,
		},
		"protected branch of Gitea": {
			"another wording", hook("Gitea: Not allowed to push to protected branch main"),
			declined + "Gitea: Not allowed to push to protected branch main", gitwriter.ReasonBranchProtected,
		},
		"protected branch of Bitbucket": {
			"another wording", hook("Branch refs/heads/main can only be modified through pull requests."),
			declined + "Branch refs/heads/main can only be modified through pull requests.", gitwriter.ReasonBranchProtected,
		},
		"hook": {
			"a rule of the house", hook("no deployments on Fridays"), declined + "no deployments on Fridays", gitwriter.ReasonHookDeclined,
		},
		"hook with colours": {
			"a condition is text", hook("\x1b[31mno\x1b[0m\t deployments\r\non   Fridays\u202e"), declined + "[31mno [0m deployments on Fridays", gitwriter.ReasonHookDeclined,
		},
		"talkative hook": {
			"its words are cut", hook(strings.Repeat("no deployments on Fridays ", 400)),
			declined + strings.Repeat("no deployments on Fridays ", 39) + "no deploym…", gitwriter.ReasonHookDeclined,
		},
		"update hook": {
			"git words it otherwise", func(s *gitServer) { s.hook("update", "exit 1\n") },
			`push at HOST: the server refused the push to "main": hook declined; remote: error: hook declined to update refs/heads/main`, gitwriter.ReasonHookDeclined,
		},
		"quota": {
			"the repository is full", hook("GitLab: Your push to this repository cannot be completed because this repository has exceeded the allocated storage limit"),
			declined + "GitLab: Your push to this repository cannot be completed because this repository has exceeded the allocated storage limit", gitwriter.ReasonQuota,
		},
		"size": {
			"it is refused before Git sees it", status(http.StatusRequestEntityTooLarge, "too large"),
			"push at HOST: the server takes no more: make room, or have the limit raised; it answered 413; the server said: too large", gitwriter.ReasonQuota,
		},
		"lost rights": {
			"the account was made a reader", status(http.StatusForbidden, "you can't push to this repository"),
			"push at HOST: the credentials may not do this: give them the right to read and write the repository; the server said: you can't push to this repository",
			gitwriter.ReasonForbidden,
		},
		"lost account": {
			"the token was revoked", status(http.StatusUnauthorized, "who are you?"),
			"push at HOST: the server refused username and password: check the secret; the server said: who are you?", gitwriter.ReasonAuthentication,
		},
		"rule of git": {
			"a setting of the server", func(s *gitServer) {
				s.git("config", "receive.denyCurrentBranch", "refuse")
				s.git("config", "core.bare", "false")
			},
			"", gitwriter.ReasonRefused,
		},
		"branch deleted": {
			"somebody removed it", func(s *gitServer) {
				s.git("branch", "other", "main")
				s.git("update-ref", "-d", "refs/heads/main")
			},
			`read the head at HOST: the branch "main" doesn't exist: create it, or name one that does ("other")`, gitwriter.ReasonBranchMissing,
		},
		"repository deleted": {
			"somebody removed it", status(http.StatusNotFound, "no such project"),
			"push at HOST: no such repository, or none that these credentials may see: check the url; the server said: no such project", gitwriter.ReasonRepositoryMissing,
		},
		"repository moved elsewhere": {
			"credentials mustn't follow", func(s *gitServer) {
				s.onRequest(func(w http.ResponseWriter, r *http.Request, _ string) bool {
					http.Redirect(w, r, "https://git.example.com/new.git"+strings.TrimPrefix(r.URL.RequestURI(), "/config.git"), http.StatusMovedPermanently)
					return true
				})
			},
			"find the repository at HOST: the server redirects to https://git.example.com/new.git, where the credentials mustn't follow: update the url if this is right",
			gitwriter.ReasonRedirected,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t)
			c.setup(s)
			_, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
			if diff := cmp.Diff(c.want, strings.ReplaceAll(errorText(err), s.host(), "HOST")); diff != "" && c.want != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			if reason(err) != c.class || !terminal(err) {
				t.Errorf("%s: want %s, terminal; got %s, %t: %v", c.reason, c.class, reason(err), terminal(err), err)
			}
		})
	}
}

// TestRewritesAreTold: a branch that is moved by force is followed, decided anew from, and told of.
func TestRewritesAreTold(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	start := s.git("rev-parse", "main")
	first := write(t, m, change(t, "www", "v1.0.36"))
	s.git("update-ref", "refs/heads/main", start)
	head, err := m.Refresh(t.Context())
	must(t, err)
	if diff := cmp.Diff(first.Head.Revision, head.Replaces); diff != "" {
		t.Errorf("set back: -want +got:\n%s", diff)
	}
	s.commit("human", map[string]string{"README.md": "another\n"})
	head, err = m.Refresh(t.Context())
	must(t, err)
	if head.Replaces != "" {
		t.Errorf("an ordinary commit replaces nothing: %s", head.Replaces)
	}
	before := head.Revision
	orphan := s.git("commit-tree", "-m", "all anew", "main^{tree}")
	moved := 0
	s.onRequest(func(_ http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind == kindPush && moved == 0 {
			moved++
			s.git("update-ref", "refs/heads/main", orphan)
		}
		return false
	})
	r := write(t, m, change(t, "www", "v1.0.36"))
	if diff := cmp.Diff([]gitwriter.Rewrite{{From: before, To: orphan}}, r.Rewrites); diff != "" {
		t.Errorf("while writing: -want +got:\n%s", diff)
	}
	if got := s.git("rev-parse", "main~1"); got != orphan || r.Attempts != 2 {
		t.Errorf("want a commit on %s in the second attempt, got one on %s in %d", orphan, got, r.Attempts)
	}
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.0", "v3.0.0"))
	s.checkSound()
	if again := write(t, m, change(t, "www", "v1.0.36")); len(again.Rewrites) != 0 || again.Commits != 0 {
		t.Errorf("told again: %s", fmt.Sprint(again.Rewrites, again.Commits))
	}
}
