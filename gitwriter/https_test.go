package gitwriter_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// overTLS puts a server of its own, with TLS, in front of the same repository.
func (s *gitServer) overTLS(config *tls.Config) (*httptest.Server, gitwriter.Remote) {
	s.t.Helper()
	server := httptest.NewUnstartedServer(s.handler(s.backend))
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	s.t.Cleanup(server.Close)
	r := s.remote()
	r.Insecure = false
	r.URL = server.URL + "/config.git"
	r.TLS.CA = pemOf("CERTIFICATE", server.Certificate().Raw)
	return server, r
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// clientCertificate makes one that signs itself.
func clientCertificate(t testing.TB) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fairlead"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return pemOf("CERTIFICATE", der), pemOf("PRIVATE KEY", encoded), pool
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	certificate, key, pool := clientCertificate(t)
	stranger, strangersKey, _ := clientCertificate(t)
	mutual := &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	cases := map[string]struct {
		reason string
		config *tls.Config
		setup  func(r *gitwriter.Remote)
		want   string
		class  gitwriter.Reason
	}{
		"authority": {"it is named", nil, func(*gitwriter.Remote) {}, "", ""},
		"no authority": {
			"the system doesn't know it", nil, func(r *gitwriter.Remote) { r.TLS.CA = "" },
			"open the repository at HOST: the server's certificate isn't trusted: x509: certificate signed by unknown authority: put the authority that signed it into the secret as ca.crt",
			gitwriter.ReasonServerNotTrusted,
		},
		"other authority": {
			"the system's count no more", nil, func(r *gitwriter.Remote) { r.TLS.CA = stranger },
			"open the repository at HOST: the server's certificate isn't trusted: x509: certificate signed by unknown authority: put the authority that signed it into the secret as ca.crt",
			gitwriter.ReasonServerNotTrusted,
		},
		"no PEM": {
			"it can't be read", nil, func(r *gitwriter.Remote) { r.TLS.CA = "nonsense" },
			"open the repository at HOST: the CA bundle holds no certificate that can be read: write PEM, -----BEGIN CERTIFICATE-----",
			gitwriter.ReasonInvalidRemote,
		},
		"client certificate": {"it is asked for", mutual, func(r *gitwriter.Remote) { r.TLS.Certificate, r.TLS.Key = certificate, key }, "", ""},
		"no client certificate": {
			"it is asked for", mutual, func(*gitwriter.Remote) {},
			"open the repository at HOST: the server ended the handshake: tls: certificate required: check the client certificate, tls.crt and tls.key of the secret",
			gitwriter.ReasonServerNotTrusted,
		},
		"strange client certificate": {
			"it is nobody's", mutual, func(r *gitwriter.Remote) { r.TLS.Certificate, r.TLS.Key = stranger, strangersKey },
			"open the repository at HOST: the server ended the handshake: tls: unknown certificate authority: check the client certificate, tls.crt and tls.key of the secret",
			gitwriter.ReasonServerNotTrusted,
		},
		"another's key": {
			"it doesn't fit", mutual, func(r *gitwriter.Remote) { r.TLS.Certificate, r.TLS.Key = certificate, strangersKey },
			"open the repository at HOST: the client certificate and its key can't be used together: write both as PEM, and the key that the certificate was made for",
			gitwriter.ReasonInvalidRemote,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := seeded(t)
			config := c.config.Clone()
			server, r := s.overTLS(config)
			c.setup(&r)
			_, err := gitwriter.NewMirror(r, gitwriter.WithClock(clock)).Write(t.Context(), gitwriter.WriteRequest{Changes: []gitwriter.Change{change(t, "www", "v1.0.36")}})
			if diff := cmp.Diff(c.want, strings.ReplaceAll(errorText(err), server.Listener.Addr().String(), "HOST")); diff != "" || reason(err) != c.class {
				t.Errorf("%s: %s, -want +got:\n%s", c.reason, reason(err), diff)
			}
			if err == nil {
				s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.0", "v3.0.0"))
			}
		})
	}
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	s.onRequest(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Header.Get("Authorization") == "Bearer t0ken" {
			r.SetBasicAuth(username, password)
		}
		return false
	})
	_, r := s.overTLS(nil)
	r.Auth = gitwriter.Auth{BearerToken: "t0ken"}
	write(t, gitwriter.NewMirror(r), change(t, "www", "v1.0.36"))
	r.Auth.BearerToken = "other"
	_, err := gitwriter.NewMirror(r).Refresh(t.Context())
	want := "the server refused the bearer token: check the secret; the server said: bad credentials"
	if !strings.HasSuffix(errorText(err), want) || reason(err) != gitwriter.ReasonAuthentication {
		t.Errorf("want ...%s, got %v", want, err)
	}
}

