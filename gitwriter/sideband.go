package gitwriter

import (
	"fmt"
	"io"
	"strings"
)

// maxServerWords bounds what of a server's prose is kept and shown.
const maxServerWords = 1024

// The channels of side-band-64k, gitprotocol-pack(5).
const (
	bandData     = 1
	bandProgress = 2
	bandFatal    = 3
)

// sidebandReader gives the bytes of channel 1. What the server tells people on channel 2 (the "remote:" lines, a hook's
// output) is kept in words, bounded; channel 3 ends the stream as a *serverError.
type sidebandReader struct {
	packets *packetReader
	pending []byte
	words   strings.Builder
	// ended: the flush packet was read, and what follows isn't of this channel.
	ended bool
}

// Read implements io.Reader; io.EOF is the flush packet.
func (s *sidebandReader) Read(b []byte) (int, error) {
	for len(s.pending) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		kind, payload, err := s.packets.next()
		if err != nil {
			return 0, noEOF(err)
		}
		if kind != packetData {
			s.ended = true
			continue
		}
		if len(payload) == 0 {
			continue
		}
		switch payload[0] {
		case bandData:
			s.pending = payload[1:]
		case bandProgress:
			if s.words.Len() < 2*maxServerWords {
				s.words.WriteString(truncate(string(payload[1:]), maxServerWords))
			}
		case bandFatal:
			return 0, &serverError{text: oneLine(string(payload[1:]), maxServerWords)}
		default:
			return 0, fmt.Errorf("unknown sideband channel %d", payload[0])
		}
	}
	n := copy(b, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// said is what the server told people, on one line.
func (s *sidebandReader) said() string {
	return oneLine(strings.ReplaceAll(s.words.String(), "\r", "\n"), maxServerWords)
}
