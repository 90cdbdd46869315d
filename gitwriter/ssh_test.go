package gitwriter_test

import (
	"crypto"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestSSH follows and writes a branch over each kind of server with each kind of key.
func TestSSH(t *testing.T) {
	t.Parallel()
	type start func(testing.TB, *gitServer, crypto.Signer, bool) *sshServer
	cases := map[string]struct {
		reason     string
		start      start
		env        bool
		key        func(testing.TB) crypto.Signer
		passphrase string
		config     []string
	}{
		"v2 ed25519":           {"what hosts speak", newSSHServer, true, newKey, "", nil},
		"v2 no filter":         {"everything comes at once", newSSHServer, true, newKey, "", []string{"uploadpack.allowFilter=false", "uploadpack.allowAnySHA1InWant=false"}},
		"v0 by id":             {"an old protocol with filters", newSSHServer, false, newKey, "", nil},
		"v0 plain":             {"nothing but branches", newSSHServer, false, newKey, "", []string{"uploadpack.allowFilter=false", "uploadpack.allowAnySHA1InWant=false"}},
		"v0 filter, no ids":    {"a filter would leave out what can't be asked for", newSSHServer, false, newKey, "", []string{"uploadpack.allowAnySHA1InWant=false"}},
		"sshd ed25519":         {"OpenSSH as it is installed", newOpenSSHServer, false, newKey, "", nil},
		"sshd ecdsa":           {"another kind of key", newOpenSSHServer, false, ecdsaKey, "", nil},
		"sshd rsa":             {"the oldest kind of key, with a hash that is taken today", newOpenSSHServer, true, rsaKey, "", nil},
		"sshd passphrase":      {"an encrypted key", newOpenSSHServer, true, newKey, "open sesame", nil},
		"sshd plain, no ids":   {"a Git as it is installed behind an sshd as it is installed", newOpenSSHServer, false, newKey, "", []string{"uploadpack.allowFilter=false", "uploadpack.allowAnySHA1InWant=false"}},
		"rsa with passphrase":  {"both", newSSHServer, true, rsaKey, "open sesame", nil},
		"ecdsa with known ids": {"both", newSSHServer, true, ecdsaKey, "", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGitServer(t, c.config...)
			s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0"), "deep/er/file.txt": "x\n"})
			v := c.start(t, s, c.key(t), c.env)
			m := gitwriter.NewMirror(v.remote(c.passphrase), gitwriter.WithClock(clock))
			write(t, m, change(t, "www", "v1.0.36"))
			first := s.git("rev-parse", "main")
			s.commit("human", map[string]string{valuesFile: values("v1.0.36", "v2.0.0", "v3.0.9"), "other/file.txt": "y\n"})
			write(t, m, change(t, "www", "v1.0.37"), change(t, "api", "v2.0.1"))
			s.checkFile("main", valuesFile, values("v1.0.37", "v2.0.1", "v3.0.9"))
			m.Compact()
			m.Compact()
			m.Compact()
			old, err := m.Snapshot(t.Context(), first)
			must(t, err)
			must(t, old.Prefetch(t.Context(), "."))
			if diff := cmp.Diff([]string{valuesFile, "deep/er/file.txt"}, filesOf(t, old)); diff != "" {
				t.Errorf("%s: an older revision: -want +got:\n%s", c.reason, diff)
			}
			write(t, m, change(t, "www", "v1.0.38"))
			if _, err := m.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			s.checkSound()
			if _, opened := v.ran(); opened != 1 {
				t.Errorf("%s: %d connections for one mirror", c.reason, opened)
			}
		})
	}
}

