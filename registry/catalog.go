package registry

import (
	"net/http"
	"net/url"
)

// maxETag bounds what is remembered to ask with.
const maxETag = 256

// catalog is a listing as it is remembered: all tags in one slice, and of each page its ETag and its part of the tags.
type catalog struct {
	tags  []string
	pages map[string]page
}

// page is one page of a listing.
type page struct {
	// etag is what the registry calls this state of the page; "" if it can't be asked about.
	etag string
	tags []string
	// next is where the next page is; nil after the last.
	next *url.URL
	// known is true if the registry said that it is still the page that is remembered.
	known bool
}

// page returns what is remembered of an address. There may be no catalog at all.
func (c *catalog) page(address string) page {
	if c == nil {
		return page{}
	}

	return c.pages[address]
}

// remember makes a catalog of the pages that came, by their addresses in order; it is the one that is remembered if
// that is still true. It reports whether the registry can be asked about it.
func (c *catalog) remember(order []string, pages map[string]page) (made *catalog, askable bool) {
	fresh, size := false, 0

	for _, p := range pages {
		fresh = fresh || !p.known
		askable = askable || p.etag != ""
		size += len(p.tags)
	}

	if c != nil && !fresh && len(pages) == len(c.pages) {
		return c, true
	}

	made = &catalog{tags: make([]string, 0, size), pages: pages}

	for _, address := range order {
		p := pages[address]
		from := len(made.tags)
		made.tags = append(made.tags, p.tags...)
		// So that the page's own slice isn't remembered as well.
		p.tags, p.known = made.tags[from:len(made.tags):len(made.tags)], true
		pages[address] = p
	}

	return made, askable
}

// weight is what it costs to remember, in tags.
func (c *catalog) weight() int { return len(c.tags) + len(c.pages) }

// etagOf returns the ETag to ask about a page with. A last page that is full isn't asked about: with the next tag it
// would be the same, but for the link to the page behind it, which isn't part of what a server must consider.
func etagOf(header http.Header, tags int, next *url.URL) string {
	etag := header.Get("ETag")
	if len(etag) > maxETag || next == nil && tags >= pageSize {
		return ""
	}

	return etag
}
