package gitwriter_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fairlead/fairlead/gitwriter"
)

// sshServer serves the repository of a gitServer by SSH, and counts.
type sshServer struct {
	*gitServer

	address string
	login   string
	hostKey ssh.Signer
	// certificate, if set before the first connection, is shown to who knows an authority.
	certificate ssh.Signer
	// key logs in.
	key crypto.Signer

	mu          sync.Mutex
	connections []net.Conn
	opened      int
	commands    []string
	up, down    int64
	// env: the variable GIT_PROTOCOL is taken.
	env bool
	// refuse, if set, answers commands with these words and an exit status of 1.
	refuse string
	// silent: commands say nothing, for ever.
	silent bool
	// gone has one for each connection that ended.
	gone chan struct{}
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return key
}

func newSigner(t testing.TB, key crypto.Signer) ssh.Signer { //nolint:ireturn // The library has no other type for it.
	t.Helper()
	signer, err := ssh.NewSignerFromKey(key)
	must(t, err)
	return signer
}

// newSSHServer runs a server of this process's own, which starts the real git.
func newSSHServer(t testing.TB, s *gitServer, key crypto.Signer, env bool) *sshServer {
	t.Helper()
	v := &sshServer{gitServer: s, login: "git", hostKey: newSigner(t, newKey(t)), key: key, env: env, gone: make(chan struct{}, 64)}
	authorized := newSigner(t, key).PublicKey().Marshal()
	knows := func(c ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != v.login || !bytes.Equal(offered.Marshal(), authorized) {
			return nil, errors.New("not this one")
		}
		return &ssh.Permissions{}, nil
	}
	v.listen(func(conn net.Conn) {
		config := &ssh.ServerConfig{PublicKeyCallback: knows}
		for _, key := range v.shown() {
			config.AddHostKey(key)
		}
		v.serve(conn, config)
	})
	return v
}

// newOpenSSHServer runs OpenSSH's sshd, once for each connection as inetd would. As it is installed, it takes no GIT_PROTOCOL.
func newOpenSSHServer(t testing.TB, s *gitServer, key crypto.Signer, env bool) *sshServer {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("no sshd is installed: the same is tested against a server in this process")
	}
	who, err := user.Current()
	must(t, err)
	hostKey := newKey(t)
	v := &sshServer{gitServer: s, login: who.Username, hostKey: newSigner(t, hostKey), key: key, env: env, gone: make(chan struct{}, 64)}
	dir := t.TempDir()
	block, err := ssh.MarshalPrivateKey(hostKey, "")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "host"), pem.EncodeToMemory(block), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "authorized"), ssh.MarshalAuthorizedKey(newSigner(t, key).PublicKey()), 0o600))
	config := fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nPermitRootLogin prohibit-password\n",
		filepath.Join(dir, "host"), filepath.Join(dir, "authorized"))
	if env {
		config += "AcceptEnv GIT_PROTOCOL\n"
	}
	must(t, os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600))
	if out, err := exec.Command(sshd, "-t", "-f", filepath.Join(dir, "config")).CombinedOutput(); err != nil {
		t.Skipf("sshd can't run here: %s", out)
	}
	v.listen(func(conn net.Conn) {
		cmd := exec.Command(sshd, "-i", "-e", "-f", filepath.Join(dir, "config"))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = conn, conn, io.Discard
		_ = cmd.Run()
		_ = conn.Close()
	})
	return v
}

// shown are the server's key and, if there is one, the certificate for it.
func (v *sshServer) shown() []ssh.Signer {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.certificate == nil {
		return []ssh.Signer{v.hostKey}
	}
	return []ssh.Signer{v.hostKey, v.certificate}
}

// showKey has the server show another key from now on.
func (v *sshServer) showKey(key ssh.Signer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hostKey = key
}