func TestSSHErrors(t *testing.T) {
	t.Parallel()
	other := newSigner(t, newKey(t))
	cases := map[string]struct {
		reason   string
		setup    func(v *sshServer, r *gitwriter.Remote)
		want     string
		class    gitwriter.Reason
		terminal bool
	}{
		"unknown host": {
			"nobody said that this is the server", func(_ *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.KnownHosts = knownhosts.Line([]string{"git.example.com"}, other.PublicKey())
			},
			"connect at HOST: the server shows the ssh-ed25519 key SHOWN, and known_hosts has no key of NAME: if the server's operator publishes this fingerprint, add the key to the secret",
			gitwriter.ReasonServerNotTrusted, true,
		},
		"other key": {
			"somebody may be in between", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.KnownHosts = knownhosts.Line([]string{v.address}, other.PublicKey())
			},
			"connect at HOST: the server shows the ssh-ed25519 key SHOWN, and known_hosts has for NAME ssh-ed25519 " + ssh.FingerprintSHA256(other.PublicKey()) +
				": somebody may be in between; if the server's operator says that its key changed, correct the secret",
			gitwriter.ReasonServerNotTrusted, true,
		},
		"revoked key": {
			"it was stolen", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.KnownHosts = v.knownHosts() + "@revoked * " + string(ssh.MarshalAuthorizedKey(v.hostKey.PublicKey()))
			},
			"connect at HOST: the server shows the ssh-ed25519 key SHOWN, which known_hosts marks as revoked",
			gitwriter.ReasonServerNotTrusted, true,
		},
		"hashed name": {
			"ssh-keyscan -H writes it so", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.KnownHosts = "# a comment\n\n" + knownhosts.HashHostname(knownhosts.Normalize(v.address)) + " " + string(ssh.MarshalAuthorizedKey(v.hostKey.PublicKey()))
			}, "", "", false,
		},
		"negated name": {
			"the pattern says: not this one", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.KnownHosts = "*,!" + knownhosts.Normalize(v.address) + " " + string(ssh.MarshalAuthorizedKey(v.hostKey.PublicKey()))
			},
			"connect at HOST: the server shows the ssh-ed25519 key SHOWN, and known_hosts has no key of NAME: if the server's operator publishes this fingerprint, add the key to the secret",
			gitwriter.ReasonServerNotTrusted, true,
		},
		"no known hosts": {
			"it is never optional", func(_ *sshServer, r *gitwriter.Remote) { r.Auth.SSH.KnownHosts = "# nothing\n" },
			"open the repository at HOST: known_hosts holds no key, without which no server can be told from an impostor: write what ssh-keyscan prints, and compare it with what the server's operator publishes",
			gitwriter.ReasonInvalidRemote, true,
		},
		"broken known hosts": {
			"a line is named", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.KnownHosts = v.knownHosts() + "git.example.com ssh-ed25519\n"
			},
			"open the repository at HOST: line 2 of known_hosts can't be read: write it as ssh-keyscan does, host, type and key",
			gitwriter.ReasonInvalidRemote, true,
		},
		"no key": {
			"ssh is never anonymous", func(_ *sshServer, r *gitwriter.Remote) { r.Auth = gitwriter.Auth{} },
			"open the repository at HOST: the url is ssh, and there is no key: name a secret with identity and known_hosts",
			gitwriter.ReasonInvalidRemote, true,
		},
		"key that is none": {
			"a public key, say", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.Identity = string(ssh.MarshalAuthorizedKey(v.hostKey.PublicKey()))
			},
			"open the repository at HOST: the identity is no private key that can be read: write an ed25519, ECDSA or RSA key, as ssh-keygen makes it",
			gitwriter.ReasonInvalidRemote, true,
		},
		"passphrase missing": {
			"the key is encrypted", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.Identity = v.remote("pass-phrase").Auth.SSH.Identity
			},
			"open the repository at HOST: the identity is encrypted: give its passphrase",
			gitwriter.ReasonInvalidRemote, true,
		},
		"passphrase wrong": {
			"it is another's", func(v *sshServer, r *gitwriter.Remote) {
				r.Auth.SSH.Identity = v.remote("pass-phrase").Auth.SSH.Identity
				r.Auth.SSH.Passphrase = "other"
			},
			"open the repository at HOST: the passphrase doesn't open the identity",
			gitwriter.ReasonInvalidRemote, true,
		},
		"passphrase not needed": {
			"it does no harm", func(_ *sshServer, r *gitwriter.Remote) { r.Auth.SSH.Passphrase = "pass-phrase" }, "", "", false,
		},
		"wrong key": {
			"the server doesn't know it", func(v *sshServer, _ *gitwriter.Remote) { v.login = "somebody" },
			`connect at HOST: the server refused the key KEY for the user "git": add its public key on the server, with the right to write`,
			gitwriter.ReasonAuthentication, true,
		},
		"no repository": {
			"git's own words", func(v *sshServer, r *gitwriter.Remote) { r.URL = "ssh://git@" + v.address + "/nothing.git" },
			"open the repository at HOST: no such repository, or none that this key may see: check the url; the server said: fatal: '/nothing.git' does not appear to be a git repository",
			gitwriter.ReasonRepositoryMissing, true,
		},
		"lost rights": {
			"a host's words", func(v *sshServer, _ *gitwriter.Remote) {
				v.refuse = "ERROR: Permission to web-hook/config.git denied to deploy-key\n"
			},
			"open the repository at HOST: the key may not do this: give it the right to read and write the repository; the server said: ERROR: Permission to web-hook/config.git denied to deploy-key",
			gitwriter.ReasonForbidden, true,
		},
		"repository gone": {
			"a host's words", func(v *sshServer, _ *gitwriter.Remote) { v.refuse = "ERROR: Repository not found.\n" },
			"open the repository at HOST: no such repository, or none that this key may see: check the url; the server said: ERROR: Repository not found.",
			gitwriter.ReasonRepositoryMissing, true,
		},
		"out of order": {
			"it may be better later", func(v *sshServer, _ *gitwriter.Remote) { v.refuse = "out of memory\x1b[2J\n" },
			"open the repository at HOST: the server ended git-upload-pack; the server said: out of memory [2J",
			gitwriter.ReasonUnavailable, false,
		},
		"silent": {
			"it hangs", func(v *sshServer, r *gitwriter.Remote) { v.silent, r.Timeout = true, 300*time.Millisecond },
			"open the repository at HOST: no complete answer within 300ms",
			gitwriter.ReasonUnavailable, false,
		},
		"server down": {
			// The first port is reserved: the port of a server that was closed may soon be another's.
			"nobody listens", func(v *sshServer, r *gitwriter.Remote) { r.URL = "ssh://git@127.0.0.1:1" + v.bare },
			"open the repository at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused",
			gitwriter.ReasonUnavailable, false,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGitServer(t)
			s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
			v := newSSHServer(t, s, newKey(t), true)
			r := v.remote("")
			c.setup(v, &r)
			_, err := gitwriter.NewMirror(r, gitwriter.WithClock(clock)).Refresh(t.Context())
			want := strings.NewReplacer("HOST", v.address, "NAME", knownhosts.Normalize(v.address),
				"SHOWN", ssh.FingerprintSHA256(v.hostKey.PublicKey()), "KEY", ssh.FingerprintSHA256(newSigner(t, v.key).PublicKey())).Replace(c.want)
			if diff := cmp.Diff(want, errorText(err)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			if reason(err) != c.class || terminal(err) != c.terminal {
				t.Errorf("%s: want %s, terminal %t; got %s, %t", c.reason, c.class, c.terminal, reason(err), terminal(err))
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, r, r), "PRIVATE") || strings.Contains(fmt.Sprintf("%v %+v", err, r), "pass-phrase") {
				t.Errorf("the key is shown: %v %+v", err, r)
			}
		})
	}
}

