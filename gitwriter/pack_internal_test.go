package gitwriter

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/google/go-cmp/cmp"
)

// TestPackOfGit reads packs that git itself made, with chains of both kinds of differences, and compares every object.
func TestPackOfGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(stdin string, args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	run("", "init", "-q")
	var lines strings.Builder
	for i := range 30 {
		fmt.Fprintf(&lines, "line %d %x\n", i, sha1.Sum(fmt.Append(nil, i)))
		blob := strings.TrimSpace(run(lines.String(), "hash-object", "-w", "--stdin"))
		tree := strings.TrimSpace(run("100644 blob "+blob+"\tf\n", "mktree"))
		run("", "update-ref", fmt.Sprintf("refs/heads/b%d", i), strings.TrimSpace(run("", "commit-tree", "-m", "c", tree)))
	}
	for _, args := range [][]string{{"--delta-base-offset"}, {}, {"--depth=0"}} {
		pack := run("", append([]string{"pack-objects", "--all", "--stdout", "-q", "--depth=50", "--window=50"}, args...)...)
		objects, err := readPack(strings.NewReader(pack))
		if err != nil {
			t.Fatal(err)
		}
		if len(objects) != 90 {
			t.Errorf("%v: want 90 objects, got %d", args, len(objects))
		}
		for id, o := range objects {
			if want := run("", "cat-file", o.kind.String(), id.String()); want != string(o.body) {
				t.Errorf("%v: %s %s differs", args, o.kind, id)
			}
		}
	}
}

func TestPackRoundTrip(t *testing.T) {
	t.Parallel()
	base := bytes.Repeat([]byte("a line of a file\n"), 10_000)
	second := bytes.Replace(base, []byte("line"), []byte("LINE and more"), 1)
	baseID, secondID := plumbing.ComputeHash(plumbing.BlobObject, base), plumbing.ComputeHash(plumbing.BlobObject, second)
	pack, err := writePack([]packObject{
		{id: secondID, kind: plumbing.BlobObject, body: delta(base, second), base: baseID},
		{id: baseID, kind: plumbing.BlobObject, body: base},
	})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := readPack(bytes.NewReader(pack))
	if err != nil {
		t.Fatal(err)
	}
	if got := objects[secondID]; got == nil || !bytes.Equal(got.body, second) {
		t.Error("the object that came before its base differs")
	}
	for n := range pack {
		if n%97 == 0 {
			if _, err := readPack(bytes.NewReader(pack[:n])); err == nil {
				t.Fatalf("a pack cut off at %d was taken", n)
			}
		}
	}
}

// sealed makes a pack of raw entries, with the right checksum.
func sealed(count int, entries ...[]byte) []byte {
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(count))
	pack = append(pack, bytes.Join(entries, nil)...)
	sum := sha1.Sum(pack)
	return append(pack, sum[:]...)
}

// entry makes a raw entry that says it has that size.
func entry(t *testing.T, kind plumbing.ObjectType, size int, prefix, body []byte) []byte {
	t.Helper()
	whole, err := writePack([]packObject{{kind: plumbing.BlobObject, body: body}})
	if err != nil {
		t.Fatal(err)
	}
	var head, written bytes.Buffer
	writeObjectHeader(&head, kind, size)
	writeObjectHeader(&written, plumbing.BlobObject, len(body))
	head.Write(prefix)
	head.Write(whole[packHeader+written.Len() : len(whole)-packChecksum])
	return head.Bytes()
}

