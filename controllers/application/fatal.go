package application

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
)

// A rendering can bring the process down: a template that calls itself takes memory until there is none. Nobody is left then to
// say so, and the next process would render the same again, at the cost of all other Applications. So a rendering that lasts is
// noted in the status until it is over, and a process that finds the note of another knows how that one ended.
const (
	// noteworthy is how long a rendering lasts until it is noted. Nearly all are over sooner.
	noteworthy = 500 * time.Millisecond
	// fatalTries is how many processes may end in the same rendering. The first may have been ended by something else.
	fatalTries = 2
	// fatalFirst is how long it rests then, and twice as long after each further try, up to fatalLast.
	fatalFirst, fatalLast = 5 * time.Minute, time.Hour
	// noteTimeout bounds the time to take a note back while the process ends.
	noteTimeout = 5 * time.Second
)

// fatalError says that a rendering is left alone for a while.
type fatalError struct {
	noted v1alpha1.RenderingStatus
	rest  time.Duration
}

// Error implements error.
func (e *fatalError) Error() string {
	next := e.noted.Since.Add(restAfter(e.noted.Tries))
	return fmt.Sprintf("%d times the controller was ended while it rendered this, last after %s: does a template call itself, or take all memory? "+
		"It is tried again at %s, when the source changes, and when fairlead reconcile asks for it",
		e.noted.Tries, e.noted.Since.UTC().Format(time.RFC3339), next.UTC().Format(time.RFC3339))
}

// RetryAfter is when it is tried again by itself.
func (e *fatalError) RetryAfter() time.Duration { return e.rest }

// restAfter is how long a rendering rests after so many processes have ended in it.
func restAfter(tries int32) time.Duration {
	rest := fatalFirst
	for range tries - fatalTries {
		rest = min(fatalLast, 2*rest)
	}
	return rest
}

// triesOf is how many processes have ended in the rendering of these inputs. The error says that it isn't time for another try.
func triesOf(app *v1alpha1.Application, inputs string, now time.Time) (int32, error) {
	noted := app.Status.Rendering
	if noted == nil || noted.Inputs != inputs {
		return 0, nil
	}
	asked := app.Annotations[v1alpha1.ReconcileAtAnnotation] != noted.ReconcileAt
	if rest := noted.Since.Add(restAfter(noted.Tries)).Sub(now); noted.Tries >= fatalTries && rest > 0 && !asked {
		return noted.Tries, &fatalError{noted: *noted, rest: rest}
	}
	return noted.Tries, nil
}

// attempt begins a rendering that may be the last thing that this process does; over ends it. A first try is noted only if it
// lasts, a further one at once: without its note there would be no end to them.
func (r *Reconciler) attempt(ctx context.Context, app *v1alpha1.Application, inputs string) (over func(), err error) {
	tries, err := triesOf(app, inputs, r.now())
	if err != nil {
		return nil, err
	}
	app = app.DeepCopy()
	note := &v1alpha1.RenderingStatus{
		Inputs: inputs, Tries: tries + 1, Since: metav1.Time{Time: r.now().Truncate(time.Second)}, ReconcileAt: app.Annotations[v1alpha1.ReconcileAtAnnotation],
	}
	if tries > 0 {
		if err := r.noteRendering(ctx, app, note); err != nil {
			return nil, err
		}
		return func() { r.forgetRendering(ctx, app) }, nil
	}
	written := make(chan struct{})
	timer := time.AfterFunc(noteworthy, func() {
		defer close(written)
		if err := r.noteRendering(ctx, app, note); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "a rendering lasts, and can't be noted")
		}
	})
	return func() {
		if !timer.Stop() {
			<-written
		}
		r.forgetRendering(ctx, app)
	}, nil
}

// noteRendering writes a note into the status, or takes it back if it is nil.
func (r *Reconciler) noteRendering(ctx context.Context, app *v1alpha1.Application, note *v1alpha1.RenderingStatus) error {
	return status.Patch(ctx, r.client, r.live, app, func(app *v1alpha1.Application) { app.Status.Rendering = note })
}

// forgetRendering takes a note back if there is one, also while the process is told to end: that is no fault of the rendering.
func (r *Reconciler) forgetRendering(ctx context.Context, app *v1alpha1.Application) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if err := r.noteRendering(ctx, app, nil); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "a rendering is over, and its note can't be taken back")
	}
}
