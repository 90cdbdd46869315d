package gitwriter

import (
	"context"
	"fmt"
	"io"
	"net/url"
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

// uploadAdvertisement is the capability advertisement of protocol version 2, gitprotocol-v2(5).
type uploadAdvertisement struct {
	// at is the repository's URL after redirects.
	at string
	// filter: the server sends commits without trees, and trees without blobs.
	filter bool
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
	const op = "open the repository"
	found := &uploadAdvertisement{}
	err := s.get(ctx, op, serviceUpload, func(r io.Reader, at *url.URL) error {
		found.at = serviceBase(at)
		return s.readUpload(op, newPacketReader(r), found)
	})
	if err != nil {
		return nil, err
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	s.known.upload = found
	return found, nil
}

func (s *session) readUpload(op string, packets *packetReader, found *uploadAdvertisement) error {
	line, err := firstLine(packets)
	if err != nil {
		return err
	}
	if line != "version 2" {
		return s.fault(op, ReasonProtocol, nil, "the server doesn't speak version 2 of the Git protocol: update it to Git 2.18 or newer, or switch protocol.version 2 on")
	}
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
			}
		case "object-format":
			if value != "sha1" {
				return s.fault(op, ReasonProtocol, nil, "the repository's object format is "+quote(value)+": only sha1 is known")
			}
		}
	}
	if !fetches {
		return fmt.Errorf("%w: the server offers no fetch", errAnswer)
	}
	return nil
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
	err := s.get(ctx, opPush, serviceReceive, func(r io.Reader, at *url.URL) error {
		found.at = serviceBase(at)
		line, err := firstLine(newPacketReader(r))
		if err != nil {
			return err
		}
		_, capabilities, _ := strings.Cut(line, "\x00")
		for capability := range strings.FieldsSeq(capabilities) {
			found.capabilities[capability] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
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

// serviceBase is the repository's URL as the advertisement's own URL gives it after redirects.
func serviceBase(at *url.URL) string {
	u := url.URL{Scheme: at.Scheme, Host: at.Host, Path: strings.TrimSuffix(at.Path, "/info/refs")}
	return u.String()
}
