package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Tree is an Application with its objects and what they own.
type Tree struct {
	// Namespace and Name of the Application, its sync status and its health.
	Namespace string                    `json:"namespace"`
	Name      string                    `json:"name"`
	Status    v1alpha1.SyncStatusCode   `json:"status,omitempty"`
	Health    v1alpha1.HealthStatusCode `json:"health,omitempty"`
	// Nodes are the objects, in the order of applying.
	Nodes []*Node `json:"nodes"`
	// Notes say in a sentence each what is left out.
	Notes []string `json:"notes"`
}

// Tree looks for what the objects of an Application own, in the namespaces that they are in.
func (c *Cluster) Tree(ctx context.Context, app *v1alpha1.Application) (*Tree, error) {
	to, err := c.destinationOf(ctx, app)
	if err != nil {
		return nil, err
	}
	made := &Tree{
		Namespace: app.Namespace, Name: app.Name, Status: app.Status.Sync.Status, Health: app.Status.Health.Status,
		Nodes: rootsOf(app), Notes: []string{},
	}
	custom, err := to.customKinds(made.Nodes)
	if err != nil {
		return nil, err
	}
	notes, err := to.grow(ctx, made.Nodes, append(allOwned(), custom...))
	made.Notes = append(made.Notes, notes...)
	return made, err
}

// Write writes the tree. As text, ReplicaSets that are kept for the history alone are only shown if it is wide.
func (t *Tree) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	var names []string
	walk(t.Nodes, func(n *Node) { names = append(names, n.fullName()) })
	return terminal.WriteObjects(to, format, t, names, func(text *bytes.Buffer) {
		table := terminal.Table{}
		table.Add(terminal.Bold, "NAME", "STATUS", "HEALTH", "IMAGES", "MESSAGE")
		table.Add(colourOf(t.Status, t.Health), "Application "+t.Namespace+"/"+t.Name, orNone(string(t.Status)), orNone(string(t.Health)), none, none)
		draw(&table, "", t.Nodes, format)
		table.Write(text, paint)
		for _, note := range t.Notes {
			fmt.Fprintf(text, "%s %s\n", paint.In(terminal.Yellow, "Note:"), terminal.Printable(note))
		}
	})
}

// draw adds the nodes with the lines that lead to them.
func draw(table *terminal.Table, indent string, nodes []*Node, format terminal.Format) {
	shown := slices.DeleteFunc(slices.Clone(nodes), func(n *Node) bool { return n.idle && len(n.Children) == 0 && format != terminal.Wide })
	for i, node := range shown {
		branch, below := "├── ", "│   "
		if i == len(shown)-1 {
			branch, below = "└── ", "    "
		}
		colour := ""
		if node.Health != "" {
			colour = colourOf(v1alpha1.SyncStatusSynced, node.Health)
		}
		if node.Status == v1alpha1.SyncStatusOutOfSync && colour == "" {
			colour = terminal.Yellow
		}
		table.Add(colour, indent+branch+node.String(), orNone(string(node.Status)), orNone(string(node.Health)), imagesOf(node.Images, format), orNone(node.Message))
		draw(table, indent+below, node.Children, format)
	}
}

// String names the object for people.
func (n *Node) String() string {
	if n.Namespace == "" {
		return n.Kind + " " + n.Name
	}
	return n.Kind + " " + n.Namespace + "/" + n.Name
}

// fullName names the object as kubectl does.
func (n *Node) fullName() string {
	kind := strings.ToLower(n.Kind)
	if n.Group != "" {
		kind += "." + n.Group
	}
	return kind + "/" + n.Name
}
