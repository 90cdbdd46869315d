package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/gitwriter"
)

// RollbackRequest is a rollback that is asked for.
type RollbackRequest struct {
	// To is the revision whose values are restored: its id or the beginning of that, or its number in the history. Empty: the
	// newest in the history that was healthy, and is older than all that ran the images which run now.
	To string
	// Reason is for the commit's message; may be empty.
	Reason string
	// Author of the commit; without a name it is the user that the API server knows.
	Author gitwriter.Signature
	// DryRun only tells what would be committed.
	DryRun bool
}

// Rollback is a commit that restores older values, or would be one.
type Rollback struct {
	// To is the commit whose values are restored.
	To gitwriter.Commit `json:"to"`
	// Changes are the places that it writes.
	Changes []RestoredPlace `json:"changes"`
	// Message of the commit.
	Message string `json:"message"`
	// Commit that was pushed to Branch; empty if none was.
	Commit string `json:"commit,omitempty"`
	Branch string `json:"branch"`
	// Notes say in a sentence each what comes of it.
	Notes []string `json:"notes"`
}

// RestoredPlace is a target of an ImagePolicy, from what it holds to what it held.
type RestoredPlace struct {
	Policy string `json:"policy"`
	File   string `json:"file"`
	Path   string `json:"path"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// Rollback restores, as one commit in Git, what the targets of ImagePolicies in an Application's files held at an older
// revision. Every other line stays as it is. Nothing is committed where a policy would write the newer version again.
func (c *Cluster) Rollback(ctx context.Context, app *v1alpha1.Application, request RollbackRequest) (*Rollback, error) {
	from, err := c.repositoryOf(ctx, app, "revert the commit in a clone: git revert")
	if err != nil {
		return nil, err
	}
	revision, err := rollbackTo(ctx, app, from, request.To)
	if err != nil {
		return nil, err
	}
	snapshot, err := from.mirror.Snapshot(ctx, revision)
	if err != nil {
		return nil, terminal.Failf(err, "read revision %s: %v", revision, err)
	}
	r := &rollback{
		app: app, repository: from, snapshot: snapshot,
		answer: &Rollback{To: describe(app, revision), Changes: []RestoredPlace{}, Branch: from.declared.Spec.Branch, Notes: []string{}},
	}
	if err := r.find(ctx, c.client); err != nil {
		return nil, terminal.Failf(err, "roll back Application %s: %v", keyOf(app), err)
	}
	if err := r.plan(ctx); err != nil {
		return nil, terminal.Failf(err, "roll back Application %s: %v", keyOf(app), err)
	}
	if len(r.answer.Changes) == 0 {
		return r.answer, nil
	}
	if request.Author.Name == "" {
		who := cmp.Or(c.whoAmI(ctx), "somebody")
		request.Author = gitwriter.Signature{Name: who, Email: mailOf(who)}
	}
	r.answer.Message = r.message(request)
	if request.DryRun {
		return r.answer, nil
	}
	if err := r.commit(ctx, c.client, request); err != nil {
		return nil, terminal.Failf(err, "roll back Application %s: %v", keyOf(app), err)
	}
	c.hurry(ctx, from.declared, r.answer)
	return r.answer, nil
}

// mailOf is an address for somebody of whom only a name is known.
func mailOf(name string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == ':' {
			return '.'
		}
		return r
	}, name) + "@localhost"
}

// rollbackTo finds the revision to go back to.
func rollbackTo(ctx context.Context, app *v1alpha1.Application, from *repository, to string) (string, error) {
	history := app.Status.History
	if to == "" {
		for i := range history {
			if i > lastWith(history) && history[i].Verdict == v1alpha1.VerdictHealthy {
				return history[i].Revision, nil
			}
		}
		return "", terminal.Failf(nil, "roll back Application %s: its history has no earlier revision that was healthy: name one, by its id or its number in fairlead app history %s",
			keyOf(app), app.Name)
	}
	if number, err := strconv.Atoi(to); err == nil && len(to) < shortest {
		if number < 0 || number >= len(history) {
			return "", terminal.Failf(nil, "roll back Application %s: its history has no number %d: fairlead app history %s lists those that it has", keyOf(app), number, app.Name)
		}
		return history[number].Revision, nil
	}
	return from.resolve(ctx, app, to)
}

// lastWith is the oldest entry of a history that ran the images which run now. What came in between was taken back: a second
// rollback goes further back, and not forward to what the first one took away.
func lastWith(history []v1alpha1.HistoryEntry) int {
	oldest := 0
	for i := range history {
		if slices.Equal(history[i].Images, history[0].Images) {
			oldest = i
		}
	}
	return oldest
}

// shortest is how many digits the beginning of a commit's id must have.
const shortest = 4

// describe tells what the history knows of a revision.
func describe(app *v1alpha1.Application, revision string) gitwriter.Commit {
	for i := range app.Status.History {
		if entry := &app.Status.History[i]; entry.Revision == revision {
			return gitwriter.Commit{Revision: revision, Subject: entry.Subject, Author: entry.Author, Time: entry.Time.Time}
		}
	}
	return gitwriter.Commit{Revision: revision}
}

// rollback is one on its way.
type rollback struct {
	app        *v1alpha1.Application
	repository *repository
	snapshot   *gitwriter.Snapshot
	places     []place
	answer     *Rollback
}

// errPlanned keeps everything as it is: it is only looked at.
var errPlanned = errors.New("it is only looked at")

// plan finds out what stands in the places now, and what the policies would make of it if the older values stood there.
func (r *rollback) plan(ctx context.Context) error {
	if len(r.places) == 0 {
		return terminal.Failf(nil, "no ImagePolicy writes to its files, so there is nothing that is known to be a version: revert the commit in a clone: git revert")
	}
	problems := make([]string, len(r.places))
	change := r.change()
	change.Forward = func(i int, at gitwriter.Standing) error {
		r.places[i].current = at.Current
		problems[i] = r.places[i].fight(at)
		return errPlanned
	}
	result, err := r.repository.mirror.Write(ctx, gitwriter.WriteRequest{Changes: []gitwriter.Change{change}})
	if err != nil {
		return err
	}
	for i, outcome := range result.Outcomes[change.Policy] {
		switch outcome.State {
		case gitwriter.Failed:
			return outcome.Err
		case gitwriter.Kept:
			at := &r.places[i]
			if problems[i] != "" {
				return errors.New(problems[i])
			}
			r.answer.Changes = append(r.answer.Changes, RestoredPlace{
				Policy: at.policy.Name, File: at.target.File, Path: at.target.Values[0].Path.String(),
				From: at.show(at.current), To: at.show(at.wanted()),
			})
			r.answer.Notes = append(r.answer.Notes, at.notes...)
		case gitwriter.Unchanged, gitwriter.Committed:
		}
	}
	return nil
}

// change is what is asked of the writer.
func (r *rollback) change() gitwriter.Change {
	change := gitwriter.Change{Policy: keyOf(r.app), Message: cmp.Or(r.answer.Message, "rollback")}
	for i := range r.places {
		change.Targets = append(change.Targets, r.places[i].target)
	}
	return change
}

// message words the commit, for people: who put back what, to what stood there when, and why.
func (r *rollback) message(request RollbackRequest) string {
	var text strings.Builder
	to := short(r.answer.To.Revision)
	if changes := r.answer.Changes; sameChange(changes) {
		fmt.Fprintf(&text, "rollback(%s): %s %s -> %s\n\n", r.app.Name, changes[0].Policy, changes[0].From, changes[0].To)
	} else {
		fmt.Fprintf(&text, "rollback(%s): %d versions to those of %s\n\n", r.app.Name, len(changes), to)
	}
	if request.Reason != "" {
		fmt.Fprintf(&text, "%s\n\n", terminal.Printable(request.Reason))
	}
	for _, change := range r.answer.Changes {
		fmt.Fprintf(&text, "%s#%s from %s to %s\n", change.File, change.Path, change.From, change.To)
	}
	fmt.Fprintf(&text, "\nas it was at %s", r.answer.To.Revision)
	if r.answer.To.Subject != "" {
		fmt.Fprintf(&text, " (%s)", r.answer.To.Subject)
	}
	fmt.Fprintf(&text, "\nasked for by %s with fairlead app rollback\n", request.Author.Name)
	return text.String()
}

// sameChange says whether all changes are the same one, of one policy.
func sameChange(changes []RestoredPlace) bool {
	return !slices.ContainsFunc(changes, func(c RestoredPlace) bool {
		return c.Policy != changes[0].Policy || c.From != changes[0].From || c.To != changes[0].To
	})
}

// commit has the values committed and pushed, if they still stand as they were looked at.
func (r *rollback) commit(ctx context.Context, reader client.Reader, request RollbackRequest) error {
	spec := r.repository.declared.Spec.Commit
	signer, err := access.NewSigners().Open(ctx, reader, r.repository.declared)
	if err != nil {
		return err
	}
	change := r.change()
	change.Forward = func(i int, at gitwriter.Standing) error {
		if !slices.Equal(at.Current, r.places[i].current) {
			return fmt.Errorf("%s was changed meanwhile: look at what stands there now, and try again", change.Targets[i].File)
		}
		return nil
	}
	write := gitwriter.WriteRequest{
		Changes: []gitwriter.Change{change}, Author: request.Author,
		Committer: gitwriter.Signature{Name: spec.Author.Name, Email: spec.Author.Email},
	}
	if signer != nil {
		write.Signer = signer
	}
	result, err := r.repository.mirror.Write(ctx, write)
	if err != nil {
		return err
	}
	for _, outcome := range result.Outcomes[change.Policy] {
		if outcome.State == gitwriter.Failed || outcome.State == gitwriter.Kept {
			return outcome.Err
		}
		r.answer.Commit = cmp.Or(r.answer.Commit, outcome.Revision)
	}
	return nil
}

// hurry has the controller look at the branch at once, if whoever asks may ask for that.
func (c *Cluster) hurry(ctx context.Context, declared *v1alpha1.ConfigRepository, answer *Rollback) {
	asked := declared.DeepCopy()
	if asked.Annotations == nil {
		asked.Annotations = map[string]string{}
	}
	asked.Annotations[v1alpha1.ReconcileAtAnnotation] = c.now().UTC().Format(time.RFC3339Nano)
	if err := c.client.Patch(ctx, asked, client.MergeFrom(declared)); err != nil {
		answer.Notes = append(answer.Notes, fmt.Sprintf("the controller sees the commit at its next look at the branch, within %s", declared.Spec.Interval.Duration))
	}
}

// Write writes what was committed, or would be.
func (r *Rollback) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	return terminal.WriteObjects(to, format, r, []string{r.Commit}, func(text *bytes.Buffer) {
		if len(r.Changes) == 0 {
			fmt.Fprintf(text, "Nothing to do: what was written at %s stands there already.\n", short(r.To.Revision))
			return
		}
		for _, change := range r.Changes {
			fmt.Fprintln(text, terminal.Printable(fmt.Sprintf("%s#%s: %s -> %s", change.File, change.Path, change.From, change.To)))
		}
		if r.Commit == "" {
			fmt.Fprintf(text, "\nWould be committed to %s:\n\n", terminal.Printable(r.Branch))
			for line := range strings.Lines(r.Message) {
				fmt.Fprintln(text, strings.TrimRight("  "+terminal.Printable(strings.TrimSuffix(line, "\n")), " "))
			}
		} else {
			fmt.Fprintf(text, "%s to %s\n", paint.In(terminal.Green, "Committed "+short(r.Commit)), terminal.Printable(r.Branch))
		}
		for _, note := range r.Notes {
			fmt.Fprintf(text, "%s %s\n", paint.In(terminal.Yellow, "Note:"), terminal.Printable(note))
		}
	})
}
