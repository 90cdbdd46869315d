package receiver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/fairlead/fairlead/e2e/apiserver"
	gitwebhook "github.com/fairlead/fairlead/gitwriter/webhook"
	"github.com/fairlead/fairlead/registry/webhook"
)

const (
	ownNamespace  = "fairlead"
	teamNamespace = "team"
	token         = "the token of the tests"
	// patience bounds everything that a test waits for.
	patience = 30 * time.Second
)

// cluster is a real API server.
var cluster struct {
	config *rest.Config
	client client.Client
}

func TestMain(m *testing.M) { os.Exit(apiserver.Run(m, apiserver.Bare, ready)) }

func ready(config *rest.Config) (err error) {
	cluster.config = config
	if cluster.client, err = client.New(config, client.Options{}); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	for _, name := range []string{ownNamespace, teamNamespace} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := cluster.client.Create(context.Background(), namespace); err != nil {
			return fmt.Errorf("create namespace %s: %w", name, err)
		}
	}
	return nil
}

// front stands before the API server: it counts the questions, and may answer in its place.
type front struct {
	next      http.RoundTripper
	requests  atomic.Int64
	intercept func(*http.Request) (*http.Response, error)
}

// RoundTrip counts a question and asks it.
func (f *front) RoundTrip(q *http.Request) (*http.Response, error) {
	f.requests.Add(1)
	if f.intercept != nil {
		if response, err := f.intercept(q); response != nil || err != nil {
			return response, err
		}
	}
	return f.next.RoundTrip(q)
}

// newReader returns what a Receiver reads Secrets with, and its front.
func newReader(t *testing.T) (client.Reader, *front) {
	t.Helper()
	inFront := &front{}
	config := rest.CopyConfig(cluster.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		inFront.next = next
		return inFront
	})
	reader, err := client.New(config, client.Options{Mapper: cluster.client.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	return reader, inFront
}

// createSecret creates a Secret that nobody else uses, and returns it.
func createSecret(t *testing.T, namespace string, secretType corev1.SecretType, data map[string]string) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "hook-"}, Type: secretType, StringData: data,
	}
	if err := cluster.client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	return secret
}

// webhookSecret creates the Secret of a webhook.
func webhookSecret[Provider ~string](t *testing.T, namespace string, provider Provider) *corev1.Secret {
	t.Helper()
	return createSecret(t, namespace, SecretType, map[string]string{KeyProvider: string(provider), KeyToken: token})
}

// hint is one call of Policies.
type hint struct {
	Namespace string
	Push      webhook.Push
}

// hints are Policies that have one for every push but those of "nobodys".
type hints struct {
	mu       sync.Mutex
	received []hint
	arrived  chan time.Time
}

// gitHint is one call of Repositories.
type gitHint struct {
	Namespace string
	Push      gitwebhook.Push
}

// gitHints are Repositories that have two for every push.
type gitHints struct {
	mu       sync.Mutex
	received []gitHint
}

// Hint notes a call.
func (h *gitHints) Hint(namespace string, push gitwebhook.Push) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.received = append(h.received, gitHint{namespace, push})
	return 2
}

// take returns the calls since the last time.
func (h *gitHints) take() []gitHint {
	h.mu.Lock()
	defer h.mu.Unlock()
	received := h.received
	h.received = nil
	return received
}

// Hint notes a call.
func (h *hints) Hint(namespace string, push webhook.Push) int {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.received = append(h.received, hint{namespace, push})
	if h.arrived != nil {
		h.arrived <- now
	}
	if push.Repository == "nobodys" {
		return 0
	}
	return 1
}

// take returns the calls since the last time.
func (h *hints) take() []hint {
	h.mu.Lock()
	defer h.mu.Unlock()
	received := h.received
	h.received = nil
	return received
}

// buffer is a log.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines returns the lines that contain a word.
func (b *buffer) lines(word string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for line := range strings.Lines(b.text.String()) {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

// counts are what a Receiver counted.
type counts struct {
	mu  sync.Mutex
	all []string
}

func (c *counts) add(provider string, status, matched int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, fmt.Sprintf("%q %d %d", provider, status, matched))
}

// take returns what was counted since it was last asked.
func (c *counts) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.all
	c.all = nil
	return taken
}

// stage is a Receiver that runs.
type stage struct {
	receiver *Receiver
	url      string
	hints    *hints
	gitHints *gitHints
	front    *front
	log      *buffer
	counts   *counts
}

// newStage starts a Receiver, which ends with the test.
func newStage(t *testing.T, changes ...func(*Options)) *stage {
	t.Helper()
	s := &stage{hints: &hints{}, gitHints: &gitHints{}, log: &buffer{}, counts: &counts{}}
	reader, inFront := newReader(t)
	s.front = inFront
	options := Options{OwnNamespace: ownNamespace, Leading: leading(), Secrets: reader, Policies: s.hints, Repositories: s.gitHints, Count: s.counts.add}
	for _, change := range changes {
		change(&options)
	}
	s.receiver = New(options)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(ctrl.LoggerInto(context.Background(), zap.New(zap.WriteTo(s.log))))
	ended := make(chan error, 1)
	go func() { ended <- s.receiver.serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the receiver ended: %v", err)
		}
	})
	return s
}

// hookURL is the URL of a webhook, with what follows its Secret's name.
func (s *stage) hookURL(secret *corev1.Secret, more string) string {
	return s.url + "/hooks/" + secret.Namespace + "/" + secret.Name + more
}

// response is what a client sees.
type response struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func post(t *testing.T, url string, headers map[string]string, body io.Reader) response {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		q.Header.Set(name, value)
	}
	start := time.Now()
	answered, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Body.Close()
	text, err := io.ReadAll(answered.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return response{answered.StatusCode, answered.Header, string(text), time.Since(start)}
}

// signature is what the provider generic sends.
func signature(key, body string) map[string]string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return map[string]string{"X-Signature": "sha256=" + hex.EncodeToString(mac.Sum(nil))}
}

// image is a body of the provider generic.
func image(name string) string { return fmt.Sprintf(`{"image": %q, "tag": "v1.0.36"}`, name) }

// leading is what a process is told that leads.
func leading() <-chan struct{} {
	leads := make(chan struct{})
	close(leads)
	return leads
}
