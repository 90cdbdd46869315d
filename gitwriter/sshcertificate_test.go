package gitwriter_test

import (
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestSSHCertificates: a line @cert-authority speaks for every host that the authority has signed a certificate for.
func TestSSHCertificates(t *testing.T) {
	t.Parallel()
	const stranger = "the server shows the ssh-ed25519 key SHOWN, and known_hosts has no key of NAME: if the server's operator publishes this fingerprint, add the key to the secret"
	never := time.Now().AddDate(10, 0, 0)
	cases := map[string]struct {
		reason string
		key    func(testing.TB) crypto.Signer
		setup  func(v *sshServer, authority, other ssh.Signer)
		// lines of known_hosts, in which AUTHORITY and OTHER are keys and ADDRESS is the server.
		lines string
		want  string
	}{
		"Signed": {
			reason: "the authority says so", lines: "@cert-authority ADDRESS AUTHORITY",
			setup: func(v *sshServer, authority, _ ssh.Signer) { v.certify(authority, never, "127.0.0.1") },
		},
		"SignedByRSA": {
			reason: "many authorities are old", key: rsaKey, lines: "@cert-authority * AUTHORITY",
			setup: func(v *sshServer, authority, _ ssh.Signer) {
				v.certify(authority, never, "git.example.com", "127.0.0.1")
			},
		},
		"NoCertificate": {
			reason: "the key of an authority is no host's", lines: "@cert-authority * AUTHORITY\n* OTHER",
			setup: func(v *sshServer, _, other ssh.Signer) { v.showKey(other) },
		},
		"KeyOfAuthority": {
			reason: "the key of an authority is no host's", lines: "@cert-authority * AUTHORITY", want: stranger,
			setup: func(v *sshServer, authority, _ ssh.Signer) { v.showKey(authority) },
		},
		"OtherAuthority": {
			reason: "anybody can sign", lines: "@cert-authority * AUTHORITY", want: stranger,
			setup: func(v *sshServer, _, other ssh.Signer) { v.certify(other, never, "127.0.0.1") },
		},
		"OtherAuthorityAndKnownKey": {
			reason: "the key itself is known", lines: "@cert-authority * AUTHORITY\n* KEY",
			setup: func(v *sshServer, _, other ssh.Signer) { v.certify(other, never, "127.0.0.1") },
		},
		"OtherHosts": {
			reason: "the authority speaks for others", lines: "@cert-authority *.example.com AUTHORITY", want: stranger,
			setup: func(v *sshServer, authority, _ ssh.Signer) { v.certify(authority, never, "127.0.0.1") },
		},
		"OtherName": {
			reason: "it was stolen from another server", lines: "@cert-authority * AUTHORITY",
			setup: func(v *sshServer, authority, _ ssh.Signer) { v.certify(authority, never, "git.example.com") },
			want: "the server shows a certificate for the ssh-ed25519 key SHOWN that isn't valid for NAME: " +
				`ssh: principal "127.0.0.1" not in the set of valid principals for given certificate: ["git.example.com"]: have its operator renew it`,
		},
		"Expired": {
			reason: "authorities bound what they sign", lines: "@cert-authority * AUTHORITY",
			setup: func(v *sshServer, authority, _ ssh.Signer) {
				v.certify(authority, time.Unix(1_700_000_000, 0), "127.0.0.1")
			},
			want: "the server shows a certificate for the ssh-ed25519 key SHOWN that isn't valid for NAME: ssh: cert has expired: have its operator renew it",
		},
		"RevokedAuthority": {
			reason: "its key was stolen", lines: "@cert-authority * AUTHORITY\n@revoked * AUTHORITY",
			setup: func(v *sshServer, authority, _ ssh.Signer) { v.certify(authority, never, "127.0.0.1") },
			want:  "the server shows a certificate signed by the ssh-ed25519 key SIGNED, which known_hosts marks as revoked",
		},
		"RevokedKey": {
			reason: "the server's key was stolen", lines: "@cert-authority * AUTHORITY\n@revoked * KEY",
			setup: func(v *sshServer, authority, _ ssh.Signer) { v.certify(authority, never, "127.0.0.1") },
			want:  "the server shows the ssh-ed25519 key SHOWN, which known_hosts marks as revoked",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGitServer(t)
			s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
			v := newSSHServer(t, s, newKey(t), true)
			kind := c.key
			if kind == nil {
				kind = newKey
			}
			authority, other := newSigner(t, kind(t)), newSigner(t, newKey(t))
			hostKey := v.hostKey
			line := func(key ssh.Signer) string {
				return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
			}
			c.setup(v, authority, other)
			r := v.remote("")
			r.Auth.SSH.KnownHosts = strings.NewReplacer("ADDRESS", knownhosts.Normalize(v.address), "AUTHORITY", line(authority), "OTHER", line(other), "KEY", line(hostKey)).Replace(c.lines)
			_, err := gitwriter.NewMirror(r, gitwriter.WithClock(clock)).Refresh(t.Context())
			want := ""
			if c.want != "" {
				want = "connect at " + v.address + ": " + strings.NewReplacer("NAME", knownhosts.Normalize(v.address),
					"SHOWN", ssh.FingerprintSHA256(v.hostKey.PublicKey()), "SIGNED", ssh.FingerprintSHA256(authority.PublicKey())).Replace(c.want)
			}
			if diff := cmp.Diff(want, errorText(err)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			if c.want != "" && (reason(err) != gitwriter.ReasonServerNotTrusted || !terminal(err)) {
				t.Errorf("%s: want %s, terminal; got %s, %t", c.reason, gitwriter.ReasonServerNotTrusted, reason(err), terminal(err))
			}
		})
	}
}
