package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
)

// A Service spreads requests over all replicas, and only the leader can do anything with a hint. So every replica listens and
// verifies, and one that doesn't lead posts what it has verified to the leader, which verifies it again: the address that it
// listens on gives nobody more than anybody has.
const (
	// leadTimeout bounds the wait for a leader, who may just be killed. Providers give up after 10 seconds.
	leadTimeout = 8 * time.Second
	// leadEvery is how often the leader is tried.
	leadEvery = 200 * time.Millisecond
	// forwardTimeout bounds one try.
	forwardTimeout = 4 * time.Second
	// dialTimeout bounds the connection to one that may be gone.
	dialTimeout = time.Second
	// forwardedHeader marks what was posted by another replica: it isn't posted any further.
	forwardedHeader = "Fairlead-Forwarded"
	// maxAnswer bounds what is read of the leader's answer.
	maxAnswer = 4 << 10
)

// newForwarder returns the client that posts to the leader: directly, and nowhere else.
func newForwarder() *http.Client {
	return &http.Client{
		Timeout: forwardTimeout,
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, MaxConnsPerHost: maxRequests, IdleConnTimeout: idleTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// noLeader is the answer while nobody can do anything with a hint.
func noLeader() answer {
	return answer{status: http.StatusServiceUnavailable, problem: "no replica leads now", wait: busyFor}
}

// lead hands on what a verified request says: itself if this process leads, or through the process that does.
func (r *Receiver) lead(ctx context.Context, key types.NamespacedName, provider string, t told, original posting) answer {
	ctx, cancel := context.WithTimeout(ctx, leadTimeout)
	defer cancel()
	for {
		select {
		case <-r.leading:
			return r.hint(ctx, key, provider, t)
		default:
		}
		if original.Header.Get(forwardedHeader) != "" {
			return noLeader()
		}
		if result, ok := r.forward(ctx, original); ok {
			return result
		}
		select {
		case <-r.leading:
		case <-time.After(leadEvery):
		case <-r.stopping:
			return noLeader()
		case <-ctx.Done():
			return noLeader()
		}
	}
}

// posting is a request whose body was read.
type posting struct {
	*http.Request

	body []byte
}

// forward posts a request to the leader, and gives its answer; false: there is none, or it leads no more.
func (r *Receiver) forward(ctx context.Context, original posting) (answer, bool) {
	if r.leader == nil {
		return answer{}, false
	}
	address, err := r.leader(ctx)
	if err != nil || address == "" {
		return answer{}, false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+original.URL.EscapedPath(), bytes.NewReader(original.body))
	if err != nil {
		return answer{}, false
	}
	request.Header = original.Header.Clone()
	for _, ofTheConnection := range []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length"} {
		request.Header.Del(ofTheConnection)
	}
	request.Header.Set(forwardedHeader, "1")
	response, err := r.forwarder.Do(request)
	if err != nil {
		ctrl.LoggerFrom(ctx).V(1).Info("the leader doesn't answer", "address", address)
		return answer{}, false
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusServiceUnavailable {
		return answer{}, false
	}
	var told struct {
		Policies     int    `json:"policies"`
		Repositories int    `json:"repositories"`
		Error        string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&told); err != nil {
		return answer{}, false
	}
	return answer{status: response.StatusCode, policies: told.Policies, repositories: told.Repositories, problem: told.Error, forwarded: true}, true
}
