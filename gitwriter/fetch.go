package gitwriter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// filter says what a fetch leaves out; what is missing is fetched by its id when somebody needs it.
type filter string

const (
	// commitsOnly brings a whole history as commits: some hundred bytes each, whatever the size of the trees.
	commitsOnly filter = "tree:0"
	// withoutBlobs brings commits and trees.
	withoutBlobs filter = "blob:none"
	// everything brings all.
	everything filter = ""
)

// request is what to fetch: the objects that wants reach and have doesn't.
type request struct {
	wants    []plumbing.Hash
	have     plumbing.Hash
	leaveOut filter
	// shallow: of the wants, no commits but themselves.
	shallow bool
	// whole: of a server that gives nothing but what its references name, all of the branch if need be.
	whole bool
}

// fetch gets objects. A server without filters sends everything, so the result may hold more than was asked for. With
// something that it takes for here in full, the server may also leave out trees and blobs that only older commits have:
// callers look for what is missing.
func (s *session) fetch(ctx context.Context, r request) (map[plumbing.Hash]*stored, error) {
	service, err := s.uploadService(ctx)
	if err != nil {
		return nil, err
	}
	c := call{op: opFetch, at: service.at, service: serviceUpload, limit: maxPack + maxSmallAnswer}
	read := readFetch
	if service.v2 {
		c.body = r.encode(service)
	} else {
		if r, err = s.given(ctx, service, r); err != nil {
			return nil, err
		}
		c.body, c.last, read = r.encodeV0(service), true, readFetchV0
		s.listed = nil
	}
	var objects map[plumbing.Hash]*stored
	err = s.call(ctx, c, func(answer io.Reader) error {
		var err error
		objects, err = read(newPacketReader(answer))
		return err
	})
	if err != nil {
		s.known.forget()
		s.wire.hangUp()
		return nil, err
	}
	return objects, nil
}

// encode is the command fetch of protocol version 2, gitprotocol-v2(5).
func (r request) encode(service *uploadAdvertisement) []byte {
	var body bytes.Buffer
	writePacketf(&body, "command=fetch\n")
	writePacketf(&body, "object-format=sha1")
	body.WriteString(delimPacket)
	writePacketf(&body, "no-progress\n")
	writePacketf(&body, "ofs-delta\n")
	if r.leaveOut != everything && service.filter {
		writePacketf(&body, "filter %s\n", r.leaveOut)
	}
	if r.shallow && service.shallow {
		writePacketf(&body, "deepen 1\n")
	}
	for _, id := range r.wants {
		writePacketf(&body, "want %s\n", id)
	}
	if !r.have.IsZero() {
		writePacketf(&body, "have %s\n", r.have)
	}
	writePacketf(&body, "done\n")
	body.WriteString(flushPacket)
	return body.Bytes()
}

// readFetch reads a fetch's answer. Since the request said "done", the pack is its only section that matters.
func readFetch(packets *packetReader) (map[plumbing.Hash]*stored, error) {
	for {
		kind, payload, err := packets.next()
		if err != nil {
			return nil, noEOF(err)
		}
		switch {
		case kind == packetFlush:
			return nil, fmt.Errorf("%w: a fetch without a pack", errAnswer)
		case kind == packetData && strings.TrimSuffix(string(payload), "\n") == "packfile":
			return readSidebandPack(packets)
		}
	}
}

// readSidebandPack reads a pack, and then to the end of its channel: what is left there would be taken for the next answer.
func readSidebandPack(packets *packetReader) (map[plumbing.Hash]*stored, error) {
	band := &sidebandReader{packets: packets}
	objects, err := readPack(band)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, band)
	return objects, err
}

// refusedFilter reports whether a server that offers filters turned this one down: hosts may switch off single kinds.
func refusedFilter(err error) bool {
	said, ok := errors.AsType[*serverError](err)
	return ok && strings.Contains(said.text, "filter")
}
