package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// otherWriters is how many people push to the config repository all the time.
const otherWriters = 3

// burstPatience bounds a burst, from the first tag to the last Deployment.
const burstPatience = 5 * time.Minute

// BenchmarkBurst50 releases 50 services of one config repository at once.
func BenchmarkBurst50(b *testing.B) { benchmarkBurst(b, 50) }

// BenchmarkBurst300 releases 300 services of one config repository at once.
func BenchmarkBurst300(b *testing.B) { benchmarkBurst(b, 300) }

// BenchmarkBurst1000 releases 1,000 services of one config repository at once.
func BenchmarkBurst1000(b *testing.B) { benchmarkBurst(b, 1000) }

// benchmarkBurst releases many services at once, each with an image of its own, told by webhooks; first with the repository to
// itself, and then while others push to it.
func benchmarkBurst(b *testing.B, services int) {
	b.Helper()
	s := startEmpty(b)
	f := fleet{policies: services, images: services, interval: rarely}
	f.declare(b, s)
	if err := s.ApplyYAML(b.Context(), fleetApplication); err != nil {
		b.Fatal(err)
	}
	awaitHealthy(b, s, "fleet")
	// The log of what the branch was moved to tells the pushes that landed from the refused ones.
	if _, err := s.Repository.Run(b.Context(), "config", "core.logAllRefUpdates", "always"); err != nil {
		b.Fatal(err)
	}
	s.Notifications.Forward(true)
	r := releases{fleet: f, stack: s, manifests: f.builds(b.Context(), b, s)}
	b.Run("Undisturbed", func(b *testing.B) {
		for b.Loop() {
			r.burst(b, func() {})
		}
	})
	b.Run("OtherWriters", func(b *testing.B) {
		for b.Loop() {
			stop := pushAllTheTime(b, s)
			r.burst(b, func() { b.ReportMetric(float64(stop()), "commits-of-others") })
		}
	})
}

// releases are those of a fleet.
type releases struct {
	fleet

	stack     *stack.Stack
	manifests builds
	// released is how many there were.
	released int
}

// burst releases another tag of all services at once, follows it to all Deployments, and reports what came of it. When it has
// arrived, it calls arrived. It fails unless each service has exactly one commit.
func (r *releases) burst(b *testing.B, arrived func()) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), burstPatience)
	defer cancel()
	s := r.stack
	r.released++
	tag := fmt.Sprintf("v1.1.%d", r.released)
	before, err := s.Repository.Head(ctx)
	if err != nil {
		b.Fatal(err)
	}
	pushes := make(chan time.Time, 100*r.policies) // More than there can be: the observer must not wait.
	s.Git.Observe(func(e stack.Exchange) {
		if e.Kind == stack.KindPush && e.Status == http.StatusOK {
			pushes <- e.End
		}
	})
	updated := r.followAll(ctx, b, s, tag)
	s.Registry.Reset()
	s.Git.Reset()
	cpu, cluster := usage(b, s.ControllerPID()).cpu, controlPlane(b, s)
	began := time.Now()
	r.retag(ctx, b, s, r.manifests, tag)
	tagged := time.Now()
	committed := r.awaitCommits(ctx, b, s, tag, pushes)
	done := await(ctx, b, s, updated, "all Deployments at "+tag)
	b.ReportMetric((usage(b, s.ControllerPID()).cpu - cpu).Seconds(), "controller-cpu-s")
	b.ReportMetric((controlPlane(b, s) - cluster).Seconds(), "control-plane-cpu-s")
	arrived()
	sent := s.Git.Counts()[stack.KindPush]
	landed := r.checkHistory(ctx, b, s, before)
	b.Logf("registry: %s; Git: %s", s.Registry.Counts(), s.Git.Counts())
	b.ReportMetric(float64(r.policies), "commits")
	b.ReportMetric(float64(landed), "pushes")
	b.ReportMetric(float64(sent-landed), "refused-pushes")
	b.ReportMetric(tagged.Sub(began).Seconds(), "first-tag-last-tag-s")
	b.ReportMetric(committed.Sub(began).Seconds(), "first-tag-all-committed-s")
	b.ReportMetric(committed.Sub(tagged).Seconds(), "last-tag-all-committed-s")
	b.ReportMetric(done.Sub(committed).Seconds(), "all-committed-all-updated-s")
}

// builds are the manifests of the images' first builds, by image.
type builds map[string][]byte

// manifestType is that of the images that the stack pushes.
const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

// builds gets the manifests that are going to have another tag.
func (f fleet) builds(ctx context.Context, b *testing.B, s *stack.Stack) builds {
	b.Helper()
	manifests := builds{}
	for i := range f.images {
		manifests[f.image(i)] = manifest(ctx, b, s, http.MethodGet, f.image(i), fleetTag, nil)
	}
	return manifests
}

