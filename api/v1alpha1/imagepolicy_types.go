package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ImagePolicySpec says which tag of an image should run, and where in Git that is written.
//
// +kubebuilder:validation:XValidation:rule="!has(self.select.digest) || self.targets.all(t, has(t.digest) || has(t.image))",message="with select.digest each target needs digest or image: the tag alone never changes"
// +kubebuilder:validation:XValidation:rule="!has(self.select.digest) || !has(self.pin)",message="pin and select.digest exclude each other: set select.digest.tag"
// +kubebuilder:validation:XValidation:rule="!has(self.select.digest) || !has(self.tags.extract)",message="tags.extract has no use with select.digest, which compares nothing: remove it"
// +kubebuilder:validation:XValidation:rule="self.onMutation != 'Commit' || has(self.select.digest) || self.targets.exists(t, has(t.digest))",message="onMutation: Commit needs a target with digest: a digest that is written nowhere can't change"
type ImagePolicySpec struct {
	// Image is the repository that is scanned, without tag or digest: `registry.example.com/web-hook/www`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.contains('@') && !self.matches(':[^/]*$')",message="image must be a repository without tag or digest: which tag is taken is said in select"
	// +kubebuilder:validation:XValidation:rule="!self.contains('://')",message="image must not begin with a scheme: write registry.example.com/name"
	// +kubebuilder:validation:XValidation:rule="self.matches('^(([^/]*[.:][^/]*|localhost)/)?[^A-Z]*$')",message="image must be in lower case: names of repositories have no upper case"
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

	// Tags says which tags count at all, before one is selected.
	// +kubebuilder:default={}
	// +optional
	Tags TagsSpec `json:"tags,omitempty"`

	// Select says which tag is taken.
	Select SelectSpec `json:"select"`

	// Platforms that an image must have, all of them: `linux/amd64`, `linux/arm64/v8`. A tag without them is passed over.
	// Only the manifests of tags that would be taken otherwise are looked at.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`
	// +listType=set
	// +optional
	Platforms []string `json:"platforms,omitempty"`

	// MinimumAge is how long Fairlead must have known the digest of a tag before the tag is taken: `24h`. The clock starts
	// when Fairlead sees it first, and again when another digest is pushed under the same tag. What the image says of
	// itself plays no part.
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) <= duration('8760h')",message="minimumAge must be a duration of at most 8760h, such as 30m or 24h"
	// +optional
	MinimumAge metav1.Duration `json:"minimumAge,omitempty"`

	// Pin is the one tag to run, whatever else there is: an explicit word, written back as well as forward.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_][A-Za-z0-9._-]*$`
	// +optional
	Pin string `json:"pin,omitempty"`

	// Downgrades says whether a target may move to an earlier tag than it holds.
	// +kubebuilder:default=Forbid
	// +optional
	Downgrades DowngradePolicy `json:"downgrades,omitempty"`

	// OnMutation says what happens when another digest is pushed under the selected tag: `Report` says so in the condition
	// TagMutated, `Commit` also writes the new digest where a target has one. With select.digest a new digest is no
	// mutation but what is waited for.
	// +kubebuilder:default=Report
	// +optional
	OnMutation MutationPolicy `json:"onMutation,omitempty"`

	// Targets are the places in Git that the selected tag is written to.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	Targets []Target `json:"targets"`

	// Suspend stops scanning and committing for this policy.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// DowngradePolicy says whether a target may move to an earlier tag.
// +kubebuilder:validation:Enum=Forbid;Allow
type DowngradePolicy string

// The downgrade policies.
const (
	// DowngradesForbid: a target moves forward only.
	DowngradesForbid DowngradePolicy = "Forbid"
	// DowngradesAllow: a target takes the selected tag, whatever it holds.
	DowngradesAllow DowngradePolicy = "Allow"
)

// MutationPolicy says what happens when another digest is pushed under the selected tag.
// +kubebuilder:validation:Enum=Report;Commit
type MutationPolicy string

// The mutation policies.
const (
	// MutationReport says so and writes nothing.
	MutationReport MutationPolicy = "Report"
	// MutationCommit writes the new digest where a target has one.
	MutationCommit MutationPolicy = "Commit"
)

