package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// ParseResource reads an object as Argo CD writes it: GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME, with no group for the core
// kinds.
func ParseResource(text string) (v1alpha1.SyncResource, error) {
	const parts = 3
	words := strings.SplitN(text, ":", parts)
	if len(words) != parts || words[1] == "" {
		return v1alpha1.SyncResource{}, terminal.Failf(nil,
			"--resource %q: write GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME, such as apps:Deployment:www or :Service:webhooks/www", text)
	}
	resource := v1alpha1.SyncResource{Group: words[0], Kind: words[1], Name: words[2]}
	if namespace, name, ok := strings.Cut(words[2], "/"); ok {
		resource.Namespace, resource.Name = namespace, name
	}
	if resource.Name == "" {
		return v1alpha1.SyncResource{}, terminal.Failf(nil,
			"--resource %q: it names no object: write GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME", text)
	}
	return resource, nil
}

// SyncRequest is a sync that is asked for.
type SyncRequest struct {
	// Sync says what is to be done.
	Sync v1alpha1.SyncOperation
	// Timeout bounds how long it is followed; 0 is without end.
	Timeout time.Duration
	// Async only asks, and doesn't wait.
	Async bool
	// Progress is told how far the sync is, a line at a time.
	Progress func(line string)
}

// Synced is what a sync came to.
type Synced struct {
	app     *v1alpha1.Application
	results map[ownerKey]string
	dryRun  bool
}

// Succeeded says whether everything was applied.
func (s *Synced) Succeeded() bool {
	return s.app.Status.Operation != nil && s.app.Status.Operation.Phase == v1alpha1.OperationSucceeded
}

// Sync asks for a sync, and follows it until it has ended. The result is nil if it was only asked for.
func (c *Cluster) Sync(ctx context.Context, key types.NamespacedName, request SyncRequest) (*Synced, error) {
	app, err := c.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	switch {
	case app.Spec.Suspend:
		return nil, terminal.Failf(nil, "sync Application %s: it is suspended: unset its spec.suspend first", key)
	case app.Operation != nil:
		return nil, terminal.Failf(nil, "sync Application %s: %s has asked for a sync already, which isn't taken up yet: is the controller running?",
			key, orSomebody(app.Operation.InitiatedBy))
	}
	if err := c.resourcesExist(app, request.Sync.Resources); err != nil {
		return nil, err
	}
	asked := v1alpha1.Operation{Sync: &request.Sync, InitiatedBy: c.whoAmI(ctx)}
	if err := c.ask(ctx, app, asked); err != nil {
		return nil, err
	}
	if request.Async {
		return nil, nil //nolint:nilnil // nothing is known of it yet
	}
	ctx, cancel := within(ctx, request.Timeout)
	defer cancel()
	return c.followSync(ctx, app, asked, request)
}

func orSomebody(who string) string {
	if who == "" {
		return "somebody"
	}
	return who
}

// resourcesExist refuses names that the Application doesn't have: a sync of nothing would succeed.
func (c *Cluster) resourcesExist(app *v1alpha1.Application, resources []v1alpha1.SyncResource) error {
	for _, wanted := range resources {
		found := false
		for i := range app.Status.Resources {
			r := &app.Status.Resources[i]
			found = found || r.Group == wanted.Group && r.Kind == wanted.Kind && r.Name == wanted.Name &&
				(wanted.Namespace == "" || wanted.Namespace == r.Namespace)
		}
		if !found {
			return terminal.Failf(nil, "sync Application %s: it has no %s %s of the group %q: fairlead app get %s lists what it has",
				keyOf(app), wanted.Kind, wanted.Name, wanted.Group, app.Name)
		}
	}
	return nil
}

// whoAmI is the name that the API server knows whoever asks by; empty if it doesn't tell.
func (c *Cluster) whoAmI(ctx context.Context) string {
	const most = 253
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.client.Create(ctx, review); err != nil {
		return ""
	}
	return cut(review.Status.UserInfo.Username, most)
}

// ask writes the question. It is put there as a whole: merged with another one, it would ask for something that nobody meant.
func (c *Cluster) ask(ctx context.Context, app *v1alpha1.Application, asked v1alpha1.Operation) error {
	patch, err := json.Marshal([]map[string]any{{"op": "add", "path": "/operation", "value": asked}})
	if err != nil {
		return fmt.Errorf("write the operation: %w", err)
	}
	if err := c.client.Patch(ctx, app.DeepCopy(), client.RawPatch(types.JSONPatchType, patch)); err != nil {
		return refusal("sync", client.ObjectKeyFromObject(app), err)
	}
	return nil
}

