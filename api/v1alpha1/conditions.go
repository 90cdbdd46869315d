package v1alpha1

// Condition types. Each has the reasons listed with it and no others. Messages hold no times and no counters,
// so that a condition changes only when its meaning does.
const (
	// ConditionReady is on every object. True: what the spec asks for is so. False: it is not, and the message
	// says what is in the way and what to do. Unknown: not looked at yet.
	//
	// Reasons: Succeeded, Suspended, Progressing, and each reason of the failures below.
	ConditionReady = "Ready"

	// ConditionReconciling is true while Fairlead works towards the spec or retries, and absent otherwise.
	//
	// Reasons: Progressing, ProgressingWithRetry.
	ConditionReconciling = "Reconciling"

	// ConditionStalled is true when retrying can't help until somebody changes something, and absent otherwise.
	//
	// Reasons: those of the failure that stalls.
	ConditionStalled = "Stalled"

	// ConditionSelected is on an ImagePolicy. True: status.latest is what the registry and the policy say. False:
	// the message says why no tag could be selected.
	//
	// Reasons: Succeeded, InvalidImage, InvalidPolicy, SecretNotUsable, RegistryFailed, NoTagSelected, Waiting.
	ConditionSelected = "Selected"

	// ConditionCommitted is on an ImagePolicy. True: every target in Git holds the selected tag or a later one. False:
	// the message says which target doesn't, and why.
	//
	// Reasons: Succeeded, NewerInGit, Pending, Held, TargetNotResolved, EditRefused, Suspended, PushRefused,
	// BranchProtected, HookDeclined, QuotaExceeded, AuthenticationFailed, NotAuthorized, ServerNotTrusted, ProxyFailed,
	// RepositoryMoved, BranchNotFound, RepositoryNotFound, GitFailed, SecretNotUsable, InvalidTemplate, InvalidPolicy.
	ConditionCommitted = "Committed"

	// ConditionTagMutated is on an ImagePolicy. True: the selected tag points to another digest than the one it was selected
	// with; absent otherwise.
	//
	// Reasons: TagMutated.
	ConditionTagMutated = "TagMutated"
)

// Reason says in one CamelCase word why a condition is as it is. Events repeat the reasons of the conditions.
type Reason string

// Reasons that several kinds share.
const (
	// ReasonSucceeded: everything the spec asks for was done.
	ReasonSucceeded Reason = "Succeeded"
	// ReasonProgressing: the work is under way.
	ReasonProgressing Reason = "Progressing"
	// ReasonProgressingWithRetry: the last try failed and another follows by itself.
	ReasonProgressingWithRetry Reason = "ProgressingWithRetry"
	// ReasonSuspended: spec.suspend is true.
	ReasonSuspended Reason = "Suspended"
	// ReasonSecretNotUsable: a Secret that the spec names is missing, lacks a key or doesn't parse.
	ReasonSecretNotUsable Reason = "SecretNotUsable"
	// ReasonGitFailed: the Git server couldn't be reached, or answered with an error.
	ReasonGitFailed Reason = "GitFailed"
	// ReasonRepositoryNotFound: the Git server has no such repository, or no ConfigRepository serves an Application.
	ReasonRepositoryNotFound Reason = "RepositoryNotFound"
)

// Reasons of an ImagePolicy.
const (
	// ReasonInvalidImage: spec.image is no image repository.
	ReasonInvalidImage Reason = "InvalidImage"
	// ReasonInvalidPolicy: spec.tags, spec.select or another part of the policy says nothing that can be followed.
	ReasonInvalidPolicy Reason = "InvalidPolicy"
	// ReasonRegistryFailed: the registry couldn't be reached, or answered with an error.
	ReasonRegistryFailed Reason = "RegistryFailed"
	// ReasonNoTagSelected: the repository has no tag that the policy admits.
	ReasonNoTagSelected Reason = "NoTagSelected"
	// ReasonWaiting: the repository has tags that the policy admits, and none has its minimum age yet.
	ReasonWaiting Reason = "Waiting"
	// ReasonPending: a newer tag is selected and not yet committed.
	ReasonPending Reason = "Pending"
	// ReasonNewerInGit: a target holds a later version than the selected one, and moves forward only.
	ReasonNewerInGit Reason = "NewerInGit"
	// ReasonHeld: somebody took back in Git what Fairlead had written, or wrote a value into the target that has no place in
	// the policy's order, or another digest of the selected tag; it is left alone until that changes, or something newer is
	// selected than what was taken back.
	ReasonHeld Reason = "Held"
	// ReasonTargetNotResolved: a target's Application or ConfigRepository doesn't exist, or names no file.
	ReasonTargetNotResolved Reason = "TargetNotResolved"
	// ReasonEditRefused: the file or the key of a target can't be edited safely.
	ReasonEditRefused Reason = "EditRefused"
	// ReasonPushRefused: the Git server refused the push, in its own words, for a reason that has no name here.
	ReasonPushRefused Reason = "PushRefused"
	// ReasonTagSelected is the event of a newly selected tag.
	ReasonTagSelected Reason = "TagSelected"
	// ReasonTagMutated: another digest was pushed under the selected tag.
	ReasonTagMutated Reason = "TagMutated"
	// ReasonReleased is the event of a target that isn't held from a release any more.
	ReasonReleased Reason = "Released"
	// ReasonRecovered is the event of an object that works again after it failed.
	ReasonRecovered Reason = "Recovered"
	// ReasonTagCommitted is the event of a tag that was committed and pushed.
	ReasonTagCommitted Reason = "TagCommitted"
)

