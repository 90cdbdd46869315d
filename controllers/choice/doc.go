// Package choice says what an ImagePolicy means to the packages that decide and write: its spec as a policy of
// registry/selection, its targets as values for Git, and what Git holds as a reference.
//
// It is pure but for looking at single tags. The controllers and `fairlead explain` share it, so that they can't decide
// differently. It must never know when a policy is due, how a file is edited, nor how a status is written.
package choice
