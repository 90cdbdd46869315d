package registry_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/fairlead/fairlead/registry"
)

// TestClientCertificate asks a real registry that wants to see a certificate.
func TestClientCertificate(t *testing.T) {
	t.Parallel()

	authority := registry.NewAuthority(t)
	dir := t.TempDir()

	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}

		return path
	}

	certificate, key := authority.Issue(t, "127.0.0.1")
	socket := startRegistry(t, dir, fmt.Sprintf(", tls: {certificate: %q, key: %q, clientcas: [%q]}",
		write("server.crt", certificate), write("server.key", key), write("ca.crt", authority.Bundle)), "")
	host := forward(t, socket)

	repo, err := registry.ParseImage(host+"/www", false)
	if err != nil {
		t.Fatal(err)
	}

	own := registry.Access{CABundle: authority.Bundle}
	own.ClientCertificate, own.ClientKey = authority.Issue(t)

	stranger := registry.Access{CABundle: authority.Bundle}
	stranger.ClientCertificate, stranger.ClientKey = registry.NewAuthority(t).Issue(t)

	c := registry.NewClient()

	const list = "list tags of %[1]s/www: %[1]s"

	for _, tc := range []struct {
		reason, want string
		access       registry.Access
	}{
		{
			reason: "it is answered that there is nothing yet, but it is answered", access: own,
			want: list + " answered 404 Not Found (NAME_UNKNOWN: repository name not known to registry): check the image's name, or push its first tag",
		},
		{
			reason: "without a certificate it isn't", access: registry.Access{CABundle: authority.Bundle},
			want: list + ": it asked for the client's certificate, and closed the connection: give a client certificate that it accepts, or check the registry",
		},
		{
			reason: "nor with somebody else's", access: stranger,
			want: list + ": it asked for the client's certificate, and closed the connection: give a client certificate that it accepts, or check the registry",
		},
	} {
		_, err := c.ListTags(t.Context(), repo, tc.access)
		checkMessage(t, tc.reason, tc.want, host, err)
	}
}

// forward makes a socket reachable at an address, which is returned.
func forward(t testing.TB, socket string) string {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())

	t.Cleanup(func() {
		cancel()

		_ = listener.Close()
	})

	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}

			go join(ctx, client, socket)
		}
	}()

	return listener.Addr().String()
}

// join copies between a client and a socket, until either ends or the test does.
func join(ctx context.Context, client net.Conn, socket string) {
	defer func() { _ = client.Close() }()

	server, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()

	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()

	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()

	_, _ = io.Copy(client, server)
}
