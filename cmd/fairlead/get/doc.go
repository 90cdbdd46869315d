// Package get tells how far each microservice is on its way from the registry to its pods, in one line: what is newest, what is
// selected, what stands in Git, what is deployed, which pods run it, and what it waits for.
//
// It knows what is read from a cluster for that, and how a line looks. It must never decide anything, write anywhere, or ask a
// registry or a Git server: all that it tells stands in objects.
package get