func TestHostilePacks(t *testing.T) {
	t.Parallel()
	unknown := bytes.Repeat([]byte{7}, 20)
	bomb := binary.AppendUvarint(binary.AppendUvarint(nil, 1), 1<<40)
	blob := entry(t, plumbing.BlobObject, 1, nil, []byte("x"))
	cases := map[string]struct {
		reason string
		pack   []byte
		want   string
	}{
		"Empty":        {"no pack at all", nil, "malformed pack"},
		"NoObjects":    {"a server sends one if there is nothing new", sealed(0), ""},
		"TooFew":       {"the count is wrong", sealed(2, blob), "malformed pack"},
		"Version":      {"only version 2 is known", []byte("PACK\x00\x00\x00\x03\x00\x00\x00\x0012345678901234567890"), "malformed pack"},
		"Huge":         {"the object says that it is larger than the bound", sealed(1, entry(t, plumbing.BlobObject, 1<<40, nil, []byte("x"))), "the answer is larger than 512 MiB"},
		"LongerThan":   {"it unfolds to more than it says", sealed(1, entry(t, plumbing.BlobObject, 1, nil, bytes.Repeat([]byte("x"), 1<<20))), "malformed pack: an object is longer than it says"},
		"ShorterThan":  {"it unfolds to less than it says", sealed(1, entry(t, plumbing.BlobObject, 100, nil, []byte("x"))), "malformed pack: unexpected EOF"},
		"FarShorter":   {"it is refused before that much is allocated", sealed(1, entry(t, plumbing.BlobObject, 400<<20, nil, []byte("x"))), "malformed pack: an object is shorter than it says"},
		"UnknownKind":  {"type 5 is reserved", sealed(1, entry(t, 5, 1, nil, []byte("x"))), "malformed pack: unknown type of object"},
		"NoBase":       {"a thin pack wasn't asked for", sealed(1, entry(t, plumbing.REFDeltaObject, 1, unknown, []byte("x"))), "malformed pack: a difference from an object that isn't there"},
		"OffsetBefore": {"the base would lie before the pack", sealed(1, entry(t, plumbing.OFSDeltaObject, 1, []byte{0x7f}, []byte("x"))), "malformed pack: a difference from an object that isn't there"},
		"OffsetItself": {"a difference from itself", sealed(1, entry(t, plumbing.OFSDeltaObject, 1, []byte{0}, []byte("x"))), "malformed pack: a difference from an object that isn't there"},
		"DeltaBomb":    {"a difference that unfolds to a terabyte", sealed(2, blob, entry(t, plumbing.OFSDeltaObject, len(bomb), []byte{byte(len(blob))}, bomb)), "malformed pack"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readPack(bytes.NewReader(c.pack))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
		})
	}
}

func TestPackTooLarge(t *testing.T) {
	t.Parallel()
	var tooLarge *tooLargeError
	if _, err := readPack(endless{}); !errors.As(err, &tooLarge) {
		t.Errorf("want a bound, got %v", err)
	}
}

// endless is a server that never stops.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestDelta holds the differences against the library's and git's own reading of them.
func TestDelta(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab"[random.IntN(2)]
		}
		return b
	}
	for range 2000 {
		base := text(1 + random.IntN(300))
		if random.IntN(10) == 0 {
			base = text(200_000)
		}
		cut := random.IntN(len(base) + 1)
		end := cut + random.IntN(len(base)-cut+1)
		target := bytes.Join([][]byte{base[:cut], text(random.IntN(300)), base[end:]}, nil)
		got, err := packfile.PatchDelta(base, delta(base, target))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, target) {
			t.Fatalf("%q -> %q: got %q", base, target, got)
		}
	}
}

func FuzzReadPack(f *testing.F) {
	pack, err := writePack([]packObject{{kind: plumbing.BlobObject, body: []byte("hello")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pack[packHeader : len(pack)-packChecksum])
	f.Fuzz(func(_ *testing.T, entries []byte) {
		_, _ = readPack(bytes.NewReader(sealed(1, entries)))
		_, _ = readPack(bytes.NewReader(sealed(3, entries)))
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Fuzz(func(t *testing.T, tree []byte) {
		for e, err := range treeEntries(tree) {
			if err == nil && !bytes.Equal(withEntry(tree, e, e.id), tree) {
				t.Errorf("%q: the id isn't where it is said to be", tree)
			}
		}
	})
}
