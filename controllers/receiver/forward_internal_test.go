package receiver

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/webhook"
)

// TestForward has a replica that doesn't lead answer.
func TestForward(t *testing.T) {
	t.Parallel()
	leader := newStage(t)
	var address atomic.Pointer[string]
	at := func(url string) { host := strings.TrimPrefix(url, "http://"); address.Store(&host) }
	follows := func(options *Options) {
		options.Leading = make(chan struct{})
		options.Leader = func(context.Context) (string, error) { return *address.Load(), nil }
	}
	other := newStage(t, follows)
	third := newStage(t, follows)
	team, quay := webhookSecret(t, teamNamespace, webhook.Generic), webhookSecret(t, teamNamespace, webhook.Quay)
	body := image("registry.example.com/web-hook/www")
	www := hint{teamNamespace, webhook.Push{Host: "registry.example.com", Repository: "web-hook/www", Tag: "v1.0.36"}}
	for _, tc := range []struct {
		name    string
		reason  string
		leader  string
		url     string
		headers map[string]string
		body    string
		want    string
		hinted  []hint
	}{
		{name: "Signed", reason: "what is verified goes to the leader, with its signature", leader: leader.url, url: other.hookURL(team, ""), headers: signature(token, body), body: body, want: "202 {\"policies\": 1, \"repositories\": 0}\n", hinted: []hint{www}},
		{
			name: "TokenInURL", reason: "with the token in its path", leader: leader.url, url: other.hookURL(quay, "/the%20token%20of%20the%20tests"),
			body: `{"repository": "web-hook/www", "docker_url": "quay.io/web-hook/www", "updated_tags": ["v1.0.36"]}`, want: "202 {\"policies\": 1, \"repositories\": 0}\n",
			hinted: []hint{{teamNamespace, webhook.Push{Host: "quay.io", Repository: "web-hook/www", Tag: "v1.0.36"}}},
		},
		{name: "Refused", reason: "strangers don't reach the leader", leader: leader.url, url: other.hookURL(team, ""), headers: signature("x", body), body: body, want: "401 " + refusal},
		{name: "Loop", reason: "what was forwarded once goes no further", leader: third.url, url: other.hookURL(team, ""), headers: map[string]string{"X-Signature": signature(token, body)["X-Signature"], forwardedHeader: "1"}, body: body, want: "503 {\"error\": \"no replica leads now\"}\n"},
	} {
		at(tc.leader)
		answered := post(t, tc.url, tc.headers, strings.NewReader(tc.body))
		if diff := cmp.Diff(tc.want, strconv.Itoa(answered.status)+" "+answered.body); diff != "" {
			t.Errorf("%s: %s: -want, +got:\n%s", tc.name, tc.reason, diff)
		}
		if diff := cmp.Diff(tc.hinted, leader.hints.take()); diff != "" {
			t.Errorf("%s: %s: hints: -want, +got:\n%s", tc.name, tc.reason, diff)
		}
	}
	if got := other.hints.take(); len(got) != 0 {
		t.Errorf("who doesn't lead has scanned: %v", got)
	}
	if diff := cmp.Diff([]string{`"generic" 202 1`, `"quay" 202 1`}, leader.counts.take()); diff != "" {
		t.Errorf("each is counted once, by the leader: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{`"generic" 401 0`, `"generic" 503 0`}, other.counts.take()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}

	// The first address is that of a leader who is gone; the next one answers.
	at("http://127.0.0.1:1")
	answers := make(chan response, 1)
	go func() { answers <- post(t, other.hookURL(team, ""), signature(token, body), strings.NewReader(body)) }()
	at(third.url)
	at(leader.url)
	if answered := <-answers; answered.status != http.StatusAccepted {
		t.Errorf("a request that comes while the leader changes: %d %s", answered.status, answered.body)
	}
}
