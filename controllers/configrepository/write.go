package configrepository

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/signing"
)

// gather lists the neighbours of the repository and makes the wishes of the policies among them.
func (r *Reconciler) gather(ctx context.Context, s *scope) error {
	inNamespace := client.InNamespace(s.repository.Namespace)
	var policies v1alpha1.ImagePolicyList
	if err := r.client.List(ctx, &policies, inNamespace); err != nil {
		return fmt.Errorf("list ImagePolicies: %w", err)
	}
	var apps v1alpha1.ApplicationList
	if err := r.client.List(ctx, &apps, inNamespace); err != nil {
		return fmt.Errorf("list Applications: %w", err)
	}
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories, inNamespace); err != nil {
		return fmt.Errorf("list ConfigRepositories: %w", err)
	}
	s.beside = neighbours{policies: policies.Items, apps: apps.Items, repositories: repositories.Items}
	s.wishes = gather(s.repository, s.beside)
	return nil
}

// open gets the mirror, with the credentials as the Secret holds them now.
func (r *Reconciler) open(ctx context.Context, s *scope) error {
	mirror, err := r.mirrors.Open(ctx, r.live, s.repository)
	if err != nil {
		s.reason = access.ReasonOf(err, v1alpha1.ReasonGitFailed)
		return err
	}
	s.mirror = mirror
	return nil
}

// write has the wishes committed and pushed. Where Git holds them already it makes no request.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	spec := s.repository.Spec.Commit
	template, err := gitwriter.ParseMessageTemplate(spec.MessageTemplate)
	if err != nil {
		s.reason = v1alpha1.ReasonInvalidTemplate
		return fmt.Errorf("spec.commit.messageTemplate: %w", err)
	}
	signer, err := r.signers.Open(ctx, r.live, s.repository)
	if err != nil {
		s.reason = access.ReasonOf(err, v1alpha1.ReasonGitFailed)
		return err
	}
	author := gitwriter.Signature{Name: spec.Author.Name, Email: spec.Author.Email}
	request := gitwriter.WriteRequest{Author: author, Committer: author, Template: template}
	if signer != nil {
		request.Signer = signer
	}
	for _, wanted := range s.wishes {
		if !wanted.refused() {
			request.Changes = append(request.Changes, wanted.change)
		}
	}
	result, err := s.mirror.Write(ctx, request)
	if result.Head.Revision == "" {
		result.Head = s.result.Head
	}
	r.countPush(result, err)
	s.result = result
	s.rewrites = append(s.rewrites, result.Rewrites...)
	if err != nil {
		s.reason = reasonOf(err)
	}
	return err
}

// reasonOf classifies for the conditions what went wrong with the Git server, or on the way to a commit.
func reasonOf(err error) v1alpha1.Reason {
	if template := (*gitwriter.TemplateError)(nil); errors.As(err, &template) {
		return v1alpha1.ReasonInvalidTemplate
	}
	if key := (*signing.KeyError)(nil); errors.As(err, &key) {
		return v1alpha1.ReasonSecretNotUsable
	}
	failure := (*gitwriter.Error)(nil)
	if !errors.As(err, &failure) {
		return v1alpha1.ReasonGitFailed
	}
	return reasonOfGit(failure.Reason)
}

// reasonOfGit names what a Git server says no with.
func reasonOfGit(reason gitwriter.Reason) v1alpha1.Reason {
	switch reason {
	case gitwriter.ReasonRefused:
		return v1alpha1.ReasonPushRefused
	case gitwriter.ReasonBranchProtected:
		return v1alpha1.ReasonBranchProtected
	case gitwriter.ReasonHookDeclined:
		return v1alpha1.ReasonHookDeclined
	case gitwriter.ReasonQuota:
		return v1alpha1.ReasonQuotaExceeded
	case gitwriter.ReasonAuthentication:
		return v1alpha1.ReasonAuthenticationFailed
	case gitwriter.ReasonForbidden:
		return v1alpha1.ReasonNotAuthorized
	case gitwriter.ReasonServerNotTrusted:
		return v1alpha1.ReasonServerNotTrusted
	case gitwriter.ReasonProxy:
		return v1alpha1.ReasonProxyFailed
	case gitwriter.ReasonRedirected:
		return v1alpha1.ReasonRepositoryMoved
	case gitwriter.ReasonBranchMissing, gitwriter.ReasonRepositoryEmpty:
		return v1alpha1.ReasonBranchNotFound
	case gitwriter.ReasonRepositoryMissing:
		return v1alpha1.ReasonRepositoryNotFound
	default:
		return v1alpha1.ReasonGitFailed
	}
}
