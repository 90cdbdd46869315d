package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/application"
	"github.com/fairlead/fairlead/syncer"
)

// diffRequests is how many requests are sent at a time.
const diffRequests = 8

// What a sync would do with an object.
const (
	wouldCreate = "create"
	wouldChange = "change"
	wouldPrune  = "prune"
)

// Difference is an object that a sync would create, change or prune.
type Difference struct {
	// Group, Version, Kind, Namespace and Name name the object.
	Group     string `json:"group,omitempty"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Action is create, change or prune.
	Action string `json:"action"`
	// Diff is a unified diff of the object as it is and as it would be, both as YAML. Secrets are masked.
	Diff string `json:"diff"`
}

// Diff is what a sync would change.
type Diff struct {
	// From says where the manifests come from.
	From string `json:"from"`
	// Differences in the order of applying, then what would be pruned.
	Differences []Difference `json:"differences"`
	// Notes say in a sentence each what isn't compared, and what a sync wouldn't do all the same.
	Notes []string `json:"notes"`
}

// Diff renders an Application, and asks the API server what applying that would come to, with the rights of whoever asks.
// Nothing is written. An error may stand beside differences: objects that couldn't be compared.
func (c *Cluster) Diff(ctx context.Context, app *v1alpha1.Application, origin Origin) (*Diff, error) {
	to, err := c.destinationOf(ctx, app)
	if err != nil {
		return nil, err
	}
	made, err := c.render(ctx, app, to, origin)
	if err != nil {
		return nil, err
	}
	d := &differ{app: app, answer: &Diff{From: made.from, Differences: []Difference{}, Notes: []string{}}, others: c.othersOf(ctx, app)}
	if err := d.prepare(to, made.Objects); err != nil {
		return nil, terminal.Failf(err, "compare Application %s: %v", keyOf(app), err)
	}
	if err := d.look(ctx); err != nil {
		return nil, terminal.Failf(err, "compare Application %s: %v", keyOf(app), err)
	}
	return d.answer, d.compare(ctx)
}

// differ is one comparison.
type differ struct {
	app     *v1alpha1.Application
	others  others
	rules   syncer.Rules
	applier *syncer.Applier
	desired []*unstructured.Unstructured
	live    map[syncer.ID]*unstructured.Unstructured
	answer  *Diff
}

func (d *differ) owner() syncer.Owner {
	return syncer.Owner{Namespace: d.app.Namespace, Name: d.app.Name}
}

// prepare makes of the rendered objects what would be applied.
func (d *differ) prepare(to *destination, objects []*unstructured.Unstructured) (err error) {
	if d.rules, err = application.RulesOf(d.app, nil); err != nil {
		return err
	}
	scope := syncer.Scope{Namespace: d.app.Spec.Destination.Namespace}
	if d.desired, err = syncer.Prepare(objects, d.owner(), scope, d.rules.Options, to.mapper); err != nil {
		return err
	}
	hooks, err := syncer.PrepareHooks(objects, d.owner(), scope, d.rules.Options, to.mapper)
	if len(hooks) > 0 {
		d.answer.Notes = append(d.answer.Notes, fmt.Sprintf("hooks aren't compared, they run at each sync: %d", len(hooks)))
	}
	d.applier = syncer.NewApplier(to.objects, to.mapper).Under(d.rules)
	return err
}

// look reads the objects as they are: those that are desired, and those that an earlier revision applied.
func (d *differ) look(ctx context.Context) error {
	ids := d.inventory()
	for _, obj := range d.desired {
		ids = append(ids, syncer.IDOf(obj))
	}
	seen := make([]*unstructured.Unstructured, len(ids))
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(diffRequests)
	for i, id := range ids {
		group.Go(func() (err error) {
			if seen[i], err = d.applier.Get(limited, id); err != nil {
				err = fmt.Errorf("read %s: %w", id, err)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	d.live = make(map[syncer.ID]*unstructured.Unstructured, len(ids))
	for i, id := range ids {
		d.live[id] = seen[i]
	}
	return nil
}

func (d *differ) inventory() []syncer.ID {
	ids := make([]syncer.ID, 0, len(d.app.Status.Resources))
	for i := range d.app.Status.Resources {
		r := &d.app.Status.Resources[i]
		ids = append(ids, syncer.ID{Group: r.Group, Version: r.Version, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name})
	}
	return ids
}

// compare asks for each object what applying it would come to.
func (d *differ) compare(ctx context.Context) error {
	plan, err := syncer.PlanSync(d.desired, d.inventory(), d.owner(), d.live, d.others)
	if err != nil {
		return terminal.Failf(err, "compare Application %s: %v", keyOf(d.app), err)
	}
	found := make([]*Difference, len(plan.Apply))
	failures := make([]error, len(plan.Apply))
	group := errgroup.Group{}
	group.SetLimit(diffRequests)
	for i, obj := range plan.Apply {
		group.Go(func() error {
			found[i], failures[i] = d.one(ctx, obj)
			return nil
		})
	}
	_ = group.Wait() // the failures are told one by one
	for _, difference := range found {
		if difference != nil {
			d.answer.Differences = append(d.answer.Differences, *difference)
		}
	}
	d.prune(plan)
	return errors.Join(failures...)
}

// one compares an object; nil is no difference.
func (d *differ) one(ctx context.Context, obj *unstructured.Unstructured) (*Difference, error) {
	id := syncer.IDOf(obj)
	live := d.live[id]
	if live == nil {
		return difference(id, wouldCreate, nil, obj)
	}
	outcome, err := d.applier.DryRun(ctx, syncer.State{ID: id, Desired: obj, Live: live})
	switch {
	case apierrors.IsForbidden(err):
		return nil, terminal.Failf(err, "compare %s: %v: a dry run needs the right to apply: ask for it", id, err)
	case err != nil:
		return nil, terminal.Failf(err, "compare %s: %v", id, err)
	}
	is, would := outcome.Sides(live)
	return difference(id, wouldChange, is, would)
}

// prune tells what would be deleted, and what would stay although the revision doesn't hold it.
func (d *differ) prune(plan syncer.Plan) {
	for _, id := range plan.Prune {
		if other, handed := plan.Handed[id]; handed {
			d.answer.Notes = append(d.answer.Notes, fmt.Sprintf("%s isn't in the revision any more, and is left to Application %s, which declares it", id, other))
			continue
		}
		if pruning := d.rules.Pruning(id, d.live[id]); pruning.Kept != "" {
			d.answer.Notes = append(d.answer.Notes, fmt.Sprintf("%s isn't in the revision any more, and stays: %s", id, pruning.Kept))
			if !pruning.Waits {
				continue
			}
		}
		made, err := difference(id, wouldPrune, d.live[id], nil)
		if err == nil && made != nil {
			d.answer.Differences = append(d.answer.Differences, *made)
		}
	}
	automated := d.app.Spec.SyncPolicy.Automated
	switch {
	case len(plan.Prune) == 0:
	case automated == nil || !automated.Prune:
		d.answer.Notes = append(d.answer.Notes, "what isn't in the revision any more is only deleted with --prune, or syncPolicy.automated.prune")
	case len(plan.Apply) == 0 && !automated.AllowEmpty:
		d.answer.Notes = append(d.answer.Notes, "the revision holds no object at all: nothing is pruned as long as syncPolicy.automated.allowEmpty isn't set")
	}
}

// difference shows how an object would change; nil if it wouldn't. A side that is nil isn't there.
func difference(id syncer.ID, action string, is, would *unstructured.Unstructured) (*Difference, error) {
	before, after, err := shown(is, would)
	if err != nil {
		return nil, terminal.Failf(err, "compare %s: %v", id, err)
	}
	text, err := unified(id, before, after)
	if err != nil {
		return nil, terminal.Failf(err, "compare %s: %v", id, err)
	}
	if text == "" {
		return nil, nil //nolint:nilnil // no difference is an answer
	}
	return &Difference{
		Group: id.Group, Version: id.Version, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name, Action: action, Diff: text,
	}, nil
}

// Write writes the differences. As text it is a unified diff.
func (d *Diff) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	names := make([]string, len(d.Differences))
	for i, found := range d.Differences {
		names[i] = (&Node{Group: found.Group, Kind: found.Kind, Name: found.Name}).fullName()
	}
	return terminal.WriteObjects(to, format, d, names, func(text *bytes.Buffer) {
		for _, found := range d.Differences {
			paintDiff(text, found.Diff, paint)
		}
	})
}

// othersOf knows the other Applications that whoever asks may list, by what their status says.
func (c *Cluster) othersOf(ctx context.Context, app *v1alpha1.Application) others {
	known := others{}
	for _, namespace := range []string{"", app.Namespace} {
		var list v1alpha1.ApplicationList
		if err := c.client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
			continue
		}
		for i := range list.Items {
			other := &list.Items[i]
			if keyOf(other) != keyOf(app) && other.Spec.Destination.Name == app.Spec.Destination.Name {
				known = append(known, other)
			}
		}
		break
	}
	return known
}

// others are the Applications beside the one that is compared.
type others []*v1alpha1.Application

// Holds implements syncer.Others.
func (o others) Holds(other syncer.Owner, id syncer.ID) bool {
	return slices.ContainsFunc(o, func(app *v1alpha1.Application) bool {
		return app.Namespace == other.Namespace && app.Name == other.Name && declares(app, id)
	})
}

// Declares implements syncer.Others.
func (o others) Declares(_ syncer.Owner, id syncer.ID) (syncer.Owner, bool) {
	var found []syncer.Owner
	for _, app := range o {
		if declares(app, id) {
			found = append(found, syncer.Owner{Namespace: app.Namespace, Name: app.Name})
		}
	}
	if len(found) == 0 {
		return syncer.Owner{}, false
	}
	return slices.MinFunc(found, func(a, b syncer.Owner) int { return cmp.Compare(a.String(), b.String()) }), true
}

func declares(app *v1alpha1.Application, id syncer.ID) bool {
	return slices.ContainsFunc(app.Status.Resources, func(r v1alpha1.ResourceStatus) bool {
		return r.LeftoverSince == nil && r.Group == id.Group && r.Kind == id.Kind && r.Namespace == id.Namespace && r.Name == id.Name
	})
}
