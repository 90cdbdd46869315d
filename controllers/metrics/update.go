package metrics

import (
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// ScanResult is what a scan came to.
type ScanResult string

// The results of scans.
const (
	ScanSelected  ScanResult = "selected"
	ScanUnchanged ScanResult = "unchanged"
	ScanWaiting   ScanResult = "waiting"
	ScanNothing   ScanResult = "nothing"
	ScanFailed    ScanResult = "failed"
)

// CheckResult is what a look at the head of a branch came to.
type CheckResult string

// The results of looks at heads.
const (
	CheckMoved     CheckResult = "moved"
	CheckUnchanged CheckResult = "unchanged"
	CheckFailed    CheckResult = "failed"
)

// PushResult is what a push came to.
type PushResult string

// The results of pushes. A conflict is given up after many attempts; one that is won in the end is pushed.
const (
	PushPushed   PushResult = "pushed"
	PushRefused  PushResult = "refused"
	PushConflict PushResult = "conflict"
	PushFailed   PushResult = "failed"
)

// GitFailure is why a Git server couldn't be worked with.
type GitFailure string

// The failures of Git.
const (
	GitUnavailable    GitFailure = "unavailable"
	GitRateLimited    GitFailure = "rate_limited"
	GitAuthentication GitFailure = "authentication"
	GitRefused        GitFailure = "refused"
	GitConflict       GitFailure = "conflict"
	GitOther          GitFailure = "other"
)

// WebhookResult is what became of a request to the receiver of webhooks.
type WebhookResult string

// The results of webhooks.
const (
	WebhookAccepted WebhookResult = "accepted"
	WebhookIgnored  WebhookResult = "ignored"
	WebhookRefused  WebhookResult = "refused"
	WebhookLimited  WebhookResult = "limited"
	WebhookFailed   WebhookResult = "failed"
)

// unknownProvider is that of requests that no webhook answered.
const unknownProvider = "unknown"

// defineUpdate makes the metrics of the way from the registry to Git.
func (m *Metrics) defineUpdate(b *builder) {
	host := Label{Name: "host", Bound: "the registries that ImagePolicies name, 100 at most; the others are \"other\". What a registry answers names none"}
	m.scans = b.counter("fairlead_scans_total", "Scans of ImagePolicies that ended, by what they came to.",
		among("result", ScanSelected, ScanUnchanged, ScanWaiting, ScanNothing, ScanFailed))
	m.scanDuration = b.histogram("fairlead_scan_duration_seconds", "How long scans took, the wait for their registry included.", workBuckets())
	m.selections = b.counter("fairlead_selections_total", "Tags, or digests of the same tag, that were selected anew.")
	m.registryRequests = b.counter("fairlead_registry_requests_total",
		"HTTP requests for a registry, its token server's included, by class of answer; error: no answer came.",
		host, among("code", codes()...))
	m.registryDuration = b.histogram("fairlead_registry_request_duration_seconds",
		"How long an answer for a registry took to begin, without the wait for its limits.", workBuckets(), host)
	m.webhooks = b.counter("fairlead_webhooks_total", "Requests to the receiver of webhooks.",
		Label{Name: "provider", Bound: "the providers that Fairlead knows, and unknown"},
		among("result", WebhookAccepted, WebhookIgnored, WebhookRefused, WebhookLimited, WebhookFailed))
	m.headChecks = b.counter("fairlead_head_checks_total", "Looks at the head of a branch on its server.",
		among("result", CheckMoved, CheckUnchanged, CheckFailed))
	m.gitRequests = b.counter("fairlead_git_requests_total", "HTTP requests to Git servers, or commands over SSH.")
	m.gitFailures = b.counter("fairlead_git_failures_total", "Looks and pushes that failed, each retry anew.",
		among("reason", GitUnavailable, GitRateLimited, GitAuthentication, GitRefused, GitConflict, GitOther))
	m.commits = b.counter("fairlead_commits_total", "Commits that a server has taken.")
	m.pushes = b.counter("fairlead_pushes_total", "Pushes by what they came to, each retry of a failed one anew.",
		among("result", PushPushed, PushRefused, PushConflict, PushFailed))
	m.conflicts = b.counter("fairlead_push_conflicts_total", "Attempts to push that somebody else's push overtook; they were made anew.")
	m.refused = b.counter("fairlead_edits_refused_total", "Targets whose file began to be refused, since it can't be edited safely.")
	m.holds = b.counter("fairlead_holds_total", "Targets that began to be held from a release that somebody took back.")
	m.rewrites = b.counter("fairlead_history_rewrites_total", "Times that somebody moved a branch by force.")
}

// Scanned counts a scan that took so long.
func (m *Metrics) Scanned(result ScanResult, took time.Duration) {
	m.scans.WithLabelValues(string(result)).Inc()
	m.scanDuration.WithLabelValues().Observe(took.Seconds())
}

// ScanAnswered notes when a policy's registry last answered a scan.
func (m *Metrics) ScanAnswered(policy types.NamespacedName, at time.Time) {
	m.looks.note(scanned, policy, at)
}

// Uses notes which registry a policy names.
func (m *Metrics) Uses(policy types.NamespacedName, host string) { m.hosts.use(policy, host) }

// ForgetPolicy drops the series of a policy that is gone.
func (m *Metrics) ForgetPolicy(policy types.NamespacedName) {
	m.looks.forget(scanned, policy)
	m.hosts.forget(policy)
}

// Selected counts a selection.
func (m *Metrics) Selected() { m.selections.WithLabelValues().Inc() }

// RegistryAsked counts a request for a registry: the status of the answer, 0 if none came, and how long it took to begin.
func (m *Metrics) RegistryAsked(host string, status int, took time.Duration) {
	host = m.hosts.label(host)
	m.registryRequests.WithLabelValues(host, codeOf(status)).Inc()
	m.registryDuration.WithLabelValues(host).Observe(took.Seconds())
}

// WebhookReceived counts a request to the receiver of webhooks: by whose webhook it was answered (a provider that Fairlead knows; empty:
// by none), how, and how many objects are looked at for it.
func (m *Metrics) WebhookReceived(provider string, status, matched int) {
	if provider == "" {
		provider = unknownProvider
	}
	m.webhooks.WithLabelValues(provider, string(webhookResultOf(status, matched))).Inc()
}

func webhookResultOf(status, matched int) WebhookResult {
	switch status {
	case http.StatusAccepted, http.StatusOK:
		if matched == 0 {
			return WebhookIgnored
		}
		return WebhookAccepted
	case http.StatusTooManyRequests:
		return WebhookLimited
	case http.StatusServiceUnavailable:
		return WebhookFailed
	default:
		return WebhookRefused
	}
}

// HeadChecked counts a look at the head of a repository's branch.
func (m *Metrics) HeadChecked(repository types.NamespacedName, result CheckResult, at time.Time) {
	m.headChecks.WithLabelValues(string(result)).Inc()
	if result != CheckFailed {
		m.looks.note(checked, repository, at)
	}
}

// ForgetRepository drops the series of a repository that is gone.
func (m *Metrics) ForgetRepository(repository types.NamespacedName) {
	m.looks.forget(checked, repository)
}

// GitAsked counts requests to a Git server.
func (m *Metrics) GitAsked(requests int) { m.gitRequests.WithLabelValues().Add(float64(requests)) }

// GitFailed counts a failure.
func (m *Metrics) GitFailed(reason GitFailure) { m.gitFailures.WithLabelValues(string(reason)).Inc() }

// Pushed counts a push, its commits, and how often others came first.
func (m *Metrics) Pushed(result PushResult, commits, conflicts int) {
	m.pushes.WithLabelValues(string(result)).Inc()
	m.commits.WithLabelValues().Add(float64(commits))
	m.conflicts.WithLabelValues().Add(float64(conflicts))
}

// EditRefused counts a target whose file began to be refused.
func (m *Metrics) EditRefused() { m.refused.WithLabelValues().Inc() }

// Held counts a hold that began.
func (m *Metrics) Held() { m.holds.WithLabelValues().Inc() }

// HistoryRewritten counts a branch that was moved by force.
func (m *Metrics) HistoryRewritten() { m.rewrites.WithLabelValues().Inc() }
