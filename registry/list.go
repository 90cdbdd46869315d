package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/go-containerregistry/pkg/name"
)

// pageSize is how many tags are asked for at once: the most that every registry grants.
const pageSize = 1000

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
// tags"). Where the registry sends an ETag with a page, it is asked the next time only whether that has changed. The
// context bounds the whole of it. A listing is complete or an error: an *Error, with the number of requests in the
// Listing. Tags must not be changed: it may be what is remembered.
func (c *Client) ListTags(ctx context.Context, repo name.Repository, access Access) (Listing, error) {
	op := operation{verb: "list tags of", repo: repo, access: access}

	ctx, record := newCall(ctx, c.limits.Bytes, access)
	s := c.session(repo, access)

	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Listing{}, op.failed(record, ctx.Err())
	}

	key := sessionKey{repo: repo, access: access}
	remembered, _ := c.listings.get(key)

	found, askable, err := s.list(ctx, remembered)
	if err != nil {
		return Listing{Requests: record.count()}, op.failed(record, err)
	}

	switch {
	case found == remembered:
	case askable:
		c.listings.put(key, found, found.weight())
	default:
		c.listings.drop(key)
	}

	return Listing{Tags: found.tags, Requests: record.count(), NotModified: found == remembered}, nil
}

// list follows the pages, within the limits. It returns what is remembered itself if that is still true, and whether
// the registry can be asked about what it returns.
func (s *session) list(ctx context.Context, remembered *catalog) (*catalog, bool, error) {
	limits, tags := s.client.limits, 0

	var order []string

	pages := make(map[string]page)

	for at := s.within("tags/list", url.Values{"n": {strconv.Itoa(pageSize)}}); at != nil; {
		address := at.String()

		if _, seen := pages[address]; seen {
			return nil, false, &violation{problem: "its pages of tags lead in a circle", hint: "check the registry, or a proxy before it"}
		}

		if len(pages) == limits.Pages {
			return nil, false, &violation{problem: fmt.Sprintf("it has more than %d pages of tags", limits.Pages), hint: "delete old tags"}
		}

		next, err := s.fetchPage(ctx, at, remembered.page(address))
		if err != nil {
			return nil, false, err
		}

		order, pages[address] = append(order, address), next

		if tags += len(next.tags); tags > limits.Tags {
			return nil, false, &violation{problem: fmt.Sprintf("it has more than %d tags", limits.Tags), hint: "delete old tags"}
		}

		at = next.next
	}

	found, askable := remembered.remember(order, pages)

	return found, askable, nil
}

// fetchPage asks for one page of tags, or whether it is still the one that is known.
func (s *session) fetchPage(ctx context.Context, at *url.URL, known page) (page, error) {
	got, err := s.ask(ctx, question{method: http.MethodGet, url: at, accept: "application/json", etag: known.etag})
	if err != nil {
		return page{}, err
	}

	if got.status == http.StatusNotModified && known.etag != "" {
		return known, nil
	}

	if got.status != http.StatusOK {
		return page{}, got.refused()
	}

	var list struct {
		Tags []string `json:"tags"`
	}

	if err := json.Unmarshal(got.body, &list); err != nil {
		return page{}, &violation{problem: "its answer is no list of tags", hint: "check that this is a registry, and not a proxy's page"}
	}

	next, err := nextPage(got.header, at)

	return page{tags: list.Tags, next: next, etag: etagOf(got.header, len(list.Tags), next)}, err
}
