package signing_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"

	"github.com/fairlead/fairlead/gitwriter/signing"
)

const passphrase = "an open secret"

// payload is what is signed: anything.
var payload = []byte("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\na message\n")

// tool runs a program and returns what it wrote.
func tool(t *testing.T, stdin []byte, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// sshKey makes a key with ssh-keygen and returns the path of its private part.
func sshKey(t *testing.T, word string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id")
	tool(t, nil, nil, "ssh-keygen", append([]string{"-q", "-N", word, "-C", "fairlead", "-f", path}, args...)...)
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSSH(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason     string
		args       []string
		passphrase string
	}{
		"Ed25519":          {reason: "what ssh-keygen makes", args: []string{"-t", "ed25519"}},
		"ECDSA":            {reason: "what some policies want", args: []string{"-t", "ecdsa", "-b", "384"}},
		"RSA":              {reason: "signs with SHA-2, not ssh-rsa", args: []string{"-t", "rsa", "-b", "2048"}},
		"PEM":              {reason: "the older format", args: []string{"-t", "rsa", "-b", "2048", "-m", "PEM"}},
		"PKCS8":            {reason: "the format of others", args: []string{"-t", "ecdsa", "-m", "PKCS8"}},
		"Passphrase":       {reason: "an encrypted key", args: []string{"-t", "ed25519", "-a", "1"}, passphrase: passphrase},
		"PassphraseInPEM":  {reason: "as it was encrypted before", args: []string{"-t", "rsa", "-b", "2048", "-m", "PEM"}, passphrase: passphrase},
		"PassphraseUnused": {reason: "a passphrase that isn't needed doesn't matter", args: []string{"-t", "ed25519"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := sshKey(t, tc.passphrase, tc.args...)
			given := tc.passphrase
			if name == "PassphraseUnused" {
				given = passphrase
			}
			signer, err := signing.SSH(read(t, path), []byte(given))
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if fingerprint := tool(t, nil, nil, "ssh-keygen", "-l", "-f", path+".pub"); !strings.Contains(fingerprint, signer.Name()) {
				t.Errorf("%s: the name is %s, ssh-keygen says %s", tc.reason, signer.Name(), fingerprint)
			}
			signature, err := signer.Sign(payload)
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			verifySSH(t, path, signature)
		})
	}
}

// verifySSH has ssh-keygen verify a signature.
func verifySSH(t *testing.T, path, signature string) {
	t.Helper()
	dir := t.TempDir()
	allowed, stored := filepath.Join(dir, "allowed"), filepath.Join(dir, "signature")
	for file, content := range map[string]string{allowed: "fairlead " + string(read(t, path+".pub")), stored: signature} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool(t, payload, nil, "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "fairlead", "-n", "git", "-s", stored)
}

func TestSSHRefusals(t *testing.T) {
	t.Parallel()
	plain, locked := sshKey(t, "", "-t", "ed25519"), sshKey(t, passphrase, "-t", "ed25519", "-a", "1")
	cases := map[string]struct {
		reason          string
		key, passphrase []byte
		want            string
		wantPassphrase  bool
	}{
		"Empty": {reason: "nothing signs nothing", key: []byte(" \n"), want: "it is empty: it must hold a private key"},
		"Public": {
			reason: "the wrong one of two files", key: read(t, plain+".pub"),
			want: "it is a public key, which can't sign: the private one is in the file without .pub",
		},
		"Cut": {
			reason: "a key that lost its end", key: read(t, plain)[:100],
			want: "it isn't a private key as ssh-keygen writes it: it must begin with -----BEGIN OPENSSH PRIVATE KEY----- and end with a line of that kind",
		},
		"PuTTY": {
			reason: "a format of its own", key: []byte("PuTTY-User-Key-File-3: ssh-ed25519\n"),
			want: "it is a key of PuTTY: convert it with puttygen -O private-openssh",
		},
		"Locked": {
			reason: "a passphrase is needed", key: read(t, locked), want: "the key is encrypted, and there is no passphrase", wantPassphrase: true,
		},
		"WrongPassphrase": {
			reason: "and the right one", key: read(t, locked), passphrase: []byte("a guess"),
			want: "the passphrase doesn't open the key", wantPassphrase: true,
		},
		"Certificate": {
			reason: "PEM of something else", key: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("secret")}),
			want: `its "CERTIFICATE" can't be read as an SSH key: make one with ssh-keygen -t ed25519`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := signing.SSH(tc.key, tc.passphrase)
			checkRefused(t, tc.reason, err, tc.want, tc.wantPassphrase)
		})
	}
}

