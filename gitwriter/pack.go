package gitwriter

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // Git's packs are named and checked by SHA-1.
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// Reading packs, gitformat-pack(5). Own, because the library's parser inflates an object of any size before anybody can
// object: a pack of a few bytes can unfold to any size.

const (
	// maxPack bounds a pack as it comes over the wire, maxUnpacked what its objects unfold to.
	maxPack     = 256 << 20
	maxUnpacked = 512 << 20

	// maxInflation is more than deflate can compress by.
	maxInflation = 1100

	packHeader   = 12
	packChecksum = sha1.Size
)

var errPack = errors.New("malformed pack")

// tooLargeError is a bound that an answer went beyond.
type tooLargeError struct{ bound int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the answer is larger than %d MiB", e.bound>>20)
}

// packReader unfolds one pack.
type packReader struct {
	pack     *bytes.Reader
	inflater io.ReadCloser
	objects  map[plumbing.Hash]*stored
	// offsets finds the base of an offset delta, which always stands earlier in the pack.
	offsets map[int64]plumbing.Hash
	// waiting holds what is a delta against an object that hasn't come by yet.
	waiting []packDelta
	left    int64
}

// packDelta is an object that is written as its difference from another.
type packDelta struct {
	at         int64
	base       plumbing.Hash
	baseOffset int64 // Used instead of base if it isn't negative.
	body       []byte
}

// readPack reads a whole pack. Nothing of a pack that is cut off, damaged or too large comes out.
func readPack(r io.Reader) (map[plumbing.Hash]*stored, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxPack+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxPack {
		return nil, &tooLargeError{bound: maxPack}
	}
	if len(raw) < packHeader+packChecksum || string(raw[:4]) != "PACK" || binary.BigEndian.Uint32(raw[4:]) != 2 {
		return nil, errPack
	}
	body, sum := raw[:len(raw)-packChecksum], raw[len(raw)-packChecksum:]
	if actual := sha1.Sum(body); !bytes.Equal(actual[:], sum) { //nolint:gosec // See the import.
		return nil, fmt.Errorf("%w: wrong checksum", errPack)
	}
	p := &packReader{
		pack: bytes.NewReader(body), objects: map[plumbing.Hash]*stored{}, offsets: map[int64]plumbing.Hash{},
		left: maxUnpacked,
	}
	if _, err := p.pack.Seek(packHeader, io.SeekStart); err != nil {
		return nil, err
	}
	for range binary.BigEndian.Uint32(raw[8:]) {
		if err := p.object(); err != nil {
			return nil, err
		}
	}
	return p.objects, p.settle()
}

// object reads the pack's next object.
func (p *packReader) object() error {
	at := p.pack.Size() - int64(p.pack.Len())
	kind, size, err := p.header()
	if err != nil {
		return err
	}
	delta := packDelta{at: at, baseOffset: -1}
	switch kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
	case plumbing.OFSDeltaObject:
		distance, err := p.distance()
		if err != nil {
			return err
		}
		delta.baseOffset = at - distance
	case plumbing.REFDeltaObject:
		if _, err := io.ReadFull(p.pack, delta.base[:]); err != nil {
			return errPack
		}
	default:
		return fmt.Errorf("%w: unknown type of object", errPack)
	}
	body, err := p.inflate(size)
	if err != nil {
		return err
	}
	if kind != plumbing.OFSDeltaObject && kind != plumbing.REFDeltaObject {
		p.add(at, &stored{kind: kind, body: body})
		return nil
	}
	delta.body = body
	done, err := p.resolve(delta)
	if err == nil && !done {
		p.waiting = append(p.waiting, delta)
	}
	return err
}

// header reads an object's type and unfolded size.
func (p *packReader) header() (plumbing.ObjectType, int64, error) {
	b, err := p.pack.ReadByte()
	if err != nil {
		return 0, 0, errPack
	}
	kind, size := plumbing.ObjectType(b>>4&7), int64(b&15)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = p.pack.ReadByte(); err != nil || shift > 50 {
			return 0, 0, errPack
		}
		size |= int64(b&0x7f) << shift
	}
	return kind, size, nil
}

// distance reads how far before a delta its base stands.
func (p *packReader) distance() (int64, error) {
	b, err := p.pack.ReadByte()
	distance := int64(b & 0x7f)
	for err == nil && b&0x80 != 0 {
		if b, err = p.pack.ReadByte(); distance > 1<<50 {
			return 0, errPack
		}
		distance = (distance+1)<<7 | int64(b&0x7f)
	}
	if err != nil {
		return 0, errPack
	}
	return distance, nil
}

// inflate reads exactly size bytes, and makes sure that there are no more.
func (p *packReader) inflate(size int64) ([]byte, error) {
	if err := p.take(size); err != nil {
		return nil, err
	}
	if size/maxInflation > int64(p.pack.Len()) {
		return nil, fmt.Errorf("%w: an object is shorter than it says", errPack) // Seen before that much is allocated.
	}
	inflater, err := p.inflaterHere()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPack, err)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(inflater, body); err != nil {
		return nil, fmt.Errorf("%w: %w", errPack, noEOF(err))
	}
	if n, err := inflater.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: an object is longer than it says", errPack)
	}
	return body, nil
}

// inflaterHere reads on from where the pack stands; its large tables are made once.
func (p *packReader) inflaterHere() (io.Reader, error) {
	if resetter, ok := p.inflater.(zlib.Resetter); ok {
		return p.inflater, resetter.Reset(p.pack, nil)
	}
	var err error
	p.inflater, err = zlib.NewReader(p.pack)
	return p.inflater, err
}

// take counts what is about to be allocated.
func (p *packReader) take(size int64) error {
	if p.left -= size + storedOverhead; size < 0 || p.left < 0 {
		return &tooLargeError{bound: maxUnpacked}
	}
	return nil
}

func (p *packReader) add(at int64, o *stored) {
	id := plumbing.ComputeHash(o.kind, o.body)
	p.objects[id] = o
	p.offsets[at] = id
}

// resolve unfolds a delta if its base is here.
func (p *packReader) resolve(d packDelta) (bool, error) {
	base, known := d.base, true
	if d.baseOffset >= 0 {
		base, known = p.offsets[d.baseOffset]
	}
	o, here := p.objects[base]
	if !known || !here {
		return false, nil
	}
	_, n := binary.Uvarint(d.body)
	if n <= 0 {
		return false, errPack
	}
	size, n := binary.Uvarint(d.body[n:])
	if n <= 0 || size > maxUnpacked {
		return false, errPack
	}
	if err := p.take(int64(size)); err != nil {
		return false, err
	}
	body, err := packfile.PatchDelta(o.body, d.body)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errPack, err)
	}
	p.add(d.at, &stored{kind: o.kind, body: bytes.Clone(body)})
	return true, nil
}

// settle unfolds the deltas whose bases came after them.
func (p *packReader) settle() error {
	for len(p.waiting) > 0 {
		var still []packDelta
		for _, d := range p.waiting {
			done, err := p.resolve(d)
			if err != nil {
				return err
			}
			if !done {
				still = append(still, d)
			}
		}
		if len(still) == len(p.waiting) {
			return fmt.Errorf("%w: a difference from an object that isn't there", errPack)
		}
		p.waiting = still
	}
	return nil
}
