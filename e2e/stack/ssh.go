package stack

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSHUser is whom the SSH server lets in, as Git hosts do.
const SSHUser = "git"

// sshGrace is how long a git that was told to end may still write.
const sshGrace = 2 * time.Second

var errUnknownKey = errors.New("the key isn't known")

// SSHServer runs git upload-pack and git receive-pack of the machine for who has the key: the repositories of the Git server,
// without its Front. It is a server of this process, so that a machine without sshd has one too, and takes GIT_PROTOCOL.
type SSHServer struct {
	// Identity is the private key that is let in, as ssh-keygen writes it (PEM, ed25519).
	Identity string
	// KnownHosts is the server's line of known_hosts, and WrongKnownHosts one with a key that isn't its own.
	KnownHosts, WrongKnownHosts string
	// Fingerprint is that of the server's key, and WrongFingerprint that of the other.
	Fingerprint, WrongFingerprint string

	git      *GitServer
	listener net.Listener
	config   *ssh.ServerConfig
	served   sync.WaitGroup
	context  context.Context //nolint:containedctx // It is the server's life, which its commands must not outlive.
	stop     context.CancelFunc

	mu          sync.Mutex
	connections map[net.Conn]struct{}
}

// startSSH serves the repositories by SSH too.
func (g *GitServer) startSSH() error {
	server := &SSHServer{git: g, connections: make(map[net.Conn]struct{})}
	key, hostKey, otherKey, err := threeKeys()
	if err != nil {
		return fmt.Errorf("start the SSH server: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key.private, "")
	if err != nil {
		return fmt.Errorf("start the SSH server: %w", err)
	}
	if server.listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the SSH server: %w", err)
	}
	server.Identity = string(pem.EncodeToMemory(block))
	server.KnownHosts, server.Fingerprint = server.knownHosts(hostKey)
	server.WrongKnownHosts, server.WrongFingerprint = server.knownHosts(otherKey)
	server.config = &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != SSHUser || !bytes.Equal(offered.Marshal(), key.signer.PublicKey().Marshal()) {
			return nil, errUnknownKey
		}
		return &ssh.Permissions{}, nil
	}}
	server.config.AddHostKey(hostKey.signer)
	server.context, server.stop = context.WithCancel(context.Background())
	server.served.Go(server.accept)
	g.SSH = server
	return nil
}

// sshKey is a private key, and what signs with it.
type sshKey struct {
	private ed25519.PrivateKey
	signer  ssh.Signer
}

func threeKeys() (client, host, other sshKey, err error) {
	keys := make([]sshKey, 3)
	for i := range keys {
		if _, keys[i].private, err = ed25519.GenerateKey(rand.Reader); err != nil {
			return client, host, other, fmt.Errorf("make a key: %w", err)
		}
		if keys[i].signer, err = ssh.NewSignerFromKey(keys[i].private); err != nil {
			return client, host, other, fmt.Errorf("make a key: %w", err)
		}
	}
	return keys[0], keys[1], keys[2], nil
}

// Address is the host and port that clients talk to.
func (v *SSHServer) Address() string { return v.listener.Addr().String() }

func (v *SSHServer) knownHosts(key sshKey) (line, fingerprint string) {
	public := key.signer.PublicKey()
	return knownhosts.Line([]string{v.Address()}, public) + "\n", ssh.FingerprintSHA256(public)
}

func (v *SSHServer) accept() {
	for {
		connection, err := v.listener.Accept()
		if err != nil {
			return
		}
		v.mu.Lock()
		v.connections[connection] = struct{}{}
		v.mu.Unlock()
		v.served.Go(func() {
			v.serve(connection)
			_ = connection.Close()
			v.mu.Lock()
			defer v.mu.Unlock()
			delete(v.connections, connection)
		})
	}
}

func (v *SSHServer) serve(connection net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(connection, v.config)
	if err != nil {
		return // What a client is refused for is its own to tell.
	}
	v.served.Go(func() { ssh.DiscardRequests(requests) })
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		v.served.Go(func() { v.session(channel, requests) })
	}
}

// session runs the one command that a channel is for.
func (v *SSHServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	environment := slices.Clone(v.git.environment)
	for request := range requests {
		var words struct{ First, Second string }
		taken := false
		switch request.Type {
		case "env":
			taken = ssh.Unmarshal(request.Payload, &words) == nil && words.First == "GIT_PROTOCOL"
			if taken {
				environment = append(environment, words.First+"="+words.Second)
			}
		case "exec":
			var line struct{ Command string }
			taken = ssh.Unmarshal(request.Payload, &line) == nil
			if taken {
				v.served.Go(func() { v.run(channel, line.Command, environment) })
			}
		}
		if request.WantReply {
			_ = request.Reply(taken, nil)
		}
	}
}

// run runs a command as a Git host does: of its own list, below its own folder, and by no shell.
func (v *SSHServer) run(channel ssh.Channel, line string, environment []string) {
	defer func() { _ = channel.Close() }()
	status := uint32(0)
	if err := v.git.serveCommand(v.context, channel, line, environment); err != nil {
		_, _ = fmt.Fprintf(channel.Stderr(), "%v\n", err)
		status = 1
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
}

func (g *GitServer) serveCommand(ctx context.Context, channel ssh.Channel, line string, environment []string) error {
	service, quoted, _ := strings.Cut(line, " ")
	path := strings.Trim(quoted, "'")
	if service != "git-upload-pack" && service != "git-receive-pack" || !filepath.IsLocal(strings.TrimPrefix(path, "/")) {
		return fmt.Errorf("ERROR: %q isn't served here", line)
	}
	cmd := exec.CommandContext(ctx, "git", strings.TrimPrefix(service, "git-"), filepath.Join(g.root, path))
	cmd.Env, cmd.Dir, cmd.WaitDelay = environment, g.root, sshGrace
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	input, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", service, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", service, err)
	}
	// The client keeps its side open: a git that has ended isn't waited for by what copies to it.
	go func() {
		_, _ = io.Copy(input, channel)
		_ = input.Close()
	}()
	return cmd.Wait()
}

// close ends all connections and commands, and waits for them.
func (v *SSHServer) close() error {
	v.stop()
	err := v.listener.Close()
	v.mu.Lock()
	for connection := range v.connections {
		_ = connection.Close()
	}
	v.mu.Unlock()
	v.served.Wait()
	return err
}
