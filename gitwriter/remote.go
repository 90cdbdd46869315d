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

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
	schemeSSH   = "ssh"

	// defaultSSHUser is who logs in where the URL names nobody: what every Git host calls the account of all its users.
	defaultSSHUser = "git"
)

// endpoint parses and checks the URL. Its errors never repeat a password in it. The scheme of the result is http, https or
// ssh; with ssh, a path that begins with no slash is one below the user's home.
func (r Remote) endpoint() (*url.URL, error) {
	u, err := r.parse()
	if err != nil {
		return nil, err
	}
	switch {
	case u.Scheme == schemeHTTP && !r.Insecure:
		return nil, invalidRemote(u.Host, "the url is http, which sends everything readable: use https, or set insecure")
	case u.Scheme != schemeHTTPS && u.Scheme != schemeHTTP && u.Scheme != schemeSSH:
		return nil, invalidRemote(u.Host, "the url's scheme is "+quote(u.Scheme)+": only https and ssh are known, and http with insecure")
	}
	if problem := branchProblem(r.Branch); problem != "" {
		return nil, invalidRemote(u.Host, "the branch "+quote(r.Branch)+" "+problem)
	}
	if problem := r.authProblem(u.Scheme); problem != "" {
		return nil, invalidRemote(u.Host, problem)
	}
	return u, nil
}

// parse reads the URL in either form.
func (r Remote) parse() (*url.URL, error) {
	if u := parseSCP(r.URL); u != nil {
		return u, nil
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, invalidRemote("", "the url can't be parsed: write it as https://host/path or ssh://git@host/path")
	}
	_, password := u.User.Password()
	switch {
	case u.Host == "" || u.Hostname() == "" || strings.Trim(u.Path, "/") == "":
		return nil, invalidRemote(u.Host, "the url names no repository: write it as https://host/path or ssh://git@host/path")
	case password || u.User != nil && u.Scheme != schemeSSH:
		return nil, invalidRemote(u.Host, "the url holds credentials: move them to the secret that the repository refers to")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, invalidRemote(u.Host, "the url has a query or a fragment: remove it")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if u.Scheme == schemeSSH {
		if home, ok := strings.CutPrefix(u.Path, "/~"); ok { // ssh://host/~ada/x is ada's home, as git has it.
			u.Path = "~" + home
		}
		if u.User == nil || u.User.Username() == "" {
			u.User = url.User(defaultSSHUser)
		}
		if strings.ContainsFunc(u.Path, func(r rune) bool { return r < ' ' || r == '\x7f' }) {
			return nil, invalidRemote(u.Host, "the url's path has control characters")
		}
	}
	return u, nil
}

// parseSCP reads user@host:path; nil if it is no such thing.
func parseSCP(text string) *url.URL {
	if strings.Contains(text, "://") {
		return nil
	}
	user, rest, ok := strings.Cut(text, "@")
	if !ok || user == "" || strings.ContainsAny(user, ":/") {
		return nil
	}
	from := 0
	if strings.HasPrefix(rest, "[") { // An IPv6 address.
		from = strings.Index(rest, "]") + 1
	}
	colon := strings.Index(rest[from:], ":")
	if colon < 0 {
		return nil
	}
	host, path := rest[:from+colon], strings.TrimSuffix(rest[from+colon+1:], "/")
	bad := func(r rune) bool { return r <= ' ' || r == '\x7f' }
	if host == "" || path == "" || strings.ContainsAny(host, "/@") || strings.ContainsFunc(host+user, bad) || strings.ContainsFunc(path, func(r rune) bool { return bad(r) && r != ' ' }) {
		return nil
	}
	return &url.URL{Scheme: schemeSSH, User: url.User(user), Host: host, Path: path}
}

// authProblem says which credentials don't go with the URL, or nothing.
func (r Remote) authProblem(scheme string) string {
	a := r.Auth
	switch {
	case scheme == schemeSSH && a.SSH == nil:
		return "the url is ssh, and there is no key: name a secret with identity and known_hosts"
	case scheme != schemeSSH && a.SSH != nil:
		return "the credentials are an ssh key, and the url isn't ssh: write it as ssh://git@host/path, or name a secret with username and password"
	case scheme == schemeSSH:
		return problemOf(a.SSH.Check(), r.Proxy.Check())
	case a.App != nil:
		return problemOf(a.App.Check(), r.TLS.Check(), r.Proxy.Check())
	default:
		return problemOf(r.TLS.Check(), r.Proxy.Check())
	}
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