// certify has an authority sign the server's key for some names, and the server show that.
func (v *sshServer) certify(authority ssh.Signer, until time.Time, names ...string) {
	v.t.Helper()
	certificate := &ssh.Certificate{
		Key: v.hostKey.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: names, ValidBefore: uint64(until.Unix()),
	}
	must(v.t, certificate.SignCert(rand.Reader, authority))
	signer, err := ssh.NewCertSigner(certificate, v.hostKey)
	must(v.t, err)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.certificate = signer
}

// listen takes connections until the test is over.
func (v *sshServer) listen(serve func(net.Conn)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(v.t, err)
	v.address = listener.Addr().String()
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			counted := &countedConn{Conn: conn, server: v}
			v.mu.Lock()
			v.opened++
			v.connections = append(v.connections, conn)
			v.mu.Unlock()
			served.Go(func() {
				serve(counted)
				v.gone <- struct{}{}
			})
		}
	})
	v.t.Cleanup(func() {
		_ = listener.Close()
		v.cutAll()
		served.Wait()
	})
}

// cutAll ends all connections.
func (v *sshServer) cutAll() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, conn := range v.connections {
		_ = conn.Close()
	}
	v.connections = nil
}

type countedConn struct {
	net.Conn

	server *sshServer
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.server.mu.Lock()
	c.server.up += int64(n)
	c.server.mu.Unlock()
	return n, err
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.server.mu.Lock()
	c.server.down += int64(len(b))
	c.server.mu.Unlock()
	return c.Conn.Write(b)
}

// wireTraffic is the bytes of all connections since the last call, encrypted as they were.
func (v *sshServer) wireTraffic() (up, down int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	up, down = v.up, v.down
	v.up, v.down = 0, 0
	return up, down
}

// ran are the commands since the last call, and how many connections there were so far.
func (v *sshServer) ran() (commands []string, opened int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	commands, v.commands = v.commands, nil
	return commands, v.opened
}

func (v *sshServer) serve(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		_ = conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go v.session(channel, requests)
	}
}

// session runs one command as OpenSSH does: by a shell.
func (v *sshServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	env := append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &variable)
			if v.env && variable.Name == "GIT_PROTOCOL" {
				env = append(env, variable.Name+"="+variable.Value)
			}
		case "exec":
			var line struct{ Command string }
			_ = ssh.Unmarshal(request.Payload, &line)
			_ = request.Reply(true, nil)
			go v.exec(channel, line.Command, env)
			continue
		}
		if request.WantReply {
			_ = request.Reply(false, nil)
		}
	}
}

func (v *sshServer) exec(channel ssh.Channel, command string, env []string) {
	v.mu.Lock()
	service, _, _ := strings.Cut(command, " ")
	v.commands = append(v.commands, service)
	refuse, silent := v.refuse, v.silent
	v.mu.Unlock()
	status := uint32(0)
	switch {
	case silent:
		return
	case refuse != "":
		_, _ = io.WriteString(channel.Stderr(), refuse)
		status = 1
	default:
		cmd := exec.Command("sh", "-c", command)
		cmd.Env, cmd.Stdout, cmd.Stderr = env, channel, channel.Stderr()
		input, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			break
		}
		go func() {
			_, _ = io.Copy(input, channel)
			_ = input.Close()
		}()
		if err := cmd.Wait(); err != nil {
			status = 128
		}
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	_ = channel.Close()
}

// knownHosts is the server's line.
func (v *sshServer) knownHosts() string {
	return knownhosts.Line([]string{v.address}, v.hostKey.PublicKey()) + "\n"
}

// remote is the way to the server with the key that it knows.
func (v *sshServer) remote(passphrase string) gitwriter.Remote {
	var (
		block *pem.Block
		err   error
	)
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(v.key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(v.key, "", []byte(passphrase))
	}
	must(v.t, err)
	return gitwriter.Remote{
		URL: "ssh://" + v.login + "@" + v.address + v.bare, Timeout: time.Minute,
		Auth: gitwriter.Auth{SSH: &gitwriter.SSH{Identity: string(pem.EncodeToMemory(block)), Passphrase: passphrase, KnownHosts: v.knownHosts()}},
	}
}

func ecdsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return key
}
