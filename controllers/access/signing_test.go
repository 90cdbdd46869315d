package access_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"golang.org/x/crypto/ssh"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

const signingPassphrase = "an open secret"

// sshSigning is a new SSH key with the passphrase.
func sshSigning(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(signingPassphrase))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// openPGPSigning is a new OpenPGP key.
func openPGPSigning(t *testing.T) string {
	t.Helper()
	entity, err := openpgp.NewEntity("Fairlead", "", "fairlead@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PrivateKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(entity.SerializePrivate(w, nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestSigners(t *testing.T) {
	t.Parallel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "signing-"}}
	if err := api.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	sshKey, pgpKey := sshSigning(t), openPGPSigning(t)
	for name, data := range map[string][]string{
		"ssh":       {"identity", sshKey, "password", signingPassphrase + "\n"},
		"ssh-wrong": {"identity", sshKey, "password", "a guess"},
		"ssh-alone": {"identity", sshKey},
		"pgp":       {"git.asc", pgpKey},
		"pgp-cut":   {"git.asc", pgpKey[:40]},
	} {
		secret := opaque(name, data...)
		secret.Namespace = namespace.Name
		if err := api.Create(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		reason, secret string
		format         v1alpha1.SigningFormat
		want           string // NS is the namespace; "": it signs
	}{
		"SSH":             {reason: "a key and its passphrase, with the line break of a file", secret: "ssh", format: v1alpha1.SigningSSH},
		"OpenPGP":         {reason: "a key without one", secret: "pgp", format: v1alpha1.SigningOpenPGP},
		"Missing":         {reason: "no Secret", secret: "none", format: v1alpha1.SigningSSH, want: "Secret NS/none, which spec.commit.signing.secretRef names, doesn't exist: create it"},
		"OtherFormat":     {reason: "a key of another kind", secret: "ssh", format: v1alpha1.SigningOpenPGP, want: "Secret NS/ssh, which spec.commit.signing.secretRef names, lacks the key git.asc: with format openpgp it must hold a private key there"},
		"WrongPassphrase": {reason: "the passphrase is to blame", secret: "ssh-wrong", format: v1alpha1.SigningSSH, want: "Secret NS/ssh-wrong, which spec.commit.signing.secretRef names: password: the passphrase doesn't open the key"},
		"NoPassphrase":    {reason: "the passphrase is to blame", secret: "ssh-alone", format: v1alpha1.SigningSSH, want: "Secret NS/ssh-alone, which spec.commit.signing.secretRef names: password: the key is encrypted, and there is no passphrase"},
		"Cut":             {reason: "the key is to blame", secret: "pgp-cut", format: v1alpha1.SigningOpenPGP, want: "Secret NS/pgp-cut, which spec.commit.signing.secretRef names: git.asc: it isn't an OpenPGP key that can be read: write it anew with gpg --armor --export-secret-keys"},
	}
	signers := access.NewSigners()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			repository := &v1alpha1.ConfigRepository{ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "config", UID: types.UID(name)}}
			if signer, err := signers.Open(t.Context(), api, repository); signer != nil || err != nil {
				t.Errorf("a repository that doesn't sign: got %v, %v", signer, err)
			}
			repository.Spec.Commit.Signing = &v1alpha1.CommitSigning{SecretRef: *ref(tc.secret), Format: tc.format}
			signer, err := signers.Open(t.Context(), api, repository)
			if tc.want != "" {
				want := strings.ReplaceAll(tc.want, "NS", namespace.Name)
				if err == nil || err.Error() != want || access.ReasonOf(err, "") != v1alpha1.ReasonSecretNotUsable {
					t.Errorf("%s:\nwant %s\ngot  %v", tc.reason, want, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if again, err := signers.Open(t.Context(), api, repository); again != signer || err != nil {
				t.Errorf("the same key is opened once: got %v, %v", again, err)
			}
			signers.Keep(nil)
			if again, err := signers.Open(t.Context(), api, repository); again == signer || err != nil {
				t.Errorf("a repository that is gone leaves nothing behind: got %v, %v", again, err)
			}
		})
	}
}

// TestSignerFollowsItsSecret: a rotated key counts at the next commit.
func TestSignerFollowsItsSecret(t *testing.T) {
	t.Parallel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "rotation-"}}
	if err := api.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	secret := opaque("key", "git.asc", openPGPSigning(t))
	secret.Namespace = namespace.Name
	if err := api.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	repository := &v1alpha1.ConfigRepository{ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "config", UID: "1"}}
	repository.Spec.Commit.Signing = &v1alpha1.CommitSigning{SecretRef: *ref("key"), Format: v1alpha1.SigningOpenPGP}
	signers := access.NewSigners()
	before, err := signers.Open(t.Context(), api, repository)
	if err != nil {
		t.Fatal(err)
	}
	secret.Data["git.asc"] = []byte(openPGPSigning(t))
	if err := api.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	after, err := signers.Open(t.Context(), api, repository)
	if err != nil || after.Name() == before.Name() {
		t.Errorf("want another key than %s, got %v, %v", before, after, err)
	}
	secret.Data["git.asc"] = []byte("broken")
	if err := api.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := signers.Open(t.Context(), api, repository); err == nil {
		t.Error("a key that was taken away still signs")
	}
}
