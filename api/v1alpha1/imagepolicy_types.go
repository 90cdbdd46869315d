package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ImagePolicySpec says which tag of an image should run, and where in Git that is written.
type ImagePolicySpec struct {
	// Image is the repository that is scanned, without tag or digest: `registry.example.com/web-hook/www`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.contains('@') && !self.matches(':[^/]*$')",message="image must be a repository without tag or digest: which tag is taken is said in select"
	// +kubebuilder:validation:XValidation:rule="!self.contains('://')",message="image must not begin with a scheme: write registry.example.com/name"
	Image string `json:"image"`

	// Interval between two scans of the repository.
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('5s')",message="interval must be a duration of at least 5s, such as 30s or 5m"
	// +optional
	Interval metav1.Duration `json:"interval,omitempty"`

	// Timeout of one scan.
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="timeout must be a duration from 1s to 1h, such as 60s"
	// +optional
	Timeout metav1.Duration `json:"timeout,omitempty"`

	// Registry says how the registry is reached.
	// +kubebuilder:default={}
	// +optional
	Registry RegistrySpec `json:"registry,omitempty"`

	// Select says which tag is taken.
	Select SelectSpec `json:"select"`

	// Targets are the places in Git that the selected tag is written to.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	Targets []Target `json:"targets"`

	// Suspend stops scanning and committing for this policy.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// RegistrySpec says how a registry is reached.
type RegistrySpec struct {
	// SecretRef names a Secret of type kubernetes.io/dockerconfigjson.
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// Insecure reaches the registry by plain HTTP: credentials then travel in clear text.
	// +optional
	Insecure bool `json:"insecure,omitempty"`
}

// SelectSpec says which tag is taken.
type SelectSpec struct {
	// SemVer takes the highest version in a range.
	SemVer SemVerSpec `json:"semver"`
}

// SemVerSpec takes the highest version in a range. A tag is a version when it has exactly three numeric parts, with
// or without a leading `v`; other tags are passed over.
type SemVerSpec struct {
	// Range that the version must lie in: `>=1.0.0`, `1.x`, `^1.2`, `~1.2.3`, `>=1.2.0 <2.0.0 || >=3.0.0`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Range string `json:"range"`

	// Prereleases admits versions such as `1.2.0-rc.1`.
	// +optional
	Prereleases bool `json:"prereleases,omitempty"`
}

// Target is a place in Git that a policy writes.
//
// +kubebuilder:validation:XValidation:rule="has(self.applicationRef) != has(self.repositoryRef)",message="a target needs exactly one of applicationRef and repositoryRef"
// +kubebuilder:validation:XValidation:rule="!has(self.repositoryRef) || has(self.file)",message="a target with repositoryRef needs file: only an Application has value files to default to"
type Target struct {
	// ApplicationRef names the Application whose source holds the file.
	// +optional
	ApplicationRef *LocalReference `json:"applicationRef,omitempty"`

	// RepositoryRef names the ConfigRepository that holds the file.
	// +optional
	RepositoryRef *LocalReference `json:"repositoryRef,omitempty"`

	// File to edit. With `applicationRef` it is relative to the Application's path and defaults to the first of its
	// value files; with `repositoryRef` it is relative to the root of the repository.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('/') && !self.split('/').exists(p, p == '..' || p == '.git')",message="file must be a relative path inside the repository, without .. and .git"
	// +optional
	File string `json:"file,omitempty"`

	// Tag is the key path that the tag is written to, as in `helm --set`: `www.tag`, `services[0].image.tag`,
	// `podAnnotations.example\.com/version`. It must exist in the file.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Tag string `json:"tag"`
}

// ImagePolicyStatus says what was selected and where it stands.
type ImagePolicyStatus struct {
	// ObservedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Latest is the tag that the policy selects.
	// +optional
	Latest *SelectedTag `json:"latest,omitempty"`

	// Targets are the places in Git, in the order of the spec.
	// +listType=atomic
	// +optional
	Targets []TargetStatus `json:"targets,omitempty"`

	// Scan is the last scan that changed something here. A scan that finds nothing new isn't written down.
	// +optional
	Scan *Scan `json:"scan,omitempty"`

	// Conditions: Ready, Selected, Committed, Reconciling, Stalled.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SelectedTag is a tag with the digest it had when it was selected.
type SelectedTag struct {
	// Tag as it is spelt in the registry.
	Tag string `json:"tag"`
	// Digest that the tag pointed to.
	// +optional
	Digest string `json:"digest,omitempty"`
	// FirstSeen is when Fairlead first selected it.
	FirstSeen metav1.MicroTime `json:"firstSeen"`
	// Selection says by what rule and among how many tags it was selected.
	Selection string `json:"selection"`
}

// TargetStatus is what a target holds in Git.
type TargetStatus struct {
	// Repository is the ConfigRepository that holds the file.
	// +optional
	Repository string `json:"repository,omitempty"`
	// File, relative to the root of the repository.
	// +optional
	File string `json:"file,omitempty"`
	// Path is the key path in the file.
	Path string `json:"path"`
	// Current is the value that stands there.
	// +optional
	Current string `json:"current,omitempty"`
	// Revision is the commit by which Fairlead wrote it, or at which it first saw it there.
	// +optional
	Revision string `json:"revision,omitempty"`
	// Time at which Fairlead wrote it, or first saw it there.
	// +optional
	Time *metav1.MicroTime `json:"time,omitempty"`
	// Reason why the target doesn't hold the selected tag; empty when it does. One of the reasons of the condition
	// Committed.
	// +optional
	Reason Reason `json:"reason,omitempty"`
	// Message says what is in the way and what to do.
	// +optional
	Message string `json:"message,omitempty"`
}

// Scan is one scan of the registry.
type Scan struct {
	// Time at which it ended.
	Time metav1.Time `json:"time"`
	// Tags that the repository has.
	Tags int32 `json:"tags"`
	// Eligible is the number of tags that the policy admits.
	Eligible int32 `json:"eligible"`
	// Requests that it took.
	Requests int32 `json:"requests"`
}

// ImagePolicy says which tag of an image a microservice should run, and where in Git that is written.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=fairlead,shortName=ip
// +kubebuilder:printcolumn:name="Selected",type=string,JSONPath=`.status.latest.tag`
// +kubebuilder:printcolumn:name="In Git",type=string,JSONPath=`.status.targets[*].current`
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.targets[0].time`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`,priority=1
// +kubebuilder:printcolumn:name="Range",type=string,JSONPath=`.spec.select.semver.range`,priority=1
type ImagePolicy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ImagePolicySpec   `json:"spec"`
	Status ImagePolicyStatus `json:"status,omitempty"`
}

// ImagePolicyList is a list of ImagePolicies.
//
// +kubebuilder:object:root=true
type ImagePolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ImagePolicy `json:"items"`
}
