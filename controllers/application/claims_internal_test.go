package application

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	a, b := types.NamespacedName{Namespace: "fairlead", Name: "a"}, types.NamespacedName{Namespace: "fairlead", Name: "b"}
	motd := syncer.ID{Version: "v1", Kind: "ConfigMap", Namespace: "web", Name: "motd"}
	elsewhere := motd
	elsewhere.Version = "v2"
	known := newClaims()

	if known.knows(a) || !known.holds(a, motd) || !known.behind(a, "repository", "r1") {
		t.Error("one that wasn't looked at may declare anything")
	}
	if waiting := known.declare(a, "", "repository", "r1", []syncer.ID{motd}); len(waiting) > 0 {
		t.Errorf("nobody else declares anything, got %v", waiting)
	}
	if !known.knows(a) || !known.holds(a, elsewhere) {
		t.Error("an object is the same under another version")
	}
	if known.behind(a, "repository", "r1") || !known.behind(a, "repository", "r2") || known.behind(a, "other", "r2") {
		t.Error("this revision was looked at of its repository, and the next one was not")
	}
	if _, found := known.other(a, "", motd); found {
		t.Error("it is no other to itself")
	}
	known.declare(b, "", "repository", "r1", []syncer.ID{motd})
	if other, found := known.other(a, "", motd); !found || other != b {
		t.Errorf("the other one declares it, too, got %v", other)
	}
	if _, found := known.other(a, "staging", motd); found {
		t.Error("in another cluster it is another object")
	}
	waiting := known.declare(a, "", "repository", "r2", nil)
	if diff := cmp.Diff([]types.NamespacedName{b}, waiting); diff != "" {
		t.Errorf("who waits for it is told (-want, +got):\n%s", diff)
	}
	if known.holds(a, motd) || !known.holds(b, motd) {
		t.Error("given up is given up")
	}
	known.look(b, "repository", "r2")
	if !known.holds(b, motd) || known.behind(b, "repository", "r2") {
		t.Error("one that can't be rendered declares what it did")
	}
	if diff := cmp.Diff([]types.NamespacedName{}, known.forget(b), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, found := known.other(a, "", motd); found || len(known.declared) > 0 {
		t.Error("nothing is kept of one that is gone")
	}
}
