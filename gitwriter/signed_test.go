package gitwriter_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/signing"
)

// signedWrite commits two changes, signed, on a server that has one that isn't.
func signedWrite(t *testing.T, signer gitwriter.Signer) (*gitServer, gitwriter.WriteResult) {
	t.Helper()
	s, m := seeded(t)
	r, err := m.Write(t.Context(), gitwriter.WriteRequest{
		Changes: []gitwriter.Change{change(t, "www", "v1.0.36"), change(t, "api", "v2.0.1")}, Signer: signer,
	})
	must(t, err)
	s.checkSound()
	s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.1", "v3.0.0"))
	return s, r
}

func TestSSHSignedCommitsVerify(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "id")
			out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path).CombinedOutput()
			if err != nil {
				t.Fatalf("ssh-keygen: %v: %s", err, out)
			}
			key, err := os.ReadFile(path)
			must(t, err)
			signer, err := signing.SSH(key, nil)
			must(t, err)
			s, _ := signedWrite(t, signer)

			public, err := os.ReadFile(path + ".pub")
			must(t, err)
			allowed := filepath.Join(t.TempDir(), "allowed")
			must(t, os.WriteFile(allowed, append([]byte("fairlead@localhost "), public...), 0o600))
			s.git("config", "gpg.format", "ssh")
			s.git("config", "gpg.ssh.allowedSignersFile", allowed)
			s.git("verify-commit", "main", "main~1")
			want := "G fairlead@localhost " + signer.Name()
			if diff := cmp.Diff(want, s.git("log", "-1", "--format=%G? %GS %GK", "main")); diff != "" {
				t.Errorf("what git says of the signature: -want +got:\n%s", diff)
			}
			if _, err := runGit(s.bare, "verify-commit", "main~2"); err == nil {
				t.Error("somebody else's commit isn't signed, and yet git verifies it")
			}
		})
	}
}

func TestOpenPGPSignedCommitsVerify(t *testing.T) {
	t.Parallel()
	entity, err := openpgp.NewEntity("Fairlead", "", "fairlead@localhost", nil)
	must(t, err)
	export := func(kind string, write func(*bytes.Buffer) error) []byte {
		var body, text bytes.Buffer
		must(t, write(&body))
		w, err := armor.Encode(&text, kind, nil)
		must(t, err)
		_, err = w.Write(body.Bytes())
		must(t, err)
		must(t, w.Close())
		return text.Bytes()
	}
	signer, err := signing.OpenPGP(export(openpgp.PrivateKeyType, func(b *bytes.Buffer) error { return entity.SerializePrivate(b, nil) }), nil)
	must(t, err)
	public := export(openpgp.PublicKeyType, func(b *bytes.Buffer) error { return entity.Serialize(b) })
	s, r := signedWrite(t, signer)
	checkByLibrary(t, s, r, entity)

	gpg, err := exec.LookPath("gpg")
	if err != nil {
		t.Skip("the library verified them, and there is no gpg here for git to do so")
	}
	home := t.TempDir()
	must(t, os.Chmod(home, 0o700))
	script := filepath.Join(home, "gpg") // git knows gpg by one path: this one has the home of the test.
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nexec "+gpg+" --homedir "+home+" --no-autostart --batch \"$@\"\n"), 0o700))
	imported := exec.Command(script, "--import")
	imported.Stdin = bytes.NewReader(public)
	if out, err := imported.CombinedOutput(); err != nil {
		t.Fatalf("gpg --import: %v: %s", err, out)
	}
	s.git("config", "gpg.program", script)
	s.git("verify-commit", "main", "main~1")
	want := "U Fairlead <fairlead@localhost> " + signer.Name() // U: good, by a key that nobody vouched for.
	if diff := cmp.Diff(want, s.git("log", "-1", "--format=%G? %GS %GF", "main")); diff != "" {
		t.Errorf("what git says of the signature: -want +got:\n%s", diff)
	}
}

// checkByLibrary verifies the head's signature as git takes it out of the commit.
func checkByLibrary(t *testing.T, s *gitServer, r gitwriter.WriteResult, entity *openpgp.Entity) {
	t.Helper()
	header, message, _ := strings.Cut(git(t, s.bare, "cat-file", "commit", r.Head.Revision), "\n\n")
	before, signed, found := strings.Cut(header, "\ngpgsig ")
	if !found {
		t.Fatalf("the commit has no signature: %s", header)
	}
	_, err := openpgp.CheckArmoredDetachedSignature(openpgp.EntityList{entity}, strings.NewReader(before+"\n\n"+message),
		strings.NewReader(strings.ReplaceAll(signed, "\n ", "\n")+"\n"), nil)
	if err != nil {
		t.Errorf("the signature doesn't verify: %v", err)
	}
}

// mute is a Signer whose key can't sign.
type mute struct{ err error }

func (m mute) Sign([]byte) (string, error) { return "", m.err }

func TestNothingIsPushedUnsigned(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	before := s.git("rev-parse", "main")
	expired := &signing.KeyError{Problem: "the key is expired"}
	r, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}, Signer: mute{expired}})
	if !errors.Is(err, expired) || !terminal(err) || err.Error() != "sign the commit: the key is expired" {
		t.Errorf("the error of the signer: got %v", err)
	}
	if after := s.git("rev-parse", "main"); after != before {
		t.Errorf("the branch moved to %s", after)
	}
	if got := r.Outcomes["fairlead/www"][0].State; got != gitwriter.Failed {
		t.Errorf("the target is %s", got)
	}
}
