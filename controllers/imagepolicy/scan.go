package imagepolicy

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/selection"
)

const (
	// A listing doesn't tell that another image was pushed under the same tag. Of the tags that wait, each scan looks at the
	// newest again; every lookAgain scans, and where somebody asks for a scan, at the selected one and choice.LookAgain others.
	lookAgain = 10
)

// scan is what one scan of a policy came to: either a choice, or an error with the reason for the condition.
type scan struct {
	// generation of the spec that was followed, and the image in it.
	generation int64
	image      string
	// obeyed is the word of the reconcile-at annotation that it began with.
	obeyed string

	latest    v1alpha1.SelectedTag
	candidate *v1alpha1.Candidate
	newest    *v1alpha1.NewestTag
	waiting   []v1alpha1.WaitingTag
	warnings  []string
	// mutated is the digest that the selected tag has now, if it is another than the selected one; looked says that it
	// was looked at.
	mutated string
	looked  bool

	// judged: the tags were listed and judged, whatever it came to.
	judged   bool
	tags     int
	eligible int
	requests int
	time     metav1.MicroTime
	// listed is when the registry was asked, late the factor by which the next scan comes later than the interval.
	listed time.Time
	late   float64

	reason v1alpha1.Reason
	err    error
}

// failed completes a scan that came to nothing.
func (s *scan) failed(reason v1alpha1.Reason, err error) *scan {
	s.reason, s.err = reason, err
	return s
}

// scanning is one scan of a policy under way.
type scanning struct {
	*scan

	reconciler *Reconciler
	policy     *v1alpha1.ImagePolicy
	known      remembered
	// asked: somebody says that there may be something new; hinted: a webhook does. again: what is known of tags is to be
	// looked at again. gone: the selected tag is listed, and can't be looked at.
	asked, hinted, again, gone bool

	selector *selection.Selector
	source   origin
	listing  *listing
	// facts are what is known of tags in the end.
	facts map[string]selection.Fact

	mu sync.Mutex
	// fresh are the tags that were looked at in this scan.
	fresh map[string]bool
}

// scan lists the tags, or uses a listing that another policy made, selects one, and looks at tags where the policy needs it.
func (r *Reconciler) scan(ctx context.Context, policy *v1alpha1.ImagePolicy, known remembered) *scanning {
	ctx, cancel := context.WithTimeout(ctx, policy.Spec.Timeout.Duration)
	defer cancel()
	hinted := known.hinted.After(known.consumed) || known.echoes > 0
	asked := hinted || known.asked != policy.Annotations[v1alpha1.ReconcileAtAnnotation]
	s := &scanning{
		scan: &scan{
			generation: policy.Generation, image: policy.Spec.Image, obeyed: policy.Annotations[v1alpha1.ReconcileAtAnnotation],
			time: metav1.NewMicroTime(r.now().Truncate(time.Microsecond)),
		},
		reconciler: r, policy: policy, known: known, fresh: map[string]bool{},
		asked: asked, hinted: hinted, again: asked || known.scans%lookAgain == lookAgain-1,
	}
	for _, step := range []func(context.Context) (v1alpha1.Reason, error){s.prepare, s.list, s.decide} {
		if reason, err := step(ctx); err != nil {
			s.failed(reason, err)
			break
		}
	}
	return s
}

// prepare reads the policy and what it names.
func (s *scanning) prepare(ctx context.Context) (v1alpha1.Reason, error) {
	repository, err := registry.ParseImage(s.policy.Spec.Image, s.policy.Spec.Registry.Insecure)
	if err != nil {
		return v1alpha1.ReasonInvalidImage, err
	}
	s.reconciler.metrics.Uses(client.ObjectKeyFromObject(s.policy), repository.RegistryStr())
	if s.selector, err = choice.Selector(s.policy); err != nil {
		return v1alpha1.ReasonInvalidPolicy, err
	}
	reach, err := access.Registry(ctx, s.reconciler.live, s.policy, repository)
	if err != nil {
		return access.ReasonOf(err, v1alpha1.ReasonSecretNotUsable), err
	}
	s.source = origin{repository: repository, access: reach}
	if follow := s.policy.Spec.Select.Digest; follow != nil {
		s.source.follow = follow.Tag
	}
	return "", nil
}

// list gets a listing that this policy hasn't seen, and that is younger than any hint that there is something new.
func (s *scanning) list(ctx context.Context) (v1alpha1.Reason, error) {
	after := s.known.consumed
	if s.asked {
		after = s.time.Time
	}
	found, fresh, err := s.reconciler.listings.get(ctx, client.ObjectKeyFromObject(s.policy), s.source, after)
	if err != nil {
		return v1alpha1.ReasonRegistryFailed, fmt.Errorf("list tags of %s: waited for the answer in vain: %w: check the registry, or raise spec.timeout", s.image, err)
	}
	s.listing, s.listed, s.late = found, found.started, found.late
	if fresh {
		s.requests = found.requests
	}
	return v1alpha1.ReasonRegistryFailed, found.err
}
