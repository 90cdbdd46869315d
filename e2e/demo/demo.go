package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	// scanInterval of the demo's policies: the shortest that is allowed, so that nobody waits long.
	scanInterval = 5 * time.Second
	// firstTimeout bounds the first rollout, journeyTimeout each journey: both take seconds.
	firstTimeout   = time.Minute
	journeyTimeout = time.Minute
	// service and tag whose journey is shown.
	service = "www"
	nextTag = "v1.0.36"
)

// demo starts everything, shows the journey, and runs on when stay is set.
func demo(ctx context.Context, out *printer, stay bool) (err error) {
	out.printf("%s\n", out.paint(bold, "Fairlead: a tag becomes a commit, the commit becomes running pods."))
	out.printf(`
All of it is real and runs on loopback, from a temporary folder: etcd, the Kubernetes API server, controller manager and scheduler,
the distribution registry, git http-backend, and the built controller. Only the node is simulated (kwok): pods run without containers.
The first start builds these from source, about ten minutes on two cores; they are kept, and the next one takes about ten seconds.
`)
	out.title("Starting")
	s, err := stack.Start(ctx, stack.Options{Log: out, Controller: true})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer func() { err = errors.Join(err, stop(out, s)) }()

	watcher := newWatcher(s)
	if err := roll(ctx, out, s); err != nil {
		return diagnose(s, err)
	}
	if err := watcher.start(ctx); err != nil {
		return diagnose(s, err)
	}
	out.title("The journey of " + service + ":" + nextTag)
	out.printf("%s\n", out.paint(dim, fmt.Sprintf("  A scan every %s is what finds the tag: that wait is the longest part.", scanInterval)))
	image := s.Registry.Repository(folder+"/"+service) + ":" + nextTag
	if _, err := stack.Push(ctx, image, s.Registry.Username, s.Registry.Password); err != nil {
		return fmt.Errorf("push the next tag: %w", err)
	}
	travel := newTraveller(s, out)
	journeyCtx, cancel := context.WithTimeout(ctx, journeyTimeout)
	defer cancel()
	if err := travel.until(journeyCtx, watcher.events, func(j *journey) bool { return j.tag == nextTag && j.done() }); err != nil {
		return diagnose(s, err)
	}
	if !stay {
		return nil
	}
	hints(out, s)
	// From here on, Ctrl-C is how the demo is meant to end.
	if err := travel.until(ctx, watcher.events, func(*journey) bool { return false }); ctx.Err() == nil {
		return err
	}
	return nil
}

// roll applies the sample and waits until its first tags run.
func roll(ctx context.Context, out *printer, s *stack.Stack) error {
	ctx, cancel := context.WithTimeout(ctx, firstTimeout)
	defer cancel()
	start := time.Now()
	if err := s.PushSample(ctx); err != nil {
		return fmt.Errorf("push the first images: %w", err)
	}
	if err := s.ApplyYAML(ctx, s.Sample(scanInterval)); err != nil {
		return fmt.Errorf("apply the sample: %w", err)
	}
	out.printf("  %s\n", out.paint(dim, "applied ConfigRepository config, ImagePolicies www, api and ws, and Application webhooks"))
	_, err := stack.Await(ctx, s, client.ObjectKey{Namespace: stack.Namespace, Name: "webhooks"}, func(a *v1alpha1.Application) (bool, string) {
		state := fmt.Sprintf("sync %s, health %s %s", a.Status.Sync.Status, a.Status.Health.Status, a.Status.Health.Message)
		return a.Status.Sync.Status == v1alpha1.SyncStatusSynced && a.Status.Health.Status == v1alpha1.HealthHealthy, state
	})
	if err != nil {
		return err
	}
	for _, first := range stack.Services {
		_, err := stack.Await(ctx, s, client.ObjectKey{Namespace: stack.AppNamespace, Name: first.Name}, func(d *appsv1.Deployment) (bool, string) {
			return runs(d, first.Tag), fmt.Sprintf("%s, %d ready", imageOf(d), d.Status.ReadyReplicas)
		})
		if err != nil {
			return err
		}
		out.printf("  %s runs %s\n", first.Name, out.paint(green, first.Tag))
	}
	out.printf("  %s\n", out.paint(dim, fmt.Sprintf("%.1f s after they were declared", time.Since(start).Seconds())))
	return nil
}

func stop(out *printer, s *stack.Stack) error {
	err := s.Stop()
	if err == nil {
		out.printf("\n%s\n", out.paint(dim, "Stopped; nothing is left behind."))
	}
	return err
}
