package gitwriter_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fairlead/fairlead/gitwriter"
)

// BenchmarkTransport is one commit by each transport, in encrypted bytes on the wire: ours, and what git itself needs for the
// same with a clone that it keeps (fetch, commit, push).
func BenchmarkTransport(b *testing.B) {
	b.Run("https/fairlead", func(b *testing.B) {
		s := newGitServer(b)
		s.history(2000, 500)
		server, r := s.overTLS(nil)
		counted := newRelay(b, server)
		r.URL = "https://" + counted.address + "/config.git"
		benchmarkOurs(b, r, counted)
	})
	for _, env := range []bool{true, false} {
		version := map[bool]string{true: "v2", false: "v0"}[env]
		b.Run("ssh-"+version+"/fairlead", func(b *testing.B) {
			s := newGitServer(b)
			s.history(2000, 500)
			v := newSSHServer(b, s, newKey(b), env)
			benchmarkOurs(b, v.remote(""), v)
		})
		b.Run("ssh-"+version+"/git", func(b *testing.B) {
			s := newGitServer(b)
			s.history(2000, 500)
			v := newSSHServer(b, s, newKey(b), env)
			dir := b.TempDir()
			must(b, os.WriteFile(filepath.Join(dir, "key"), []byte(v.remote("").Auth.SSH.Identity), 0o600))
			must(b, os.WriteFile(filepath.Join(dir, "known"), []byte(v.knownHosts()), 0o600))
			command := "ssh -F none -i " + filepath.Join(dir, "key") + " -o UserKnownHostsFile=" + filepath.Join(dir, "known")
			benchmarkGit(b, v.remote("").URL, v, "core.sshCommand", command)
		})
	}
	b.Run("https/git", func(b *testing.B) {
		s := newGitServer(b)
		s.history(2000, 500)
		server, _ := s.overTLS(nil)
		counted := newRelay(b, server)
		benchmarkGit(b, "https://"+username+":"+password+"@"+counted.address+"/config.git", counted, "http.sslVerify", "false")
	})
}

// meter tells the bytes on the wire since the last call.
type meter interface{ wireTraffic() (up, down int64) }

func report(b *testing.B, m meter, requests int) {
	b.Helper()
	up, down := m.wireTraffic()
	b.ReportMetric(float64(up)/float64(b.N), "up-B/op")
	b.ReportMetric(float64(down)/float64(b.N), "down-B/op")
	if requests > 0 {
		b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
	}
}

func benchmarkOurs(b *testing.B, r gitwriter.Remote, wire meter) {
	b.Helper()
	m := gitwriter.NewMirror(r)
	write(b, m, change(b, "www", "v1.0.1"))
	wire.wireTraffic()
	i, requests := 1, 0
	for b.Loop() {
		i++
		if _, err := m.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
		requests += 1 + write(b, m, change(b, "www", fmt.Sprintf("v1.0.%d", i))).Requests
	}
	report(b, wire, requests)
}

func benchmarkGit(b *testing.B, url string, wire meter, key, value string) {
	b.Helper()
	work := b.TempDir()
	if _, err := exec.LookPath("ssh"); err != nil {
		b.Skip("no ssh is installed")
	}
	git(b, work, "-c", key+"="+value, "clone", "-q", url, ".")
	git(b, work, "config", key, value)
	wire.wireTraffic()
	i := 1
	for b.Loop() {
		i++
		git(b, work, "fetch", "-q", "origin", "main")
		must(b, os.WriteFile(filepath.Join(work, valuesFile), []byte(values(fmt.Sprintf("v1.0.%d", i), "v1.0.0", "v1.0.0")), 0o600))
		git(b, work, "commit", "-q", "-a", "-m", "deploy")
		git(b, work, "push", "-q", "origin", "HEAD:main")
	}
	report(b, wire, 0)
}

// relay passes connections on to a server and counts.
type relay struct {
	address string

	mu       sync.Mutex
	up, down int64
}

func newRelay(b *testing.B, to *httptest.Server) *relay {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	r := &relay{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := new(net.Dialer).DialContext(b.Context(), "tcp", to.Listener.Addr().String())
			if err != nil {
				_ = client.Close()
				continue
			}
			go r.copy(server, client, &r.up)
			go r.copy(client, server, &r.down)
		}
	}()
	return r
}

func (r *relay) copy(to, from net.Conn, count *int64) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		r.mu.Lock()
		*count += int64(n)
		r.mu.Unlock()
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

func (r *relay) wireTraffic() (up, down int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	up, down = r.up, r.down
	r.up, r.down = 0, 0
	return up, down
}
