// Package webhook turns what a Git host posts after a push into the name of the repository and the branch that was pushed to.
//
// It knows the payloads of the providers and what each of them signs or sends to be recognised by. It must never know
// Kubernetes, registries, a server or a socket, nor whether the payload tells the truth: a push is a hint that a branch is
// worth a look, and the Git server has the last word.
//
// # Order
//
// A request is verified before a byte of it is parsed, in constant time, and no provider is open: an empty secret verifies
// nothing. Only then is the payload read, and it is still taken for hostile: names are bounded, and of very many branches
// only the first MaxPushes count.
package webhook
