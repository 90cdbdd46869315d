package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of the kinds in this package.
var GroupVersion = schema.GroupVersion{Group: "fairlead.dev", Version: "v1alpha1"} //nolint:gochecknoglobals // a constant in all but syntax

// AddToScheme registers the kinds of this package with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&ConfigRepository{}, &ConfigRepositoryList{},
		&ImagePolicy{}, &ImagePolicyList{},
		&Application{}, &ApplicationList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// ReconcileAtAnnotation asks for a reconciliation at once whenever its value changes; the value is free text,
// by habit the time of asking.
//
//	kubectl annotate imagepolicy www fairlead.dev/reconcile-at="$(date +%s)" --overwrite
const ReconcileAtAnnotation = "fairlead.dev/reconcile-at"

// SuspendReasonAnnotation says to people why somebody suspended an object. It decides nothing.
const SuspendReasonAnnotation = "fairlead.dev/suspend-reason"
