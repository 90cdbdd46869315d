// Package controllers lists every controller of Fairlead, and what they share.
package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/application"
	"github.com/fairlead/fairlead/controllers/configrepository"
	"github.com/fairlead/fairlead/controllers/imagepolicy"
	"github.com/fairlead/fairlead/controllers/lease"
	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/controllers/receiver"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/registry"
)

// Options say what Setup sets up.
type Options struct {
	// Update has registries scanned and Git written, Sync has Applications rolled out.
	Update, Sync bool
	// OwnNamespace is the namespace that Fairlead runs in: Applications and webhooks there are an administrator's.
	OwnNamespace string
	// WebhookAddress is where webhooks are received, "host:port"; "0" is nowhere.
	WebhookAddress string
	// RegistryConcurrency is how many requests may be under way at one registry host, RegistryRate how many it may get each
	// second; 0 is no bound.
	RegistryConcurrency int
	RegistryRate        float64
	// Leader says where the leader among several replicas hears webhooks, "host:port"; "" while nobody leads. nil: there are no
	// replicas.
	Leader func(context.Context) (string, error)
	// GatheringWindow is how long a selection waits at most for others that go into the same push.
	GatheringWindow time.Duration
}

// Setup adds the controllers to the manager that options ask for.
func Setup(mgr ctrl.Manager, options Options) error {
	_, version, _ := strings.Cut(mgr.GetConfig().UserAgent, "/")
	counts, err := metrics.New(metrics.Options{
		Registerer: ctrlmetrics.Registry, Objects: mgr.GetClient(), Working: mgr.Elected(),
		Update: options.Update, Sync: options.Sync, Version: version,
	})
	if err != nil {
		return err
	}
	webhooks := receiver.Options{
		Address: options.WebhookAddress, OwnNamespace: options.OwnNamespace, Secrets: mgr.GetAPIReader(),
		Leading: mgr.Elected(), Leader: options.Leader, Count: counts.WebhookReceived,
	}
	mirrors := access.NewMirrors(gitwriter.WithRequestCount(counts.GitAsked))
	if options.Update {
		webhooks.Policies, webhooks.Repositories, err = setupUpdate(mgr, mirrors, options, counts)
	} else {
		webhooks.Repositories, err = setupFollower(mgr, mirrors, options, counts)
	}
	if err != nil {
		return err
	}
	if options.Sync {
		apps, err := application.NewReconciler(mgr, mirrors, options.OwnNamespace, counts)
		if err != nil {
			return fmt.Errorf("set up the controller of Applications: %w", err)
		}
		if err := apps.Setup(mgr); err != nil {
			return err
		}
	}
	if options.WebhookAddress == "0" {
		return nil
	}
	if err := mgr.Add(receiver.New(webhooks)); err != nil {
		return fmt.Errorf("set up the receiver of webhooks: %w", err)
	}
	return nil
}

// setupUpdate adds what scans and writes.
func setupUpdate(mgr ctrl.Manager, mirrors *access.Mirrors, options Options, counts *metrics.Metrics) (*imagepolicy.Reconciler, *configrepository.Reconciler, error) {
	policies := imagepolicy.NewReconciler(mgr, registry.NewClient(
		registry.WithUserAgent(mgr.GetConfig().UserAgent),
		registry.WithHostConcurrency(options.RegistryConcurrency), registry.WithHostRate(options.RegistryRate),
		registry.WithObserver(func(e registry.Exchange) { counts.RegistryAsked(e.Registry, e.Status, e.Duration) })), counts)
	if err := policies.Setup(mgr); err != nil {
		return nil, nil, err
	}
	repositories := configrepository.NewReconciler(mgr, mirrors, configrepository.Gathering{
		Limit: options.GatheringWindow, Expects: policies.Expects,
	}, counts)
	return policies, repositories, repositories.Setup(mgr)
}

// setupFollower adds what follows the branches while no process is there that writes to them.
func setupFollower(mgr ctrl.Manager, mirrors *access.Mirrors, options Options, counts *metrics.Metrics) (*configrepository.Reconciler, error) {
	writers := []*lease.Watch{
		lease.NewWatch(mgr.GetAPIReader(), options.OwnNamespace, lease.Update),
		lease.NewWatch(mgr.GetAPIReader(), options.OwnNamespace, lease.Controller),
	}
	repositories := configrepository.NewFollower(mgr, mirrors, func(ctx context.Context) (bool, error) {
		for _, writer := range writers {
			if held, err := writer.Held(ctx); err != nil || held {
				return held, err
			}
		}
		return false, nil
	}, counts)
	return repositories, repositories.Setup(mgr)
}
