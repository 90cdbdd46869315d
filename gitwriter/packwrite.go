package gitwriter

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // Git's packs are named and checked by SHA-1.
	"encoding/binary"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxDeltaChain is how many differences may stack on one another before an object is written against the server's own
// again: each one costs the server a step whenever it reads the object.
const maxDeltaChain = 50

// packObject is an object to be pushed.
type packObject struct {
	id   plumbing.Hash
	kind plumbing.ObjectType
	body []byte // The object itself, or the delta if base is set.
	// base is the object that body is the difference from: an earlier one of the pack, or one that the server has.
	base plumbing.Hash
}

// writePack encodes a pack. Objects with a base become REF_DELTA entries; bases that the pack itself doesn't hold make it
// thin, which a server accepts unless it said no-thin.
func writePack(objects []packObject) ([]byte, error) {
	var pack bytes.Buffer
	pack.WriteString("PACK")
	header := binary.BigEndian.AppendUint32(nil, 2)
	pack.Write(binary.BigEndian.AppendUint32(header, uint32(len(objects)))) //nolint:gosec // Far fewer than 2^32.
	deflater := zlib.NewWriter(&pack)
	for _, o := range objects {
		kind := o.kind
		if !o.base.IsZero() {
			kind = plumbing.REFDeltaObject
		}
		writeObjectHeader(&pack, kind, len(o.body))
		if kind == plumbing.REFDeltaObject {
			pack.Write(o.base[:])
		}
		deflater.Reset(&pack)
		if _, err := deflater.Write(o.body); err != nil {
			return nil, err
		}
		if err := deflater.Close(); err != nil {
			return nil, err
		}
	}
	sum := sha1.Sum(pack.Bytes()) //nolint:gosec // See the import.
	pack.Write(sum[:])
	return pack.Bytes(), nil
}

func writeObjectHeader(w *bytes.Buffer, kind plumbing.ObjectType, size int) {
	b := byte(kind)<<4 | byte(size&15) //nolint:gosec // Types are 1 to 7.
	for size >>= 4; size > 0; size >>= 7 {
		w.WriteByte(b | 0x80)
		b = byte(size & 0x7f)
	}
	w.WriteByte(b)
}

// delta is the difference that turns base into target when both have the same beginning and the same end, as they do
// when one scalar of a file or one id of a tree was replaced.
func delta(base, target []byte) []byte {
	head := commonPrefix(base, target)
	tail := commonSuffix(base[head:], target[head:])
	d := binary.AppendUvarint(nil, uint64(len(base)))
	d = binary.AppendUvarint(d, uint64(len(target)))
	d = appendCopy(d, 0, head)
	d = appendInsert(d, target[head:len(target)-tail])
	return appendCopy(d, len(base)-tail, tail)
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[len(a)-1-i] != b[len(b)-1-i] {
			return i
		}
	}
	return n
}

// appendCopy adds instructions that copy size bytes of the base from offset, at most 64 KiB - 1 each: all that every
// implementation reads.
func appendCopy(d []byte, offset, size int) []byte {
	for size > 0 {
		n := min(size, 0xffff)
		at := len(d)
		d = append(d, 0x80)
		for i := range 4 {
			if b := byte(offset >> (8 * i) & 0xff); b != 0 {
				d[at] |= 1 << i
				d = append(d, b)
			}
		}
		for i := range 2 {
			if b := byte(n >> (8 * i) & 0xff); b != 0 {
				d[at] |= 0x10 << i
				d = append(d, b)
			}
		}
		offset += n
		size -= n
	}
	return d
}

// appendInsert adds instructions that insert bytes, at most 127 each.
func appendInsert(d, body []byte) []byte {
	for len(body) > 0 {
		n := min(len(body), 127)
		d = append(d, byte(n))
		d = append(d, body[:n]...)
		body = body[n:]
	}
	return d
}
