// Package describe tells the whole story of one microservice: its policy, what was selected and why, where that stands in Git, what
// is deployed and runs, what it waits for, and what happened.
//
// It knows how the story is laid out. What a microservice is, and what it waits for, cmd/fairlead/get says.
package describe

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

const (
	// mostEvents and mostHistory are how many a story tells of, the newest first.
	mostEvents, mostHistory = 12, 8
)

// Story is all that is known of one microservice.
type Story struct {
	// Policy is its ImagePolicy, Repositories and Applications those that it goes through.
	Policy       *v1alpha1.ImagePolicy       `json:"policy"`
	Repositories []v1alpha1.ConfigRepository `json:"repositories"`
	Applications []v1alpha1.Application      `json:"applications"`
	// Lines are what fairlead get tells of it.
	Lines []get.Line `json:"lines"`
	// Events about these objects, the newest first.
	Events []Event `json:"events"`
	// Notes say in a sentence each what is left out.
	Notes []string `json:"notes"`

	pods map[string][]get.Pod
	now  time.Time
}

// Event is something that happened to an object.
type Event struct {
	// Time of the last of its kind.
	Time time.Time `json:"time"`
	// Type is Normal or Warning.
	Type string `json:"type"`
	// Object is KIND/NAME.
	Object  string `json:"object"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Cluster is the cluster that holds the objects, with the rights of whoever asks.
type Cluster struct {
	client client.Client
	reader *get.Cluster
	now    func() time.Time
}

// NewCluster returns a Cluster that is reached by config. The scheme must know Fairlead's kinds and those of Kubernetes.
func NewCluster(config *rest.Config, scheme *runtime.Scheme, now func() time.Time) (*Cluster, error) {
	made, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, terminal.Failf(err, "connect to the cluster: %v", err)
	}
	reader, err := get.NewCluster(config, scheme, now)
	return &Cluster{client: made, reader: reader, now: now}, err
}

// Describe reads the story of an ImagePolicy. What may not be read is a note.
func (c *Cluster) Describe(ctx context.Context, key types.NamespacedName) (*Story, error) {
	objects, err := c.reader.Read(ctx, key.Namespace)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(objects.Policies, func(p v1alpha1.ImagePolicy) bool { return p.Name == key.Name })
	if at < 0 {
		return nil, terminal.Failf(nil, "ImagePolicy %s doesn't exist: fairlead get -A lists those that do", key)
	}
	policy := &objects.Policies[at]
	story := &Story{
		Policy: policy, Repositories: []v1alpha1.ConfigRepository{}, Applications: []v1alpha1.Application{}, Events: []Event{},
		Notes: append([]string{}, objects.Notes...), pods: map[string][]get.Pod{}, now: c.now(),
	}
	only := objects
	only.Policies = objects.Policies[at : at+1]
	story.Lines = get.Lines(only, story.now)
	for i := range objects.Repositories {
		if slices.ContainsFunc(policy.Status.Targets, func(t v1alpha1.TargetStatus) bool { return t.Repository == objects.Repositories[i].Name }) {
			story.Repositories = append(story.Repositories, objects.Repositories[i])
		}
	}
	for i := range objects.Applications {
		app := &objects.Applications[i]
		if slices.ContainsFunc(story.Lines, func(l get.Line) bool { return l.Application == app.Name }) {
			story.Applications = append(story.Applications, *app)
			story.pods[app.Name] = get.PodsOf(objects, policy, app)
		}
	}
	story.plain()
	return story, c.events(ctx, story)
}

// plain leaves out of objects what only the API server needs, and says of each what it is.
func (s *Story) plain() {
	say := func(object client.Object, kind noun.Kind) {
		object.SetManagedFields(nil)
		object.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(string(kind)))
	}
	say(s.Policy, noun.ImagePolicy)
	for i := range s.Repositories {
		say(&s.Repositories[i], noun.ConfigRepository)
	}
	for i := range s.Applications {
		say(&s.Applications[i], noun.Application)
	}
}

// events reads what happened to the objects of a story.
func (c *Cluster) events(ctx context.Context, story *Story) error {
	about := make([]noun.Reference, 0, 1+len(story.Repositories)+len(story.Applications))
	about = append(about, noun.Reference{Kind: noun.ImagePolicy, Name: story.Policy.Name})
	for i := range story.Repositories {
		about = append(about, noun.Reference{Kind: noun.ConfigRepository, Name: story.Repositories[i].Name})
	}
	for i := range story.Applications {
		about = append(about, noun.Reference{Kind: noun.Application, Name: story.Applications[i].Name})
	}
	for _, named := range about {
		var found corev1.EventList
		err := c.client.List(ctx, &found, client.InNamespace(story.Policy.Namespace), client.MatchingFieldsSelector{
			Selector: fields.Set{
				"involvedObject.apiVersion": v1alpha1.GroupVersion.String(), // others have Applications, too
				"involvedObject.kind":       string(named.Kind), "involvedObject.name": named.Name,
			}.AsSelector(),
		})
		if apierrors.IsForbidden(err) {
			story.Notes = append(story.Notes, "events in namespace "+story.Policy.Namespace+" are left out: you may not list them")
			return nil
		}
		if err != nil {
			return terminal.Failf(err, "list the events of %s: %v", named, err)
		}
		for i := range found.Items {
			story.Events = append(story.Events, eventOf(named, &found.Items[i]))
		}
	}
	slices.SortStableFunc(story.Events, func(a, b Event) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Object, b.Object)) })
	story.Events = story.Events[:min(len(story.Events), mostEvents)]
	return nil
}

func eventOf(named noun.Reference, event *corev1.Event) Event {
	at := event.EventTime.Time
	if event.Series != nil {
		at = event.Series.LastObservedTime.Time
	}
	if at.IsZero() {
		at = event.LastTimestamp.Time
	}
	return Event{Time: at, Type: event.Type, Object: named.String(), Reason: event.Reason, Message: event.Message}
}

// Write writes the story.
func (s *Story) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	names := []string{noun.Reference{Kind: noun.ImagePolicy, Name: s.Policy.Name}.FullName()}
	return terminal.WriteObjects(to, format, s, names, (&page{story: s, paint: paint}).write)
}
