package gitwriter

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// advertisements remembers what a server said that it can do, so that it is asked once and not before each operation.
// It is forgotten whenever an answer is not as expected.
type advertisements struct {
	mu      sync.Mutex
	upload  *uploadAdvertisement
	receive *receiveAdvertisement
}

// uploadAdvertisement is what a server offers for reading.
type uploadAdvertisement struct {
	// at is the repository's URL after redirects.
	at string
	// v2: the server speaks version 2 of the protocol, gitprotocol-v2(5). If not, it is version 0, gitprotocol-pack(5).
	v2 bool
	// filter: the server sends commits without trees, and trees without blobs, and what is missing by its id.
	filter bool
	// shallow: the server sends a commit without those before it.
	shallow bool
	// byID: a server of version 0 gives objects that no reference names.
	byID bool
}

// receiveAdvertisement is what is needed of the reference discovery of a push, gitprotocol-pack(5).
type receiveAdvertisement struct {
	at           string
	capabilities map[string]bool
}

func (a *advertisements) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.upload, a.receive = nil, nil
}

// uploadService is what the server offers for reading.
func (s *session) uploadService(ctx context.Context) (*uploadAdvertisement, error) {
	s.known.mu.Lock()
	known := s.known.upload
	s.known.mu.Unlock()
	if known != nil {
		return known, nil
	}
	found := &uploadAdvertisement{}
	at, err := s.greet(ctx, opOpen, serviceUpload, func(packets *packetReader) error {
		return s.readUpload(packets, found)
	})
	if err != nil {
		return nil, err
	}
	found.at = at
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	s.known.upload = found
	return found, nil
}

func (s *session) readUpload(packets *packetReader, found *uploadAdvertisement) error {
	line, err := firstLine(packets)
	if err != nil {
		return err
	}
	switch {
	case line == "version 2":
		return s.readUploadV2(packets, found)
	case s.base.Scheme == schemeSSH: // Many servers drop the variable that asks for version 2.
		return s.readUploadV0(line, packets, found)
	default:
		return s.fault(opOpen, ReasonProtocol, nil, "the server doesn't speak version 2 of the Git protocol: update it to Git 2.18 or newer, or switch protocol.version 2 on")
	}
}

func (s *session) readUploadV2(packets *packetReader, found *uploadAdvertisement) error {
	found.v2 = true
	fetches := false
	for {
		line, ok, err := packets.line()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		name, value, _ := strings.Cut(line, "=")
		switch name {
		case "fetch":
			fetches = true
			for feature := range strings.FieldsSeq(value) {
				found.filter = found.filter || feature == "filter"
				found.shallow = found.shallow || feature == "shallow"
			}
		case "object-format":
			if value != "sha1" {
				return s.unknownFormat(value)
			}
		}
	}
	if !fetches {
		return fmt.Errorf("%w: the server offers no fetch", errAnswer)
	}
	return nil
}

func (s *session) unknownFormat(format string) error {
	return s.fault(opOpen, ReasonProtocol, nil, "the repository's object format is "+quote(format)+": only sha1 is known")
}

// receiveService is what the server offers for pushing.
func (s *session) receiveService(ctx context.Context) (*receiveAdvertisement, error) {
	s.known.mu.Lock()
	known := s.known.receive
	s.known.mu.Unlock()
	if known != nil {
		return known, nil
	}
	found := &receiveAdvertisement{capabilities: map[string]bool{}}
	at, err := s.greet(ctx, opPush, serviceReceive, func(packets *packetReader) error {
		line, err := firstLine(packets)
		if err != nil {
			return err
		}
		_, capabilities, _ := strings.Cut(line, "\x00")
		for capability := range strings.FieldsSeq(capabilities) {
			found.capabilities[capability] = true
		}
		for more := true; more && err == nil; { // All references follow, which nobody needs.
			_, more, err = packets.line()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found.at = at
	if !found.capabilities["report-status"] {
		return nil, s.fault(opPush, ReasonProtocol, nil, "the server doesn't report whether a push was accepted: it can't be written to safely")
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	s.known.receive = found
	return found, nil
}

// firstLine reads over the smart-HTTP preamble ("# service=...", flush), gitprotocol-http(5).
func firstLine(packets *packetReader) (string, error) {
	line, ok, err := packets.line()
	if err != nil {
		return "", err
	}
	if ok && strings.HasPrefix(line, "# service=") {
		if _, ok, err = packets.line(); err == nil && !ok {
			line, ok, err = packets.line()
		}
	}
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fmt.Errorf("%w: an empty advertisement", errAnswer)
	}
	return line, nil
}
