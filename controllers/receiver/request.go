package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

const (
	// refusalTime is how long a refusal takes: longer than any way to it, so that the time doesn't tell which one it was.
	refusalTime = 100 * time.Millisecond
	// busyFor is what those are told to wait who came when too many others did.
	busyFor = time.Second
)

// answer is what a request is answered with.
type answer struct {
	status int
	// provider that has posted; empty as long as it isn't known.
	provider string
	// policies is how many will be scanned, repositories how many will be looked at: the body of an answer that has no
	// problem, {"policies": 1, "repositories": 0}.
	policies, repositories int
	// forwarded: the answer is the leader's.
	forwarded bool
	// problem is the body of all others: {"error": "..."}.
	problem string
	// wait is the header Retry-After; zero: none.
	wait time.Duration
}

// write sends the answer.
func (a answer) write(w http.ResponseWriter) {
	if a.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(a.wait.Seconds())))
	}
	if a.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110, 15.5.2: a 401 has one, whatever the provider sends
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	if a.problem != "" {
		fmt.Fprintf(w, "{\"error\": %q}\n", a.problem)
		return
	}
	fmt.Fprintf(w, "{\"policies\": %d, \"repositories\": %d}\n", a.policies, a.repositories)
}

// refused is the one answer to all who can't be verified.
func refused() answer {
	return answer{status: http.StatusUnauthorized, problem: "no webhook takes this request: check the URL, the Secret and what the provider signs or sends"}
}

// tooMany is the answer to those who can't be verified when there are too many of them.
func tooMany() answer {
	return answer{status: http.StatusTooManyRequests, problem: "too many requests that no webhook takes", wait: busyFor}
}

// receive answers one request.
func (r *Receiver) receive(w http.ResponseWriter, q *http.Request) {
	arrived := time.Now()
	result := r.answer(w, q)
	if result.status == http.StatusUnauthorized {
		select {
		case <-time.After(time.Until(arrived.Add(refusalTime))):
		case <-q.Context().Done():
		}
	}
	if !result.forwarded { // The leader counts it.
		r.count(result.provider, result.status, result.policies+result.repositories)
	}
	result.write(w)
}

// answer reads the request, finds its webhook, and hands on what it says. The body is read first: what a stranger
// can see of the order must not depend on the Secret.
func (r *Receiver) answer(w http.ResponseWriter, q *http.Request) answer {
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	default:
		return answer{status: http.StatusServiceUnavailable, problem: "too many requests at the same time", wait: busyFor}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return answer{status: http.StatusRequestEntityTooLarge, problem: "the body is larger than 1 MiB"}
	case err != nil:
		return answer{status: http.StatusBadRequest, problem: "the body ended early"}
	}
	key := types.NamespacedName{Namespace: q.PathValue("namespace"), Name: q.PathValue("secret")}
	if len(validation.IsDNS1123Label(key.Namespace)) > 0 || len(validation.IsDNS1123Subdomain(key.Name)) > 0 {
		return refused()
	}
	found, err := r.secrets.find(q.Context(), key)
	switch {
	case errors.Is(err, errTooMany):
		return tooMany()
	case err != nil:
		return answer{status: http.StatusServiceUnavailable, problem: "the API server can't be asked for the Secret now", wait: busyFor}
	case found == nil:
		return refused()
	}
	result := r.verify(q.Context(), key, found, posting{Request: q, body: body})
	result.provider = found.provider
	return result
}

// verify verifies and reads a request, and hands on what it says.
func (r *Receiver) verify(ctx context.Context, key types.NamespacedName, found *hook, original posting) answer {
	told, err := found.read(posted.Request{Header: original.Header.Get, Body: original.body, Token: original.PathValue("token")})
	var problem *posted.Error
	switch {
	case errors.As(err, &problem) && problem.Status == posted.StatusBadRequest:
		return answer{status: http.StatusBadRequest, problem: problem.Problem}
	case err != nil && r.secrets.refuse(key) != nil:
		return tooMany()
	case err != nil:
		// Who set the webhook up has to find out why it doesn't work; who guesses must not fill the log.
		found.complain.Do(func() {
			ctrl.LoggerFrom(ctx).Info("refused a webhook", "secret", key.String(), "provider", found.provider, "reason", err.Error())
		})
		return refused()
	case len(told.images) == 0 && len(told.branches) == 0:
		return answer{status: http.StatusOK}
	}
	return r.lead(ctx, key, found.provider, told, original)
}
