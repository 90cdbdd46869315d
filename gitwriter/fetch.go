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

// fetch is the command fetch of protocol version 2: the objects that wants reach and haves don't. A server without
// filters sends everything, so the result may hold more than was asked for. With haves that it holds in full, the
// server may also leave out trees and blobs that only older commits have: callers look for what is missing.
func (s *session) fetch(ctx context.Context, wants []plumbing.Hash, have plumbing.Hash, leaveOut filter) (map[plumbing.Hash]*stored, error) {
	service, err := s.uploadService(ctx)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	writePacketf(&body, "command=fetch\n")
	writePacketf(&body, "object-format=sha1")
	body.WriteString(delimPacket)
	writePacketf(&body, "no-progress\n")
	writePacketf(&body, "ofs-delta\n")
	if leaveOut != everything && service.filter {
		writePacketf(&body, "filter %s\n", leaveOut)
	}
	for _, id := range wants {
		writePacketf(&body, "want %s\n", id)
	}
	if !have.IsZero() {
		writePacketf(&body, "have %s\n", have)
	}
	writePacketf(&body, "done\n")
	body.WriteString(flushPacket)

	var objects map[plumbing.Hash]*stored
	err = s.post(ctx, opFetch, service.at, serviceUpload, body.Bytes(), maxPack+maxSmallAnswer, func(r io.Reader) error {
		var err error
		objects, err = readFetch(newPacketReader(r))
		return err
	})
	if err != nil {
		s.known.forget()
		return nil, err
	}
	return objects, nil
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
			return readPack(&sidebandReader{packets: packets})
		}
	}
}

// refusedFilter reports whether a server that offers filters turned this one down: hosts may switch off single kinds.
func refusedFilter(err error) bool {
	said, ok := errors.AsType[*serverError](err)
	return ok && strings.Contains(said.text, "filter")
}
