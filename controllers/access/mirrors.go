package access

import (
	"context"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
)

// Mirrors holds one mirror for each ConfigRepository of this process: the one that writes it and those that read it use
// the same objects, so that nothing is fetched twice.
type Mirrors struct {
	options []gitwriter.Option

	mu      sync.Mutex
	mirrors map[types.UID]mirror
}

type mirror struct {
	*gitwriter.Mirror

	url, branch string
}

// NewMirrors returns an empty set of mirrors, which are made with these options.
func NewMirrors(options ...gitwriter.Option) *Mirrors {
	return &Mirrors{options: options, mirrors: map[types.UID]mirror{}}
}

// Open returns the mirror of a ConfigRepository, with the credentials that its Secret holds now. It makes no request to
// the Git server. A repository whose URL or branch changed gets a new mirror.
func (m *Mirrors) Open(ctx context.Context, reader client.Reader, repository *v1alpha1.ConfigRepository) (*gitwriter.Mirror, error) {
	remote, err := Remote(ctx, reader, repository)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.mirrors[repository.UID]; ok && known.url == remote.URL && known.branch == remote.Branch {
		known.SetRemote(remote)
		return known.Mirror, nil
	}
	opened := gitwriter.NewMirror(remote, append(slices.Clone(m.options), gitwriter.WithKnownHead(knownHead(repository)))...)
	m.mirrors[repository.UID] = mirror{Mirror: opened, url: remote.URL, branch: remote.Branch}
	return opened, nil
}

// knownHead is the head that the status says was seen last, so that a branch that was moved by force while nobody looked is
// told of. After a change of the spec it may be that of another branch: then nothing is known.
func knownHead(repository *v1alpha1.ConfigRepository) string {
	if head := repository.Status.Head; head != nil && repository.Status.ObservedGeneration == repository.Generation {
		return head.Revision
	}
	return ""
}

// Keep forgets the mirrors of all ConfigRepositories but these.
func (m *Mirrors) Keep(repositories []v1alpha1.ConfigRepository) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := make(map[types.UID]mirror, len(repositories))
	for i := range repositories {
		if known, ok := m.mirrors[repositories[i].UID]; ok {
			kept[repositories[i].UID] = known
		}
	}
	m.mirrors = kept
}
