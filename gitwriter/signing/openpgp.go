package signing

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// OpenPGP returns a Signer for an armored private key, as gpg --armor --export-secret-keys (or --export-secret-subkeys)
// writes it. The passphrase is used if the key is encrypted. The error is a *KeyError.
//
// What signs is what GnuPG would take: the newest subkey that is valid and made for signing, else the primary key.
func OpenPGP(key, passphrase []byte) (*Signer, error) {
	return openPGP(key, passphrase, time.Now)
}

func openPGP(key, passphrase []byte, now func() time.Time) (*Signer, error) {
	entity, err := readEntity(key)
	if err != nil {
		return nil, err
	}
	signing, err := signingKey(entity, now(), anyKey)
	if err != nil {
		return nil, err
	}
	if err := unlock(signing.PrivateKey, passphrase); err != nil {
		return nil, err
	}
	config := &packet.Config{Time: now, DefaultHash: crypto.SHA256, SigningKeyId: signing.PublicKey.KeyId}
	return &Signer{
		name: strings.ToUpper(hex.EncodeToString(signing.PublicKey.Fingerprint)),
		sign: func(payload []byte) (string, error) {
			if _, err := signingKey(entity, now(), signing.PublicKey.KeyId); err != nil {
				return "", err
			}
			var armored bytes.Buffer
			if err := openpgp.ArmoredDetachSign(&armored, entity, bytes.NewReader(payload), config); err != nil {
				return "", keyErrorf("the key can't sign: %s", err)
			}
			return armored.String(), nil
		},
	}, nil
}

// readEntity reads the one private key that an armored text holds.
func readEntity(key []byte) (*openpgp.Entity, error) {
	if len(bytes.TrimSpace(key)) == 0 {
		return nil, errNoKey()
	}
	block, err := armor.Decode(bytes.NewReader(key))
	switch {
	case errors.Is(err, io.EOF):
		return nil, keyErrorf("it isn't an armored OpenPGP key: write it with gpg --armor --export-secret-keys")
	case err != nil:
		return nil, keyErrorf("its armor can't be read: write it with gpg --armor --export-secret-keys")
	case block.Type == openpgp.PublicKeyType:
		return nil, keyErrorf("it is a public key, which can't sign: write the private one with gpg --armor --export-secret-keys")
	case block.Type != openpgp.PrivateKeyType:
		return nil, keyErrorf("it is an armored %q, not a private key: write it with gpg --armor --export-secret-keys", bounded(block.Type))
	}
	entities, err := openpgp.ReadKeyRing(block.Body)
	switch {
	case err != nil:
		return nil, keyErrorf("it isn't an OpenPGP key that can be read: write it anew with gpg --armor --export-secret-keys")
	case len(entities) != 1:
		return nil, keyErrorf("it holds %d keys: write the one that signs, with gpg --armor --export-secret-keys and its fingerprint", len(entities))
	case entities[0].PrivateKey == nil:
		return nil, keyErrorf("it holds no private key: write it with gpg --armor --export-secret-keys")
	}
	return entities[0], nil
}

// anyKey in place of a key's id leaves the choice to the entity.
const anyKey = 0

// signingKey is the key of an entity that signs at a time.
func signingKey(entity *openpgp.Entity, now time.Time, id uint64) (openpgp.Key, error) {
	key, ok := entity.SigningKeyById(now, id)
	if !ok {
		return key, unusable(entity, now)
	}
	if key.PrivateKey == nil || key.PrivateKey.Dummy() {
		return key, keyErrorf("the private part of the key that signs (%s) isn't in it: export it from where it is, not from a smart card or a stub",
			key.PublicKey.KeyIdString())
	}
	return key, nil
}

// unusable says why no key of an entity signs.
func unusable(entity *openpgp.Entity, now time.Time) *KeyError {
	name := entity.PrimaryKey.KeyIdString()
	identity := entity.PrimaryIdentity()
	switch {
	case entity.Revoked(now):
		return keyErrorf("the key %s is revoked: use another one", name)
	case identity == nil || identity.SelfSignature == nil || identity.Revoked(now):
		return keyErrorf("the key %s has no valid user ID: give it one, or use another key", name)
	case entity.PrimaryKey.KeyExpired(identity.SelfSignature, now):
		return keyErrorf("the key %s isn't valid at this time: it expired, or was made in the future; give it a later date with gpg --quick-set-expire, and export it again", name)
	default:
		return keyErrorf("the key %s has no valid part that is made for signing: add one with gpg --quick-add-key, or use another key", name)
	}
}

// unlock decrypts a key where that is needed.
func unlock(key *packet.PrivateKey, passphrase []byte) error {
	switch {
	case !key.Encrypted:
		return nil
	case len(passphrase) == 0:
		return errPassphraseMissing()
	case key.Decrypt(passphrase) != nil:
		return errPassphraseWrong()
	default:
		return nil
	}
}

// bounded cuts a word that somebody else wrote.
func bounded(word string) string { return word[:min(len(word), 40)] }
