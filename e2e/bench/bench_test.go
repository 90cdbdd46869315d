// Package bench measures Fairlead from the outside, on the embedded stack: how long a tag takes to become a commit and a
// commit to become an updated Deployment, how many requests that costs, and what many policies cost that find nothing. It knows what a user can see; it must never
// know how Fairlead does its work.
//
//	go test -run '^$' -bench . -benchtime 1x ./e2e/bench
package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	// journeys is the number of tags that are released one after the other.
	journeys = 50
	// warmUp is the number before them that isn't measured.
	warmUp = 3
	// rarely is an interval at which nothing is found by polling while the benchmark runs.
	rarely = time.Hour
	// patience bounds one journey.
	patience = 30 * time.Second
)

// start starts the stack with the sample, at rest.
func start(b *testing.B, interval time.Duration) *stack.Stack {
	b.Helper()
	s := startEmpty(b)
	if err := s.PushSample(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := s.ApplyYAML(b.Context(), s.Sample(interval)); err != nil {
		b.Fatal(err)
	}
	awaitHealthy(b, s, "webhooks")
	return s
}

// startEmpty starts the stack without any object but what is shipped.
func startEmpty(b *testing.B) *stack.Stack {
	b.Helper()
	s, err := stack.Start(b.Context(), stack.Options{Controller: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Stop(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func awaitHealthy(b *testing.B, s *stack.Stack, application string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*patience)
	defer cancel()
	key := client.ObjectKey{Namespace: stack.Namespace, Name: application}
	if _, err := stack.Await(ctx, s, key, func(app *v1alpha1.Application) (bool, string) {
		return app.Status.Health.Status == v1alpha1.HealthHealthy, string(app.Status.Health.Status)
	}); err != nil {
		b.Fatalf("%v\n%s", err, s.Logs())
	}
}

// BenchmarkJourney releases one tag after the other. The scan is asked for by the reconcile-at annotation at once when the
// registry has taken the tag.
func BenchmarkJourney(b *testing.B) {
	s := start(b, rarely)
	pushed := make(chan time.Time, journeys)
	s.Git.Observe(func(e stack.Exchange) {
		if e.Kind == stack.KindPush && e.Status == http.StatusOK {
			pushed <- e.End
		}
	})
	var toCommit, toUpdate []time.Duration
	registry, git := 0, 0
	for b.Loop() {
		for i := range warmUp + journeys {
			if i == warmUp {
				toCommit, toUpdate = nil, nil
				registry, git = 0, 0
			}
			seen := release(b, s, fmt.Sprintf("v1.1.%d", i), pushed)
			toCommit = append(toCommit, seen.committed.Sub(seen.tagged))
			toUpdate = append(toUpdate, seen.updated.Sub(seen.committed))
			registry, git = registry+seen.registry, git+seen.git
		}
	}
	report(b, toCommit, "tag-commit")
	report(b, toUpdate, "commit-update")
	b.ReportMetric(float64(registry)/journeys, "registry-requests/tag")
	b.ReportMetric(float64(git)/journeys, "git-requests/tag")
}

// journey is when a tag got where, and the requests that it cost.
type journey struct {
	tagged, committed, updated time.Time
	registry, git              int
}

// release pushes a tag and follows it.
func release(b *testing.B, s *stack.Stack, tag string, pushed <-chan time.Time) journey {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	updated := follow(ctx, s, "www", tag)
	if err := s.Registry.Retag(ctx, "web-hook/www", "v1.0.35", tag); err != nil {
		b.Fatal(err)
	}
	s.Registry.Reset()
	s.Git.Reset()
	seen := journey{tagged: time.Now()}
	ask(ctx, b, s, tag)
	seen.committed = await(ctx, b, s, pushed, "the push of "+tag)
	seen.updated = await(ctx, b, s, updated, "Deployment www at "+tag)
	awaitHealthy(b, s, "webhooks")
	seen.registry, seen.git = s.Registry.Counts().Total(), s.Git.Counts().Total()
	return seen
}

// follow sends the time at which a Deployment has the tag.
func follow(ctx context.Context, s *stack.Stack, deployment, tag string) <-chan time.Time {
	updated := make(chan time.Time, 1)
	go func() {
		key := client.ObjectKey{Namespace: stack.AppNamespace, Name: deployment}
		if _, err := stack.Await(ctx, s, key, func(d *appsv1.Deployment) (bool, string) {
			image := d.Spec.Template.Spec.Containers[0].Image
			return strings.HasSuffix(image, ":"+tag), image
		}); err == nil {
			updated <- time.Now()
		}
	}()
	return updated
}

// ask asks for a scan by the annotation.
func ask(ctx context.Context, b *testing.B, s *stack.Stack, word string) {
	b.Helper()
	policy := &v1alpha1.ImagePolicy{}
	policy.Namespace, policy.Name = stack.Namespace, "www"
	patch := fmt.Sprintf(`{"metadata": {"annotations": {%q: %q}}}`, v1alpha1.ReconcileAtAnnotation, word)
	if err := s.Client.Patch(ctx, policy, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		b.Fatal(err)
	}
}

func await(ctx context.Context, b *testing.B, s *stack.Stack, times <-chan time.Time, what string) time.Time {
	b.Helper()
	select {
	case at := <-times:
		return at
	case <-ctx.Done():
		b.Fatalf("wait for %s: %v\n%s", what, ctx.Err(), s.Logs())
		return time.Time{}
	}
}

// report reports percentiles in milliseconds.
func report(b *testing.B, took []time.Duration, what string) {
	b.Helper()
	slices.Sort(took)
	for _, percent := range []int{50, 90, 99} {
		at := took[(len(took)-1)*percent/100]
		b.ReportMetric(milliseconds(at), fmt.Sprintf("%s-p%d-ms", what, percent))
	}
	b.ReportMetric(milliseconds(took[len(took)-1]), what+"-max-ms")
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// BenchmarkIdleMinute counts what a minute costs in which nothing changes: three policies that are scanned every 10 s, one
// repository that is looked at as often.
func BenchmarkIdleMinute(b *testing.B) {
	s := start(b, 10*time.Second)
	for b.Loop() {
		s.Registry.Reset()
		s.Git.Reset()
		before := usage(b, s.ControllerPID())
		minute := time.NewTimer(time.Minute)
		<-minute.C
		after := usage(b, s.ControllerPID())
		b.Logf("registry: %s; Git: %s", s.Registry.Counts(), s.Git.Counts())
		b.ReportMetric(float64(s.Registry.Counts().Total()), "registry-requests/min")
		b.ReportMetric(float64(s.Git.Counts().Total()), "git-requests/min")
		b.ReportMetric((after.cpu - before.cpu).Seconds(), "cpu-s/min")
		b.ReportMetric(float64(after.rss)/(1<<20), "rss-MiB")
	}
}

// used is what a process has used: CPU time so far, and resident memory now in bytes.
type used struct {
	cpu time.Duration
	rss int64
}

// usage reads /proc/PID/stat: proc_pid_stat(5), fields utime, stime (in ticks of 10 ms) and rss (in pages).
func usage(b *testing.B, pid int) used {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	const utime, stime, rss = 14 - 3, 15 - 3, 24 - 3
	number := func(field int) int64 {
		n, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return used{cpu: time.Duration(number(utime)+number(stime)) * 10 * time.Millisecond, rss: number(rss) * int64(os.Getpagesize())}
}
