package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// journey is one tag on its way. Its steps are seen in different places and may be seen out of order by milliseconds; each
// is told once, with its own time.
//
//	pushed ─▶ selected ─▶ committed ─▶ synced ─┬▶ updated ─▶ replaced
//	                                           └ (the Deployment changes while the sync goes on)
type journey struct {
	service, tag string
	pushed       time.Time
	commit       string // once committed

	selected, synced, updated, replaced bool
}

func (j *journey) done() bool {
	return j.selected && j.commit != "" && j.synced && j.updated && j.replaced
}

// missing names the first step that wasn't seen.
func (j *journey) missing() string {
	switch {
	case !j.selected:
		return "ImagePolicy " + j.service + " to select it"
	case j.commit == "":
		return "its commit"
	case !j.synced:
		return "Application webhooks to be synced to " + short(j.commit)
	case !j.updated:
		return "Deployment " + j.service + " to get the image"
	default:
		return "the pods to be replaced"
	}
}

// traveller tells the journeys of all tags that are pushed.
type traveller struct {
	stack    *stack.Stack
	out      *printer
	journeys []*journey

	// seen is the Application as last seen: it may be synced before the commit that it is synced to was told.
	seen     *v1alpha1.Application
	seenTime time.Time
}

func newTraveller(s *stack.Stack, out *printer) *traveller { return &traveller{stack: s, out: out} }

// until tells what happens until a journey is as asked for.
func (t *traveller) until(ctx context.Context, events <-chan event, enough func(*journey) bool) error {
	for {
		select {
		case <-ctx.Done():
			for _, j := range t.journeys {
				if !j.done() {
					return fmt.Errorf("the journey of %s:%s: still waiting for %s: %w", j.service, j.tag, j.missing(), ctx.Err())
				}
			}
			return fmt.Errorf("no tag was seen in the registry: %w", ctx.Err())
		case e := <-events:
			if err := t.tell(ctx, e); err != nil {
				return err
			}
			if slices.ContainsFunc(t.journeys, enough) {
				return nil
			}
		}
	}
}

// tell tells what an event means for the journeys.
func (t *traveller) tell(ctx context.Context, e event) error {
	switch what := e.what.(type) {
	case pushedTag:
		t.begin(e.time, what)
	case *v1alpha1.ImagePolicy:
		t.policy(e.time, what)
	case pushedCommits:
		return t.commits(ctx, e.time)
	case *v1alpha1.Application:
		t.seen, t.seenTime = what, e.time
		return t.synced(ctx)
	case *appsv1.Deployment:
		return t.deployment(ctx, e.time, what)
	}
	return nil
}

func (t *traveller) begin(now time.Time, pushed pushedTag) {
	if len(t.journeys) > 0 {
		t.out.title("The journey of " + pushed.service + ":" + pushed.tag)
	}
	// A tag that is pushed again, or before the last one arrived, takes the place of the earlier journey.
	t.journeys = slices.DeleteFunc(t.journeys, func(j *journey) bool { return j.service == pushed.service })
	t.journeys = append(t.journeys, &journey{service: pushed.service, tag: pushed.tag, pushed: now})
	t.out.step(0, "pushed", t.stack.Registry.Repository(folder+"/"+pushed.service)+":"+pushed.tag)
}

func (t *traveller) policy(now time.Time, policy *v1alpha1.ImagePolicy) {
	for _, j := range t.journeys {
		latest := policy.Status.Latest
		if j.selected || j.service != policy.Name || latest == nil || latest.Tag != j.tag {
			continue
		}
		j.selected = true
		t.out.step(now.Sub(j.pushed), "selected", fmt.Sprintf("ImagePolicy %s: %s, %s", policy.Name, latest.Tag, latest.Selection))
	}
}

