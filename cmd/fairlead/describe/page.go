package describe

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/choice"
)

// page lays a story out.
type page struct {
	*bytes.Buffer

	story *Story
	paint terminal.Paint
}

func (p *page) write(to *bytes.Buffer) {
	p.Buffer = to
	p.policy()
	for i := range p.story.Lines {
		p.way(&p.story.Lines[i])
	}
	p.conditions()
	p.history()
	p.events()
	for _, note := range p.story.Notes {
		fmt.Fprintf(p.Buffer, "%s %s\n", p.paint.In(terminal.Yellow, "Note:"), terminal.Printable(note))
	}
}

// fieldf writes a field, unless there is nothing to tell.
func (p *page) fieldf(name, format string, args ...any) {
	const width = 13
	if text := fmt.Sprintf(format, args...); text != "" {
		if name != "" {
			name += ":"
		}
		fmt.Fprintf(p.Buffer, "%s%s\n", terminal.Pad(name, width), terminal.Printable(text))
	}
}

func (p *page) heading(text string) { fmt.Fprintf(p.Buffer, "\n%s\n", p.paint.In(terminal.Bold, text)) }

// ago is a time as what has passed since.
func (p *page) ago(at time.Time) string {
	return duration.HumanDuration(max(0, p.story.now.Sub(at))) + " ago"
}

// policy tells what is asked for, and what was selected.
func (p *page) policy() {
	policy := p.story.Policy
	spec, status := &policy.Spec, &policy.Status
	p.fieldf("Name", "%s/%s", policy.Namespace, policy.Name)
	p.fieldf("Image", "%s, scanned every %s", spec.Image, duration.HumanDuration(spec.Interval.Duration))
	p.fieldf("Takes", "%s", ruleOf(policy))
	if spec.Suspend {
		p.fieldf("Suspended", "%s", cmp.Or(policy.Annotations[v1alpha1.SuspendReasonAnnotation], "yes: fairlead resume "+policy.Name))
	}
	if newest := status.Newest; newest != nil {
		p.fieldf("Newest", "%s isn't taken: %s", newest.Tag, newest.Message)
	}
	if latest := status.Latest; latest != nil {
		tag := latest.Tag
		if latest.Digest != "" {
			tag += "@" + latest.Digest
		}
		p.fieldf("Selected", "%s", tag)
		p.fieldf("", "%s; first seen %s", latest.Selection, p.ago(latest.FirstSeen.Time))
	} else {
		p.fieldf("Selected", "nothing")
	}
	for _, waiting := range status.Waiting[:min(len(status.Waiting), 3)] {
		until := waiting.FirstSeen.Add(spec.MinimumAge.Duration)
		p.fieldf("Too young", "%s until %s", waiting.Tag, until.In(p.story.now.Location()).Format(time.DateTime))
	}
	if more := len(status.Waiting) - 3; more > 0 {
		p.fieldf("", "and %d more", more)
	}
	if len(status.Rejected) > 0 {
		p.fieldf("Rejected", "%s", strings.Join(status.Rejected, ", "))
	}
	if status.RetryAt != nil {
		p.fieldf("Asks again", "at %s: the registry wants to be left alone until then", status.RetryAt.In(p.story.now.Location()).Format(time.DateTime))
	}
	for _, warning := range status.Warnings {
		p.fieldf("Warning", "%s", warning)
	}
}

// ruleOf says in a line which tags a policy takes.
func ruleOf(policy *v1alpha1.ImagePolicy) string {
	selector, err := choice.Selector(policy)
	if err != nil {
		return err.Error()
	}
	rule := selector.Describe()
	if age := policy.Spec.MinimumAge.Duration; age > 0 {
		rule += ", known for " + strings.TrimSuffix(strings.TrimSuffix(age.String(), "0s"), "0m")
	}
	if len(policy.Spec.Platforms) > 0 {
		rule += ", with " + strings.Join(policy.Spec.Platforms, ", ")
	}
	return rule
}

// way tells of one target: where it stands, what is deployed of it, and what it waits for.
func (p *page) way(line *get.Line) {
	if line.Target != "" {
		p.heading("Target " + terminal.Printable(line.Target))
	}
	p.fieldf("In Git", "%s", p.standing(line.Git, "commit"))
	p.target(line)
	for i := range p.story.Applications {
		if p.story.Applications[i].Name == line.Application {
			p.application(line, &p.story.Applications[i])
		}
	}
	if len(line.Waits) == 0 {
		p.fieldf("Waits for", "nothing")
	}
	for _, wait := range line.Waits {
		p.fieldf("Waits for", "%s", wait.Message)
	}
}

func (p *page) standing(of *get.Standing, by string) string {
	if of == nil {
		return "nothing is known"
	}
	text := of.Version
	if of.Time != nil {
		text += ", " + p.ago(*of.Time)
	}
	if of.Revision != "" {
		text += ", " + by + " " + of.Revision
	}
	return text
}

