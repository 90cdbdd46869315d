// Package explain answers for a person which tag an ImagePolicy takes, and why each other tag is not taken: from files,
// with neither a cluster nor a network, or from a cluster, as the person who asks.
//
// It knows how the files are written, what the API server makes of a policy, and how an answer looks. What it answers is
// decided by registry/selection through controllers/choice, which is what the controller runs. It must never decide
// anything itself, write to a cluster, nor know Git.
package explain
