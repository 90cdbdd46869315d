package gitwriter

import (
	"net/url"
	"strings"
	"unicode"
)

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
		return u, completeSSH(u)
	}
	return u, nil
}

// completeSSH fills in what a URL of SSH may leave out. A path that begins with a tilde is that of somebody's home, as git
// has it.
func completeSSH(u *url.URL) error {
	if home, ok := strings.CutPrefix(u.Path, "/~"); ok {
		u.Path = "~" + home
	}
	if u.User == nil || u.User.Username() == "" {
		u.User = url.User(defaultSSHUser)
	}
	if strings.ContainsFunc(u.Path, unicode.IsControl) {
		return invalidRemote(u.Host, "the url's path has control characters")
	}
	return nil
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
	if host == "" || path == "" || strings.ContainsAny(host+user, "/@ ") || strings.ContainsFunc(text, unicode.IsControl) {
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
