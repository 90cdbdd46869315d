package stack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed testdata/kwok/stages.yaml
var kwokFiles embed.FS

// startControlPlane starts etcd, the API server, the controller manager and the scheduler, and writes the admin's kubeconfig.
func (s *Stack) startControlPlane(ctx context.Context) error {
	pki, err := newClusterPKI(filepath.Join(s.dir, "pki"))
	if err != nil {
		return err
	}
	etcd, err := s.startEtcd(ctx)
	if err != nil {
		return err
	}
	server, err := s.startAPIServer(ctx, pki, etcd)
	if err != nil {
		return err
	}
	if err := s.writeAdminKubeconfig(server, pki); err != nil {
		return err
	}
	return s.startManagers(pki)
}

// startEtcd starts it on Unix sockets: nobody else on the machine can reach it, and no port can be taken.
func (s *Stack) startEtcd(ctx context.Context) (string, error) {
	client, peer := "unix://"+filepath.Join(s.dir, "etcd.sock"), "unix://"+filepath.Join(s.dir, "peer.sock")
	const name = "http://127.0.0.1:2380" // must look like an address; in a cluster of one nobody dials it
	etcd, err := s.start("etcd", filepath.Join(s.tools, "server"),
		"--data-dir", filepath.Join(s.dir, "etcd"), "--unsafe-no-fsync", "--log-level", "error",
		"--heartbeat-interval", "10", "--election-timeout", "100", // alone, it needs no second to elect itself
		"--listen-client-urls", client, "--advertise-client-urls", name,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", name, "--initial-cluster", "default="+name)
	if err != nil {
		return "", err
	}
	health := unixClient(filepath.Join(s.dir, "etcd.sock"))
	return client, etcd.waitReady(ctx, func(ctx context.Context) error {
		return get(ctx, health, "http://etcd/health")
	})
}

// startAPIServer returns the URL of the API server once it is ready.
func (s *Stack) startAPIServer(ctx context.Context, pki *pki, etcd string) (string, error) {
	client, err := adminClient(pki)
	if err != nil {
		return "", err
	}
	_, addresses, err := s.startOnFreePorts(ctx, onPorts{
		name: "kube-apiserver", binary: filepath.Join(s.tools, "kube-apiserver"), ports: 1,
		args: func(addresses []string) []string {
			_, port, _ := strings.Cut(addresses[0], ":")
			return []string{
				"--etcd-servers", etcd,
				"--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", port,
				"--tls-cert-file", pki.file("apiserver.crt"), "--tls-private-key-file", pki.file("apiserver.key"),
				"--client-ca-file", pki.file("ca.crt"), "--authorization-mode", "RBAC",
				"--service-account-key-file", pki.file("service-accounts.crt"),
				"--service-account-signing-key-file", pki.file("service-accounts.key"),
				"--service-account-issuer", "https://kubernetes.default.svc",
				"--service-cluster-ip-range", "10.0.0.0/16",
				"--endpoint-reconciler-type", "none",
				// Nodes are ready at once and stay so, however slow the machine is: see startManagers.
				"--disable-admission-plugins", "TaintNodesByCondition",
				"--profiling=false",
			}
		},
		ready: func(ctx context.Context, addresses []string) error {
			return get(ctx, client, "https://"+addresses[0]+"/readyz")
		},
	})
	if err != nil {
		return "", err
	}
	return "https://" + addresses[0], nil
}

// startManagers starts the controller manager and the scheduler; they need no port, so they get none.
func (s *Stack) startManagers(pki *pki) error {
	common := []string{
		"--kubeconfig", s.Kubeconfig, "--leader-elect=false", "--secure-port", "0", "--profiling=false",
		"--kube-api-qps", "1000", "--kube-api-burst", "2000",
	}
	_, err := s.start("kube-controller-manager", filepath.Join(s.tools, "kube-controller-manager"), append([]string{
		// A simulated node isn't judged by its heartbeats: on a machine that stalls, its pods would be evicted.
		"--controllers", "*,-node-lifecycle-controller,-node-ipam-controller",
		"--root-ca-file", pki.file("ca.crt"),
		"--service-account-private-key-file", pki.file("service-accounts.key"),
		"--concurrent-deployment-syncs", "20", "--concurrent-replicaset-syncs", "20",
	}, common...)...)
	if err != nil {
		return err
	}
	_, err = s.start("kube-scheduler", filepath.Join(s.tools, "kube-scheduler"), common...)
	return err
}

// startKwok starts kwok, which plays the kubelet of one Node that exists nowhere.
func (s *Stack) startKwok(ctx context.Context) error {
	stages, err := kwokFiles.ReadFile("testdata/kwok/stages.yaml")
	if err != nil {
		return fmt.Errorf("read kwok's stages: %w", err)
	}
	file := filepath.Join(s.dir, "stages.yaml")
	if err := os.WriteFile(file, stages, 0o600); err != nil {
		return fmt.Errorf("write kwok's stages: %w", err)
	}
	_, err = s.start("kwok", filepath.Join(s.tools, "kwok"),
		"--kubeconfig", s.Kubeconfig, "--config", file, "--manage-single-node", s.node, "--node-lease-duration-seconds", "40")
	if err != nil {
		return err
	}
	return s.applyNode(ctx)
}

// findTools builds the tool modules if need be and remembers where the binaries are.
func (s *Stack) findTools(ctx context.Context, log io.Writer) error {
	var err error
	if s.tools, err = buildTools(ctx, s.root, "controlplane", log); err != nil {
		return err
	}
	s.registryTools, err = buildTools(ctx, s.root, "registry", log)
	return err
}

func adminClient(pki *pki) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(pki.file("admin.crt"), pki.file("admin.key"))
	if err != nil {
		return nil, fmt.Errorf("load the admin's certificate: %w", err)
	}
	ca, err := os.ReadFile(pki.file("ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("load the authority's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: []tls.Certificate{pair}},
	}}, nil
}

// unixClient speaks HTTP over a Unix socket, whatever the host in the URL.
func unixClient(socket string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: unixTransport(socket)}
}

func unixTransport(socket string) *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 32,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
}

// get returns nil when the URL answers with 200.
func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("ask %s: %s: %s", url, response.Status, body)
	}
	return nil
}