// checkRefused compares a *KeyError.
func checkRefused(t *testing.T, reason string, err error, want string, passphrase bool) {
	t.Helper()
	var refused *signing.KeyError
	if !errors.As(err, &refused) {
		t.Fatalf("%s: want a KeyError, got %v", reason, err)
	}
	if refused.Error() != want || refused.Passphrase != passphrase || !refused.Terminal() {
		t.Errorf("%s:\nwant %q (about the passphrase: %t)\ngot  %q (%t)", reason, want, passphrase, refused.Error(), refused.Passphrase)
	}
}

// entity makes an OpenPGP key.
func entity(t *testing.T, config *packet.Config) *openpgp.Entity {
	t.Helper()
	config.Algorithm = packet.PubKeyAlgoEdDSA
	made, err := openpgp.NewEntity("Fairlead", "", "fairlead@example.com", config)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// armored writes keys with their private parts, or without.
func armored(t *testing.T, kind string, entities ...*openpgp.Entity) []byte {
	t.Helper()
	var text bytes.Buffer
	w, err := armor.Encode(&text, kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entities {
		write := e.Serialize
		if kind == openpgp.PrivateKeyType {
			write = func(w io.Writer) error { return e.SerializePrivateWithoutSigning(w, nil) }
		}
		if err := write(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func TestOpenPGP(t *testing.T) {
	t.Parallel()
	plain, subkey := entity(t, &packet.Config{}), entity(t, &packet.Config{})
	if err := subkey.AddSigningSubkey(&packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}); err != nil {
		t.Fatal(err)
	}
	locked := entity(t, &packet.Config{})
	text := armored(t, openpgp.PrivateKeyType, locked)
	if err := locked.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason          string
		entity          *openpgp.Entity
		key, passphrase []byte
		name            []byte
	}{
		"Plain": {
			reason: "the primary key signs", entity: plain, key: armored(t, openpgp.PrivateKeyType, plain), name: plain.PrimaryKey.Fingerprint,
		},
		"Subkey": {
			reason: "a subkey for signing signs", entity: subkey, key: armored(t, openpgp.PrivateKeyType, subkey),
			name: subkey.Subkeys[len(subkey.Subkeys)-1].PublicKey.Fingerprint,
		},
		"Passphrase": {
			reason: "an encrypted key", entity: locked, key: armored(t, openpgp.PrivateKeyType, locked), passphrase: []byte(passphrase),
			name: locked.PrimaryKey.Fingerprint,
		},
		"PassphraseUnused": {
			reason: "a passphrase that isn't needed doesn't matter", entity: locked, key: text, passphrase: []byte(passphrase),
			name: locked.PrimaryKey.Fingerprint,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer, err := signing.OpenPGP(tc.key, tc.passphrase)
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if want := fmt.Sprintf("%X", tc.name); signer.Name() != want {
				t.Errorf("%s: want the name %s, got %s", tc.reason, want, signer.Name())
			}
			signature, err := signer.Sign(payload)
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			ring := openpgp.EntityList{tc.entity}
			if _, err := openpgp.CheckArmoredDetachedSignature(ring, bytes.NewReader(payload), strings.NewReader(signature), nil); err != nil {
				t.Errorf("%s: the signature doesn't verify: %v", tc.reason, err)
			}
		})
	}
}

func TestOpenPGPRefusals(t *testing.T) {
	t.Parallel()
	plain, other, locked := entity(t, &packet.Config{}), entity(t, &packet.Config{}), entity(t, &packet.Config{})
	text := armored(t, openpgp.PrivateKeyType, plain)
	if err := locked.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
		t.Fatal(err)
	}
	yesterday := func() time.Time { return time.Now().Add(-24 * time.Hour) }
	expired := entity(t, &packet.Config{Time: yesterday, KeyLifetimeSecs: 60})
	revoked := entity(t, &packet.Config{})
	if err := revoked.RevokeKey(packet.KeyCompromised, "lost", nil); err != nil {
		t.Fatal(err)
	}
	mute := entity(t, &packet.Config{})
	for _, identity := range mute.Identities {
		identity.SelfSignature.FlagSign = false
		if err := identity.SelfSignature.SignUserId(identity.UserId.Id, mute.PrimaryKey, mute.PrivateKey, nil); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		reason          string
		key, passphrase []byte
		want            string
		wantPassphrase  bool
	}{
		"Empty": {reason: "nothing signs nothing", want: "it is empty: it must hold a private key"},
		"NoArmor": {
			reason: "a binary key", key: []byte{0x94, 0x58, 0x04},
			want: "it isn't an armored OpenPGP key: write it with gpg --armor --export-secret-keys",
		},
		"Public": {
			reason: "the wrong export", key: armored(t, openpgp.PublicKeyType, plain),
			want: "it is a public key, which can't sign: write the private one with gpg --armor --export-secret-keys",
		},
		"Disguised": {
			reason: "a public key that says it is private", key: bytes.ReplaceAll(armored(t, openpgp.PublicKeyType, plain), []byte("PUBLIC"), []byte("PRIVATE")),
			want: "it holds no private key: write it with gpg --armor --export-secret-keys",
		},
		"Message": {
			reason: "armor of something else", key: bytes.ReplaceAll(text, []byte("PRIVATE KEY BLOCK"), []byte("MESSAGE")),
			want: `it is an armored "PGP MESSAGE", not a private key: write it with gpg --armor --export-secret-keys`,
		},
		"Cut": {
			reason: "a key that lost its end", key: text[:len(text)/2],
			want: "it isn't an OpenPGP key that can be read: write it anew with gpg --armor --export-secret-keys",
		},
		"Two": {
			reason: "which one signs must be said", key: armored(t, openpgp.PrivateKeyType, plain, other),
			want: "it holds 2 keys: write the one that signs, with gpg --armor --export-secret-keys and its fingerprint",
		},
		"Locked": {
			reason: "a passphrase is needed", key: armored(t, openpgp.PrivateKeyType, locked),
			want: "the key is encrypted, and there is no passphrase", wantPassphrase: true,
		},
		"WrongPassphrase": {
			reason: "and the right one", key: armored(t, openpgp.PrivateKeyType, locked), passphrase: []byte("a guess"),
			want: "the passphrase doesn't open the key", wantPassphrase: true,
		},
		"Expired": {
			reason: "its time is over", key: armored(t, openpgp.PrivateKeyType, expired),
			want: "the key " + expired.PrimaryKey.KeyIdString() + " isn't valid at this time: it expired, or was made in the future; " +
				"give it a later date with gpg --quick-set-expire, and export it again",
		},
		"Revoked": {
			reason: "its owner took it back", key: armored(t, openpgp.PrivateKeyType, revoked),
			want: "the key " + revoked.PrimaryKey.KeyIdString() + " is revoked: use another one",
		},
		"NotForSigning": {
			reason: "a key that only certifies", key: armored(t, openpgp.PrivateKeyType, mute),
			want: "the key " + mute.PrimaryKey.KeyIdString() + " has no valid part that is made for signing: add one with gpg --quick-add-key, or use another key",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := signing.OpenPGP(tc.key, tc.passphrase)
			checkRefused(t, tc.reason, err, tc.want, tc.wantPassphrase)
		})
	}
}

