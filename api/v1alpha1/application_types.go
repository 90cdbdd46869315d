package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
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

	// IgnoreDifferences names fields whose values in the cluster are nobody's concern: they don't make an object
	// OutOfSync. A sync that changes the object for another reason sets them, too, unless the sync option
	// `RespectIgnoreDifferences=true` leaves them as they are.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	IgnoreDifferences []IgnoreDifferences `json:"ignoreDifferences,omitempty"`

	// RevisionHistoryLimit is the number of entries that `status.history` keeps.
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=50
	// +optional
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`

	// HealthChecks tell the health of kinds by CEL expressions, where conditions don't tell it or tell it otherwise.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=apiVersion
	// +listMapKey=kind
	// +optional
	HealthChecks []HealthCheck `json:"healthChecks,omitempty"`

	// Info is shown by `fairlead app get` and means nothing to Fairlead: links to dashboards, owners.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	Info []Info `json:"info,omitempty"`

	// Timeout bounds one sync: what isn't applied and, where later waves or hooks wait for it, healthy by then has
	// failed. At least 1s.
	// +kubebuilder:default="30m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('1s')",message="timeout must be a duration of at least 1s, such as 30s or 5m"
	// +optional
	Timeout metav1.Duration `json:"timeout,omitempty"`

	// ServiceAccountName is the ServiceAccount, in the Application's namespace, that is impersonated for all that is
	// applied. In Fairlead's own namespace it is optional: without it the controller's rights count. Anywhere else
	// it defaults to `fairlead-sync`.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// Suspend stops syncing. What runs keeps running.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// ApplicationSource is a path of a config repository.
//
// What the path holds is found as Argo CD finds it: with one of `helm`, `kustomize` and `directory` it is that; otherwise
// a folder with a kustomization.yaml (kustomization.yml, Kustomization) is a kustomization, one with a Chart.yaml is a Helm
// chart, and any other is a directory of manifests.
//
// +kubebuilder:validation:XValidation:rule="has(self.repoURL) != has(self.repositoryRef)",message="source needs exactly one of repoURL and repositoryRef"
// +kubebuilder:validation:XValidation:rule="(has(self.helm) ? 1 : 0) + (has(self.kustomize) ? 1 : 0) + (has(self.directory) ? 1 : 0) <= 1",message="source may have one of helm, kustomize and directory: a path is one of them"
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

	// Path in the repository of the Helm chart, the kustomization or the directory of manifests.
	// +kubebuilder:default="."
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('/') && !self.split('/').exists(p, p == '..' || p == '.git')",message="path must be a relative path inside the repository, without .. and .git"
	// +optional
	Path string `json:"path,omitempty"`

	// Helm says that the path is a Helm chart, and how it is rendered.
	// +optional
	Helm *HelmSource `json:"helm,omitempty"`

	// Kustomize says that the path is a kustomization, and what is laid over it.
	// +optional
	Kustomize *KustomizeSource `json:"kustomize,omitempty"`

	// Directory says that the path is a directory of manifests, and which files of it count.
	// +optional
	Directory *DirectorySource `json:"directory,omitempty"`
}

// HelmSource says how a chart is rendered. Values of `valueFiles` are overridden by `values`, or by `valuesObject`
// where it is given, and those by `parameters`.
type HelmSource struct {
	// ReleaseName is the chart's release name. Defaults to the name of the Application.
	// +kubebuilder:validation:MaxLength=53
	// +optional
	ReleaseName string `json:"releaseName,omitempty"`

	// ValueFiles are read in this order, later ones win. Relative to the chart, or with a leading `/` to the root of
	// the repository. A pattern (`*`, `?`, `[a-z]`, `**` for any number of folders) stands for the files that it
	// matches, in the order of their names.
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

	// FileParameters are single values that are read from files, as with `helm --set-file`.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	FileParameters []HelmFileParameter `json:"fileParameters,omitempty"`

	// IgnoreMissingValueFiles leaves out value files that aren't there.
	// +optional
	IgnoreMissingValueFiles bool `json:"ignoreMissingValueFiles,omitempty"`

	// SkipCrds leaves out the chart's folder `crds`.
	// +optional
	SkipCrds bool `json:"skipCrds,omitempty"`

	// SkipTests leaves out the chart's test hooks.
	// +optional
	SkipTests bool `json:"skipTests,omitempty"`

	// SkipSchemaValidation doesn't hold the values against values.schema.json.
	// +optional
	SkipSchemaValidation bool `json:"skipSchemaValidation,omitempty"`

	// KubeVersion is what templates see as `.Capabilities.KubeVersion`, in place of the cluster's version.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	KubeVersion string `json:"kubeVersion,omitempty"`

	// APIVersions are what templates see as `.Capabilities.APIVersions`, in place of what the cluster serves:
	// `apps/v1`, `apps/v1/Deployment`.
	// +kubebuilder:validation:MaxItems=1024
	// +kubebuilder:validation:items:MaxLength=512
	// +listType=atomic
	// +optional
	APIVersions []string `json:"apiVersions,omitempty"`

	// Namespace is what templates see as `.Release.Namespace`, in place of the destination's namespace.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// HelmFileParameter is a single value that is read from a file.
type HelmFileParameter struct {
	// Name is the key path of the value.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Name string `json:"name"`
	// Path of the file, as in `valueFiles`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Path string `json:"path"`
}

// KustomizeSource is laid over a kustomization as Argo CD does it: by editing a copy of its file as `kustomize edit` would.
// What replaces a value of the file therefore replaces it, where an overlay of one's own would be laid over it.
type KustomizeSource struct {
	// NamePrefix is put before every name, in place of the file's own.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	NamePrefix string `json:"namePrefix,omitempty"`
	// NameSuffix is put behind every name, in place of the file's own.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	NameSuffix string `json:"nameSuffix,omitempty"`
	// Namespace of every object.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Images replace names, tags and digests, as with `kustomize edit set image`: `name=newname:tag`, `name:tag`,
	// `name@digest`.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	Images []string `json:"images,omitempty"`
	// Replicas replace numbers of replicas.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Replicas []KustomizeReplica `json:"replicas,omitempty"`
	// CommonLabels are put on every object.
	// +optional
	CommonLabels map[string]string `json:"commonLabels,omitempty"`
	// LabelWithoutSelector keeps the common labels out of selectors.
	// +optional
	LabelWithoutSelector bool `json:"labelWithoutSelector,omitempty"`
	// LabelIncludeTemplates puts the common labels on pod templates, too, with `labelWithoutSelector`.
	// +optional
	LabelIncludeTemplates bool `json:"labelIncludeTemplates,omitempty"`
	// CommonAnnotations are put on every object.
	// +optional
	CommonAnnotations map[string]string `json:"commonAnnotations,omitempty"`
	// Components are folders with components, relative to the path.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	Components []string `json:"components,omitempty"`
	// Patches are applied last.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Patches []KustomizePatch `json:"patches,omitempty"`
}

// KustomizeReplica sets a number of replicas.
type KustomizeReplica struct {
	// Name of the workload.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// Count of replicas.
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="int(self) >= 0 && int(self) <= 2147483647",message="count must be a whole number from 0 to 2147483647"
	Count intstr.IntOrString `json:"count"`
}

// KustomizePatch is a patch of kustomize: a strategic merge patch, or a JSON patch (RFC 6902).
type KustomizePatch struct {
	// Path of the patch's file, relative to the source's path; or `patch`.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Path string `json:"path,omitempty"`
	// Patch is the patch itself.
	// +kubebuilder:validation:MaxLength=65536
	// +optional
	Patch string `json:"patch,omitempty"`
	// Target selects the objects that are patched.
	// +optional
	Target *KustomizeTarget `json:"target,omitempty"`
	// Options are kustomize's: allowNameChange, allowKindChange.
	// +optional
	Options map[string]bool `json:"options,omitempty"`
}

// KustomizeTarget selects objects. Name and namespace are regular expressions, anchored.
type KustomizeTarget struct {
	// Group of the kind.
	// +optional
	Group string `json:"group,omitempty"`
	// Version of the kind.
	// +optional
	Version string `json:"version,omitempty"`
	// Kind of the objects.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Name of the objects.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace of the objects.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// LabelSelector that the objects match.
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
	// AnnotationSelector that the objects match.
	// +optional
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}

// DirectorySource says which files of a directory are manifests. They end in `.yaml`, `.yml` or `.json`.
type DirectorySource struct {
	// Recurse reads the folders below, too.
	// +optional
	Recurse bool `json:"recurse,omitempty"`
	// Include is a pattern, relative to the path; only files that match it count. `{a.yaml,b/*.yaml}` gives several.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Include string `json:"include,omitempty"`
	// Exclude is a pattern; files that match it don't count.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Exclude string `json:"exclude,omitempty"`
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

// InClusterServer is the address of the cluster that Fairlead runs in, InClusterName its name.
const (
	InClusterServer = "https://kubernetes.default.svc"
	InClusterName   = "in-cluster"
)

// ApplicationDestination is where objects go: without `server` and `name`, to the cluster that Fairlead runs in.
//
// +kubebuilder:validation:XValidation:rule="!has(self.server) || !has(self.name)",message="destination may have server or name, not both"
type ApplicationDestination struct {
	// Server is the cluster's API server. Other clusters than the one that Fairlead runs in are named by `name`.
	// +kubebuilder:validation:XValidation:rule="self == 'https://kubernetes.default.svc'",message="server must be https://kubernetes.default.svc, the cluster that Fairlead runs in: put a kubeconfig for another cluster into a Secret, and its name into destination.name"
	// +optional
	Server string `json:"server,omitempty"`

	// Name is the Secret, in the Application's namespace, that holds a kubeconfig for another cluster under the key
	// `kubeconfig` (or `value`, as Cluster API writes it); or `in-cluster`, the cluster that Fairlead runs in.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Name string `json:"name,omitempty"`

	// Namespace of the objects that name none. An Application outside of Fairlead's own namespace must name its own.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="namespace must be the name of a namespace"
	Namespace string `json:"namespace"`
}

// SyncPolicy says when and how the cluster is brought to the revision.
//
// +kubebuilder:validation:XValidation:rule="!has(self.managedNamespaceMetadata) || has(self.syncOptions) && self.syncOptions.exists(o, o == 'CreateNamespace=true')",message="managedNamespaceMetadata needs the sync option CreateNamespace=true"
type SyncPolicy struct {
	// Automated syncs each new revision by itself. Without it differences are shown and nothing is applied.
	// +optional
	Automated *AutomatedSync `json:"automated,omitempty"`

	// SyncOptions are Argo CD's: `CreateNamespace=true`, `ApplyOutOfSyncOnly=true`, `PruneLast=true`, `Prune=false`,
	// `Prune=confirm`, `Delete=false`, `Delete=confirm`, `PrunePropagationPolicy=foreground`, `Replace=true`, `Force=true`,
	// `Validate=false`, `ClientSideApplyMigration=false`, `SkipDryRunOnMissingResource=true`, `RespectIgnoreDifferences=true`,
	// `ServerSideApply=false` (a client-side apply); and `FailOnSharedResource=true`, which is always so. Objects may carry their own
	// in the annotation `fairlead.dev/sync-options`.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.all(o, o.matches('^(CreateNamespace|ApplyOutOfSyncOnly|PruneLast|Replace|Force|ServerSideApply|Validate|ClientSideApplyMigration|SkipDryRunOnMissingResource|FailOnSharedResource|RespectIgnoreDifferences)=(true|false)$|^(Prune|Delete)=(true|false|confirm)$|^PrunePropagationPolicy=(foreground|background|orphan)$'))",message="syncOptions holds an option that there isn't: see the description of syncPolicy.syncOptions for those that there are"
	// +listType=atomic
	// +optional
	SyncOptions []string `json:"syncOptions,omitempty"`

	// Retry says how often and when a sync that failed is tried again. Without it, one that has no hooks and no waves is tried
	// again and again, at most a minute apart; one in steps goes on trying what may pass, until `timeout`, and is over when a
	// hook fails, an object of a wave is Degraded, or the API server finds an object invalid. What is over isn't tried again until
	// the manifests change, or somebody asks for it. A newer revision is never kept waiting.
	// +optional
	Retry *RetryStrategy `json:"retry,omitempty"`

	// ManagedNamespaceMetadata is put on the namespace of the destination, with `CreateNamespace=true`, and kept there: a sync
	// sets it again, and takes away what was there for it and isn't named any more.
	// +optional
	ManagedNamespaceMetadata *ManagedNamespaceMetadata `json:"managedNamespaceMetadata,omitempty"`
}

// RetryStrategy says how often and when a sync that failed is tried again.
type RetryStrategy struct {
	// Limit is the number of retries: 0 none, -1 no limit.
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=-1
	// +kubebuilder:validation:Maximum=1000
	// +optional
	Limit int32 `json:"limit"`
	// Backoff between them.
	// +kubebuilder:default={}
	// +optional
	Backoff Backoff `json:"backoff,omitempty"`
}

// Backoff is the time between retries.
type Backoff struct {
	// Duration before the first retry.
	// +kubebuilder:default="5s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('100ms')",message="backoff.duration must be a duration of at least 100ms, such as 5s"
	// +optional
	Duration metav1.Duration `json:"duration,omitempty"`
	// Factor by which it grows.
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	// +optional
	Factor int32 `json:"factor,omitempty"`
	// MaxDuration that it doesn't exceed.
	// +kubebuilder:default="3m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('100ms')",message="backoff.maxDuration must be a duration of at least 100ms, such as 3m"
	// +optional
	MaxDuration metav1.Duration `json:"maxDuration,omitempty"`
}

// ManagedNamespaceMetadata is what the destination's namespace carries.
type ManagedNamespaceMetadata struct {
	// Labels of the namespace.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations of the namespace.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// IgnoreDifferences names fields of objects whose values in the cluster are nobody's concern.
type IgnoreDifferences struct {
	// Group of the objects' kind; `*` for any.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Group string `json:"group,omitempty"`
	// Kind of the objects; `*` for any.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`
	// Name of the object; without it, any.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace of the objects; without it, any.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// JSONPointers to the fields (RFC 6901).
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	JSONPointers []string `json:"jsonPointers,omitempty"`
	// JQPathExpressions are paths to the fields, in the part of jq that is a path: `.spec.replicas`,
	// `.spec.template.spec.containers[].image`, `.data["a.b"]`, `.spec.containers[0]`,
	// `.spec.containers[] | select(.name == "proxy") | .resources`. A select takes conditions of the forms `PATH == VALUE`,
	// `PATH != VALUE`, and `PATH | startswith("...")`, `endswith("...")` or `test("...")`, joined by `and` and `or`.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	JQPathExpressions []string `json:"jqPathExpressions,omitempty"`
	// ManagedFieldsManagers are field managers; the fields that they own are ignored.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=128
	// +listType=atomic
	// +optional
	ManagedFieldsManagers []string `json:"managedFieldsManagers,omitempty"`
}

// HealthCheck tells the health of a kind by CEL expressions over the object `self`. The first that is true counts:
// degraded, suspended, progressing, healthy. If none is, the object is Progressing.
type HealthCheck struct {
	// APIVersion of the kind, such as `example.com/v1`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	APIVersion string `json:"apiVersion"`
	// Kind of the objects.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`
	// Healthy is an expression such as `self.status.phase == 'Ready'`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Healthy string `json:"healthy"`
	// Progressing is an expression.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Progressing string `json:"progressing,omitempty"`
	// Suspended is an expression.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Suspended string `json:"suspended,omitempty"`
	// Degraded is an expression.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Degraded string `json:"degraded,omitempty"`
	// Message is an expression that gives a string, shown where the object isn't healthy.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Message string `json:"message,omitempty"`
}

// Info is a name with a value, for people.
type Info struct {
	// Name of it.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// Value of it.
	// +kubebuilder:validation:MaxLength=4096
	Value string `json:"value"`
}

// Operation asks for something once. It is taken away when it was taken up; what came of it stands in
// `status.operation`.
type Operation struct {
	// Sync asks to sync the head now, with or without `syncPolicy.automated`.
	Sync *SyncOperation `json:"sync"`
	// InitiatedBy says who asked, for people.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	InitiatedBy string `json:"initiatedBy,omitempty"`
}

// SyncOperation asks to sync the head now.
type SyncOperation struct {
	// Prune deletes what the revision doesn't hold any more, whatever `automated.prune` says.
	// +optional
	Prune bool `json:"prune,omitempty"`
	// DryRun only tells what would be done.
	// +optional
	DryRun bool `json:"dryRun,omitempty"`
	// Force applies everything, what is in sync included.
	// +optional
	Force bool `json:"force,omitempty"`
	// Resources to sync; without it, all. Hooks don't run then.
	// +kubebuilder:validation:MaxItems=256
	// +listType=atomic
	// +optional
	Resources []SyncResource `json:"resources,omitempty"`
	// SyncOptions that count beside those of the sync policy, for this one time.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.all(o, o.matches('^(CreateNamespace|ApplyOutOfSyncOnly|PruneLast|Replace|Force|ServerSideApply|Validate|ClientSideApplyMigration|SkipDryRunOnMissingResource|FailOnSharedResource|RespectIgnoreDifferences)=(true|false)$|^(Prune|Delete)=(true|false|confirm)$|^PrunePropagationPolicy=(foreground|background|orphan)$'))",message="syncOptions holds an option that there isn't: see the description of syncPolicy.syncOptions for those that there are"
	// +listType=atomic
	// +optional
	SyncOptions []string `json:"syncOptions,omitempty"`
}

// SyncResource names an object of the Application.
type SyncResource struct {
	// Group of its kind.
	// +optional
	Group string `json:"group,omitempty"`
	// Kind of the object.
	Kind string `json:"kind"`
	// Name of the object.
	Name string `json:"name"`
	// Namespace of the object; without it, any.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// AutomatedSync says what is mended without being asked.
type AutomatedSync struct {
	// Prune deletes what an earlier revision applied and this one doesn't hold any more.
	// +optional
	Prune bool `json:"prune,omitempty"`
	// SelfHeal takes back changes that were made in the cluster.
	// +optional
	SelfHeal bool `json:"selfHeal,omitempty"`
	// AllowEmpty allows a revision that holds no object at all to prune everything.
	// +optional
	AllowEmpty bool `json:"allowEmpty,omitempty"`
	// Enabled is false where it is switched off for a while without losing the rest.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
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

	// LastHandledReconcileAt is the word in the annotation `fairlead.dev/reconcile-at` that was obeyed last.
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

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

	// SourceType says what the path was found to be.
	// +optional
	SourceType SourceType `json:"sourceType,omitempty"`

	// Rendering is the rendering that lasts, or during which the controller was ended.
	// +optional
	Rendering *RenderingStatus `json:"rendering,omitempty"`

	// DeletionHooksAt is the newest revision with the manifests that were applied last, if there are `PreDelete` or `PostDelete`
	// hooks among these. Without it, deleting the Application asks for nothing but this status.
	// +optional
	DeletionHooksAt string `json:"deletionHooksAt,omitempty"`

	// Operation is the sync that runs, or the last one; or the deletion with hooks that runs.
	// +optional
	Operation *OperationStatus `json:"operation,omitempty"`

	// History of what was rolled out, the newest first; `spec.revisionHistoryLimit` entries at the most.
	// +kubebuilder:validation:MaxItems=50
	// +listType=atomic
	// +optional
	History []HistoryEntry `json:"history,omitempty"`

	// Conditions: Ready, Reconciling, Stalled.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SourceType says what a path is.
// +kubebuilder:validation:Enum=Helm;Kustomize;Directory
type SourceType string

// Source types.
const (
	// SourceTypeHelm: a Helm chart.
	SourceTypeHelm SourceType = "Helm"
	// SourceTypeKustomize: a kustomization.
	SourceTypeKustomize SourceType = "Kustomize"
	// SourceTypeDirectory: a directory of manifests.
	SourceTypeDirectory SourceType = "Directory"
)

// OperationPhase says how far a sync is.
// +kubebuilder:validation:Enum=Running;Succeeded;Failed;Error;Superseded
type OperationPhase string

// Operation phases.
const (
	// OperationRunning: it is under way.
	OperationRunning OperationPhase = "Running"
	// OperationSucceeded: everything was applied, and the hooks have succeeded.
	OperationSucceeded OperationPhase = "Succeeded"
	// OperationFailed: an object was refused, a hook failed, a wave didn't become healthy or it took too long.
	OperationFailed OperationPhase = "Failed"
	// OperationError: it couldn't be begun, since the head can't be rendered or prepared, or what it names isn't there.
	OperationError OperationPhase = "Error"
	// OperationSuperseded: a newer revision came before it was over.
	OperationSuperseded OperationPhase = "Superseded"
)

// OperationStatus is a sync that runs, or the last one. Of an Application that is being deleted and has hooks for that, it is the
// deletion.
type OperationStatus struct {
	// Operation as it was asked for; absent for an automated sync.
	// +optional
	Operation *Operation `json:"operation,omitempty"`
	// Phase says how far it is.
	Phase OperationPhase `json:"phase"`
	// Message says what it waits for, why it has failed, or how it ended.
	// +optional
	Message string `json:"message,omitempty"`
	// Revision that is synced.
	Revision string `json:"revision"`
	// Manifests is the digest of what is applied.
	// +optional
	Manifests string `json:"manifests,omitempty"`
	// Step is the part of the sync that is under way, or at which it has failed: the phase and the wave, such as `PreSync 0`. Empty
	// for one that is done in one pass. Those of a deletion are `PreDelete`, `Delete` and `PostDelete`.
	// +optional
	Step string `json:"step,omitempty"`
	// Hooks that ran, and what became of them.
	// +kubebuilder:validation:MaxItems=256
	// +listType=atomic
	// +optional
	Hooks []HookStatus `json:"hooks,omitempty"`
	// Retries is how often it was tried again.
	// +optional
	Retries int32 `json:"retries,omitempty"`
	// NextRetry is when it is tried again. Its phase is Running until then.
	// +optional
	NextRetry *metav1.MicroTime `json:"nextRetry,omitempty"`
	// StartedAt is when it began, or was last tried again.
	StartedAt metav1.MicroTime `json:"startedAt"`
	// FinishedAt is when it ended.
	// +optional
	FinishedAt *metav1.MicroTime `json:"finishedAt,omitempty"`
}

// HookStatus is a hook that ran.
type HookStatus struct {
	// Phase in which it runs: PreSync, Sync, PostSync, SyncFail, PreDelete, PostDelete.
	Phase string `json:"phase"`
	// Group of its kind.
	// +optional
	Group string `json:"group,omitempty"`
	// Version of its kind.
	Version string `json:"version"`
	// Kind of the hook.
	Kind string `json:"kind"`
	// Namespace of the hook.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Name of the hook.
	Name string `json:"name"`
	// UID of the object that ran.
	// +optional
	UID types.UID `json:"uid,omitempty"`
	// Status is Running, Succeeded or Failed.
	// +kubebuilder:validation:Enum=Running;Succeeded;Failed
	Status string `json:"status"`
	// Message says why it failed.
	// +optional
	Message string `json:"message,omitempty"`
}

// RenderingStatus is a note of a rendering that isn't over. It is written when one takes more than half a second, and taken back at its
// end: a note that stays tells that the controller was ended meanwhile, perhaps by this very rendering. After the second time it is
// left alone for 5 minutes, then for twice as long each time, up to an hour; unless the source changes, or another try is asked for.
type RenderingStatus struct {
	// Inputs is the digest of what is rendered: the folder at the path, the spec's source, and what the cluster serves.
	Inputs string `json:"inputs"`
	// Tries is how often it was begun.
	Tries int32 `json:"tries"`
	// Since is when the last try began.
	Since metav1.Time `json:"since"`
	// ReconcileAt is the word in the annotation `fairlead.dev/reconcile-at` at that time: a new one asks for another try.
	// +optional
	ReconcileAt string `json:"reconcileAt,omitempty"`
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
	// Failed is the digest of the manifests whose sync has failed for good. They aren't tried again by themselves, also
	// if only a part of them, or a dry run, was asked for since.
	// +optional
	Failed string `json:"failed,omitempty"`
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
	// Message says how it differs, or why it isn't healthy.
	// +optional
	Message string `json:"message,omitempty"`
	// SyncWave is the wave in which it is applied, if it isn't 0.
	// +optional
	SyncWave int32 `json:"syncWave,omitempty"`
	// RequiresPruning is true for an object that the revision doesn't hold any more, unless its sync options forbid to
	// prune it.
	// +optional
	RequiresPruning bool `json:"requiresPruning,omitempty"`
	// LeftoverSince is when it was first seen that the revision doesn't hold the object any more. A confirmation of its
	// deletion must be younger.
	// +optional
	LeftoverSince *metav1.Time `json:"leftoverSince,omitempty"`
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
	// Changes of images against the entry before: `from -> to`.
	// +listType=atomic
	// +optional
	Changes []string `json:"changes,omitempty"`
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
// +kubebuilder:printcolumn:name="Change",type=string,JSONPath=`.status.history[0].subject`
// +kubebuilder:printcolumn:name="Synced",type=date,JSONPath=`.status.history[0].time`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Revision",type=string,JSONPath=`.status.sync.revision`,priority=1
// +kubebuilder:printcolumn:name="Images",type=string,JSONPath=`.status.images`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must have at most 63 characters: it labels every object of the Application"
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ApplicationSpec   `json:"spec"`
	Status ApplicationStatus `json:"status,omitempty"`

	// Operation asks for a sync, once. `fairlead app sync` writes it.
	// +optional
	Operation *Operation `json:"operation,omitempty"`
}

// ApplicationList is a list of Applications.
//
// +kubebuilder:object:root=true
type ApplicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Application `json:"items"`
}