// retag gives all images another tag, one request each: what a pipeline does that promotes what it has built.
func (f fleet) retag(ctx context.Context, b *testing.B, s *stack.Stack, manifests builds, tag string) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(fleetPushes)
	for i := range f.images {
		group.Go(func() error {
			manifest(ctx, b, s, http.MethodPut, f.image(i), tag, manifests[f.image(i)])
			return nil
		})
	}
	_ = group.Wait()
}

// manifest gets or puts one.
func manifest(ctx context.Context, b *testing.B, s *stack.Stack, method, image, tag string, body []byte) []byte {
	b.Helper()
	url := "http://" + s.Registry.Address() + "/v2/" + image + "/manifests/" + tag
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return nil
	}
	request.SetBasicAuth(s.Registry.Username, s.Registry.Password)
	request.Header.Set("Accept", manifestType)
	request.Header.Set("Content-Type", manifestType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		b.Errorf("%s %s: %s: %s %v", method, url, response.Status, answer, err)
	}
	return answer
}

// awaitCommits waits for the push after which all services have the tag.
func (f fleet) awaitCommits(ctx context.Context, b *testing.B, s *stack.Stack, tag string, pushes <-chan time.Time) time.Time {
	b.Helper()
	for {
		pushed := await(ctx, b, s, pushes, "all tags to be committed")
		values, err := s.Repository.Show(ctx, stack.Branch+":"+fleetValues)
		if err != nil {
			b.Fatal(err)
		}
		if strings.Count(values, "tag: "+tag+"}") == f.policies {
			return pushed
		}
	}
}

// checkHistory fails unless each policy has exactly one commit since a revision, and returns how many pushes brought them.
func (f fleet) checkHistory(ctx context.Context, b *testing.B, s *stack.Stack, since string) (pushes int) {
	b.Helper()
	span := since + ".." + stack.Branch
	out, err := s.Repository.Log(ctx, "--format=%(trailers:key=Image-Policy,valueonly)", span)
	if err != nil {
		b.Fatal(err)
	}
	commits := map[string]int{}
	for policy := range strings.FieldsSeq(out) {
		commits[policy]++
	}
	for i := range f.policies {
		if n := commits[stack.Namespace+"/"+f.service(i)]; n != 1 {
			b.Errorf("%s has %d commits, want 1", f.service(i), n)
		}
	}
	// The author of what a head names is Fairlead only where Fairlead pushed it.
	out, err = s.Repository.Log(ctx, "--walk-reflogs", "--format=%an %H", stack.Branch)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(out) {
		author, revision, _ := strings.Cut(strings.TrimSpace(line), " ")
		if revision == since {
			break
		}
		if author == "Fairlead" {
			pushes++
		}
	}
	if err := s.Repository.Fsck(ctx); err != nil {
		b.Error(err)
	}
	return pushes
}

// followAll sends the time at which all Deployments have the tag.
func (f fleet) followAll(ctx context.Context, b *testing.B, s *stack.Stack, tag string) <-chan time.Time {
	b.Helper()
	watcher, err := s.Client.Watch(ctx, &appsv1.DeploymentList{}, client.InNamespace(stack.AppNamespace))
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan time.Time, 1)
	go func() {
		defer watcher.Stop()
		waiting := map[string]bool{}
		for i := range f.policies {
			waiting[f.service(i)] = true
		}
		for event := range watcher.ResultChan() {
			d, ok := event.Object.(*appsv1.Deployment)
			if ok && strings.HasSuffix(d.Spec.Template.Spec.Containers[0].Image, ":"+tag) {
				delete(waiting, d.Name)
			}
			if len(waiting) == 0 {
				done <- time.Now()
				return
			}
		}
	}()
	return done
}

// pushAllTheTime has others clone, commit and push, each a file of its own, until it is stopped. Stopping returns how many
// commits they made, and fails unless all of them are in the history.
func pushAllTheTime(b *testing.B, s *stack.Stack) (stop func() int) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var commits atomic.Int64
	var group errgroup.Group
	for i := range otherWriters {
		group.Go(func() error {
			for n := 0; ctx.Err() == nil; n++ {
				file := stack.WriteFile(fmt.Sprintf("notes/%d.md", i), strconv.Itoa(n)+" "+time.Now().String()+"\n")
				if _, err := s.Repository.HumanCommit(b.Context(), "Take a note", file); err != nil {
					return err
				}
				commits.Add(1)
			}
			return nil
		})
	}
	return func() int {
		b.Helper()
		cancel()
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
		return int(commits.Load())
	}
}
