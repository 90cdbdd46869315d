// Package registry lists the tags of a repository and resolves tags to digests, over the wire of the OCI
// distribution specification.
//
// It knows authentication, pages, limits and what a registry's answers mean; its errors classify themselves (see
// Error). It must never know Kubernetes or Git: a credential arrives as the bytes of a dockerconfigjson or as a
// Credential, and what is done with a tag is somebody else's business.
//
// # What a scan costs
//
// One Client serves a whole process. For each repository and credential it keeps a session: the scheme of
// authentication that the registry named and the bearer token that it gave. So the first scan asks two or three
// times, each one after it once for every page of tags, until the token expires. Sessions of different credentials
// share nothing but TCP connections. Nothing is retried here: every failure is returned, with the time that the
// registry asked to be left alone.
//
// # What is never done
//
// A credential is sent to the registry and to the token server that the registry named, and to nobody else. Without
// "insecure" nothing is sent in plain text, private and loopback addresses included. No error holds a password or
// a token, even if a server repeats one in its answer.
package registry
