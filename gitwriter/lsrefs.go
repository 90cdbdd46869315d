package gitwriter

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	opOpen    = "open the repository"
	opFind    = "find the repository"
	opConnect = "connect"
	opHead    = "read the head"
	opFetch   = "fetch"
	opPush    = "push"

	// maxNamedBranches is how many of the existing branches an error names.
	maxNamedBranches = 5
)

// readHead asks for the branch's head: one request, and an answer of 65 bytes plus the branch's name.
func (s *session) readHead(ctx context.Context) (plumbing.Hash, error) {
	want := s.remote.reference()
	refs, err := s.listRefs(ctx, want)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if id, ok := refs[want]; ok {
		return id, nil
	}
	branches, err := s.listRefs(ctx, "refs/heads/")
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if len(branches) == 0 {
		return plumbing.ZeroHash, s.fault(opHead, ReasonRepositoryEmpty, nil, "the repository has no branch yet: push a first commit to "+quote(s.remote.Branch))
	}
	return plumbing.ZeroHash, s.fault(opHead, ReasonBranchMissing, nil,
		"the branch "+quote(s.remote.Branch)+" doesn't exist: create it, or name one that does ("+nameBranches(branches)+")")
}

func nameBranches(refs map[string]plumbing.Hash) string {
	var names []string
	for name := range refs {
		names = append(names, quote(strings.TrimPrefix(name, "refs/heads/")))
	}
	slices.Sort(names)
	if len(names) > maxNamedBranches {
		names = append(names[:maxNamedBranches], "...")
	}
	return strings.Join(names, ", ")
}

// listRefs is the command ls-refs of protocol version 2, or what a server without it says in its greeting.
func (s *session) listRefs(ctx context.Context, prefix string) (map[string]plumbing.Hash, error) {
	service, err := s.uploadService(ctx)
	if err != nil {
		return nil, err
	}
	if !service.v2 {
		return s.listGreeted(ctx, prefix)
	}
	var body bytes.Buffer
	writePacketf(&body, "command=ls-refs\n")
	writePacketf(&body, "object-format=sha1")
	body.WriteString(delimPacket)
	writePacketf(&body, "ref-prefix %s\n", prefix)
	body.WriteString(flushPacket)
	refs := map[string]plumbing.Hash{}
	request := call{op: opHead, at: service.at, service: serviceUpload, body: body.Bytes(), limit: maxSmallAnswer}
	err = s.call(ctx, request, func(r io.Reader) error {
		packets := newPacketReader(r)
		for {
			line, ok, err := packets.line()
			if err != nil || !ok {
				return err
			}
			id, name, _ := strings.Cut(line, " ")
			name, _, _ = strings.Cut(name, " ")
			if !plumbing.IsHash(id) {
				return fmt.Errorf("%w: %s", errAnswer, quote(line))
			}
			refs[name] = plumbing.NewHash(id)
		}
	})
	if err != nil {
		s.known.forget()
		return nil, err
	}
	return refs, nil
}

// listGreeted takes the references from a greeting: the one that was just read, else a new one.
func (s *session) listGreeted(ctx context.Context, prefix string) (map[string]plumbing.Hash, error) {
	if s.listed == nil {
		s.wire.hangUp()
		s.known.forget()
		if _, err := s.uploadService(ctx); err != nil {
			return nil, err
		}
	}
	refs := s.listed
	s.listed = nil
	maps.DeleteFunc(refs, func(name string, _ plumbing.Hash) bool { return !strings.HasPrefix(name, prefix) })
	return refs, nil
}
