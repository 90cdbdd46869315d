package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// View is what there is to see of an Application.
type View struct {
	app     *v1alpha1.Application
	cluster *Cluster
	running []runningImage
	notes   []string
}

// runningImage is an image, whether the revision wants it, and the pods that run it.
type runningImage struct {
	image       string
	wanted      bool
	pods, ready int
}

// View looks at the pods of an Application, too: which images run there. What can't be looked at is a note.
func (c *Cluster) View(ctx context.Context, app *v1alpha1.Application) *View {
	view := &View{app: app, cluster: c}
	to, err := c.destinationOf(ctx, app)
	if err != nil {
		view.notes = append(view.notes, "which images run is left out: "+err.Error())
		return view
	}
	roots := rootsOf(app)
	view.notes, err = to.grow(ctx, roots, podOwners())
	if err != nil {
		view.notes = append(view.notes, "which images run is left out: "+err.Error())
		return view
	}
	view.running = runningIn(app.Status.Images, roots)
	return view
}

// runningIn counts the pods that run each image. Those that are wanted come first.
func runningIn(wanted []string, roots []*Node) []runningImage {
	at := map[string]int{}
	var images []runningImage
	of := func(image string) *runningImage {
		i, known := at[image]
		if !known {
			i = len(images)
			at[image], images = i, append(images, runningImage{image: image})
		}
		return &images[i]
	}
	for _, image := range wanted {
		of(image).wanted = true
	}
	walk(roots, func(n *Node) {
		if n.Kind != "Pod" || n.Group != "" {
			return
		}
		for _, image := range n.Images {
			found := of(image)
			found.pods++
			if n.Ready {
				found.ready++
			}
		}
	})
	slices.SortStableFunc(images, func(a, b runningImage) int {
		if a.wanted != b.wanted {
			if a.wanted {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.image, b.image)
	})
	return images
}

// Write writes what there is to see. JSON and YAML are the Application as the API server has it.
func (v *View) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	return terminal.WriteObjects(to, format, plain(v.app), []string{nameOf(v.app)}, func(text *bytes.Buffer) {
		v.header(text)
		v.images(text, paint)
		resources(text, v.app, nil, paint)
		for _, note := range v.notes {
			fmt.Fprintf(text, "%s %s\n", paint.In(terminal.Yellow, "Note:"), terminal.Printable(note))
		}
	})
}

func (v *View) header(to *bytes.Buffer) {
	spec, status := v.app.Spec, v.app.Status
	fieldf(to, "Name", "%s/%s", v.app.Namespace, v.app.Name)
	fieldf(to, "Source", "%s", sourceName(v.app))
	fieldf(to, "Destination", "cluster %s, namespace %s", cmp.Or(spec.Destination.Name, v1alpha1.InClusterName), spec.Destination.Namespace)
	policy := strings.ReplaceAll(policyOf(v.app), ",", ", ")
	if len(spec.SyncPolicy.SyncOptions) > 0 {
		policy += "; " + strings.Join(spec.SyncPolicy.SyncOptions, ", ")
	}
	fieldf(to, "Policy", "%s", policy)
	if spec.ServiceAccountName != "" {
		fieldf(to, "Acts as", "ServiceAccount %s/%s", v.app.Namespace, spec.ServiceAccountName)
	}
	fieldf(to, "Sync", "%s", v.syncLine())
	health := orNone(string(status.Health.Status))
	if status.Health.Message != "" {
		health += ": " + status.Health.Message
	}
	fieldf(to, "Health", "%s", health)
	if op := status.Operation; op != nil {
		fieldf(to, "Operation", "%s", v.operationLine(op))
	}
	for _, condition := range status.Conditions {
		fieldf(to, "Condition", "%s=%s %s: %s", condition.Type, condition.Status, condition.Reason, condition.Message)
	}
	if status.ObservedGeneration < v.app.Generation {
		fieldf(to, "Note", "the controller hasn't seen the newest spec yet: what is told here is of generation %d, not %d", status.ObservedGeneration, v.app.Generation)
	}
	for _, info := range spec.Info {
		fieldf(to, "Info", "%s %s", info.Name, info.Value)
	}
}

// sourceName is where an Application comes from.
func sourceName(app *v1alpha1.Application) string {
	source := app.Spec.Source
	from := source.RepoURL
	if source.RepositoryRef != nil {
		from = "ConfigRepository " + app.Namespace + "/" + source.RepositoryRef.Name
	}
	words := from + ", path " + source.Path
	if source.TargetRevision != "" && source.TargetRevision != "HEAD" {
		words += ", branch " + source.TargetRevision
	}
	if app.Status.SourceType != "" {
		words += ", " + string(app.Status.SourceType)
	}
	return words
}

