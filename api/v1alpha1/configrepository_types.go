package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ConfigRepositorySpec says which branch of which Git repository Fairlead reads and writes, and how.
//
// +kubebuilder:validation:XValidation:rule="!self.url.startsWith('http://') || (has(self.insecure) && self.insecure)",message="url is http://, which sends credentials and commits in clear text: use https://, or set insecure: true to accept that"
// +kubebuilder:validation:XValidation:rule="!(self.url.startsWith('ssh://') || (!self.url.contains('://') && self.url.contains('@'))) || has(self.secretRef)",message="url is ssh, which needs a key, and the server's own to know it by: name in secretRef a Secret with identity and known_hosts"
type ConfigRepositorySpec struct {
	// URL of the Git repository: `https://host/path`, `ssh://git@host:port/path` or `git@host:path`. `http://` needs
	// `insecure: true`. Credentials don't belong here, but into the Secret that `secretRef` names.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^(https?://[^/]+/.+|ssh://[^/]+/.+|[^@:/]+@([^:/]+|[[][^]/]+[]]):.+)$')",message="url must be https://host/path, ssh://git@host/path or git@host:path, or http://host/path with insecure: true"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^(https?://[^/]*@|ssh://[^/]*:[^/]*@)')",message="url must not hold credentials: put them into a Secret and name it in secretRef"
	// +kubebuilder:validation:XValidation:rule="!self.contains('?') && !self.contains('#')",message="url must not hold a query or a fragment"
	URL string `json:"url"`

	// Branch that is read and written.
	// +kubebuilder:default=main
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_][A-Za-z0-9_./-]*$') && !self.contains('..') && !self.contains('//') && !self.endsWith('/') && !self.endsWith('.') && !self.endsWith('.lock')",message="branch must be a branch name as git check-ref-format has it, without refs/heads/"
	// +optional
	Branch string `json:"branch,omitempty"`

	// Interval between two looks at the remote head. Pushes of Fairlead itself are known at once.
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('1s')",message="interval must be a duration of at least 1s, such as 30s or 5m"
	// +optional
	Interval metav1.Duration `json:"interval,omitempty"`

	// Timeout of one network operation with the Git server.
	// +kubebuilder:default="60s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))+$') && duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="timeout must be a duration from 1s to 1h, such as 60s"
	// +optional
	Timeout metav1.Duration `json:"timeout,omitempty"`

	// SecretRef names a Secret that says as whom the server is asked, by one of these sets of keys: `username` and `password`
	// (or a token in place of the password); `bearerToken`; `githubAppID`, `githubAppInstallationID` and
	// `githubAppPrivateKey`, with `githubAppBaseURL` for a GitHub Enterprise Server; for SSH `identity` and `known_hosts`,
	// with `password` if the key has a passphrase. Beside them, for HTTPS, `ca.crt` holds the authorities that the server's
	// certificate must lead to, and `tls.crt` with `tls.key` the certificate that is shown to it. Without a Secret the
	// repository is read and written anonymously.
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// ProxySecretRef names a Secret with the key `address`, the URL of an HTTP proxy on the way to the server, and
	// `username` and `password` if it wants them.
	// +optional
	ProxySecretRef *LocalReference `json:"proxySecretRef,omitempty"`

	// Insecure allows an `http://` URL: credentials and commits then travel in clear text.
	// +optional
	Insecure bool `json:"insecure,omitempty"`

	// Commit says how commits are written.
	// +kubebuilder:default={}
	// +optional
	Commit CommitSpec `json:"commit,omitempty"`

	// Suspend stops writing. Reading goes on: Applications still follow the branch.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// CommitSpec says how commits are written.
type CommitSpec struct {
	// Author and committer of the commits.
	// +kubebuilder:default={}
	// +optional
	Author CommitAuthor `json:"author,omitempty"`

	// MessageTemplate is a Go template for the subject and the body of a commit; the trailers that history and
	// audit read are always added behind it. Empty: the message is `deploy(www): v1.0.35 -> v1.0.36` and the reason.
	// The fields are described in docs/configrepository.md.
	// +kubebuilder:validation:MaxLength=8192
	// +kubebuilder:validation:XValidation:rule="!self.contains('{{') || self.lastIndexOf('}}') > self.lastIndexOf('{{')",message="messageTemplate has an action that begins with {{ and doesn't end with }}"
	// +kubebuilder:validation:XValidation:rule="!self.matches('[{][{]-?[ \\t]*(define|template|block)[ \\t]')",message="messageTemplate must not define or call other templates"
	// +optional
	MessageTemplate string `json:"messageTemplate,omitempty"`

	// Signing has every commit signed. If the key can't be used, nothing is pushed.
	// +optional
	Signing *CommitSigning `json:"signing,omitempty"`
}

