package gitwriter_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

func (s *gitServer) host() string { return strings.TrimPrefix(s.URL, "http://") }

func reason(err error) gitwriter.Reason {
	var e *gitwriter.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Reason
}

func retryAfter(err error) time.Duration {
	var e interface{ RetryAfter() time.Duration }
	if !errors.As(err, &e) {
		return 0
	}
	return e.RetryAfter()
}

func TestUnchangedHeadIsOneRequest(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.traffic()
	for range 3 {
		if _, err := m.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{kindRefs, kindRefs, kindRefs}, s.counted()); diff != "" {
		t.Errorf("requests of three refreshes: -want +got:\n%s", diff)
	}
	if _, sent := s.traffic(); sent > 3*70 {
		t.Errorf("bytes of three answers: want at most 70 each, got %d", sent)
	}
}

func TestRemoteErrors(t *testing.T) {
	t.Parallel()
	html := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html>Sign in</html>")
	}
	cases := map[string]struct {
		reason   string
		setup    func(s *gitServer, r *gitwriter.Remote)
		want     string
		class    gitwriter.Reason
		terminal bool
		after    time.Duration
	}{
		"wrong password": {
			"the secret is wrong", func(_ *gitServer, r *gitwriter.Remote) { r.Auth.Password = "wr0ng-pass" },
			"open the repository at HOST: the server refused username and password: check the secret; the server said: bad credentials",
			gitwriter.ReasonAuthentication, true, 0,
		},
		"no password": {
			"there is no secret", func(_ *gitServer, r *gitwriter.Remote) { r.Auth = gitwriter.Auth{} },
			"open the repository at HOST: the server wants credentials and there are none: name a secret with username and password; the server said: bad credentials",
			gitwriter.ReasonAuthentication, true, 0,
		},
		"no repository": {
			"the url is wrong", func(s *gitServer, r *gitwriter.Remote) { r.URL = s.URL + "/nothing.git" },
			"open the repository at HOST: no such repository, or none that these credentials may see: check the url",
			gitwriter.ReasonRepositoryMissing, true, 0,
		},
		"empty repository": {
			"nobody has pushed", func(s *gitServer, _ *gitwriter.Remote) { s.git("update-ref", "-d", "refs/heads/main") },
			`read the head at HOST: the repository has no branch yet: push a first commit to "main"`,
			gitwriter.ReasonRepositoryEmpty, true, 0,
		},
		"branch missing": {
			"a longer name is another branch", func(s *gitServer, r *gitwriter.Remote) {
				for _, b := range []string{"mainline", "b", "c", "d", "e", "f"} {
					s.git("branch", b, "main")
				}
				r.Branch = "mai"
			},
			`read the head at HOST: the branch "mai" doesn't exist: create it, or name one that does ("b", "c", "d", "e", "f", ...)`,
			gitwriter.ReasonBranchMissing, true, 0,
		},
		"credentials in the url": {
			"they would show up wherever the url does", func(_ *gitServer, r *gitwriter.Remote) {
				r.URL = strings.Replace(r.URL, "http://", "http://user:"+password+"@", 1)
			},
			"open the repository at HOST: the url holds credentials: move them to the secret that the repository refers to",
			gitwriter.ReasonInvalidRemote, true, 0,
		},
		"broken url with credentials": {
			"Go's own error would repeat them", func(_ *gitServer, r *gitwriter.Remote) { r.URL = "https://user:" + password + "@exa mple.com/x" },
			"open the repository: the url can't be parsed: write it as https://host/path or ssh://git@host/path",
			gitwriter.ReasonInvalidRemote, true, 0,
		},
		"http": {
			"the password would travel readable", func(_ *gitServer, r *gitwriter.Remote) { r.Insecure = false },
			"open the repository at HOST: the url is http, which sends everything readable: use https, or set insecure",
			gitwriter.ReasonInvalidRemote, true, 0,
		},
		"ssh with a password": {
			"it wants a key", func(_ *gitServer, r *gitwriter.Remote) { r.URL = "ssh://git@git.example.com/x.git" },
			`open the repository at git.example.com: the url is ssh, and there is no key: name a secret with identity and known_hosts`,
			gitwriter.ReasonInvalidRemote, true, 0,
		},
		"illegal branch": {
			"it could inject a packet's line", func(_ *gitServer, r *gitwriter.Remote) { r.Branch = "main\nx" },
			`open the repository at HOST: the branch "main\nx" is no legal branch name`,
			gitwriter.ReasonInvalidRemote, true, 0,
		},
		"forbidden": {
			"the account may not read", func(s *gitServer, _ *gitwriter.Remote) { s.answer(http.StatusForbidden, nil) },
			"open the repository at HOST: the credentials may not do this: give them the right to read and write the repository; the server said: no more today",
			gitwriter.ReasonForbidden, true, 0,
		},
		"rate limit": {
			"the server says when", func(s *gitServer, _ *gitwriter.Remote) {
				s.answer(http.StatusTooManyRequests, http.Header{"Retry-After": {"17"}})
			},
			"open the repository at HOST: the server answered 429: it is asked again later; the server said: no more today",
			gitwriter.ReasonUnavailable, false, 17 * time.Second,
		},
		"forbidden for now": {
			"hosts answer 403 to a used-up limit", func(s *gitServer, _ *gitwriter.Remote) {
				s.answer(http.StatusForbidden, http.Header{"Retry-After": {clock().Add(time.Minute).Format(http.TimeFormat)}})
			},
			"open the repository at HOST: the credentials may not do this: give them the right to read and write the repository; the server said: no more today",
			gitwriter.ReasonForbidden, false, time.Minute,
		},
		"server error": {
			"it may be better later", func(s *gitServer, _ *gitwriter.Remote) { s.answer(http.StatusInternalServerError, nil) },
			"open the repository at HOST: the server answered 500: it is asked again later; the server said: no more today",
			gitwriter.ReasonUnavailable, false, 0,
		},
		"server down": {
			// The first port is reserved: the port of a server that was closed may soon be another's.
			"nobody listens", func(s *gitServer, r *gitwriter.Remote) { r.URL = strings.Replace(r.URL, s.host(), "127.0.0.1:1", 1) },
			"open the repository at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused",
			gitwriter.ReasonUnavailable, false, 0,
		},
		"sign-in page": {
			"it is no Git server", func(s *gitServer, _ *gitwriter.Remote) {
				s.onRequest(func(w http.ResponseWriter, _ *http.Request, _ string) bool { html(w); return true })
			},
			`open the repository at HOST: the answer is "text/html" and not of the Git protocol: check the url`,
			gitwriter.ReasonProtocol, true, 0,
		},
		"old protocol": {
			"version 0 has no ls-refs", func(s *gitServer, _ *gitwriter.Remote) {
				s.onRequest(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
					r.Header.Del("Git-Protocol")
					return false
				})
			},
			"open the repository at HOST: the server doesn't speak version 2 of the Git protocol: update it to Git 2.18 or newer, or switch protocol.version 2 on",
			gitwriter.ReasonProtocol, true, 0,
		},
		"cut while fetching": {
			"half a pack is none", func(s *gitServer, _ *gitwriter.Remote) {
				s.onRequest(func(w http.ResponseWriter, _ *http.Request, kind string) bool {
					if kind == kindFetch {
						w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
						fmt.Fprint(w, "000dpackfile\n0010\x01PACK\x00\x00\x00")
					}
					return kind == kindFetch
				})
			},
			"fetch at HOST: the connection was closed before the answer was complete",
			gitwriter.ReasonUnavailable, false, 0,
		},
		"nonsense while fetching": {
			"it must not be taken for objects", func(s *gitServer, _ *gitwriter.Remote) {
				s.onRequest(func(w http.ResponseWriter, _ *http.Request, kind string) bool {
					if kind == kindFetch {
						w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
						fmt.Fprint(w, "000dpackfile\n0029\x01PACK\x00\x00\x00\x02\x00\x00\x00\x010123456789012345678901230000")
					}
					return kind == kindFetch
				})
			},
			"fetch at HOST: the answer can't be read: malformed pack: wrong checksum",
			gitwriter.ReasonProtocol, true, 0,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGitServer(t)
			s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
			r := s.remote()
			c.setup(s, &r)
			_, err := gitwriter.NewMirror(r, gitwriter.WithClock(clock)).Refresh(t.Context())
			if diff := cmp.Diff(c.want, strings.ReplaceAll(errorText(err), s.host(), "HOST")); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			if reason(err) != c.class || terminal(err) != c.terminal || retryAfter(err) != c.after {
				t.Errorf("%s: want %s, terminal %t, retry after %s; got %s, %t, %s", c.reason, c.class, c.terminal, c.after, reason(err), terminal(err), retryAfter(err))
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "pass") && !strings.Contains(c.want, "pass") {
				t.Errorf("the error shows credentials: %v", err)
			}
		})
	}
}

