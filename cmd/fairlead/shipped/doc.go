// Package shipped knows what belongs to this version of the program and lives in a cluster: its kinds, and the rights that its
// controllers need. Both are copies of what is installed, made by `make manifests`.
//
// It must never know a cluster: those who ask one bring what they found.
package shipped