// RegistrySpec says how a registry is reached.
type RegistrySpec struct {
	// SecretRef names a Secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// ServiceAccountName names a ServiceAccount whose imagePullSecrets are used, as the kubelet uses them. What secretRef
	// names comes first.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// CertSecretRef names a Secret with `ca.crt`, the certificates that the registry's one must lead to, and `tls.crt` with
	// `tls.key`, the client's own. Either may be missing.
	// +optional
	CertSecretRef *LocalReference `json:"certSecretRef,omitempty"`

	// ProxySecretRef names a Secret with `address`, the proxy's URL, and optionally `username` and `password`.
	// +optional
	ProxySecretRef *LocalReference `json:"proxySecretRef,omitempty"`

	// Insecure reaches the registry by plain HTTP: credentials then travel in clear text.
	// +optional
	Insecure bool `json:"insecure,omitempty"`
}

// TagsSpec says which tags count at all.
//
// +kubebuilder:validation:XValidation:rule="!has(self.extract) || has(self.include)",message="extract needs include: it names groups of that expression"
type TagsSpec struct {
	// Include is a regular expression (RE2) that a tag must match, anywhere in it unless it is anchored by `^` and `$`:
	// `^main-(?P<ts>[0-9]+)$`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="'x'.matches(self) || !'x'.matches(self)",message="include must be a regular expression as RE2 has it"
	// +optional
	Include string `json:"include,omitempty"`

	// Extract is what is compared instead of the whole tag, from the groups of include: `$ts`, `${1}`, `$1.$2.0`. The tag
	// that is written stays as it is spelt.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Extract string `json:"extract,omitempty"`

	// Exclude are regular expressions (RE2); a tag that one of them matches, anywhere in it, doesn't count. By default
	// signatures, attestations, SBOMs and the tags of referrers are left out.
	// +kubebuilder:default={"\\.sig$","\\.att$","\\.sbom$","^sha256-"}
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:XValidation:rule="'x'.matches(self) || !'x'.matches(self)",message="exclude must hold regular expressions as RE2 has them"
	// +listType=atomic
	// +optional
	Exclude []string `json:"exclude,omitempty"`
}

// SelectSpec says which tag is taken: exactly one of its fields is set.
//
// +kubebuilder:validation:XValidation:rule="[has(self.semver), has(self.numerical), has(self.alphabetical), has(self.digest)].filter(x, x).size() == 1",message="select needs exactly one of semver, numerical, alphabetical and digest"
type SelectSpec struct {
	// SemVer takes the highest version in a range.
	// +optional
	SemVer *SemVerSpec `json:"semver,omitempty"`

	// Numerical takes the largest or smallest decimal number: build numbers, timestamps. Numbers of any length are compared
	// exactly.
	// +optional
	Numerical *OrderSpec `json:"numerical,omitempty"`

	// Alphabetical takes the last or first tag by the order of bytes: `2026-11-22T10-00`.
	// +optional
	Alphabetical *OrderSpec `json:"alphabetical,omitempty"`

	// Digest follows a tag that is pushed again and again, such as `latest`, by its digest.
	// +optional
	Digest *DigestSpec `json:"digest,omitempty"`
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

	// Strict passes over versions with a leading `v`, which SemVer 2.0.0 doesn't know.
	// +optional
	Strict bool `json:"strict,omitempty"`
}

// OrderSpec says which end of an order is the newest.
type OrderSpec struct {
	// Order in which releases follow one another: `asc`, the last one is the newest; `desc`, the first one is.
	// +kubebuilder:default=asc
	// +optional
	Order Order `json:"order,omitempty"`
}

// Order is a direction.
// +kubebuilder:validation:Enum=asc;desc
type Order string

// The orders.
const (
	OrderAscending  Order = "asc"
	OrderDescending Order = "desc"
)

// DigestSpec follows a mutable tag.
type DigestSpec struct {
	// Tag that is followed.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_][A-Za-z0-9._-]*$`
	Tag string `json:"tag"`
}

