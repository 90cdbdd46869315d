package audit_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// memory is a repository of objects that no git would make.
type memory map[plumbing.Hash][]byte

func (m memory) add(kind plumbing.ObjectType, body string) plumbing.Hash {
	id := plumbing.ComputeHash(kind, []byte(body))
	m[id] = []byte(body)
	return id
}

// Object implements audit.Objects.
func (m memory) Object(_ plumbing.ObjectType, id plumbing.Hash) ([]byte, error) {
	body, ok := m[id]
	if !ok {
		return nil, audit.ErrMissing
	}
	return body, nil
}

func (m memory) tree(entries ...string) plumbing.Hash {
	return m.add(plumbing.TreeObject, strings.Join(entries, ""))
}

func entry(mode, name string, id plumbing.Hash) string {
	return mode + " " + name + "\x00" + string(id[:])
}

func TestHostileObjects(t *testing.T) {
	t.Parallel()

	const author = "author x <x@example.com> 1 +0000\ncommitter x <x@example.com> 1 +0000\n"
	claim := "\nx\n\nImage-Policy: a/b\nImage-Target: f#tag\nImage-To: v1\n"
	lacking := plumbing.NewHash(strings.Repeat("7", 40))
	cases := map[string]struct {
		reason string
		make   func(m memory) plumbing.Hash
		want   []string
		err    string
	}{
		"NoTree": {
			reason: "a commit without a tree",
			make:   func(m memory) plumbing.Hash { return m.add(plumbing.CommitObject, author+claim) },
			err:    "read the history: the commit %s is malformed: git fsck says more",
		},
		"Empty": {
			reason: "an empty commit",
			make:   func(m memory) plumbing.Hash { return m.add(plumbing.CommitObject, "") },
			err:    "read the history: the commit %s is malformed: git fsck says more",
		},
		"LacksParent": {
			reason: "a parent that isn't there",
			make: func(m memory) plumbing.Hash {
				return m.add(plumbing.CommitObject, fmt.Sprintf("tree %s\nparent %s\n%s%s", m.tree(), lacking, author, claim))
			},
			err: "read the history: the repository lacks the commit " + lacking.String() + ": a partial clone hasn't got all that history needs: " +
				"make a full one with git clone, or run git fetch --refetch --no-filter",
		},
		"BrokenTree": {
			reason: "a tree that ends in the middle",
			make: func(m memory) plumbing.Hash {
				return m.add(plumbing.CommitObject, fmt.Sprintf("tree %s\n%s%s", m.tree("100644 f\x00abc"), author, claim))
			},
			err: "read the history: the tree " + plumbing.ComputeHash(plumbing.TreeObject, []byte("100644 f\x00abc")).String() +
				" is malformed: git fsck says more",
		},
		"Link": {
			reason: "a symbolic link isn't followed",
			make: func(m memory) plumbing.Hash {
				return m.add(plumbing.CommitObject, fmt.Sprintf("tree %s\n%s%s", m.tree(entry("120000", "f", m.add(plumbing.BlobObject, "tag: v1\n"))), author, claim))
			},
		},
		"WildSignature": {
			reason: "signatures and times that no git writes, and control characters",
			make: func(m memory) plumbing.Hash {
				return m.add(plumbing.CommitObject, fmt.Sprintf("tree %s\nauthor \x1b[31mred \xff<<a>\x00b> 99999999999999999999 x\ncommitter \n%s",
					m.tree(entry("100644", "f", m.add(plumbing.BlobObject, "tag: v1\n"))), claim))
			},
			want: []string{"f#tag: nothing -> v1 by a/b: current"},
		},
		"Bomb": {
			reason: "folders in folders, each the same one many times, are as many as they are",
			make: func(m memory) plumbing.Hash {
				id := m.add(plumbing.BlobObject, "tag: v1\n")
				tree := m.tree(entry("100644", "f", id))
				for range 40 {
					var entries []string
					for i := range 10 {
						entries = append(entries, entry("40000", strconv.Itoa(i), tree))
					}
					tree = m.tree(entries...)
				}
				tree = m.tree(entry("40000", "deep", tree), entry("100644", "f", id))
				parent := m.add(plumbing.CommitObject, fmt.Sprintf("tree %s\n%s\nx", m.tree(entry("100644", "g", m.add(plumbing.BlobObject, "x"))), author))
				return m.add(plumbing.CommitObject, fmt.Sprintf("tree %s\nparent %s\n%s%s", tree, parent, author, claim))
			},
			want: []string{"f#tag: nothing -> v1 by a/b: current"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := memory{}
			tip := tc.make(m)
			h, err := audit.Read(t.Context(), m, tip, audit.Options{})
			want := tc.err
			if strings.Contains(want, "%s") {
				want = fmt.Sprintf(want, tip)
			}
			message := ""
			if err != nil {
				message = err.Error()
				if terminal, ok := errors.AsType[*audit.Error](err); !ok || !terminal.Terminal() {
					t.Errorf("%s: Read(...) gives an error that isn't terminal: %T", tc.reason, err)
				}
			}
			if diff := cmp.Diff(want, message); diff != "" {
				t.Errorf("%s: Read(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.want, tell(h.Changes)); diff != "" {
				t.Errorf("%s: Read(...): -want, +got:\n%s", tc.reason, diff)
			}
			for _, c := range h.Changes {
				if strings.ContainsAny(c.By.Name+c.By.Email+c.Subject, "\x00\x1b\n") {
					t.Errorf("%s: Read(...) lets through %q", tc.reason, c.By)
				}
			}
		})
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	t.Parallel()

	r := newRepository(t)
	r.put("v1", "v5", "start")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Read(ctx, r.objects(), plumbing.NewHash(r.git("rev-parse", "main")), audit.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read(...) = %v, want %v", err, context.Canceled)
	}
}