// TestGnuPG signs with a key that GnuPG wrote and encrypted, and has GnuPG verify.
func TestGnuPG(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("there is no gpg here")
	}
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"GNUPGHOME=" + home}
	t.Cleanup(func() {
		stop := exec.Command("gpgconf", "--kill", "all")
		stop.Env = append(os.Environ(), env...)
		if out, err := stop.CombinedOutput(); err != nil {
			t.Errorf("end the agent: %v: %s", err, out)
		}
	})
	batch := []string{"--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase}
	tool(t, nil, env, "gpg", append(batch, "--quick-gen-key", "Fairlead <fairlead@example.com>", "default", "sign", "1d")...)
	key := tool(t, nil, env, "gpg", append(batch, "--armor", "--export-secret-keys", "fairlead@example.com")...)

	_, err := signing.OpenPGP([]byte(key), nil)
	checkRefused(t, "GnuPG's encryption is seen", err, "the key is encrypted, and there is no passphrase", true)
	signer, err := signing.OpenPGP([]byte(key), []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	stored := filepath.Join(t.TempDir(), "signature")
	if err := os.WriteFile(stored, []byte(signature), 0o600); err != nil {
		t.Fatal(err)
	}
	said := tool(t, payload, env, "gpg", "--batch", "--status-fd", "1", "--verify", stored, "-")
	if !strings.Contains(said, "[GNUPG:] VALIDSIG "+signer.Name()) {
		t.Errorf("gpg doesn't name the key %s: %s", signer.Name(), said)
	}
}

func TestPrintingShowsNoKey(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signing.SSH(pem.EncodeToMemory(block), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, signer); got != signer.Name() {
			t.Errorf("%s prints %q, want %q", verb, got, signer.Name())
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlFgEaA==\n-----END PGP PRIVATE KEY BLOCK-----\n"))
	f.Fuzz(func(t *testing.T, key []byte) {
		for _, parse := range []func(key, passphrase []byte) (*signing.Signer, error){signing.OpenPGP, signing.SSH} {
			signer, err := parse(key, []byte(passphrase))
			if refused := (*signing.KeyError)(nil); err != nil && !errors.As(err, &refused) {
				t.Errorf("want a KeyError, got %v", err)
			}
			if err == nil && signer.Name() == "" {
				t.Error("a key without a name")
			}
		}
	})
}