// Target is a place in Git that a policy writes.
//
// +kubebuilder:validation:XValidation:rule="has(self.applicationRef) != has(self.repositoryRef)",message="a target needs exactly one of applicationRef and repositoryRef"
// +kubebuilder:validation:XValidation:rule="!has(self.repositoryRef) || has(self.file)",message="a target with repositoryRef needs file: only an Application has value files to default to"
// +kubebuilder:validation:XValidation:rule="has(self.tag) || has(self.digest) || has(self.repository) || has(self.image)",message="a target needs at least one of tag, digest, repository and image: the key path to write that part to"
// +kubebuilder:validation:XValidation:rule="[self.?tag, self.?digest, self.?repository, self.?image].all(p, !p.hasValue() || [self.?tag, self.?digest, self.?repository, self.?image].exists_one(q, q == p))",message="tag, digest, repository and image must be different key paths: one value can't hold two parts"
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
	// `podAnnotations.example\.com/version`. It must exist in the file, as the others must.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Tag string `json:"tag,omitempty"`

	// Digest is the key path that the digest is written to, `sha256:...`: the one that the tag had when it was selected.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Digest string `json:"digest,omitempty"`

	// Repository is the key path that the image's repository is written to, as spec.image spells it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Repository string `json:"repository,omitempty"`

	// Image is the key path that the whole reference is written to: `repository:tag`, with select.digest
	// `repository:tag@sha256:...`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Image string `json:"image,omitempty"`
}