// followSync waits until the sync that was asked for has ended.
func (c *Cluster) followSync(ctx context.Context, before *v1alpha1.Application, asked v1alpha1.Operation, request SyncRequest) (*Synced, error) {
	key, told := client.ObjectKeyFromObject(before), ""
	var last *v1alpha1.Application
	err := c.follow(ctx, key, func(app *v1alpha1.Application) (bool, error) {
		last = app
		op := app.Status.Operation
		if app.Operation != nil || op == nil || isSameSync(op, before.Status.Operation) {
			return false, nil
		}
		if !equality.Semantic.DeepEqual(op.Operation, &asked) {
			return false, terminal.Failf(nil, "sync Application %s: another sync, which %s asked for, took its place", key, orSomebody(initiator(op)))
		}
		if line := progressOf(op); line != told && request.Progress != nil {
			told = line
			request.Progress(line)
		}
		return op.Phase != v1alpha1.OperationRunning, nil
	})
	switch {
	case ended(err) && last == nil:
		return nil, terminal.Failf(err, "sync Application %s: the cluster hasn't answered within %s", key, request.Timeout)
	case ended(err):
		return nil, terminal.Failf(err, "sync Application %s: it isn't over within %s: %s", key, request.Timeout, stillWaits(last))
	case err != nil:
		return nil, err
	}
	return &Synced{app: last, results: resultsOf(before, last), dryRun: asked.Sync.DryRun}, nil
}

// isSameSync says whether an operation is the one that was there before the question.
func isSameSync(op, before *v1alpha1.OperationStatus) bool {
	return before != nil && op.StartedAt.Equal(&before.StartedAt) && equality.Semantic.DeepEqual(op.Operation, before.Operation)
}

func initiator(op *v1alpha1.OperationStatus) string {
	if op.Operation == nil {
		return ""
	}
	return op.Operation.InitiatedBy
}

func stillWaits(app *v1alpha1.Application) string {
	if app.Operation != nil {
		if op := app.Status.Operation; op != nil && op.Phase == v1alpha1.OperationRunning {
			return "it waits for the sync that runs: " + progressOf(op)
		}
		return "the controller hasn't taken it up: is it running?"
	}
	return progressOf(app.Status.Operation)
}

// progressOf is how far a sync is.
func progressOf(op *v1alpha1.OperationStatus) string {
	line := string(op.Phase)
	if op.Step != "" {
		line += ", at " + op.Step
	}
	if op.NextRetry != nil {
		line += fmt.Sprintf(", is tried again (%d) at %s", op.Retries, op.NextRetry.UTC().Format(time.TimeOnly))
	}
	if op.Message != "" {
		line += ": " + op.Message
	}
	return terminal.Printable(line)
}

// resultsOf tells from the status before and after a sync what became of each object.
func resultsOf(before, after *v1alpha1.Application) map[ownerKey]string {
	was := map[ownerKey]*v1alpha1.ResourceStatus{}
	for i := range before.Status.Resources {
		r := &before.Status.Resources[i]
		was[ownerKey{r.Group, r.Kind, r.Namespace, r.Name}] = r
	}
	results := map[ownerKey]string{}
	for i := range after.Status.Resources {
		r := &after.Status.Resources[i]
		key := ownerKey{r.Group, r.Kind, r.Namespace, r.Name}
		earlier, known := was[key]
		delete(was, key)
		switch {
		case r.Status != v1alpha1.SyncStatusSynced:
			results[key] = "not synced"
		case !known || earlier.Health == v1alpha1.HealthMissing:
			results[key] = "created"
		case earlier.Status != v1alpha1.SyncStatusSynced:
			results[key] = "configured"
		default:
			results[key] = "unchanged"
		}
	}
	for key := range was {
		results[key] = "pruned"
	}
	return results
}

// Write writes what the sync has done with each object.
func (s *Synced) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	return terminal.WriteObjects(to, format, plain(s.app), []string{nameOf(s.app)}, func(text *bytes.Buffer) {
		op := s.app.Status.Operation
		colour := terminal.Green
		if !s.Succeeded() {
			colour = terminal.Red
		}
		fmt.Fprintf(text, "%s %s\n", paint.In(colour, string(op.Phase)), terminal.Printable(op.Message))
		if s.dryRun {
			return
		}
		resources(text, s.withPruned(), s.results, paint)
	})
}

// withPruned is the Application with the objects that are gone, so that they are told of, too.
func (s *Synced) withPruned() *v1alpha1.Application {
	shown := s.app.DeepCopy()
	for _, key := range sortedKeys(s.results) {
		if s.results[key] == "pruned" {
			shown.Status.Resources = append(shown.Status.Resources, v1alpha1.ResourceStatus{
				Group: key.group, Kind: key.kind, Namespace: key.namespace, Name: key.name,
			})
		}
	}
	return shown
}
