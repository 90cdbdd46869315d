package imagepolicy

import (
	"context"
	"errors"
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry/selection"
)

// decide selects a tag.
func (s *scanning) decide(ctx context.Context) (v1alpha1.Reason, error) {
	selected, err := s.resolve(ctx)
	if err != nil {
		return v1alpha1.ReasonRegistryFailed, err
	}
	s.judged, s.tags, s.eligible, s.warnings = true, selected.Total, selected.Eligible, selected.Warnings
	if newest := selected.Newest; newest != nil {
		s.newest = &v1alpha1.NewestTag{Tag: newest.Tag, Reason: string(newest.Verdict), Message: newest.Reason}
	}
	for _, w := range selected.Waiting {
		if fact := s.facts[w.Tag]; fact.Digest != "" {
			s.wait(w.Tag, fact.Digest, metav1.NewMicroTime(fact.FirstSeen))
		}
	}
	latest := choice.Standing(s.policy)
	switch {
	case selected.Tag == "" && latest != nil && s.source.follow == latest.Tag && len(selected.Waiting) > 0:
		s.latest = *latest // The new digest isn't old enough; the one that was selected stays.
		s.latest.Generation = s.generation
		return "", nil
	case selected.Tag == "" && s.candidate != nil:
		return v1alpha1.ReasonWaiting, fmt.Errorf("no tag of %s is old enough yet; the newest that waits is %s", s.image, s.candidate.Tag)
	case selected.Tag == "":
		return v1alpha1.ReasonNoTagSelected, fmt.Errorf("no tag of %s is admitted by %s: %s: push one that is, or change the policy", s.image, s.selector.Describe(), selected.Reason)
	case latest != nil && latest.Tag == selected.Tag:
		return v1alpha1.ReasonRegistryFailed, s.keep(ctx, *latest, selected)
	default:
		return v1alpha1.ReasonRegistryFailed, s.take(ctx, selected)
	}
}

// resolve finds out what the decision needs to know, and decides. No tag is taken on the word of an earlier scan: another
// image may have been pushed under it since.
func (s *scanning) resolve(ctx context.Context) (selection.Selection, error) {
	clocks, latest := choice.ClocksOf(s.policy), choice.Standing(s.policy)
	in := selection.Input{Tags: s.listing.tags, Now: s.time.Time, Known: s.remembers()}
	look := func(ctx context.Context, tag string) (selection.Fact, error) {
		fact, err := s.look(ctx, tag)
		return choice.AsSelected(s.policy, tag, fact), err
	}
	for {
		var err error
		if in, err = choice.Resolve(ctx, s.selector, in, clocks, look); err != nil {
			return selection.Selection{}, err
		}
		selected := s.selector.Select(in)
		settled := selected.Tag == "" || latest != nil && selected.Tag == latest.Tag || s.fresh[selected.Tag]
		if settled || !s.selector.NeedsFacts() {
			s.facts = s.worthKeeping(in.Known, selected)
			return selected, nil
		}
		delete(in.Known, selected.Tag)
	}
}

// remembers is what needn't be asked for again.
func (s *scanning) remembers() map[string]selection.Fact {
	if !s.selector.NeedsFacts() || s.source.follow != "" {
		return nil
	}
	facts := choice.Known(s.policy)
	if s.known.source == s.source {
		maps.Copy(facts, s.known.facts)
	}
	if s.again {
		return choice.Without(facts, s.policy, s.selector, choice.LookAgain)
	}
	return choice.Without(facts, s.policy, s.selector, 1)
}

// worthKeeping are the facts that the next decision needs again: those of the selected tag, and of later ones.
func (s *scanning) worthKeeping(facts map[string]selection.Fact, selected selection.Selection) map[string]selection.Fact {
	maps.DeleteFunc(facts, func(tag string, _ selection.Fact) bool {
		order, err := s.selector.Compare(tag, selected.Tag)
		return selected.Tag != "" && tag != selected.Tag && (err != nil || order < 0)
	})
	return facts
}

