package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// await waits until Git holds the newest tags.
func (k *killing) await(ctx context.Context) error {
	want := k.wanted()
	seen := map[string]string{}
	at := ""
	return k.stack.WaitFor(ctx, "the newest tags in Git", func(ctx context.Context) (bool, string) {
		head, err := k.repository.Head(ctx)
		if err != nil {
			return false, err.Error()
		}
		if head != at {
			if seen, err = k.tags(ctx, head); err != nil {
				return false, err.Error()
			}
			at = head
		}
		return cmp.Equal(want, seen), "-want +got:\n" + cmp.Diff(want, seen)
	})
}

// wanted are the newest tags.
func (k *killing) wanted() map[string]string {
	tags := map[string]string{}
	for _, service := range k.services {
		tags[service] = k.tag(service)
	}
	return tags
}

// tags are those that a revision holds.
func (k *killing) tags(ctx context.Context, revision string) (map[string]string, error) {
	text, err := k.repository.Show(ctx, revision+":"+killedFile)
	if err != nil {
		return nil, err
	}
	var values map[string]struct {
		Tag string `json:"tag"`
	}
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", killedFile, revision, err)
	}
	tags := map[string]string{}
	for service, value := range values {
		tags[service] = value.Tag
	}
	return tags, nil
}

// converge waits until Git holds everything that is wanted, and the status of all objects says so.
func (k *killing) converge(ctx context.Context) error {
	if err := k.ask(ctx, k.services); err != nil {
		return err
	}
	if err := k.await(ctx); err != nil {
		return err
	}
	repository := &v1alpha1.ConfigRepository{ObjectMeta: metav1.ObjectMeta{Namespace: k.name, Name: "config"}}
	if err := k.stack.ReconcileNow(ctx, repository); err != nil {
		return err
	}
	return errors.Join(k.awaitTold(ctx, k.toldHead), k.awaitTold(ctx, k.toldTags))
}

// awaitTold waits until a status says what Git says.
func (k *killing) awaitTold(ctx context.Context, told func(context.Context) (string, error)) error {
	return k.stack.WaitFor(ctx, "a status that says what Git says", func(ctx context.Context) (bool, string) {
		state, err := told(ctx)
		if err != nil {
			return false, err.Error()
		}
		return state == "", state
	})
}

// toldHead says where the status of the ConfigRepository differs from Git; "" if it doesn't.
func (k *killing) toldHead(ctx context.Context) (string, error) {
	head, err := k.repository.Head(ctx)
	if err != nil {
		return "", err
	}
	repository := &v1alpha1.ConfigRepository{}
	if err := k.stack.Client.Get(ctx, client.ObjectKey{Namespace: k.name, Name: "config"}, repository); err != nil {
		return "", err
	}
	if got := repository.Status.Head; got == nil || got.Revision != head || repository.Status.Pending != 0 {
		return fmt.Sprintf("ConfigRepository: head %+v of which %d wait, want %s", got, repository.Status.Pending, head), nil
	}
	return "", nil
}

// toldTags says where the status of a policy differs from Git; "" if none does.
func (k *killing) toldTags(ctx context.Context) (string, error) {
	var policies v1alpha1.ImagePolicyList
	if err := k.stack.Client.List(ctx, &policies, client.InNamespace(k.name)); err != nil {
		return "", err
	}
	for i := range policies.Items {
		policy := &policies.Items[i]
		want, st := k.tag(policy.Name), policy.Status
		ready := meta.IsStatusConditionTrue(st.Conditions, v1alpha1.ConditionReady)
		if st.Latest == nil || st.Latest.Tag != want || len(st.Targets) != 1 || st.Targets[0].Current != want || !ready {
			return fmt.Sprintf("ImagePolicy %s: latest %+v, targets %+v, ready %t, want %s", policy.Name, st.Latest, st.Targets, ready, want), nil
		}
		at, err := k.tags(ctx, st.Targets[0].Revision)
		if err != nil || at[policy.Name] != want {
			return fmt.Sprintf("ImagePolicy %s: revision %s holds %s (%v), want %s", policy.Name, st.Targets[0].Revision, at[policy.Name], err, want), nil
		}
	}
	return "", nil
}

// change is a commit as git log tells it.
type change struct{ revision, parents, tree, author, policy, from, to string }

