package gitwriter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// The framing of all Git protocols, gitprotocol-common(5): four hexadecimal digits of length, then the payload. Own,
// because the library's reader doesn't know the delimiter of version 2.

const (
	flushPacket = "0000"
	delimPacket = "0001"

	pktHeader  = 4
	maxPayload = 65516
)

type packetKind int

const (
	packetData packetKind = iota
	packetFlush
	packetDelim
)

var errPacketLength = errors.New("malformed packet length")

// serverError is an ERR packet: the server's own words.
type serverError struct{ text string }

func (e *serverError) Error() string { return e.text }

// packetReader reads packets one by one. The payload is valid until the next call.
type packetReader struct {
	r   io.Reader
	buf [maxPayload + pktHeader]byte
}

func newPacketReader(r io.Reader) *packetReader { return &packetReader{r: r} }

// next reads a packet. io.EOF: the stream ended between two packets.
func (p *packetReader) next() (packetKind, []byte, error) {
	header := p.buf[:pktHeader]
	if _, err := io.ReadFull(p.r, header); err != nil {
		return packetData, nil, err
	}
	size, err := strconv.ParseUint(string(header), 16, 16)
	if err != nil {
		return packetData, nil, errPacketLength
	}
	switch {
	case size == 0:
		return packetFlush, nil, nil
	case size == 1:
		return packetDelim, nil, nil
	case size < pktHeader || size > maxPayload+pktHeader:
		return packetData, nil, errPacketLength
	}
	payload := p.buf[:size-pktHeader]
	if _, err := io.ReadFull(p.r, payload); err != nil {
		return packetData, nil, noEOF(err)
	}
	if text, is := bytes.CutPrefix(payload, []byte("ERR ")); is {
		return packetData, nil, &serverError{text: oneLine(string(text), maxServerWords)}
	}
	return packetData, payload, nil
}

// line reads a data packet as text without its line feed; ok is false at a flush or delimiter packet.
func (p *packetReader) line() (text string, ok bool, err error) {
	kind, payload, err := p.next()
	if err != nil || kind != packetData {
		return "", false, noEOF(err)
	}
	return string(bytes.TrimSuffix(payload, []byte("\n"))), true, nil
}

// noEOF turns an end where none may be into the error that says so.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writePacketf appends a packet with a text payload.
func writePacketf(w *bytes.Buffer, format string, args ...any) {
	payload := fmt.Sprintf(format, args...)
	fmt.Fprintf(w, "%04x%s", len(payload)+pktHeader, payload)
}