// proxyServer is a real proxy that connects, and notes what it sees.
type proxyServer struct {
	*httptest.Server

	mu   sync.Mutex
	seen []string
	// said is everything that went through it in clear text: headers of requests that it read itself.
	said bytes.Buffer
	// answer, if set, is the status of all answers.
	answer int
}

func newProxy(t testing.TB, user, pass string) *proxyServer {
	t.Helper()
	p := &proxyServer{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = append(p.seen, r.Method+" "+r.Host)
		_ = r.Header.Write(&p.said)
		answer := p.answer
		p.mu.Unlock()
		check := &http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
		gotUser, gotPass, _ := check.BasicAuth()
		switch {
		case answer != 0:
			w.WriteHeader(answer)
		case gotUser != user || gotPass != pass:
			w.WriteHeader(http.StatusProxyAuthRequired)
		default:
			connect(t, w, r.Host)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// connect joins a client with a server.
func connect(t testing.TB, w http.ResponseWriter, host string) {
	server, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connected\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
}

func TestProxy(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	s.onRequest(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the Git server was shown the proxy's password")
		}
		return false
	})
	_, https := s.overTLS(nil)
	v := newSSHServer(t, s, newKey(t), true)
	for name, r := range map[string]gitwriter.Remote{"https": https, "ssh": v.remote("")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, "pat", "pr0xy-pass")
			host := map[string]string{"https": strings.TrimSuffix(strings.TrimPrefix(https.URL, "https://"), "/config.git"), "ssh": v.address}[name]
			r.Proxy = gitwriter.Proxy{Address: p.URL, Username: "pat", Password: "pr0xy-pass"}
			if _, err := gitwriter.NewMirror(r).Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"CONNECT " + host}, p.seen); diff != "" {
				t.Errorf("what the proxy saw: -want +got:\n%s", diff)
			}
			if strings.Contains(p.said.String(), "\nAuthorization") || strings.HasPrefix(p.said.String(), "Authorization") {
				t.Errorf("the proxy was shown the server's password: %s", &p.said)
			}
			r.Proxy.Password = "wr0ng-pass"
			_, err := gitwriter.NewMirror(r).Refresh(t.Context())
			at := strings.TrimPrefix(p.URL, "http://")
			want := "connect at " + host + ": the proxy " + at + " refused username and password: check the secret of the proxy"
			if diff := cmp.Diff(want, errorText(err)); diff != "" || reason(err) != gitwriter.ReasonProxy || !terminal(err) {
				t.Errorf("%s: -want +got:\n%s", reason(err), diff)
			}
			p.answer = http.StatusBadGateway
			_, err = gitwriter.NewMirror(r).Refresh(t.Context())
			want = "connect at " + host + ": the proxy " + at + ` doesn't connect to the server, it answered "502 Bad Gateway"`
			if diff := cmp.Diff(want, errorText(err)); diff != "" || reason(err) != gitwriter.ReasonProxy || terminal(err) {
				t.Errorf("%s: -want +got:\n%s", reason(err), diff)
			}
		})
	}
}

// TestMovedMeanwhile: a repository that moves inside its host, after it was found, is found again.
func TestMovedMeanwhile(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.onRequest(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if rest, old := strings.CutPrefix(r.URL.RequestURI(), "/config.git/"); old {
			http.Redirect(w, r, "/renamed/"+rest, http.StatusMovedPermanently)
			return true
		}
		r.URL.Path = strings.Replace(r.URL.Path, "/renamed/", "/config.git/", 1)
		return false
	})
	write(t, m, change(t, "www", "v1.0.36"))
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	s.checkSound()
}
