package application

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/syncer/render"
)

// rendered is what an Application's source came to.
type rendered struct {
	// What it was last found to hold for: with the same four, nothing needs to be looked at.
	revision     string
	generation   int64
	repository   types.UID
	capabilities string
	// inputs is the hash of all that rendering reads: the same inputs aren't rendered again.
	inputs string
	// read are the files and folders that the last rendering read, as far as only it can tell.
	read []string
	// kind of the source.
	kind render.Type
	// objects as rendered, in order. They are shared: whoever changes one copies it first.
	objects []*unstructured.Unstructured
	// digest of the objects and their namespace.
	digest string
}

// renders remembers the last rendering of each Application.
type renders struct {
	mu      sync.Mutex
	entries map[types.NamespacedName]rendered
}

func newRenders() *renders { return &renders{entries: map[types.NamespacedName]rendered{}} }

func (r *renders) get(key types.NamespacedName) (rendered, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.entries[key]
	return known, ok
}

func (r *renders) put(key types.NamespacedName, entry rendered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[key] = entry
}

func (r *renders) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.entries, key)
}

// render renders the source at a revision, or finds that none of its inputs changed since the last time.
func (known rendered) render(ctx context.Context, snapshot *gitwriter.Snapshot, source render.Source, caps render.Capabilities) (rendered, error) {
	inputs, err := inputsOf(snapshot, source, caps, known.read)
	if err != nil {
		return rendered{}, err
	}
	if known.inputs == inputs {
		return known, nil
	}
	// What is wrong with the path itself, the renderer says better.
	if err := snapshot.Prefetch(ctx, source.Path); err != nil && reasonOfRender(err) == v1alpha1.ReasonGitFailed {
		return rendered{}, err
	}
	made, err := render.Render(ctx, snapshot.FS(), source, caps)
	if err != nil {
		return rendered{}, err
	}
	if inputs, err = inputsOf(snapshot, source, caps, made.Read); err != nil {
		return rendered{}, err
	}
	digest, err := digestOf(source.Namespace, made.Objects)
	return rendered{inputs: inputs, read: made.Read, kind: made.Type, objects: made.Objects, digest: digest}, err
}

// inputsOf hashes all that rendering reads: the tree of the path, what the last rendering of the same source has read outside
// of it, the source itself and the cluster's capabilities.
func inputsOf(snapshot *gitwriter.Snapshot, source render.Source, caps render.Capabilities, last []string) (string, error) {
	read := map[string]string{}
	for _, file := range slices.Concat([]string{source.Path}, last) {
		id, err := snapshot.ID(file)
		if err != nil {
			// The renderer says what is wrong with it; here it only must not look like the same input.
			id = err.Error()
		}
		read[file] = id
	}
	return hashOf(map[string]any{"read": read, "source": source, "capabilities": caps})
}

// digestOf is the digest of what is to be in the cluster: the objects, and the namespace of those that name none.
func digestOf(namespace string, objects []*unstructured.Unstructured) (string, error) {
	contents := make([]map[string]any, len(objects))
	for i, obj := range objects {
		contents[i] = obj.Object
	}
	return hashOf(map[string]any{"namespace": namespace, "objects": contents})
}

func hashOf(value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
