package receiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A webhook's Secret.
const (
	// SecretType is the type that a Secret must have: no other can be named in a URL.
	SecretType corev1.SecretType = "fairlead.dev/webhook" //nolint:gosec // the name of a type
	// KeyProvider is the key that says who posts: a registry, a Git host, or one name for both.
	KeyProvider = "provider"
	// KeyToken is the key of what the provider signs with or sends.
	KeyToken = "token"
)

const (
	// remembered is how long an answer of the API server holds, "there is none" included: a rotated token counts after so long.
	remembered = 10 * time.Second
	// failedFor is how long the API server isn't asked again after it failed.
	failedFor = time.Second
	// forgotten is how long after its last use a webhook counts as one that nobody has asked for before.
	forgotten = time.Hour
	// maxHooks is how many webhooks are remembered.
	maxHooks = 1024
	// Names that nobody has asked for before are looked up at this rate, and so many at once.
	lookupsPerSecond = 10
	lookupsAtOnce    = 50
	// lookupTimeout bounds one question to the API server.
	lookupTimeout = 5 * time.Second
)

// errTooMany says that too many names were asked for.
var errTooMany = errors.New("too many names were asked for")

// hook is what the Secret of a webhook says.
type hook struct {
	provider string
	token    []byte
	// complain lets one request whose verification fails be logged for each time that the Secret is read.
	complain sync.Once
}

// secrets finds the Secrets of webhooks, and remembers for a short time what it found.
//
// Names of webhooks that exist are asked for as often as that makes necessary. All other names share one rate, so that
// those who try names can neither burden the API server nor lock out the webhooks that are in use. A webhook whose
// verification fails counts against that rate like a name that doesn't exist, so that its limit doesn't tell them apart.
type secrets struct {
	reader  client.Reader
	now     func() time.Time
	lookups flowcontrol.PassiveRateLimiter

	mu    sync.Mutex
	known map[types.NamespacedName]*lookup
}

// lookup is one question to the API server, which all who ask for the name meanwhile share.
type lookup struct {
	// ask asks, and returns nil if the name isn't that of a webhook.
	ask func() (*hook, error)
	// expires is when the answer is out of date.
	expires time.Time
	// used is when somebody last wanted it.
	used time.Time
	// refusable is until when a failed verification is answered as a name that doesn't exist would be.
	refusable time.Time
	// isHook is set if the name was that of a webhook when the API server last answered.
	isHook bool
}

func newSecrets(reader client.Reader, now func() time.Time) *secrets {
	return &secrets{
		reader: reader, now: now, known: map[types.NamespacedName]*lookup{},
		lookups: flowcontrol.NewTokenBucketPassiveRateLimiter(lookupsPerSecond, lookupsAtOnce),
	}
}

// find returns the webhook of a name, nil if there is none, or errTooMany.
func (s *secrets) find(ctx context.Context, key types.NamespacedName) (*hook, error) {
	current, err := s.lookup(ctx, key)
	if err != nil {
		return nil, err
	}
	found, err := current.ask()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		current.expires = slices.MinFunc([]time.Time{current.expires, s.now().Add(failedFor)}, time.Time.Compare)
		return nil, err
	}
	current.isHook = found != nil
	return found, nil
}

// lookup returns the question whose answer is wanted: an earlier one, or one that is still to be asked.
func (s *secrets) lookup(ctx context.Context, key types.NamespacedName) (*lookup, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	current := s.known[key]
	if current != nil {
		current.used = now
		if now.Before(current.expires) {
			return current, nil
		}
	}
	ctx = context.WithoutCancel(ctx) // who asks first may go, and others wait for the same answer
	next := &lookup{ask: sync.OnceValues(func() (*hook, error) { return s.read(ctx, key) }), expires: now.Add(remembered), used: now}
	switch {
	case current != nil && current.isHook:
		next.isHook, next.refusable = true, current.refusable
	case s.lookups.TryAccept():
		next.refusable = next.expires
	default:
		return nil, errTooMany
	}
	s.forget(now)
	s.known[key] = next
	return next, nil
}

// refuse is called when the verification of a webhook failed. It returns errTooMany where a name that doesn't exist would
// have got that.
func (s *secrets) refuse(key types.NamespacedName) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	current := s.known[key]
	switch {
	case current == nil || now.Before(current.refusable):
		return nil
	case !s.lookups.TryAccept():
		return errTooMany
	}
	current.refusable = now.Add(remembered)
	return nil
}

// forget makes room: what is no webhook goes when it is out of date, a webhook when nobody has wanted it for long.
func (s *secrets) forget(now time.Time) {
	for key, old := range s.known {
		if unused := now.Sub(old.used) > forgotten; unused || !old.isHook && !now.Before(old.expires) {
			delete(s.known, key)
		}
	}
	for key := range s.known {
		if len(s.known) < maxHooks {
			return
		}
		delete(s.known, key) // whichever: it only costs a lookup more
	}
}

// read asks the API server. A Secret that was meant as a webhook and can't be one is told to the log, which is the only
// place where its owner could learn of it.
func (s *secrets) read(ctx context.Context, key types.NamespacedName) (*hook, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	secret := &corev1.Secret{}
	switch err := s.reader.Get(ctx, key, secret); {
	case apierrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // no webhook is an answer
	case err != nil:
		ctrl.LoggerFrom(ctx).Error(err, "read the Secret of a webhook", "secret", key.String())
		return nil, fmt.Errorf("read Secret %s: %w", key, err)
	case secret.Type != SecretType:
		return nil, nil //nolint:nilnil // no webhook is an answer
	}
	found, problem := hookOf(secret)
	if problem == "" {
		return found, nil
	}
	ctrl.LoggerFrom(ctx).Info("a Secret can't be used as a webhook", "secret", key.String(), "reason", problem)
	return nil, nil //nolint:nilnil // no webhook is an answer
}

// Problem says why a Secret of type SecretType can't be a webhook's, and what to write; empty if it can. It shows nothing secret.
func Problem(secret *corev1.Secret) string {
	_, problem := hookOf(secret)
	return problem
}

func hookOf(secret *corev1.Secret) (found *hook, problem string) {
	provider := strings.TrimSpace(string(secret.Data[KeyProvider]))
	// A file that a token was made from often ends in a line break, and a header can't hold one.
	token := strings.TrimRight(string(secret.Data[KeyToken]), "\r\n")
	switch {
	case !slices.Contains(providers(), provider):
		return nil, fmt.Sprintf("its key %s must be one of %v", KeyProvider, providers())
	case token == "":
		return nil, fmt.Sprintf("its key %s must not be empty", KeyToken)
	default:
		return &hook{provider: provider, token: []byte(token)}, ""
	}
}
