package gitwriter

import (
	"strings"
	"time"
)

// DefaultBranch is the branch of a Remote that names none.
const DefaultBranch = "main"

// DefaultTimeout bounds one network operation of a Remote that names no timeout.
const DefaultTimeout = 60 * time.Second

// Remote says where a branch lives, and how and as whom it is reached. It is never printed with its secrets.
type Remote struct {
	// URL of the repository: https://host/path, ssh://user@host:port/path, user@host:path, or http://host/path when Insecure
	// is set. It must hold no password.
	URL string
	// Branch is the branch's short name; empty means DefaultBranch.
	Branch string
	// Insecure allows http.
	Insecure bool
	// Timeout bounds each network operation (one request and its answer); zero means DefaultTimeout.
	Timeout time.Duration
	// Auth is as whom the server is asked; zero is anonymous.
	Auth Auth
	// TLS is which servers are trusted, and which certificate is shown to them. It plays no part over SSH.
	TLS TLS
	// Proxy is on the way to the server; zero is what the environment names for HTTP, and none for SSH.
	Proxy Proxy
}

// withDefaults fills in what the caller left empty.
func (r Remote) withDefaults() Remote {
	if r.Branch == "" {
		r.Branch = DefaultBranch
	}
	if r.Timeout <= 0 {
		r.Timeout = DefaultTimeout
	}
	return r
}

// String is the URL and the branch, without anything secret.
func (r Remote) String() string { return oneLine(r.URL+" "+r.Branch, maxServerWords) }

// GoString hides the secrets from %#v.
func (r Remote) GoString() string { return r.String() }

// MarshalText hides the secrets from encoders and structured logs.
func (r Remote) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// reference is the branch's full name.
func (r Remote) reference() string { return "refs/heads/" + r.Branch }

// branchProblem says what is wrong with a branch name by the rules of git-check-ref-format(1), or nothing.
func branchProblem(branch string) string {
	if strings.HasPrefix(branch, "refs/") {
		return "is written in full: use its short name, without refs/heads/"
	}
	bad := strings.HasPrefix(branch, "-") || strings.HasSuffix(branch, ".") || branch == "@" ||
		strings.Contains(branch, "..") || strings.Contains(branch, "@{") || strings.ContainsAny(branch, " ~^:?*[\\\x7f")
	for component := range strings.SplitSeq(branch, "/") {
		bad = bad || component == "" || strings.HasPrefix(component, ".") || strings.HasSuffix(component, ".lock")
	}
	for _, r := range branch {
		bad = bad || r < ' '
	}
	if bad {
		return "is no legal branch name"
	}
	return ""
}
