package gitwriter

import (
	"net/url"
	"strings"
	"time"
)

// DefaultBranch is the branch of a Remote that names none.
const DefaultBranch = "main"

// DefaultTimeout bounds one network operation of a Remote that names no timeout.
const DefaultTimeout = 60 * time.Second

// Remote says where a branch lives and who asks for it.
type Remote struct {
	// URL of the repository: https, or http when Insecure is set. It must hold no credentials.
	URL string
	// Branch is the branch's short name; empty means DefaultBranch.
	Branch string
	// Username and Password are sent by HTTP basic authentication to the URL's host and to no other. Both empty:
	// nothing is sent.
	Username, Password string
	// Insecure allows http.
	Insecure bool
	// Timeout bounds each network operation (one request and its answer); zero means DefaultTimeout.
	Timeout time.Duration
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

// reference is the branch's full name.
func (r Remote) reference() string { return "refs/heads/" + r.Branch }

// endpoint parses and checks the URL. Its errors never repeat the URL's user information.
func (r Remote) endpoint() (*url.URL, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, invalidRemote("", "the url can't be parsed: write it as https://host/path")
	}
	switch {
	case u.Host == "" || u.Path == "" || u.Path == "/":
		return nil, invalidRemote(u.Host, "the url names no repository: write it as https://host/path")
	case u.User != nil:
		return nil, invalidRemote(u.Host, "the url holds credentials: move them to the secret that the repository refers to")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, invalidRemote(u.Host, "the url has a query or a fragment: remove it")
	case u.Scheme == "http" && !r.Insecure:
		return nil, invalidRemote(u.Host, "the url is http, which sends everything readable: use https, or set insecure")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, invalidRemote(u.Host, "the url's scheme is "+quote(u.Scheme)+": only https is known, and http with insecure")
	}
	if problem := branchProblem(r.Branch); problem != "" {
		return nil, invalidRemote(u.Host, "the branch "+quote(r.Branch)+" "+problem)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

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
