package v1alpha1

// LocalReference names another object in the namespace of the object that holds the reference.
type LocalReference struct {
	// Name of the object, in this namespace.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name"`
}
