// Package check says whether a cluster is ready for Fairlead, and whether what is installed and declared there can work: what is
// missing, and how to mend it.
//
// It asks with the rights of whoever runs it, and by the packages that the controller itself reaches registries, Git and Secrets
// by, so that the two can't differ. It must never change anything, decide anything for the controller, or show a secret.
package check
