package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter/signing"
)

// format is a format of signatures: the keys of its Secret, which are those that Flux users have, and who reads them.
type format struct {
	key, passphrase string
	open            func(key, passphrase []byte) (*signing.Signer, error)
}

func formatOf(name v1alpha1.SigningFormat) format {
	if name == v1alpha1.SigningSSH {
		return format{key: "identity", passphrase: "password", open: signing.SSH}
	}
	return format{key: "git.asc", passphrase: "passphrase", open: signing.OpenPGP}
}

// Signers holds the signer of each ConfigRepository that signs: to decrypt a key takes as long as its owner thought would
// keep those away who guess its passphrase.
type Signers struct {
	mu      sync.Mutex
	signers map[types.UID]signer
}

// signer is a signer, and the hash of what it was made from.
type signer struct {
	*signing.Signer

	from [sha256.Size]byte
}

// NewSigners returns an empty set of signers.
func NewSigners() *Signers { return &Signers{signers: map[types.UID]signer{}} }

// Open returns what the commits of a ConfigRepository are signed with, by the key that its Secret holds now; nil if they
// aren't. The error is an *Error if the Secret or the key can't be used.
func (s *Signers) Open(ctx context.Context, reader client.Reader, repository *v1alpha1.ConfigRepository) (*signing.Signer, error) {
	spec := repository.Spec.Commit.Signing
	if spec == nil {
		return nil, nil //nolint:nilnil // Nobody is an answer.
	}
	const field = "spec.commit.signing.secretRef"
	found, err := secret(ctx, reader, repository.Namespace, spec.SecretRef.Name, field)
	if err != nil {
		return nil, err
	}
	format := formatOf(spec.Format)
	key, ok := found.Data[format.key]
	if !ok {
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s, which %s names, lacks the key %s: with format %s it must hold a private key there",
			found.Namespace, found.Name, field, format.key, spec.Format)
	}
	passphrase := bytes.TrimRight(found.Data[format.passphrase], "\r\n") // A file that one was made from often ends in a line break.
	from := sha256.Sum256([]byte(string(spec.Format) + "\x00" + hashed(key) + hashed(passphrase)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.signers[repository.UID]; ok && known.from == from {
		return known.Signer, nil
	}
	opened, err := format.open(key, passphrase)
	if err != nil {
		delete(s.signers, repository.UID)
		return nil, failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s, which %s names: %s",
			found.Namespace, found.Name, field, format.problem(err))
	}
	s.signers[repository.UID] = signer{Signer: opened, from: from}
	return opened, nil
}

// problem says what is wrong, and in which key of the Secret.
func (f format) problem(err error) string {
	where := f.key
	if refused := (*signing.KeyError)(nil); errors.As(err, &refused) && refused.Passphrase {
		where = f.passphrase
	}
	return where + ": " + err.Error()
}

func hashed(text []byte) string {
	sum := sha256.Sum256(text)
	return string(sum[:])
}

// Keep forgets the signers of all ConfigRepositories but these.
func (s *Signers) Keep(repositories []v1alpha1.ConfigRepository) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(map[types.UID]signer, len(repositories))
	for i := range repositories {
		if known, ok := s.signers[repositories[i].UID]; ok {
			kept[repositories[i].UID] = known
		}
	}
	s.signers = kept
}
