// Package metrics counts and times what the controllers do, and shows the states of their objects to Prometheus.
//
// It knows names, labels and what bounds them: every label takes its values from a list in the code, or from objects of the
// cluster whose series go with them. It must never know how anything is done, and takes no name from a registry, a repository or a
// webhook as the value of a label.
package metrics
