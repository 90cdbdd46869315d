// Package signing makes the signatures that Git stores in the header gpgsig of a commit: OpenPGP's (RFC 9580, and RFC 4880
// as GnuPG writes it), and OpenSSH's (PROTOCOL.sshsig, namespace "git").
//
// It knows keys and formats. It must never know what is signed, nor where a key comes from. No error holds a part of a key
// or a passphrase.
package signing
