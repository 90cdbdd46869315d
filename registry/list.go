package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// pageSize is how many tags are asked for at once: the most that every registry grants.
const pageSize = "1000"

// Listing is the outcome of one scan of a repository.
type Listing struct {
	// Tags are the repository's tags in the order in which the registry sent them. They are whatever it sent: some may
	// be repeated, or be no tags at all.
	Tags []string
	// Requests is the number of HTTP requests that the scan cost, also if it failed.
	Requests int
	// NotModified is true if the registry said that nothing has changed since the last listing with the same access: Tags
	// is then that listing's slice itself.
	NotModified bool
}

// ListTags asks for all tags of a repository, following pages to the end (OCI distribution specification, "Listing
// tags"). The context bounds the whole of it. A listing is complete or an error: an *Error, with the number of
// requests in the Listing.
func (c *Client) ListTags(ctx context.Context, repo name.Repository, access Access) (Listing, error) {
	op := operation{verb: "list tags of", repo: repo, access: access}

	// Ending the context frees the connection of an answer that wasn't read to its end.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	ctx, record := newCall(ctx, c.limits.Bytes, access)

	s, done, err := c.open(ctx, repo, access)
	if err != nil {
		return Listing{}, op.failed(record, err)
	}
	defer done()

	tags, err := s.list(ctx, c.limits)
	requests := record.soFar().requests

	if err != nil {
		failure := op.failed(record, err)
		if failure.refusedCredential() {
			s.forget()
		}

		return Listing{Requests: requests}, failure
	}

	return Listing{Tags: tags, Requests: requests}, nil
}

// list follows the pages, within the limits.
func (s *session) list(ctx context.Context, limits Limits) ([]string, error) {
	client, err := s.authenticated(ctx)
	if err != nil {
		return nil, err
	}

	var tags []string

	seen := make(map[string]bool)
	page := s.endpoint("tags/list", url.Values{"n": {pageSize}})

	for page != nil {
		switch {
		case seen[page.String()]:
			return nil, &violation{problem: "its pages of tags lead in a circle", hint: "check the registry, or a proxy before it"}
		case len(seen) == limits.Pages:
			return nil, &violation{problem: fmt.Sprintf("it has more than %d pages of tags", limits.Pages), hint: "delete old tags"}
		}

		seen[page.String()] = true

		more, next, err := fetchPage(ctx, client, page)
		if err != nil {
			return nil, err
		}

		tags = append(tags, more...)
		if len(tags) > limits.Tags {
			return nil, &violation{problem: fmt.Sprintf("it has more than %d tags", limits.Tags), hint: "delete old tags"}
		}

		page = next
	}

	return tags, nil
}

// fetchPage asks for one page of tags, and returns where the next one is, nil after the last.
func fetchPage(ctx context.Context, client *http.Client, page *url.URL) ([]string, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), http.NoBody)
	if err != nil {
		return nil, nil, err
	}

	req.Header.Set("Accept", "application/json")

	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()

	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		return nil, nil, err
	}

	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}

	var answer struct {
		Tags []string `json:"tags"`
	}

	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, nil, &violation{problem: "its answer is no list of tags", hint: "check that this is a registry, and not a proxy's page"}
	}

	next, err := nextPage(resp.Header, page)

	return answer.Tags, next, err
}

// endpoint returns the address of one of the repository's endpoints.
func (s *session) endpoint(path string, query url.Values) *url.URL {
	scheme := "https"
	if plainHTTP(s.key.repo.Registry) {
		scheme = "http"
	}

	return &url.URL{
		Scheme:   scheme,
		Host:     s.key.repo.RegistryStr(),
		Path:     "/v2/" + s.key.repo.RepositoryStr() + "/" + path,
		RawQuery: query.Encode(),
	}
}
