// Package webhook turns what a registry posts after a push into the name of what was pushed.
//
// It knows the payloads of the providers and what each of them signs or sends to be recognised by. It must never know
// Kubernetes, Git, a server or a socket, nor whether the payload tells the truth: a push is a hint that a repository is worth
// a look, and the registry has the last word.
//
// # Order
//
// A request is verified before a byte of it is parsed, in constant time, and no provider is open: an empty secret verifies
// nothing. Only then is the payload read, and it is still taken for hostile: names that no registry could have are
// dropped, and of very many pushes only the first MaxPushes count.
package webhook