func (v *View) syncLine() string {
	status := v.app.Status
	line := orNone(string(status.Sync.Status))
	if status.Sync.Revision != "" {
		line += " at " + short(status.Sync.Revision)
	}
	if len(status.History) > 0 && status.History[0].Revision == status.Sync.Revision {
		line += " (" + status.History[0].Subject + ")"
	}
	if status.Sync.Reason != "" {
		line += ": " + status.Sync.Reason
	}
	return line
}

func (v *View) operationLine(op *v1alpha1.OperationStatus) string {
	line := string(op.Phase)
	if op.FinishedAt != nil {
		line += " " + v.cluster.since(op.FinishedAt.Time) + " ago"
	} else {
		line += " for " + v.cluster.since(op.StartedAt.Time)
	}
	if op.Step != "" {
		line += ", at " + op.Step
	}
	if op.Operation != nil && op.Operation.InitiatedBy != "" {
		line += ", asked for by " + op.Operation.InitiatedBy
	}
	if op.Retries > 0 {
		line += fmt.Sprintf(", tried again %d times", op.Retries)
	}
	if op.Message != "" {
		line += ": " + op.Message
	}
	return line
}

// images writes which images are wanted, and which run.
func (v *View) images(to *bytes.Buffer, paint terminal.Paint) {
	if len(v.running) == 0 {
		return
	}
	table := terminal.Table{}
	table.Add(terminal.Bold, "IMAGE", "WANTED", "PODS", "READY")
	for _, image := range v.running {
		wanted, colour := "yes", ""
		if !image.wanted {
			wanted, colour = "no", terminal.Yellow
		}
		table.Add(colour, image.image, wanted, strconv.Itoa(image.pods), strconv.Itoa(image.ready))
	}
	to.WriteByte('\n')
	table.Write(to, paint)
}

// resources writes the objects, in the order in which they are applied, then the hooks of the last sync. results say what a
// sync has done with each; nil: none is told of.
func resources(to *bytes.Buffer, app *v1alpha1.Application, results map[ownerKey]string, paint terminal.Paint) {
	table := terminal.Table{}
	header := []string{"KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "WAVE", "MESSAGE"}
	if results != nil {
		header[5] = "RESULT"
	}
	table.Add(terminal.Bold, header...)
	count := 0
	for i := range app.Status.Resources {
		r := &app.Status.Resources[i]
		middle := none
		if r.SyncWave != 0 {
			middle = strconv.Itoa(int(r.SyncWave))
		}
		if results != nil {
			middle = orNone(results[ownerKey{r.Group, r.Kind, r.Namespace, r.Name}])
		}
		message := r.Message
		if r.RequiresPruning {
			message = "requires pruning: " + message
		}
		table.Add(colourOf(r.Status, r.Health), r.Kind, orNone(r.Namespace), r.Name, orNone(string(r.Status)), orNone(string(r.Health)), middle, orNone(message))
		count++
	}
	if app.Status.Operation != nil {
		for _, h := range app.Status.Operation.Hooks {
			table.Add(colourOf(v1alpha1.SyncStatusSynced, hookHealth(h.Status)), h.Kind, orNone(h.Namespace), h.Name, h.Status, none, h.Phase, orNone(h.Message))
			count++
		}
	}
	if count > 0 {
		to.WriteByte('\n')
		table.Write(to, paint)
	}
}

// Refresh asks the controller to look at an Application anew, and waits until it has.
func (c *Cluster) Refresh(ctx context.Context, app *v1alpha1.Application) (*v1alpha1.Application, error) {
	word := c.now().UTC().Format(time.RFC3339Nano)
	asked := app.DeepCopy()
	metav1.SetMetaDataAnnotation(&asked.ObjectMeta, v1alpha1.ReconcileAtAnnotation, word)
	key := client.ObjectKeyFromObject(app)
	if err := c.client.Patch(ctx, asked, client.MergeFrom(app)); err != nil {
		return nil, refusal("refresh", key, err)
	}
	err := c.follow(ctx, key, func(now *v1alpha1.Application) (bool, error) {
		app = now
		return now.Status.LastHandledReconcileAt == word || now.Annotations[v1alpha1.ReconcileAtAnnotation] != word, nil
	})
	if ended(err) {
		return nil, terminal.Failf(err, "refresh Application %s: the controller hasn't looked at it within the time given: is it running?", key)
	}
	return app, err
}