// Reasons of a ConfigRepository.
const (
	// ReasonInvalidTemplate: spec.commit.messageTemplate doesn't parse.
	ReasonInvalidTemplate Reason = "InvalidTemplate"
	// ReasonAuthenticationFailed: the Git server doesn't take the credentials.
	ReasonAuthenticationFailed Reason = "AuthenticationFailed"
	// ReasonNotAuthorized: the Git server knows the credentials, and they may not read or write the repository.
	ReasonNotAuthorized Reason = "NotAuthorized"
	// ReasonServerNotTrusted: the Git server's certificate or host key isn't known, or it doesn't take the client's certificate.
	ReasonServerNotTrusted Reason = "ServerNotTrusted"
	// ReasonProxyFailed: the proxy doesn't connect to the Git server.
	ReasonProxyFailed Reason = "ProxyFailed"
	// ReasonRepositoryMoved: the Git server sends to another place, where credentials mustn't follow.
	ReasonRepositoryMoved Reason = "RepositoryMoved"
	// ReasonBranchNotFound: the repository has no such branch, or it was deleted.
	ReasonBranchNotFound Reason = "BranchNotFound"
	// ReasonBranchProtected: the Git server refused the push because a rule protects the branch, in its own words.
	ReasonBranchProtected Reason = "BranchProtected"
	// ReasonHookDeclined: a hook of the Git server refused the push, in its own words.
	ReasonHookDeclined Reason = "HookDeclined"
	// ReasonQuotaExceeded: the Git server refused the push because a limit is reached, in its own words.
	ReasonQuotaExceeded Reason = "QuotaExceeded"
	// ReasonHistoryRewritten is the event of a branch that was moved by force to a commit that doesn't descend from its head.
	ReasonHistoryRewritten Reason = "HistoryRewritten"
	// ReasonPushed is the event of a push.
	ReasonPushed Reason = "Pushed"
)

// Reasons of an Application.
const (
	// ReasonRepositoryNotReady: the ConfigRepository hasn't read the branch yet.
	ReasonRepositoryNotReady Reason = "RepositoryNotReady"
	// ReasonRenderFailed: the source can't be rendered at this revision.
	ReasonRenderFailed Reason = "RenderFailed"
	// ReasonNotPermitted: the destination is outside of what this Application may touch.
	ReasonNotPermitted Reason = "NotPermitted"
	// ReasonClusterUnreachable: the cluster that spec.destination.name names takes requests and doesn't answer.
	ReasonClusterUnreachable Reason = "ClusterUnreachable"
	// ReasonInvalidSpec: the spec holds what can't be read, such as a path of spec.ignoreDifferences or an expression of
	// spec.healthChecks.
	ReasonInvalidSpec Reason = "InvalidSpec"
	// ReasonInvalidManifests: the rendered objects can't be applied as they stand.
	ReasonInvalidManifests Reason = "InvalidManifests"
	// ReasonSyncFailed: the API server refused an object.
	ReasonSyncFailed Reason = "SyncFailed"
	// ReasonOutOfSync: the cluster differs from the revision and the sync policy doesn't mend it.
	ReasonOutOfSync Reason = "OutOfSync"
	// ReasonDegraded: everything is applied, and the workload's rollout failed.
	ReasonDegraded Reason = "Degraded"
	// ReasonDeleting: the Application is being deleted, and its objects with it.
	ReasonDeleting Reason = "Deleting"
	// ReasonFieldsTaken is the event of fields that were set back to what the revision says, and of who had set them.
	ReasonFieldsTaken Reason = "FieldsTaken"
	// ReasonHealthy is the event of an Application that became healthy.
	ReasonHealthy Reason = "Healthy"
	// ReasonSynced is the event of a revision that was applied.
	ReasonSynced Reason = "Synced"
	// ReasonDriftHealed is the event of a drift that was taken back.
	ReasonDriftHealed Reason = "DriftHealed"
	// ReasonFightingOver is the event of an object that somebody changes again and again, so that it is set back ever later.
	ReasonFightingOver Reason = "FightingOver"
)
