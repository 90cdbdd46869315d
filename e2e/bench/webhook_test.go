package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// BenchmarkWebhook has the registry tell of each push, as Distribution does, and scans an hour apart.
func BenchmarkWebhook(b *testing.B) {
	s := startEmpty(b)
	f := fleet{policies: journeys, images: journeys, interval: rarely}
	f.declare(b, s)
	if err := s.ApplyYAML(b.Context(), fleetApplication); err != nil {
		b.Fatal(err)
	}
	awaitHealthy(b, s, "fleet")
	s.Notifications.Forward(true)
	pushed := make(chan time.Time, 10*journeys) // More than there can be: the observer must not wait.
	s.Git.Observe(func(e stack.Exchange) {
		if e.Kind == stack.KindPush && e.Status == http.StatusOK {
			pushed <- e.End
		}
	})
	f.release(b, s, warmUp, "v1.0.1", pushed)
	b.Run("OneByOne", func(b *testing.B) {
		for b.Loop() {
			s.Registry.Reset()
			s.Git.Reset()
			toCommit, toUpdate := f.release(b, s, journeys, "v1.0.2", pushed)
			report(b, toCommit, "tag-commit")
			report(b, toUpdate, "commit-update")
			b.Logf("registry: %s; Git: %s", s.Registry.Counts(), s.Git.Counts())
			b.ReportMetric(float64(s.Registry.Counts().Total())/journeys, "registry-requests/tag")
			b.ReportMetric(float64(s.Git.Counts().Total())/journeys, "git-requests/tag")
		}
	})
	b.Run("AtOnce", func(b *testing.B) {
		for b.Loop() {
			f.releaseAll(b, s, "v1.0.3", pushed)
		}
	})
}

// release pushes a tag of one service after the other, and follows each to its Deployment.
func (f fleet) release(b *testing.B, s *stack.Stack, services int, tag string, pushed <-chan time.Time) (toCommit, toUpdate []time.Duration) {
	b.Helper()
	for i := range services {
		ctx, cancel := context.WithTimeout(b.Context(), patience)
		updated := follow(ctx, s, f.service(i), tag)
		image, err := s.Registry.PushImage(ctx, f.image(i), tag)
		if err != nil {
			b.Fatal(err)
		}
		committed := await(ctx, b, s, pushed, "the push of "+tag)
		arrived := await(ctx, b, s, updated, "Deployment "+f.service(i)+" at "+tag)
		toCommit, toUpdate = append(toCommit, committed.Sub(image.Time)), append(toUpdate, arrived.Sub(committed))
		awaitHealthy(b, s, "fleet")
		cancel()
	}
	return toCommit, toUpdate
}

// releaseAll pushes a tag of all services at once, and reports what came of it.
func (f fleet) releaseAll(b *testing.B, s *stack.Stack, tag string, pushed <-chan time.Time) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*patience)
	defer cancel()
	before, err := s.Repository.Head(ctx)
	if err != nil {
		b.Fatal(err)
	}
	s.Registry.Reset()
	s.Git.Reset()
	began := time.Now()
	f.push(ctx, b, s, f.images, tag)
	tagged := time.Now()
	committed := began
	for done := false; !done; {
		committed = await(ctx, b, s, pushed, "all tags to be committed")
		values, err := s.Repository.Show(ctx, stack.Branch+":"+fleetValues)
		if err != nil {
			b.Fatal(err)
		}
		done = strings.Count(values, tag) == f.policies
	}
	f.awaitDeployments(ctx, b, s, tag)
	updated := time.Now()
	count, err := s.Repository.Run(ctx, "rev-list", "--count", before+".."+stack.Branch)
	if err != nil {
		b.Fatal(err)
	}
	commits, err := strconv.Atoi(count)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("registry: %s; Git: %s", s.Registry.Counts(), s.Git.Counts())
	b.ReportMetric(float64(commits), "commits")
	b.ReportMetric(float64(s.Git.Counts()[stack.KindPush]), "pushes")
	b.ReportMetric(tagged.Sub(began).Seconds(), "first-tag-last-tag-s")
	b.ReportMetric(committed.Sub(began).Seconds(), "first-tag-all-committed-s")
	b.ReportMetric(committed.Sub(tagged).Seconds(), "last-tag-all-committed-s")
	b.ReportMetric(updated.Sub(committed).Seconds(), "all-committed-all-updated-s")
}

// awaitDeployments waits until all Deployments have the tag.
func (f fleet) awaitDeployments(ctx context.Context, b *testing.B, s *stack.Stack, tag string) {
	b.Helper()
	err := s.WaitFor(ctx, "all Deployments at "+tag, func(ctx context.Context) (bool, string) {
		var list appsv1.DeploymentList
		if err := s.Client.List(ctx, &list, client.InNamespace(stack.AppNamespace)); err != nil {
			return false, err.Error()
		}
		updated := 0
		for i := range list.Items {
			if strings.HasSuffix(list.Items[i].Spec.Template.Spec.Containers[0].Image, ":"+tag) {
				updated++
			}
		}
		return updated == f.policies, fmt.Sprintf("%d of %d", updated, f.policies)
	})
	if err != nil {
		b.Fatal(err)
	}
}
