package app

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

const (
	// listPage is how many Applications are asked for at a time.
	listPage = 500
	// listImages is how many images a line names.
	listImages = 3
	// listChange is how long the subject of a commit may be on a line.
	listChange = 50
)

// List is the Applications of a namespace, or of all.
type List struct {
	// Applications by namespace and name.
	Applications []v1alpha1.Application
	// All is true if they are those of all namespaces.
	All bool

	cluster *Cluster
}

// List lists the Applications of a namespace; of all if it is empty.
func (c *Cluster) List(ctx context.Context, namespace string) (*List, error) {
	made := &List{All: namespace == "", cluster: c}
	page := &v1alpha1.ApplicationList{}
	for {
		if err := c.client.List(ctx, page, client.InNamespace(namespace), client.Limit(listPage), client.Continue(page.Continue)); err != nil {
			return nil, listRefusal(namespace, err)
		}
		made.Applications = append(made.Applications, page.Items...)
		if page.Continue == "" {
			break
		}
	}
	slices.SortFunc(made.Applications, func(a, b v1alpha1.Application) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return made, nil
}

func listRefusal(namespace string, err error) error {
	switch {
	case apierrors.IsForbidden(err) && namespace == "":
		return terminal.Failf(err, "list Applications: %v: ask for those of a namespace with -n", err)
	case meta.IsNoMatchError(err):
		return terminal.Failf(err, "list Applications: the cluster knows no such kind: Fairlead isn't installed there, or --context names another cluster")
	default:
		return terminal.Failf(err, "list Applications: %v", err)
	}
}

// Write writes the list.
func (l *List) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	items := make([]*v1alpha1.Application, len(l.Applications))
	names := make([]string, len(items))
	for i := range l.Applications {
		items[i] = plain(&l.Applications[i])
		names[i] = nameOf(items[i])
	}
	answer := map[string]any{"apiVersion": v1alpha1.GroupVersion.String(), "kind": "ApplicationList", "items": items}
	return terminal.WriteObjects(to, format, answer, names, func(text *bytes.Buffer) {
		if len(items) == 0 {
			text.WriteString("No Applications.\n")
			return
		}
		table := terminal.Table{}
		table.Add(terminal.Bold, l.header(format)...)
		for _, app := range items {
			table.Add(colourOf(app.Status.Sync.Status, app.Status.Health.Status), l.row(app, format)...)
		}
		table.Write(text, paint)
	})
}

func (l *List) header(format terminal.Format) []string {
	columns := []string{"NAME", "SYNC", "HEALTH", "REVISION", "IMAGES", "CHANGE", "AGE"}
	if l.All {
		columns = slices.Insert(columns, 0, "NAMESPACE")
	}
	if format == terminal.Wide {
		columns = append(columns, "PATH", "DESTINATION", "POLICY", "MESSAGE")
	}
	return columns
}

func (l *List) row(app *v1alpha1.Application, format terminal.Format) []string {
	status := app.Status
	change, age := none, none
	if len(status.History) > 0 {
		change, age = orNone(status.History[0].Subject), l.cluster.since(status.History[0].Time.Time)
	}
	images := imagesOf(status.Images, format)
	if format != terminal.Wide {
		change = cut(change, listChange)
	}
	row := []string{
		app.Name, orNone(string(status.Sync.Status)), orNone(string(status.Health.Status)), short(status.Sync.Revision), images, change, age,
	}
	if l.All {
		row = slices.Insert(row, 0, app.Namespace)
	}
	if format == terminal.Wide {
		row = append(row, app.Spec.Source.Path, destinationName(app), policyOf(app), messageOf(app))
	}
	return row
}

// imagesOf names images as far as a line has room for them.
func imagesOf(images []string, format terminal.Format) string {
	if format == terminal.Wide {
		return orNone(strings.Join(images, ","))
	}
	var names []string
	for i, image := range images {
		if i == listImages {
			names = append(names, "…")
			break
		}
		names = append(names, shortImage(image))
	}
	return orNone(strings.Join(names, ","))
}

// destinationName is where an Application deploys to: CLUSTER/NAMESPACE.
func destinationName(app *v1alpha1.Application) string {
	return cmp.Or(app.Spec.Destination.Name, v1alpha1.InClusterName) + "/" + app.Spec.Destination.Namespace
}

// policyOf is the sync policy in a few words.
func policyOf(app *v1alpha1.Application) string {
	automated := app.Spec.SyncPolicy.Automated
	switch {
	case app.Spec.Suspend:
		return "suspended"
	case automated == nil || automated.Enabled != nil && !*automated.Enabled:
		return "manual"
	}
	words := []string{"automated"}
	for _, word := range []struct {
		name string
		on   bool
	}{{"prune", automated.Prune}, {"selfHeal", automated.SelfHeal}, {"allowEmpty", automated.AllowEmpty}} {
		if word.on {
			words = append(words, word.name)
		}
	}
	return strings.Join(words, ",")
}

// messageOf is what the condition Ready says where all isn't well, or why the health isn't good.
func messageOf(app *v1alpha1.Application) string {
	if ready := meta.FindStatusCondition(app.Status.Conditions, v1alpha1.ConditionReady); ready != nil && ready.Status != "True" {
		return ready.Message
	}
	return orNone(cmp.Or(app.Status.Health.Message, app.Status.Sync.Reason))
}
