// Package controllers lists every controller of Fairlead, and what they share.
package controllers

import (
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/application"
	"github.com/fairlead/fairlead/controllers/configrepository"
	"github.com/fairlead/fairlead/controllers/imagepolicy"
	"github.com/fairlead/fairlead/controllers/receiver"
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
	// GatheringWindow is how long a selection waits at most for others that go into the same push.
	GatheringWindow time.Duration
}

// Setup adds the controllers to the manager that options ask for.
func Setup(mgr ctrl.Manager, options Options) error {
	mirrors := access.NewMirrors()
	if options.Update {
		if err := setupUpdate(mgr, mirrors, options); err != nil {
			return err
		}
	}
	if !options.Sync {
		return nil
	}
	apps, err := application.NewReconciler(mgr, mirrors, options.OwnNamespace)
	if err != nil {
		return fmt.Errorf("set up the controller of Applications: %w", err)
	}
	return apps.Setup(mgr)
}

// setupUpdate adds what scans, writes, and hears of pushes.
func setupUpdate(mgr ctrl.Manager, mirrors *access.Mirrors, options Options) error {
	policies := imagepolicy.NewReconciler(mgr, registry.NewClient(
		registry.WithUserAgent(mgr.GetConfig().UserAgent),
		registry.WithHostConcurrency(options.RegistryConcurrency), registry.WithHostRate(options.RegistryRate)))
	if err := policies.Setup(mgr); err != nil {
		return err
	}
	repositories := configrepository.NewReconciler(mgr, mirrors, configrepository.Gathering{
		Limit: options.GatheringWindow, Expects: policies.Expects,
	})
	if err := repositories.Setup(mgr); err != nil {
		return err
	}
	if options.WebhookAddress == "0" {
		return nil
	}
	webhooks := receiver.New(receiver.Options{
		Address: options.WebhookAddress, OwnNamespace: options.OwnNamespace, Secrets: mgr.GetAPIReader(),
		Policies: policies, Repositories: repositories,
	})
	if err := mgr.Add(webhooks); err != nil {
		return fmt.Errorf("set up the receiver of webhooks: %w", err)
	}
	return nil
}
