package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// KindNotification is what the Front of Notifications counts, dropped ones included.
const KindNotification = "POST notification"

// hookSecret is the Secret of the webhook that notifications are forwarded to.
const hookSecret = "registry-hook"

// maxNotification bounds what the registry posts at once: it has a few kilobytes.
const maxNotification = 1 << 20

// Notifications are what the registry posts about pushes, and pulls. They come to a Front of their own, so that they can be
// counted, lost and delayed, and are forwarded to the controller's webhook while that is switched on; otherwise they are
// dropped, and nothing is found but by scans.
type Notifications struct {
	*Front

	// Token that the registry sends, and that the webhook's Secret holds.
	Token string

	// to is the address of the controller's webhooks, which is another one after each start.
	to      atomic.Pointer[string]
	forward atomic.Bool
	client  *http.Client

	mu sync.Mutex
	// last that told of a tag that was pushed, and was forwarded.
	last []byte
}

func (s *Stack) startNotifications() error {
	token, err := randomWord()
	if err != nil {
		return err
	}
	n := &Notifications{Token: token, client: &http.Client{Timeout: 10 * time.Second}}
	n.forward.Store(s.options.Notify)
	if n.Front, err = newFront(http.HandlerFunc(n.relay), notificationKind); err != nil {
		return err
	}
	s.Notifications = n
	return nil
}

func notificationKind(*http.Request) (string, error) { return KindNotification, nil }

// Forward switches forwarding on or off.
func (n *Notifications) Forward(on bool) { n.forward.Store(on) }

// relay answers the registry as the controller does.
func (n *Notifications) relay(w http.ResponseWriter, r *http.Request) {
	if !n.forward.Load() {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotification))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := n.post(r.Context(), hookSecret, body, map[string]string{"Authorization": r.Header.Get("Authorization")})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if tellsOfTag(body) {
		n.mu.Lock()
		n.last = body
		n.mu.Unlock()
	}
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, answer.Body)
}

// tellsOfTag reports whether a notification is about a tag that was pushed: pulls are told, too.
func tellsOfTag(body []byte) bool {
	var told struct {
		Events []struct {
			Action string `json:"action"`
			Target struct {
				Tag string `json:"tag"`
			} `json:"target"`
		} `json:"events"`
	}
	if json.Unmarshal(body, &told) != nil {
		return false
	}
	for _, event := range told.Events {
		if event.Action == "push" && event.Target.Tag != "" {
			return true
		}
	}
	return false
}

// Answer is what the controller answered to a notification.
type Answer struct {
	// Status of HTTP.
	Status int
	// Body without its line break.
	Body string
}

// String is the status and the body: `202 {"policies": 1, "repositories": 0}`.
func (a Answer) String() string { return fmt.Sprintf("%d %s", a.Status, a.Body) }

// Replay posts the last notification again that told of a tag that was pushed and was forwarded, with any token.
func (n *Notifications) Replay(ctx context.Context, token string) (Answer, error) {
	n.mu.Lock()
	last := n.last
	n.mu.Unlock()
	if last == nil {
		return Answer{}, errors.New("replay a notification: none was forwarded that tells of a pushed tag")
	}
	return n.post(ctx, hookSecret, last, map[string]string{"Authorization": "Bearer " + token})
}

// PostGit posts what GitLab does after a push to the branch main, to the webhook of a Secret in Fairlead's namespace.
func (n *Notifications) PostGit(ctx context.Context, secret, token, repository string) (Answer, error) {
	body := fmt.Appendf(nil, `{"object_kind": "push", "ref": "refs/heads/main", "project": {"git_http_url": %q}}`, repository)
	return n.post(ctx, secret, body, map[string]string{"X-Gitlab-Token": token})
}

// post posts to the webhook of a Secret.
func (n *Notifications) post(ctx context.Context, secret string, body []byte, headers map[string]string) (Answer, error) {
	to := n.to.Load()
	if to == nil {
		return Answer{}, errors.New("post a notification: the controller hasn't been started")
	}
	url := "http://" + *to + "/hooks/" + Namespace + "/" + secret
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("post a notification: %w", err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := n.client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("post a notification: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxNotification))
	if err != nil {
		return Answer{}, fmt.Errorf("post a notification: read the answer: %w", err)
	}
	return Answer{Status: response.StatusCode, Body: strings.TrimSpace(string(text))}, nil
}
