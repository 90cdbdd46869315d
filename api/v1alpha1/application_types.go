package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ApplicationSpec says which path of the config repository is kept rolled out, and where. The names and meanings are
// Argo CD's.
type ApplicationSpec struct {
	// Project is accepted for manifests that come from Argo CD and means nothing: only `default` is allowed. What an
	// Application may touch follows from its namespace and its ServiceAccount.
	// +kubebuilder:validation:XValidation:rule="self == 'default' || self == ''",message="project must be default: there are no projects, rights follow from the Application's namespace and serviceAccountName"
	// +optional
	Project string `json:"project,omitempty"`

	// Source is where the manifests come from.
	Source ApplicationSource `json:"source"`

	// Destination is where the objects go.
	Destination ApplicationDestination `json:"destination"`

	// SyncPolicy says when and how the cluster is brought to the revision.
	// +kubebuilder:default={}
	// +optional
	SyncPolicy SyncPolicy `json:"syncPolicy,omitempty"`

	// ServiceAccountName is the ServiceAccount, in the Application's namespace, that is impersonated for all that is
	// applied. In Fairlead's own namespace it is optional: without it the controller's rights count. Anywhere else
	// it defaults to `fairlead-sync`.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// Suspend stops syncing. What runs keeps running.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// ApplicationSource is a path of a config repository.
//
// +kubebuilder:validation:XValidation:rule="has(self.repoURL) != has(self.repositoryRef)",message="source needs exactly one of repoURL and repositoryRef"
type ApplicationSource struct {
	// RepoURL is the URL of the Git repository. A ConfigRepository in this namespace with the same URL and branch
	// serves it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	RepoURL string `json:"repoURL,omitempty"`

	// RepositoryRef names the ConfigRepository, in place of `repoURL`.
	// +optional
	RepositoryRef *LocalReference `json:"repositoryRef,omitempty"`

	// TargetRevision is the branch, which must be the one of the ConfigRepository. Empty or `HEAD`: its branch,
	// whatever it is.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	TargetRevision string `json:"targetRevision,omitempty"`

	// Path of the Helm chart in the repository.
	// +kubebuilder:default="."
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('/') && !self.split('/').exists(p, p == '..' || p == '.git')",message="path must be a relative path inside the repository, without .. and .git"
	// +optional
	Path string `json:"path,omitempty"`

	// Helm says how the chart is rendered.
	// +kubebuilder:default={}
	// +optional
	Helm HelmSource `json:"helm,omitempty"`
}

// HelmSource says how a chart is rendered. Values of `valueFiles` are overridden by `values`, or by `valuesObject`
// where it is given, and those by `parameters`.
type HelmSource struct {
	// ReleaseName is the chart's release name. Defaults to the name of the Application.
	// +kubebuilder:validation:MaxLength=53
	// +optional
	ReleaseName string `json:"releaseName,omitempty"`

	// ValueFiles are read in this order, later ones win. Relative to the chart, or with a leading `/` to the root of
	// the repository.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	ValueFiles []string `json:"valueFiles,omitempty"`

	// Values is a YAML document of values.
	// +kubebuilder:validation:MaxLength=262144
	// +optional
	Values string `json:"values,omitempty"`

	// ValuesObject are values as an object; `values` is then ignored.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	ValuesObject *runtime.RawExtension `json:"valuesObject,omitempty"`

	// Parameters are single values, as with `helm --set`.
	// +kubebuilder:validation:MaxItems=256
	// +listType=atomic
	// +optional
	Parameters []HelmParameter `json:"parameters,omitempty"`
}

// HelmParameter is a single value.
type HelmParameter struct {
	// Name is the key path of the value.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Name string `json:"name"`
	// Value as `helm --set` reads it.
	// +kubebuilder:validation:MaxLength=16384
	// +optional
	Value string `json:"value,omitempty"`
	// ForceString takes the value as a string, as with `helm --set-string`.
	// +optional
	ForceString bool `json:"forceString,omitempty"`
}

// InClusterServer is the only destination server there is: the cluster that Fairlead runs in.
const InClusterServer = "https://kubernetes.default.svc"

// ApplicationDestination is where objects go.
type ApplicationDestination struct {
	// Server is the cluster's API server.
	// +kubebuilder:default="https://kubernetes.default.svc"
	// +kubebuilder:validation:XValidation:rule="self == 'https://kubernetes.default.svc'",message="server must be https://kubernetes.default.svc, the cluster that Fairlead runs in: other clusters can't be reached yet"
	// +optional
	Server string `json:"server,omitempty"`

	// Namespace of the objects that name none. An Application outside of Fairlead's own namespace must name its own.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="namespace must be the name of a namespace"
	Namespace string `json:"namespace"`
}

// SyncPolicy says when and how the cluster is brought to the revision.
type SyncPolicy struct {
	// Automated syncs each new revision by itself. Without it differences are shown and nothing is applied.
	// +optional
	Automated *AutomatedSync `json:"automated,omitempty"`

	// SyncOptions: `CreateNamespace=true` creates the destination namespace where it is missing.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.all(o, o in ['CreateNamespace=true', 'CreateNamespace=false'])",message="syncOptions may hold CreateNamespace=true or CreateNamespace=false, and no other option yet"
	// +listType=atomic
	// +optional
	SyncOptions []string `json:"syncOptions,omitempty"`
}

// AutomatedSync says what is mended without being asked.
type AutomatedSync struct {
	// Prune deletes what an earlier revision applied and this one doesn't hold any more.
	// +optional
	Prune bool `json:"prune,omitempty"`
	// SelfHeal takes back changes that were made in the cluster.
	// +optional
	SelfHeal bool `json:"selfHeal,omitempty"`
}

// SyncStatusCode says whether the cluster is as the revision says.
// +kubebuilder:validation:Enum=Synced;OutOfSync;Unknown
type SyncStatusCode string

// Sync status codes.
const (
	// SyncStatusSynced: the cluster is as the revision says.
	SyncStatusSynced SyncStatusCode = "Synced"
	// SyncStatusOutOfSync: it differs.
	SyncStatusOutOfSync SyncStatusCode = "OutOfSync"
	// SyncStatusUnknown: it couldn't be compared.
	SyncStatusUnknown SyncStatusCode = "Unknown"
)

// HealthStatusCode says how the objects fare.
// +kubebuilder:validation:Enum=Healthy;Progressing;Degraded;Suspended;Missing;Unknown
type HealthStatusCode string

// Health status codes, from good to bad.
const (
	// HealthHealthy: it does its work.
	HealthHealthy HealthStatusCode = "Healthy"
	// HealthSuspended: it is paused on purpose.
	HealthSuspended HealthStatusCode = "Suspended"
	// HealthProgressing: it isn't healthy yet, and may become so.
	HealthProgressing HealthStatusCode = "Progressing"
	// HealthMissing: it isn't there.
	HealthMissing HealthStatusCode = "Missing"
	// HealthDegraded: it failed.
	HealthDegraded HealthStatusCode = "Degraded"
	// HealthUnknown: it couldn't be told.
	HealthUnknown HealthStatusCode = "Unknown"
)

// ApplicationStatus says what is rolled out and how it fares.
type ApplicationStatus struct {
	// ObservedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Sync says whether the cluster is as the revision says.
	// +optional
	Sync SyncStatus `json:"sync,omitempty"`

	// Health of the whole: that of the worst object.
	// +optional
	Health HealthStatus `json:"health,omitempty"`

	// Images that the revision runs.
	// +listType=atomic
	// +optional
	Images []string `json:"images,omitempty"`

	// Resources are the objects of this Application, those that wait to be pruned included.
	// +listType=atomic
	// +optional
	Resources []ResourceStatus `json:"resources,omitempty"`

	// History of what was rolled out, the newest first, ten entries at the most.
	// +kubebuilder:validation:MaxItems=10
	// +listType=atomic
	// +optional
	History []HistoryEntry `json:"history,omitempty"`

	// Conditions: Ready, Reconciling, Stalled.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SyncStatus says whether the cluster is as the revision says.
type SyncStatus struct {
	// Status is Synced, OutOfSync or Unknown.
	// +optional
	Status SyncStatusCode `json:"status,omitempty"`
	// Revision that the cluster was compared with.
	// +optional
	Revision string `json:"revision,omitempty"`
	// Reason says what differs, or why it couldn't be compared.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Applied is the digest of the manifests that were applied last. The same manifests aren't applied again, except
	// to heal drift.
	// +optional
	Applied string `json:"applied,omitempty"`
}

// HealthStatus says how something fares.
type HealthStatus struct {
	// Status is Healthy, Suspended, Progressing, Missing, Degraded or Unknown.
	// +optional
	Status HealthStatusCode `json:"status,omitempty"`
	// Message says why it isn't healthy.
	// +optional
	Message string `json:"message,omitempty"`
}

// ResourceStatus is one object of an Application.
type ResourceStatus struct {
	// Group of the object's kind.
	// +optional
	Group string `json:"group,omitempty"`
	// Version of the object's kind.
	Version string `json:"version"`
	// Kind of the object.
	Kind string `json:"kind"`
	// Namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Name of the object.
	Name string `json:"name"`
	// Status is Synced or OutOfSync.
	// +optional
	Status SyncStatusCode `json:"status,omitempty"`
	// Health of the object.
	// +optional
	Health HealthStatusCode `json:"health,omitempty"`
	// RequiresPruning is true for an object that the revision doesn't hold any more.
	// +optional
	RequiresPruning bool `json:"requiresPruning,omitempty"`
}

// Verdict says what became of a rollout.
// +kubebuilder:validation:Enum=Progressing;Healthy;Degraded;Superseded
type Verdict string

// Verdicts.
const (
	// VerdictProgressing: the rollout is under way.
	VerdictProgressing Verdict = "Progressing"
	// VerdictHealthy: every object became healthy.
	VerdictHealthy Verdict = "Healthy"
	// VerdictDegraded: the rollout failed.
	VerdictDegraded Verdict = "Degraded"
	// VerdictSuperseded: a newer revision came before it was over.
	VerdictSuperseded Verdict = "Superseded"
)

// HistoryEntry is one revision that was rolled out.
type HistoryEntry struct {
	// Revision is the SHA of the commit.
	Revision string `json:"revision"`
	// Subject of the commit.
	// +optional
	Subject string `json:"subject,omitempty"`
	// Author of the commit.
	// +optional
	Author string `json:"author,omitempty"`
	// Time at which it was applied.
	Time metav1.MicroTime `json:"time"`
	// Duration from then to the verdict.
	// +optional
	Duration *metav1.Duration `json:"duration,omitempty"`
	// Images that it ran.
	// +listType=atomic
	// +optional
	Images []string `json:"images,omitempty"`
	// Verdict on the rollout.
	Verdict Verdict `json:"verdict"`
}

// Application is a path of the config repository that is kept rolled out.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=fairlead,shortName=app
// +kubebuilder:printcolumn:name="Sync",type=string,JSONPath=`.status.sync.status`
// +kubebuilder:printcolumn:name="Health",type=string,JSONPath=`.status.health.status`
// +kubebuilder:printcolumn:name="Revision",type=string,JSONPath=`.status.sync.revision`
// +kubebuilder:printcolumn:name="Change",type=string,JSONPath=`.status.history[0].subject`
// +kubebuilder:printcolumn:name="Synced",type=date,JSONPath=`.status.history[0].time`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Images",type=string,JSONPath=`.status.images`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must have at most 63 characters: it labels every object of the Application"
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ApplicationSpec   `json:"spec"`
	Status ApplicationStatus `json:"status,omitempty"`
}

// ApplicationList is a list of Applications.
//
// +kubebuilder:object:root=true
type ApplicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Application `json:"items"`
}
