package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/selection"
)

// Cluster answers about the ImagePolicies of a cluster, with the rights of whoever asks.
type Cluster struct {
	// Reader reads the policy and the Secrets that it names.
	Reader client.Reader
	// Registry asks registries, from here.
	Registry *registry.Client
	// Now is the time at which the question is asked.
	Now time.Time
}

// asking is one question about a policy of a cluster.
type asking struct {
	*Cluster

	policy     *v1alpha1.ImagePolicy
	selector   *selection.Selector
	repository name.Repository
	access     registry.Access
	clocks     choice.Clocks

	mu sync.Mutex
	// digests are those that the registry gave.
	digests map[string]string
}

// Answer decides as the controller does: with the tags that the registry has, what it says of those that matter, and
// the clocks in the policy's status. What Git holds is taken from the status, too.
func (c *Cluster) Answer(ctx context.Context, key types.NamespacedName) (Answer, error) {
	ask := &asking{Cluster: c, policy: &v1alpha1.ImagePolicy{}, digests: map[string]string{}}
	if err := c.Reader.Get(ctx, key, ask.policy); err != nil {
		return Answer{}, explainRead(err, key)
	}
	if timeout := ask.policy.Spec.Timeout.Duration; timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	if err := ask.prepare(ctx); err != nil {
		return Answer{}, err
	}
	explained, err := ask.explain(ctx)
	if err != nil {
		return Answer{}, fromHere(err)
	}
	return ask.answer(ctx, explained)
}

// prepare reads the policy and what it names.
func (a *asking) prepare(ctx context.Context) (err error) {
	if a.selector, err = choice.Selector(a.policy); err != nil {
		return err
	}
	if a.repository, err = registry.ParseImage(a.policy.Spec.Image, a.policy.Spec.Registry.Insecure); err != nil {
		return err
	}
	a.clocks = choice.ClocksOf(a.policy)
	if a.access, err = access.Registry(ctx, a.Reader, a.policy, a.repository); apierrors.IsForbidden(err) {
		return terminal.Failf(nil, "%v: what a policy names is read with your own rights: ask for that one, or explain from files with -f and --tags", err)
	}
	return err
}

// explain lists the tags and decides.
func (a *asking) explain(ctx context.Context) (selection.Explanation, error) {
	tags := []string{a.follows()}
	if a.follows() == "" {
		listing, err := a.Registry.ListTags(ctx, a.repository, a.access)
		if err != nil {
			return selection.Explanation{}, err
		}
		tags = listing.Tags
	}
	in := selection.Input{Tags: selection.NewTags(tags), Known: choice.Without(choice.Known(a.policy), a.policy, a.selector, choice.LookAgain), Now: a.Now, Current: a.current()}
	in, err := choice.Resolve(ctx, a.selector, in, a.clocks, a.look)
	if err != nil {
		return selection.Explanation{}, err
	}
	return a.selector.Explain(in), nil
}

// follows is the tag that the policy follows by its digest, empty if it chooses among tags.
func (a *asking) follows() string {
	if digest := a.policy.Spec.Select.Digest; digest != nil {
		return digest.Tag
	}
	return ""
}

// look asks the registry for a tag. The selected one is judged by the digest that it was selected with.
func (a *asking) look(ctx context.Context, tag string) (selection.Fact, error) {
	fact, _, err := choice.LookAt(ctx, a.Registry, a.repository, a.access, tag, len(a.policy.Spec.Platforms) > 0)
	a.mu.Lock()
	a.digests[tag] = fact.Digest
	a.mu.Unlock()
	return choice.AsSelected(a.policy, tag, fact), err
}

// answer completes an explanation by what the status knows.
func (a *asking) answer(ctx context.Context, explained selection.Explanation) (Answer, error) {
	latest := choice.Standing(a.policy)
	if explained.Tag == "" && latest != nil && latest.Tag == a.follows() && len(explained.Waiting) > 0 {
		keepFollowed(&explained, latest)
		return answer(explained, a.warnings(explained.Selection)), nil
	}
	if explained.Tag == "" {
		return answer(explained, a.warnings(explained.Selection)), nil
	}
	digest, known := a.digests[explained.Tag]
	if !known {
		fact, err := a.look(ctx, explained.Tag)
		if err != nil {
			return Answer{}, fromHere(err)
		}
		if fact.Problem != "" {
			return Answer{}, fromHere(errors.New(fact.Problem))
		}
		digest = a.digests[explained.Tag]
	}
	warnings := a.warnings(explained.Selection)
	explained.Digest = digest
	if latest != nil && latest.Tag == explained.Tag && latest.Digest != digest && latest.Tag != a.follows() {
		explained.Digest = latest.Digest
		warnings = append(warnings, fmt.Sprintf("%s was selected as %s, and another image was pushed under it since: %s",
			latest.Tag, latest.Digest, digest))
	}
	return answer(explained, warnings), nil
}

// keepFollowed lets the digest that was selected stay the choice while a newer one under the same tag waits.
func keepFollowed(explained *selection.Explanation, latest *v1alpha1.SelectedTag) {
	explained.Tag, explained.Digest = latest.Tag, latest.Digest
	explained.Reason = "the digest that was selected before stays: another one was pushed under the tag, which waits for its minimum age"
	for i := range explained.Verdicts {
		if explained.Verdicts[i].Tag == latest.Tag {
			explained.Verdicts[i].Verdict, explained.Verdicts[i].Reason = selection.Chosen, explained.Reason
		}
	}
}

// warnings say what the choice doesn't: that nothing is done with it, or not at a target.
func (a *asking) warnings(selected selection.Selection) (warnings []string) {
	if a.policy.Spec.Suspend {
		warnings = append(warnings, "spec.suspend is true: nothing is scanned or committed for this policy")
	}
	for i := range a.policy.Status.Targets {
		target := &a.policy.Status.Targets[i]
		for _, warning := range held(a.selector, selected, holds(target), takenBack(target)...) {
			warnings = append(warnings, fmt.Sprintf("%s#%s: %s", target.File, target.Path, warning))
		}
	}
	return warnings
}

// current is what Git holds: the earliest of the targets' tags, because a choice later than that is news for one of
// them. Targets without a tag in the order of the policy are passed over; where one holds nothing, everything is later.
func (a *asking) current() (earliest selection.Reference) {
	for i := range a.policy.Status.Targets {
		holding := holds(&a.policy.Status.Targets[i])
		if holding.Tag == "" {
			return selection.Reference{}
		}
		order, err := a.selector.Compare(holding.Tag, cmp.Or(earliest.Tag, holding.Tag))
		if err == nil && (earliest.Tag == "" || order < 0) {
			earliest = holding
		}
	}
	return earliest
}