// take makes the selected tag the latest, with the digest that it has now.
func (s *scanning) take(ctx context.Context, selected selection.Selection) error {
	fact := s.facts[selected.Tag]
	if fact.Digest == "" {
		var err error
		if fact, err = s.look(ctx, selected.Tag); err != nil {
			return err
		}
		if fact.Problem != "" {
			s.gone = true
			return errors.New(fact.Problem)
		}
		fact.FirstSeen = s.time.Time
	}
	s.latest = v1alpha1.SelectedTag{
		Tag: selected.Tag, Digest: fact.Digest, FirstSeen: metav1.NewMicroTime(fact.FirstSeen),
		Selection: s.phrase(selected), Generation: s.generation,
	}
	return nil
}

// keep leaves the latest tag as it is. Now and then it looks whether another digest was pushed under it.
func (s *scanning) keep(ctx context.Context, latest v1alpha1.SelectedTag, selected selection.Selection) error {
	s.latest = latest
	edited := latest.Generation != s.generation
	if edited {
		s.latest.Selection, s.latest.Generation = s.phrase(selected), s.generation
	}
	follows := s.source.follow != ""
	commits := follows || s.policy.Spec.OnMutation == v1alpha1.MutationCommit
	if !s.again && !commits && !edited {
		return nil
	}
	fact, err := s.look(ctx, latest.Tag)
	if err != nil || fact.Problem != "" {
		return err // Gone between the listing and now: the next listing says so.
	}
	s.looked = true
	if fact.Digest == latest.Digest {
		return nil
	}
	if !follows {
		s.mutated = fact.Digest
	}
	if !commits {
		return nil
	}
	if since := s.since(latest.Tag, fact.Digest); since.Add(s.policy.Spec.MinimumAge.Duration).After(s.time.Time) {
		s.wait(latest.Tag, fact.Digest, since)
	} else {
		s.latest.Digest, s.latest.FirstSeen = fact.Digest, since
	}
	return nil
}

// since says since when another digest of the selected tag is known.
func (s *scanning) since(tag, digest string) metav1.MicroTime {
	if began, ok := choice.ClocksOf(s.policy)[selection.Reference{Tag: tag, Digest: digest}]; ok {
		return metav1.NewMicroTime(began)
	}
	return s.time
}

// wait notes a tag whose minimum age runs. The first is the newest, which is the candidate.
func (s *scanning) wait(tag, digest string, since metav1.MicroTime) {
	s.waiting = append(s.waiting, v1alpha1.WaitingTag{Tag: tag, Digest: digest, FirstSeen: since})
	if s.candidate == nil {
		s.candidate = &v1alpha1.Candidate{
			Tag: tag, Digest: digest, Reason: string(selection.TooYoung), Until: metav1.NewMicroTime(since.Add(s.policy.Spec.MinimumAge.Duration)),
		}
	}
}

// look asks the registry for a tag, once for all policies that share the listing.
func (s *scanning) look(ctx context.Context, tag string) (selection.Fact, error) {
	platforms := len(s.policy.Spec.Platforms) > 0
	s.mu.Lock()
	s.fresh[tag] = true
	s.mu.Unlock()
	return s.listing.look(lookKey{tag, platforms}, func() (selection.Fact, error) {
		fact, requests, err := choice.LookAt(ctx, s.reconciler.registry, s.source.repository, s.source.access, tag, platforms)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests += requests
		return fact, err
	})
}

// phrase says by what rule a tag was selected, and among how many.
func (s *scanning) phrase(selected selection.Selection) string {
	switch {
	case s.source.follow != "" || s.policy.Spec.Pin != "":
		return s.selector.Describe()
	case selected.Total == 1:
		return s.selector.Describe() + ", the only tag"
	default:
		return fmt.Sprintf("%s, newest of %d tags", s.selector.Describe(), selected.Total)
	}
}