// ImagePolicyStatus says what was selected and where it stands.
type ImagePolicyStatus struct {
	// ObservedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// LastHandledReconcileAt is the word in the annotation `fairlead.dev/reconcile-at` that the last recorded scan obeyed.
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// Image is the repository that this status speaks of.
	// +optional
	Image string `json:"image,omitempty"`

	// Latest is the tag that the policy selects.
	// +optional
	Latest *SelectedTag `json:"latest,omitempty"`

	// Newest is the newest tag of the repository by the policy's order, where it isn't the selected one, and why it isn't.
	// +optional
	Newest *NewestTag `json:"newest,omitempty"`

	// RetryAt is when the registry is asked again, to the minute, where it wants to be left alone for so long.
	// +optional
	RetryAt *metav1.Time `json:"retryAt,omitempty"`

	// Candidate is the newest tag that would be selected if it didn't have to wait.
	// +optional
	Candidate *Candidate `json:"candidate,omitempty"`

	// Waiting are the tags whose minimum age runs, the newest first, at most 100: those that were seen first.
	// +listType=map
	// +listMapKey=tag
	// +optional
	Waiting []WaitingTag `json:"waiting,omitempty"`

	// Warnings of the policy and the tags: what is legal, and probably not meant.
	// +listType=atomic
	// +optional
	Warnings []string `json:"warnings,omitempty"`

	// Targets are the places in Git, in the order of the spec.
	// +listType=atomic
	// +optional
	Targets []TargetStatus `json:"targets,omitempty"`

	// Rejected are the versions that were taken back in Git and that targets are held from, each once: where versions have an
	// order all before them are rejected as well. Targets says of each where, and by whom.
	// +listType=atomic
	// +optional
	Rejected []string `json:"rejected,omitempty"`

	// Scan is the last scan that changed something here. A scan that finds nothing new isn't written down.
	// +optional
	Scan *Scan `json:"scan,omitempty"`

	// Conditions: Ready, Selected, Committed, TagMutated, Reconciling, Stalled.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// NewestTag is a tag that is newer than the selected one.
type NewestTag struct {
	// Tag as it is spelt in the registry.
	Tag string `json:"tag"`
	// Reason why it isn't selected, as `fairlead explain` has it: `OutsideRange`, `PreRelease`, `TooYoung`, `WrongPlatform`, or
	// `Superseded` where the policy is pinned.
	Reason string `json:"reason"`
	// Message says the same to a person.
	Message string `json:"message"`
}

// Candidate is a tag that waits.
type Candidate struct {
	// Tag as it is spelt in the registry.
	Tag string `json:"tag"`
	// Digest that it points to.
	// +optional
	Digest string `json:"digest,omitempty"`
	// Reason why it isn't selected: `TooYoung`.
	Reason string `json:"reason"`
	// Until is when it stops to wait.
	Until metav1.MicroTime `json:"until"`
}

// WaitingTag is a tag whose minimum age runs.
type WaitingTag struct {
	// Tag as it is spelt in the registry.
	Tag string `json:"tag"`
	// Digest that was seen under it.
	Digest string `json:"digest"`
	// FirstSeen is when Fairlead saw that digest under that tag first.
	FirstSeen metav1.MicroTime `json:"firstSeen"`
}

// SelectedTag is a tag with the digest it had when it was selected.
type SelectedTag struct {
	// Tag as it is spelt in the registry.
	Tag string `json:"tag"`
	// Digest that the tag pointed to.
	// +optional
	Digest string `json:"digest,omitempty"`
	// FirstSeen is when Fairlead first saw that digest under that tag; without a minimum age, when it first selected it.
	FirstSeen metav1.MicroTime `json:"firstSeen"`
	// Selection says by what rule and among how many tags it was selected.
	Selection string `json:"selection"`
	// Generation of the spec that selected it: only that one's targets are written.
	Generation int64 `json:"generation"`
}

// TargetStatus is what a target holds in Git.
type TargetStatus struct {
	// Repository is the ConfigRepository that holds the file.
	// +optional
	Repository string `json:"repository,omitempty"`
	// File, relative to the root of the repository.
	// +optional
	File string `json:"file,omitempty"`
	// Path is the key path in the file; of several, that of the tag, the image, the digest or the repository, the first
	// that there is.
	Path string `json:"path"`
	// Current is what stands there: `v1.0.36`, `v1.0.36@sha256:...`, or whatever was found.
	// +optional
	Current string `json:"current,omitempty"`
	// Tag that the value stands for, where it doesn't say so itself because only the digest is written: by the commit that wrote it.
	// +optional
	Tag string `json:"tag,omitempty"`
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
	// Held says whose word keeps the target from the selected tag, where the reason is `Held`.
	// +optional
	Held *Held `json:"held,omitempty"`
}

// Held says that Git holds otherwise than the policy would, because somebody meant it. It is read from Git alone, and ends
// there: nothing that is deleted or restarted releases it.
type Held struct {
	// Version that was taken back, the last one that Fairlead wrote there: it is rejected, and so are all before it. Where
	// there is no order to tell what is before, it is `tag@digest`, and that very digest is rejected. Empty where nothing was
	// taken back, and what stands there has no place in the order.
	// +optional
	Version string `json:"version,omitempty"`
	// Revision of the commit that took it back, or wrote what stands there instead; empty if it isn't found.
	// +optional
	Revision string `json:"revision,omitempty"`
	// Author of that commit.
	// +optional
	Author string `json:"author,omitempty"`
	// Subject of that commit.
	// +optional
	Subject string `json:"subject,omitempty"`
	// Time of that commit.
	// +optional
	Time *metav1.Time `json:"time,omitempty"`
	// Release says what ends the hold.
	// +optional
	Release string `json:"release,omitempty"`
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
// +kubebuilder:resource:categories=fairlead,shortName=ipol
// +kubebuilder:printcolumn:name="Selected",type=string,JSONPath=`.status.latest.tag`
// +kubebuilder:printcolumn:name="In Git",type=string,JSONPath=`.status.targets[*].current`
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.targets[0].time`
// +kubebuilder:printcolumn:name="Waits",type=string,JSONPath=`.status.candidate.tag`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Newest",type=string,JSONPath=`.status.newest.tag`,priority=1
// +kubebuilder:printcolumn:name="Why Not",type=string,JSONPath=`.status.newest.reason`,priority=1
// +kubebuilder:printcolumn:name="Until",type=string,JSONPath=`.status.candidate.until`,priority=1
// +kubebuilder:printcolumn:name="Rejected",type=string,JSONPath=`.status.rejected[*]`,priority=1
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`,priority=1
// +kubebuilder:printcolumn:name="Range",type=string,JSONPath=`.spec.select.semver.range`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
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
