package gitwriter

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// pushStatus is what a server answered to a push.
type pushStatus struct {
	accepted bool
	// unpacked: the server could read the pack; if not, it is the server that is in trouble.
	unpacked bool
	// words are the server's own: the reason it gives, and what its hooks printed.
	words string
}

// push asks the server to move the branch from old to tip, which it does only if the branch still is at old: a
// compare-and-swap. An error means that no answer came: the server may have done it or not.
func (s *session) push(ctx context.Context, old, tip plumbing.Hash, service *receiveAdvertisement, pack []byte) (pushStatus, error) {
	sideband := service.capabilities["side-band-64k"]
	capabilities := " report-status"
	if sideband {
		capabilities += " side-band-64k"
	}
	if service.capabilities["object-format=sha1"] {
		capabilities += " object-format=sha1"
	}
	var body bytes.Buffer
	writePacketf(&body, "%s %s %s\x00%s", old, tip, s.remote.reference(), capabilities)
	body.WriteString(flushPacket)
	body.Write(pack)

	var status pushStatus
	c := call{op: opPush, at: service.at, service: serviceReceive, body: body.Bytes(), limit: maxSmallAnswer, last: true}
	err := s.call(ctx, c, func(r io.Reader) error {
		packets := newPacketReader(r)
		if !sideband {
			var err error
			status, err = readPushStatus(packets)
			return err
		}
		band := &sidebandReader{packets: packets}
		report, err := io.ReadAll(band)
		if err != nil {
			return err
		}
		status, err = readPushStatus(newPacketReader(bytes.NewReader(report)))
		if said := band.said(); said != "" {
			status.words = strings.TrimPrefix(status.words+"; remote: "+said, "; ")
		}
		return err
	})
	if err != nil {
		s.known.forget()
	}
	return status, err
}

// readPushStatus reads report-status, gitprotocol-pack(5).
func readPushStatus(packets *packetReader) (pushStatus, error) {
	line, ok, err := packets.line()
	if err != nil {
		return pushStatus{}, err
	}
	unpack, is := strings.CutPrefix(line, "unpack ")
	if !ok || !is {
		return pushStatus{}, fmt.Errorf("%w to a push: %s", errAnswer, quote(line))
	}
	status := pushStatus{unpacked: unpack == "ok"}
	if !status.unpacked {
		status.words = oneLine(unpack, maxServerWords)
	}
	for {
		line, ok, err := packets.line()
		if err != nil || !ok {
			return status, err
		}
		verdict, rest, _ := strings.Cut(line, " ")
		switch verdict {
		case "ok":
			status.accepted = status.unpacked
		case "ng":
			_, reason, _ := strings.Cut(rest, " ")
			status.words = oneLine(reason, maxServerWords)
		}
	}
}

// lost reports whether a refusal is of the kind that another writer causes: the branch, or its lock, was taken.
func (p pushStatus) lost() bool {
	for _, text := range []string{"failed to update ref", "cannot lock ref", "failed to lock", "reference already exists", "incorrect old value"} {
		if strings.Contains(p.words, text) {
			return true
		}
	}
	return false
}