// answer makes every request end in a status.
func (s *gitServer) answer(status int, header http.Header) {
	s.onRequest(func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		maps.Copy(w.Header(), header)
		http.Error(w, "no more\r\ntoday", status)
		return true
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	s.onRequest(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		<-r.Context().Done()
		return true
	})
	r := s.remote()
	r.Timeout = 50 * time.Millisecond
	_, err := gitwriter.NewMirror(r).Refresh(t.Context())
	want := "open the repository at " + s.host() + ": no complete answer within 50ms"
	if diff := cmp.Diff(want, errorText(err)); diff != "" || terminal(err) {
		t.Errorf("-want +got, terminal %t:\n%s", terminal(err), diff)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	arrived, leave := make(chan struct{}), make(chan struct{})
	s.onRequest(func(http.ResponseWriter, *http.Request, string) bool {
		close(arrived)
		<-leave
		return true
	})
	m := newMirror(s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = m.Refresh(t.Context())
	}()
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Write(ctx, gitwriter.WriteRequest{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
	close(leave)
	<-ended
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var leaked []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	s, _ := seeded(t)
	s.onRequest(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		switch {
		case strings.HasPrefix(r.URL.Path, "/moved.git/"):
			http.Redirect(w, r, "/config.git/"+strings.TrimPrefix(r.URL.RequestURI(), "/moved.git/"), http.StatusMovedPermanently)
			return true
		case strings.HasPrefix(r.URL.Path, "/gone.git/"):
			http.Redirect(w, r, elsewhere.URL+"/x.git/info/refs?service=git-upload-pack", http.StatusFound)
			return true
		case strings.HasPrefix(r.URL.Path, "/circle.git/"):
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
			return true
		}
		return false
	})
	remote := s.remote()
	remote.URL = s.URL + "/moved.git"
	m := gitwriter.NewMirror(remote, gitwriter.WithClock(clock))
	write(t, m, change(t, "www", "v1.0.36"))
	s.checkSound()

	for name, want := range map[string]string{
		"gone":   "find the repository at HOST: the server redirects to " + elsewhere.URL + "/x.git, where the credentials mustn't follow: update the url if this is right",
		"circle": "find the repository at HOST: the server redirects in circles: check the url",
	} {
		remote.URL = s.URL + "/" + name + ".git"
		_, err := gitwriter.NewMirror(remote).Refresh(t.Context())
		if diff := cmp.Diff(want, strings.ReplaceAll(errorText(err), s.host(), "HOST")); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	if len(leaked) > 0 {
		t.Errorf("another host was asked: %q", leaked)
	}
}

func TestRotatedCredentials(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	r := s.remote()
	r.Auth.Password = "old"
	m := gitwriter.NewMirror(r, gitwriter.WithClock(clock))
	if _, err := m.Refresh(t.Context()); reason(err) != gitwriter.ReasonAuthentication {
		t.Errorf("want an authentication error, got %v", err)
	}
	m.SetRemote(s.remote())
	write(t, m, change(t, "www", "v1.0.36"))
	s.checkSound()
}

func TestReadOnlyAccount(t *testing.T) {
	t.Parallel()
	s, m := seeded(t, "http.receivepack=false")
	_, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
	want := "push at " + s.host() + ": the credentials may not do this: give them the right to read and write the repository"
	if diff := cmp.Diff(want, errorText(err)); diff != "" || !terminal(err) {
		t.Errorf("terminal %t, -want +got:\n%s", terminal(err), diff)
	}
}
