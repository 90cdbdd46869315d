package registry

import (
	"net/http"
	"net/url"
)

// maxETag bounds what is remembered to ask with.
const maxETag = 256

// catalog is a listing as it is remembered: each page with its ETag, and all tags in one slice.
type catalog struct {
	tags  []string
	pages map[string]page
	// fresh counts the pages that came anew, tagged those that came with an ETag.
	fresh, tagged int
}

// page is one page of a listing.
type page struct {
	// etag is what the registry calls this state of the page; "" if it can't be asked about.
	etag string
	tags []string
	// next is where the next page is; nil after the last.
	next *url.URL
	// kept is true once the page is part of a catalog, whose tags hold its own between from and to.
	kept     bool
	from, to int
}

// page returns what is remembered of an address. There may be no catalog at all.
func (c *catalog) page(address string) page {
	if c == nil {
		return page{}
	}

	p := c.pages[address]
	p.tags = c.tags[p.from:p.to]

	return p
}

// add takes in the next page.
func (c *catalog) add(address string, p page) {
	if c.pages == nil {
		c.pages = make(map[string]page)
	}

	if !p.kept {
		c.fresh++
	}

	if p.etag != "" {
		c.tagged++
	}

	p.kept, p.from, p.to = true, len(c.tags), len(c.tags)+len(p.tags)
	c.tags = append(c.tags, p.tags...)
	p.tags = nil
	c.pages[address] = p
}

// same reports whether no page came anew, and none of the remembered ones was left out.
func (c *catalog) same(remembered *catalog) bool {
	return remembered != nil && c.fresh == 0 && len(c.pages) == len(remembered.pages)
}

// worthKeeping reports whether the registry can be asked what has changed.
func (c *catalog) worthKeeping() bool { return c.tagged > 0 }

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
