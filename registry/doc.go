// Package registry lists the tags of a repository, resolves tags to digests and finds the platforms of images, over the
// wire of the OCI distribution specification.
//
// It knows authentication, pages, limits and what a registry's answers mean; its errors classify themselves (see
// Error). It must never know Kubernetes or Git: how a registry is reached arrives as an Access, a credential perhaps as
// the bytes of a dockerconfigjson, and what is done with a tag is somebody else's business.
//
// # What a scan costs
//
// One Client serves a whole process. For each repository and access it keeps a session: the scheme of authentication
// that the registry named and the bearer token that it gave. Nothing is asked before what is wanted: a registry that
// wants a credential refuses the first request and says so. So a scan asks once for every page of tags, the first one
// and each one after a token's end once or twice more. A token is renewed shortly before its end. Where a registry sends
// an ETag with a page, it is asked whether that has changed, and the page isn't sent again. Sessions of different
// accesses share nothing but connections, and those only where their certificates and proxies are the same.
//
// # Limits
//
// What is asked of one host, by whomever, passes one gate (one more for each proxy that was given: whoever gives it can
// make it answer for any host). It bounds how many requests are under way at a time
// (WithHostConcurrency) and how many begin in a second (WithHostRate). A host that answers 429, or 503 with Retry-After,
// is left alone for as long as it says, an hour at most, or for a second that doubles up to a minute with each 429 that
// doesn't say; until then calls fail with Error.RetryAfter, and nothing is sent. No gate waits for another, so that a
// slow or dead registry delays no other. Nothing is retried here: every failure is returned.
//
// # What is never done
//
// A credential is sent to the registry and to the token server that the registry named, and to nobody else, redirects
// included; a client's certificate is shown to the registry alone, and a proxy's credentials to the proxy. Without
// "insecure" nothing is sent in plain text, private and loopback addresses included. No error holds a password or a
// token, even if a server repeats one in its answer.
package registry