// check asks Git what came of it all.
func (k *killing) check(ctx context.Context) error {
	head, err := k.repository.Head(ctx)
	if err != nil {
		return err
	}
	history, err := k.history(ctx)
	if err != nil {
		return err
	}
	errs := []error{k.checkShape(history), k.checkChanges(history), k.checkContent(ctx), k.repository.Fsck(ctx), k.countPushes(ctx)}
	for _, human := range k.humans {
		if !slices.ContainsFunc(history, func(c change) bool { return c.revision == human }) {
			errs = append(errs, fmt.Errorf("commit %s by hand is lost", human))
		}
	}
	last, err := k.repository.Head(ctx)
	if last != head {
		errs = append(errs, fmt.Errorf("everything was done at %s, and yet the head is %q now", head, last))
	}
	return errors.Join(append(errs, err)...)
}

// history is the branch from its first commit on.
func (k *killing) history(ctx context.Context) ([]change, error) {
	const format = "%H%x1f%P%x1f%T%x1f%an%x1f%(trailers:key=Image-Policy,valueonly,separator=%x2c)%x1f" +
		"%(trailers:key=Image-From,valueonly,separator=%x2c)%x1f%(trailers:key=Image-To,valueonly,separator=%x2c)"
	log, err := k.repository.Log(ctx, "--reverse", "--topo-order", "--format="+format, stack.Branch)
	if err != nil {
		return nil, err
	}
	var history []change
	for line := range strings.SplitSeq(log, "\n") {
		f := strings.Split(line, "\x1f")
		from, _, _ := strings.Cut(f[5], "@")
		to, _, _ := strings.Cut(f[6], "@")
		history = append(history, change{f[0], f[1], f[2], f[3], strings.TrimPrefix(f[4], k.name+"/"), from, to})
	}
	return history, nil
}

// checkShape wants one line of commits, each of which changes something.
func (k *killing) checkShape(history []change) error {
	var errs []error
	byHand := 0
	for i, c := range history {
		if c.policy == "" {
			byHand++
		} else {
			k.commits++
		}
		if i == 0 {
			continue
		}
		if c.parents != history[i-1].revision {
			errs = append(errs, fmt.Errorf("commit %s: parents %q, want %s", c.revision, c.parents, history[i-1].revision))
		}
		if c.tree == history[i-1].tree {
			errs = append(errs, fmt.Errorf("commit %s of %s is empty", c.revision, c.author))
		}
	}
	if want := len(k.humans) + 1; byHand != want {
		errs = append(errs, fmt.Errorf("%d commits by hand, want %d", byHand, want))
	}
	return errors.Join(errs...)
}

// checkChanges wants each policy's commits to follow one another, each tag once, up to the newest.
func (k *killing) checkChanges(history []change) error {
	var errs []error
	at := map[string]int{}
	for _, c := range history {
		if c.policy == "" {
			continue
		}
		from, to := number(c.from), number(c.to)
		if from != at[c.policy] || to <= from {
			errs = append(errs, fmt.Errorf("commit %s: %s goes from %s to %s, and stood at v1.0.%d", c.revision, c.policy, c.from, c.to, at[c.policy]))
		}
		at[c.policy] = to
	}
	for _, service := range k.services {
		if got, want := at[service], k.newest[service]; got != want {
			errs = append(errs, fmt.Errorf("%s ends at v1.0.%d, want v1.0.%d", service, got, want))
		}
	}
	return errors.Join(errs...)
}

// number is the last one of a tag, -1 if it has none.
func number(tag string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(tag, "v1.0."))
	if err != nil {
		return -1
	}
	return n
}

// checkContent wants every file as replicas and people wrote it, to the byte.
func (k *killing) checkContent(ctx context.Context) error {
	files := map[string]string{killedFile: k.values()}
	for _, note := range k.notes {
		files[note] = noted
	}
	var errs []error
	for file, want := range files {
		got, err := k.repository.Show(ctx, stack.Branch+":"+file)
		if err != nil {
			errs = append(errs, err)
		} else if diff := cmp.Diff(want, got+"\n"); diff != "" {
			errs = append(errs, fmt.Errorf("%s: -want +got:\n%s", file, diff))
		}
	}
	return errors.Join(errs...)
}

// countPushes counts those of the replicas that the server took: the branch moved so often, without the people's.
func (k *killing) countPushes(ctx context.Context) error {
	moves, err := k.repository.Run(ctx, "rev-list", "--count", "--walk-reflogs", stack.Branch)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(moves)
	k.accepted = n - len(k.humans)
	return err
}