// commits looks for the journeys' commits at the head. A commit names its policy and its tag in its trailers.
func (t *traveller) commits(ctx context.Context, now time.Time) error {
	const trailers = "%H %(trailers:key=Image-Policy,valueonly,separator=%x20) %(trailers:key=Image-To,valueonly,separator=%x20)"
	log, err := t.stack.Repository.Log(ctx, "--max-count=50", "--format="+trailers, stack.Branch)
	if err != nil {
		return err
	}
	for line := range strings.Lines(log) {
		words := strings.Fields(line)
		if len(words) != 3 {
			continue // a human's
		}
		for _, j := range t.journeys {
			tag, _, _ := strings.Cut(words[2], "@")
			if j.commit == "" && words[1] == stack.Namespace+"/"+j.service && tag == j.tag {
				if err := t.committed(ctx, now, j, words[0]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t *traveller) committed(ctx context.Context, now time.Time, j *journey, revision string) error {
	j.commit = revision
	shown, err := t.stack.Repository.Show(ctx, "--stat", "--format=commit %H%nAuthor: %an <%ae>%n%n%w(0,4,4)%B", revision)
	if err != nil {
		return err
	}
	patch, err := t.stack.Repository.Show(ctx, "--unified=0", "--format=", revision)
	if err != nil {
		return err
	}
	t.out.step(now.Sub(j.pushed), "committed", "git show --stat "+short(revision))
	t.out.block(shown)
	t.out.block("\n" + changedLines(patch))
	return t.synced(ctx)
}

// changedLines are the lines of a patch that were removed and added.
func changedLines(patch string) string {
	var lines strings.Builder
	for line := range strings.Lines(patch) {
		header := strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++")
		if !header && (strings.HasPrefix(line, "-") || strings.HasPrefix(line, "+")) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// synced tells of the journeys whose commit the Application as last seen is synced to.
func (t *traveller) synced(ctx context.Context) error {
	if t.seen == nil || t.seen.Status.Sync.Status != v1alpha1.SyncStatusSynced {
		return nil
	}
	revision := t.seen.Status.Sync.Revision
	for _, j := range t.journeys {
		if j.synced || j.commit == "" {
			continue
		}
		contains, err := t.contains(ctx, revision, j.commit)
		if err != nil {
			return err
		}
		if contains {
			j.synced = true
			t.out.step(t.seenTime.Sub(j.pushed), "synced", fmt.Sprintf("Application %s: %s to %s", t.seen.Name, v1alpha1.SyncStatusSynced, short(revision)))
		}
	}
	return nil
}

// contains says whether a revision is a commit or a later one.
func (t *traveller) contains(ctx context.Context, revision, commit string) (bool, error) {
	if revision == commit {
		return true, nil
	}
	base, err := t.stack.Repository.Run(ctx, "merge-base", commit, revision)
	return base == commit, err
}

func (t *traveller) deployment(ctx context.Context, now time.Time, d *appsv1.Deployment) error {
	for _, j := range t.journeys {
		if j.service != d.Name || !strings.HasSuffix(imageOf(d), ":"+j.tag) {
			continue
		}
		if !j.updated {
			j.updated = true
			t.out.step(now.Sub(j.pushed), "updated", fmt.Sprintf("Deployment %s: image %s", d.Name, imageOf(d)))
		}
		if j.replaced || !runs(d, j.tag) {
			continue
		}
		j.replaced = true
		names, err := t.pods(ctx, d, j.tag)
		if err != nil {
			return err
		}
		t.out.step(now.Sub(j.pushed), "replaced", fmt.Sprintf("%d of %d pods run %s: %s", len(names), d.Status.Replicas, j.tag, strings.Join(names, ", ")))
	}
	return nil
}

// pods of a Deployment that run a tag.
func (t *traveller) pods(ctx context.Context, d *appsv1.Deployment, tag string) ([]string, error) {
	pods := &corev1.PodList{}
	err := t.stack.Client.List(ctx, pods, client.InNamespace(d.Namespace), client.MatchingLabels(d.Spec.Selector.MatchLabels))
	if err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", d.Name, err)
	}
	var names []string
	for _, pod := range pods.Items {
		if strings.HasSuffix(pod.Spec.Containers[0].Image, ":"+tag) && pod.Status.Phase == corev1.PodRunning {
			names = append(names, pod.Name)
		}
	}
	return names, nil
}

// runs says whether all pods of a Deployment run a tag, and no others are left.
func runs(d *appsv1.Deployment, tag string) bool {
	status, wanted := d.Status, int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	return strings.HasSuffix(imageOf(d), ":"+tag) && status.ObservedGeneration >= d.Generation &&
		status.UpdatedReplicas == wanted && status.AvailableReplicas == wanted && status.Replicas == wanted
}

func imageOf(d *appsv1.Deployment) string { return d.Spec.Template.Spec.Containers[0].Image }
