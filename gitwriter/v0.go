package gitwriter

import (
	"bytes"
	"context"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// Version 0 of the protocol, gitprotocol-pack(5), is what a server over SSH speaks that doesn't take the variable
// GIT_PROTOCOL: OpenSSH's sshd as it is installed. It names all its references each time, and usually gives objects only by
// the names of branches; then everything of the branch is fetched, blobs as well.

// readUploadV0 reads the references, of which the first line is read already, and the capabilities behind its first name.
func (s *session) readUploadV0(line string, packets *packetReader, found *uploadAdvertisement) error {
	refs, offered, _ := strings.Cut(line, "\x00")
	capabilities := map[string]bool{}
	for capability := range strings.FieldsSeq(offered) {
		capabilities[capability] = true
		if format, ok := strings.CutPrefix(capability, "object-format="); ok && format != "sha1" {
			return s.unknownFormat(format)
		}
	}
	if !capabilities["side-band-64k"] {
		return s.fault(opOpen, ReasonProtocol, nil, "the server offers no side-band-64k: update its Git")
	}
	// What a filter left out can't be asked for where ids aren't taken.
	found.byID = capabilities["allow-tip-sha1-in-want"] && capabilities["allow-reachable-sha1-in-want"]
	found.filter = capabilities["filter"] && found.byID
	found.shallow = capabilities["shallow"]
	listed := map[string]plumbing.Hash{}
	for line, more := refs, true; more; {
		id, name, _ := strings.Cut(line, " ")
		if plumbing.IsHash(id) && name != "capabilities^{}" {
			listed[name] = plumbing.NewHash(id)
		}
		var err error
		if line, more, err = packets.line(); err != nil {
			return err
		}
	}
	s.listed = listed
	return nil
}

// given makes of a request one that the server answers: some give nothing but what their references name. The error is a
// refusal as the server would word it.
func (s *session) given(ctx context.Context, service *uploadAdvertisement, r request) (request, error) {
	if service.byID {
		return r, nil
	}
	if s.listed == nil {
		listed, err := s.listGreeted(ctx, "refs/")
		if err != nil {
			return r, err
		}
		s.listed = listed
	}
	named := map[plumbing.Hash]struct{}{}
	for _, id := range s.listed {
		named[id] = struct{}{}
	}
	tip, there := s.listed[s.remote.reference()]
	for _, id := range r.wants {
		if _, ok := named[id]; ok {
			continue
		}
		if !r.whole || !there {
			return r, s.failure(ctx, opFetch, &serverError{text: "not our ref " + id.String()})
		}
		return request{wants: []plumbing.Hash{tip}, leaveOut: r.leaveOut}, nil
	}
	return r, nil
}

// encodeV0 is a fetch in version 0. No negotiation is needed: what is here is known to be there, or was.
func (r request) encodeV0(service *uploadAdvertisement) []byte {
	capabilities := []string{"side-band-64k", "ofs-delta", "no-progress"}
	filtered := r.leaveOut != everything && service.filter
	shallow := r.shallow && service.shallow
	if filtered {
		capabilities = append(capabilities, "filter")
	}
	if shallow {
		capabilities = append(capabilities, "shallow")
	}
	var body bytes.Buffer
	for i, id := range r.wants {
		if i == 0 {
			writePacketf(&body, "want %s %s\n", id, strings.Join(capabilities, " "))
			continue
		}
		writePacketf(&body, "want %s\n", id)
	}
	if shallow {
		writePacketf(&body, "deepen 1\n")
	}
	if filtered {
		writePacketf(&body, "filter %s\n", r.leaveOut)
	}
	body.WriteString(flushPacket)
	if !r.have.IsZero() {
		writePacketf(&body, "have %s\n", r.have)
	}
	writePacketf(&body, "done\n")
	return body.Bytes()
}

// readFetchV0 reads a fetch's answer. One line says whether what we have is there as well, and then the pack begins.
func readFetchV0(packets *packetReader) (map[plumbing.Hash]*stored, error) {
	for {
		line, ok, err := packets.line()
		if err != nil {
			return nil, err
		}
		if ok && (line == "NAK" || strings.HasPrefix(line, "ACK ")) {
			return readSidebandPack(packets)
		}
	}
}