// TestSSHConnection: one is kept, and replaced when it died or the key was rotated.
func TestSSHConnection(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
	v := newSSHServer(t, s, newKey(t), true)
	r := v.remote("")
	m := gitwriter.NewMirror(r, gitwriter.WithClock(clock))
	write(t, m, change(t, "www", "v1.0.36"))
	v.ran()
	write(t, m, change(t, "www", "v1.0.37"))
	commands, opened := v.ran()
	if diff := cmp.Diff([]string{"git-receive-pack"}, commands); diff != "" || opened != 1 {
		t.Errorf("a write took %d connections in all, and these commands: -want +got:\n%s", opened, diff)
	}
	v.cutAll()
	write(t, m, change(t, "www", "v1.0.38"))
	if _, opened := v.ran(); opened != 2 {
		t.Errorf("a connection that died: want a second one, got %d", opened)
	}
	m.SetRemote(r)
	write(t, m, change(t, "www", "v1.0.39"))
	if _, opened := v.ran(); opened != 2 {
		t.Errorf("the same key: want the same connection, got %d", opened)
	}
	rotated := v.remote("")
	rotated.Auth.SSH.Identity = "" // As if somebody had emptied the secret.
	m.SetRemote(rotated)
	if _, err := m.Refresh(t.Context()); reason(err) != gitwriter.ReasonInvalidRemote {
		t.Errorf("a key that was taken away: %v", err)
	}
	m.SetRemote(v.remote("another"))
	write(t, m, change(t, "www", "v1.0.40"))
	s.checkSound()
}

// TestSSHIdleConnection: who isn't needed for a while goes.
func TestSSHIdleConnection(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
	v := newSSHServer(t, s, newKey(t), true)
	m := gitwriter.NewMirror(v.remote(""), gitwriter.WithSSHIdle(time.Millisecond))
	for want := 1; want <= 2; want++ {
		if _, err := m.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, opened := v.ran(); opened != want {
			t.Errorf("want %d connections, got %d", want, opened)
		}
		<-v.gone
	}
}

// TestSSHRefusedPush: what a hook says arrives as it does over HTTP.
func TestSSHRefusedPush(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
	s.hook("pre-receive", "echo 'Freeze until Monday' >&2; exit 1\n")
	v := newSSHServer(t, s, newKey(t), true)
	m := gitwriter.NewMirror(v.remote(""), gitwriter.WithClock(clock))
	_, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
	want := "push at " + v.address + `: the server refused the push to "main": pre-receive hook declined; remote: Freeze until Monday`
	if diff := cmp.Diff(want, errorText(err)); diff != "" || reason(err) != gitwriter.ReasonHookDeclined {
		t.Errorf("%s: -want +got:\n%s", reason(err), diff)
	}
}