// target tells whose word holds it, and of its repository.
func (p *page) target(line *get.Line) {
	for i := range p.story.Policy.Status.Targets {
		target := &p.story.Policy.Status.Targets[i]
		if target.Repository == "" || line.Target != target.Repository+"/"+target.File+"#"+target.Path {
			continue
		}
		if held := target.Held; held != nil {
			p.fieldf("Held", "%s", target.Message)
		}
		at := slices.IndexFunc(p.story.Repositories, func(r v1alpha1.ConfigRepository) bool { return r.Name == target.Repository })
		if at < 0 {
			return
		}
		repository := &p.story.Repositories[at]
		p.fieldf("Repository", "%s, branch %s", repository.Spec.URL, repository.Spec.Branch)
		if head := repository.Status.Head; head != nil {
			p.fieldf("Head", "%s %s, by %s %s", head.Revision, head.Subject, head.Author, p.ago(head.Time.Time))
		}
		return
	}
}

func (p *page) application(line *get.Line, app *v1alpha1.Application) {
	status := &app.Status
	p.fieldf("Application", "%s, cluster %s, namespace %s", app.Name, cmp.Or(app.Spec.Destination.Name, v1alpha1.InClusterName), app.Spec.Destination.Namespace)
	p.fieldf("Deployed", "%s", p.standing(line.Deployed, "revision"))
	sync := cmp.Or(string(status.Sync.Status), "unknown")
	if status.Sync.Revision != "" {
		sync += " with " + status.Sync.Revision
	}
	if status.Sync.Reason != "" {
		sync += ": " + status.Sync.Reason
	}
	p.fieldf("Sync", "%s", sync)
	health := cmp.Or(string(status.Health.Status), "unknown")
	if status.Health.Message != "" {
		health += ": " + status.Health.Message
	}
	p.fieldf("Health", "%s", health)
	if line.Pods != nil {
		p.fieldf("Pods", "%d of %d are ready and run it", line.Pods.Ready, line.Pods.Wanted)
	}
	for _, pod := range p.story.pods[app.Name] {
		ready := "ready"
		if !pod.Ready {
			ready = "not ready"
		}
		p.fieldf("", "%s: %s, %s, %s, since %s", pod.Self, strings.Join(pod.Images, ", "), pod.State, ready,
			duration.HumanDuration(max(0, p.story.now.Sub(pod.Created))))
	}
}

// conditions tells of the conditions of all objects.
func (p *page) conditions() {
	table := terminal.Table{}
	table.Add(terminal.Bold, "OBJECT", "CONDITION", "REASON", "SINCE", "MESSAGE")
	add := func(object string, conditions []metav1.Condition) {
		for _, c := range conditions {
			colour := ""
			if c.Status == metav1.ConditionFalse || c.Type == v1alpha1.ConditionStalled || c.Type == v1alpha1.ConditionTagMutated {
				colour = terminal.Red
			}
			table.Add(colour, object, c.Type+"="+string(c.Status), c.Reason, duration.HumanDuration(max(0, p.story.now.Sub(c.LastTransitionTime.Time))), c.Message)
		}
	}
	add("policy/"+p.story.Policy.Name, p.story.Policy.Status.Conditions)
	for i := range p.story.Repositories {
		add("repository/"+p.story.Repositories[i].Name, p.story.Repositories[i].Status.Conditions)
	}
	for i := range p.story.Applications {
		add("application/"+p.story.Applications[i].Name, p.story.Applications[i].Status.Conditions)
	}
	p.heading("Conditions")
	table.Write(p.Buffer, p.paint)
}

// history tells which rollouts changed the image.
func (p *page) history() {
	table := terminal.Table{}
	table.Add(terminal.Bold, "REVISION", "AGE", "VERDICT", "AUTHOR", "CHANGE")
	count := 0
	for i := range p.story.Applications {
		for _, entry := range p.story.Applications[i].Status.History {
			about := slices.ContainsFunc(entry.Changes, func(change string) bool { return get.Runs(strings.Fields(change), p.story.Policy.Spec.Image) })
			if count == mostHistory || !about {
				continue
			}
			const digits = 10
			table.Add("", entry.Revision[:min(len(entry.Revision), digits)], duration.HumanDuration(max(0, p.story.now.Sub(entry.Time.Time))),
				string(entry.Verdict), entry.Author, entry.Subject)
			count++
		}
	}
	if count > 0 {
		p.heading("History")
		table.Write(p.Buffer, p.paint)
	}
}

func (p *page) events() {
	if len(p.story.Events) == 0 {
		return
	}
	table := terminal.Table{}
	table.Add(terminal.Bold, "AGE", "OBJECT", "REASON", "MESSAGE")
	for _, event := range p.story.Events {
		colour := ""
		if event.Type == "Warning" {
			colour = terminal.Yellow
		}
		table.Add(colour, duration.HumanDuration(max(0, p.story.now.Sub(event.Time))), event.Object, event.Reason, event.Message)
	}
	p.heading("Events")
	table.Write(p.Buffer, p.paint)
}
