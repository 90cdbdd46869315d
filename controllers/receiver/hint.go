package receiver

import (
	"context"
	"net/http"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
	gitwebhook "github.com/fairlead/fairlead/gitwriter/webhook"
	"github.com/fairlead/fairlead/registry/webhook"
)

// told is what a request says was pushed.
type told struct {
	images   []webhook.Push
	branches []gitwebhook.Push
}

// providers are all that may post. A Git host that has a registry has one name, and one webhook, for both.
func providers() []string {
	var all []string
	for _, provider := range webhook.Providers() {
		all = append(all, string(provider))
	}
	for _, provider := range gitwebhook.Providers() {
		if !slices.Contains(all, string(provider)) {
			all = append(all, string(provider))
		}
	}
	return all
}

// read verifies a request, and reads it as all that its provider may tell of. The error is a *posted.Error.
func (h *hook) read(request posted.Request) (told, error) {
	var (
		t   told
		err error
	)
	if provider := webhook.Provider(h.provider); slices.Contains(webhook.Providers(), provider) {
		if t.images, err = webhook.Receive(provider, h.token, request); err != nil {
			return told{}, err
		}
	}
	if provider := gitwebhook.Provider(h.provider); slices.Contains(gitwebhook.Providers(), provider) {
		if t.branches, err = gitwebhook.Receive(provider, h.token, request); err != nil {
			return told{}, err
		}
	}
	return t, nil
}

// hint hands on what was pushed.
func (r *Receiver) hint(ctx context.Context, key types.NamespacedName, provider string, t told) answer {
	logged := ctrl.LoggerInto(ctx, ctrl.LoggerFrom(ctx).WithValues("secret", key.String(), "provider", provider))
	namespace := key.Namespace
	if namespace == r.ownNamespace {
		namespace = ""
	}
	return answer{
		status: http.StatusAccepted, policies: r.hintPolicies(logged, namespace, t.images),
		repositories: r.hintRepositories(logged, namespace, t.branches),
	}
}

// hintPolicies hands pushes of images on, one for each repository, and logs a line if they concern anybody.
func (r *Receiver) hintPolicies(ctx context.Context, namespace string, pushes []webhook.Push) int {
	if r.policies == nil {
		return 0
	}
	policies := 0
	var matched []webhook.Push
	hinted := map[webhook.Push]bool{}
	for _, push := range pushes {
		repository := webhook.Push{Host: push.Host, Repository: push.Repository, Below: push.Below}
		if hinted[repository] {
			continue
		}
		hinted[repository] = true
		if n := r.policies.Hint(namespace, push); n > 0 {
			policies += n
			matched = append(matched, push)
		}
	}
	if policies > 0 {
		ctrl.LoggerFrom(ctx).Info("told by a webhook", "repository", matched[0].Repository, "tag", matched[0].Tag,
			"repositories", len(matched), "policies", policies)
	}
	return policies
}

// hintRepositories hands pushes to branches on, and logs a line if they concern anybody.
func (r *Receiver) hintRepositories(ctx context.Context, namespace string, pushes []gitwebhook.Push) int {
	repositories := 0
	var matched []gitwebhook.Push
	for _, push := range pushes {
		if n := r.repositories.Hint(namespace, push); n > 0 {
			repositories += n
			matched = append(matched, push)
		}
	}
	if repositories > 0 {
		first := matched[0].Repositories[0]
		ctrl.LoggerFrom(ctx).Info("told by a webhook of a push to Git", "repository", first.Path, "branch", matched[0].Branch,
			"revision", matched[0].Revision, "configRepositories", repositories)
	}
	return repositories
}
