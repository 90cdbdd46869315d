package registry

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Bounds on what is read of one answer. The bound of a page of tags is that of the whole call.
const (
	maxWords    = 64 << 10
	maxManifest = 4 << 20
	maxBlob     = 4 << 20
)

// question is one request to a registry.
type question struct {
	method string
	url    *url.URL
	// accept are the media types that are understood.
	accept string
	// etag is that of what is known already; "" for nothing.
	etag string
	// limit bounds the answer in bytes; zero leaves that to the call's budget.
	limit int64
}

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	// from is where it came from, after redirects.
	from *url.URL
	// wait is how long its host is left alone.
	wait time.Duration
}

// unanswered is a request that got no whole answer.
type unanswered struct {
	host string
	err  error
}

// Error returns the reason.
func (u *unanswered) Error() string { return u.err.Error() }

// Unwrap returns the reason.
func (u *unanswered) Unwrap() error { return u.err }

// refusal is an answer that wasn't the one that was hoped for.
type refusal struct {
	host          string
	status        int
	code, message string
	wait          time.Duration
}

// Error names the host and its answer.
func (r *refusal) Error() string {
	return fmt.Sprintf("%s answered %d %s", r.host, r.status, http.StatusText(r.status))
}

// read reads an answer to its end and closes it.
func read(resp *http.Response, limit int64, record *call) (answer, error) {
	defer resp.Body.Close()

	got := answer{status: resp.StatusCode, header: resp.Header, from: resp.Request.URL, wait: record.lastWait()}

	if got.status >= http.StatusBadRequest {
		// Its status says enough if there is more, or if it can't be read.
		got.body, _ = io.ReadAll(io.LimitReader(resp.Body, maxWords))

		return got, nil
	}

	var body io.Reader = resp.Body
	if limit > 0 {
		body = io.LimitReader(body, limit+1)
	}

	var err error

	got.body, err = io.ReadAll(body)
	if err == nil && limit > 0 && int64(len(got.body)) > limit {
		err = &violation{problem: fmt.Sprintf("an answer is larger than %d KiB", limit>>10), hint: "check that this is a registry, and what was pushed to it"}
	}

	return got, err
}

// refused returns the answer as an error.
func (a answer) refused() error {
	r := &refusal{host: a.from.Host, status: a.status, wait: a.wait}

	var words struct {
		// As the OCI distribution specification has it ("Error codes").
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
		// As OAuth 2 token servers have it (RFC 6749, section 5.2).
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}

	// What isn't the protocol's is a page for people, or nothing.
	if json.Unmarshal(a.body, &words) != nil {
		return r
	}

	r.code, r.message = words.Error, words.Description
	if len(words.Errors) > 0 {
		r.code, r.message = words.Errors[0].Code, words.Errors[0].Message
	}

	return r
}