// SigningFormat is how a commit is signed: git's gpg.format.
type SigningFormat string

// The formats that git verifies.
const (
	// SigningOpenPGP signs as git commit -S does by default.
	SigningOpenPGP SigningFormat = "openpgp"
	// SigningSSH signs with an SSH key.
	SigningSSH SigningFormat = "ssh"
)

// CommitSigning says what commits are signed with.
type CommitSigning struct {
	// SecretRef names a Secret with the private key: for `openpgp` armored in `git.asc`, with `passphrase` if it has one; for
	// `ssh` in `identity`, with `password` if it has a passphrase.
	SecretRef LocalReference `json:"secretRef"`

	// Format of the signature: `openpgp` or `ssh`.
	// +kubebuilder:default=openpgp
	// +kubebuilder:validation:Enum=openpgp;ssh
	// +optional
	Format SigningFormat `json:"format,omitempty"`
}

// CommitAuthor is a person or program as Git names it.
type CommitAuthor struct {
	// Name of the author.
	// +kubebuilder:default=Fairlead
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="!self.matches('[<>\\\\x00-\\\\x1f]')",message="name must not hold <, > or control characters"
	// +optional
	Name string `json:"name,omitempty"`

	// Email of the author.
	// +kubebuilder:default="fairlead@localhost"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="!self.matches('[<>\\\\x00-\\\\x20]')",message="email must not hold <, >, spaces or control characters"
	// +optional
	Email string `json:"email,omitempty"`
}

// ConfigRepositoryStatus says what is known of the branch.
type ConfigRepositoryStatus struct {
	// ObservedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// LastHandledReconcileAt is the word in the annotation `fairlead.dev/reconcile-at` that was obeyed last.
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// Head of the branch, as it was last seen or pushed. Applications follow it.
	// +optional
	Head *Head `json:"head,omitempty"`

	// LastPush is the last push of Fairlead.
	// +optional
	LastPush *Push `json:"lastPush,omitempty"`

	// Pending is the number of ImagePolicies whose selected tag isn't on the branch yet.
	// +optional
	Pending int32 `json:"pending,omitempty"`

	// Conditions: Ready, Reconciling, Stalled.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Head is the commit that a branch points to.
type Head struct {
	// Revision is the SHA of the commit.
	Revision string `json:"revision"`
	// Author of the commit.
	// +optional
	Author string `json:"author,omitempty"`
	// Subject is the first line of its message.
	// +optional
	Subject string `json:"subject,omitempty"`
	// Time at which it was committed.
	// +optional
	Time metav1.Time `json:"time,omitempty"`
}

// Push is one push of Fairlead.
type Push struct {
	// Revision that the branch points to since.
	Revision string `json:"revision"`
	// Commits in it: one for each ImagePolicy.
	Commits int32 `json:"commits"`
	// Time at which the server took it.
	Time metav1.Time `json:"time"`
	// Attempts that it took. More than one: somebody else pushed in between.
	Attempts int32 `json:"attempts"`
}

// ConfigRepository is a Git repository and branch that Fairlead reads and writes.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=fairlead,shortName=cr
// +kubebuilder:printcolumn:name="Branch",type=string,JSONPath=`.spec.branch`
// +kubebuilder:printcolumn:name="Head",type=string,JSONPath=`.status.head.subject`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.status.head.time`
// +kubebuilder:printcolumn:name="Pushed",type=date,JSONPath=`.status.lastPush.time`
// +kubebuilder:printcolumn:name="Pending",type=integer,JSONPath=`.status.pending`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Revision",type=string,JSONPath=`.status.head.revision`,priority=1
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.spec.url`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type ConfigRepository struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ConfigRepositorySpec   `json:"spec"`
	Status ConfigRepositoryStatus `json:"status,omitempty"`
}

// ConfigRepositoryList is a list of ConfigRepositories.
//
// +kubebuilder:object:root=true
type ConfigRepositoryList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ConfigRepository `json:"items"`
}
