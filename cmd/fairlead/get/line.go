package get

import (
	"cmp"
	"slices"
	"time"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// Objects are what lines are made from. What nobody may read is missing.
type Objects struct {
	Policies     []v1alpha1.ImagePolicy
	Repositories []v1alpha1.ConfigRepository
	Applications []v1alpha1.Application
	// Workloads and Pods of the namespaces that the Applications deploy to.
	Workloads []Workload
	Pods      []Pod
	// Notes say in a sentence each what is missing.
	Notes []string
}

// Line is one microservice: one target of an ImagePolicy, with the Application that deploys it.
type Line struct {
	// Namespace and Name of the ImagePolicy.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Image that it is about, without tag and digest.
	Image string `json:"image"`
	// Newest tag of the registry, by the policy's order.
	Newest *Newest `json:"newest,omitempty"`
	// Selected is the tag that the policy takes.
	Selected string `json:"selected,omitempty"`
	// Target is the place in Git, REPOSITORY/FILE#KEYPATH.
	Target string `json:"target,omitempty"`
	// Git is what stands there.
	Git *Standing `json:"git,omitempty"`
	// Application that deploys it.
	Application string `json:"application,omitempty"`
	// Deployed is what the Application has rolled out.
	Deployed *Standing `json:"deployed,omitempty"`
	// Pods of its workloads.
	Pods *Count `json:"pods,omitempty"`
	// Waits are what it waits for or what is in its way, the gravest first.
	Waits []Wait `json:"waits"`
}

// Newest is the newest tag of a registry.
type Newest struct {
	Tag string `json:"tag"`
	// Reason why it isn't selected: a verdict of the selection; empty if it is.
	Reason string `json:"reason,omitempty"`
	// Message says the same to a person.
	Message string `json:"message,omitempty"`
}

// Standing is a version that stands somewhere since a commit.
type Standing struct {
	// Version is the tag, or what else stands there.
	Version string `json:"version"`
	// Revision of the commit by which it stands there; empty if nobody knows it.
	Revision string `json:"revision,omitempty"`
	// Time since when it stands there.
	Time *time.Time `json:"time,omitempty"`
}

// Count is how many pods are as they should.
type Count struct {
	// Ready pods run what is deployed.
	Ready int `json:"ready"`
	// Wanted are there when all is well.
	Wanted int `json:"wanted"`
}

// Gravity says how much a person has to do with what is waited for.
type Gravity string

// The gravities, the gravest first.
const (
	// Broken waits for a person.
	Broken Gravity = "Broken"
	// Working goes on by itself.
	Working Gravity = "Working"
	// Meant is as somebody wants it.
	Meant Gravity = "Meant"
)

// Wait is something that is waited for, or in the way.
type Wait struct {
	Gravity Gravity `json:"gravity"`
	// Reason in a CamelCase word, as conditions have it.
	Reason string `json:"reason"`
	// Message says what it is, in the local time of whoever asks.
	Message string `json:"message"`
	// Until is when it ends by itself, where that is known.
	Until *time.Time `json:"until,omitempty"`
}

// Lines makes the lines of all policies, by namespace and name, then in the order of their targets. Times in messages are in the
// location of now.
func Lines(objects Objects, now time.Time) []Line {
	lines := []Line{}
	for i := range objects.Policies {
		policy := &objects.Policies[i]
		for j := range max(1, len(policy.Spec.Targets)) {
			teller := &teller{objects: &objects, policy: policy, now: now}
			if j < len(policy.Status.Targets) {
				teller.target = &policy.Status.Targets[j]
			}
			apps := teller.applications(j)
			if len(apps) == 0 {
				lines = append(lines, teller.line())
			}
			for _, app := range apps {
				teller.deploys(app)
				lines = append(lines, teller.line())
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return lines
}

// teller tells of one target and one Application.
type teller struct {
	objects *Objects
	policy  *v1alpha1.ImagePolicy
	target  *v1alpha1.TargetStatus
	now     time.Time

	// service is what the Application has of it; nil without one.
	service *service
}

func (t *teller) line() Line {
	status := t.policy.Status
	line := Line{Namespace: t.policy.Namespace, Name: t.policy.Name, Image: t.policy.Spec.Image, Waits: []Wait{}}
	if status.Latest != nil {
		line.Selected = status.Latest.Tag
		line.Newest = &Newest{Tag: status.Latest.Tag}
	}
	if newest := status.Newest; newest != nil {
		line.Newest = &Newest{Tag: newest.Tag, Reason: newest.Reason, Message: newest.Message}
	}
	if t.target != nil {
		line.Target, line.Git = place(t.target), t.git()
	}
	if t.service != nil {
		line.Application, line.Deployed, line.Pods = t.service.app.Name, t.service.deployed, t.service.pods
	}
	line.Waits = append(line.Waits, t.waits(line)...)
	return line
}

func place(target *v1alpha1.TargetStatus) string {
	if target.Repository == "" {
		return target.Path
	}
	return target.Repository + "/" + target.File + "#" + target.Path
}

// git is what stands in Git; nil if that isn't known.
func (t *teller) git() *Standing {
	if t.target.Current == "" {
		return nil
	}
	standing := &Standing{Version: cmp.Or(t.target.Tag, versionOf(t.target.Current)), Revision: t.target.Revision}
	if t.target.Time != nil {
		standing.Time = &t.target.Time.Time
	}
	return standing
}
