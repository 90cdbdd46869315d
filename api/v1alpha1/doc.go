// Package v1alpha1 holds the kinds of the API group fairlead.dev: ConfigRepository, ImagePolicy and Application.
//
// It knows what users declare and what Fairlead reports: fields, defaults, validation, condition types and
// reasons. It must never know how anything is done, and imports apimachinery only.
//
// +kubebuilder:object:generate=true
// +groupName=fairlead.dev
package v1alpha1
