package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// maxDenied is how many rights that are missing a group of findings names one by one.
const maxDenied = 5

// claim is one right.
type claim struct {
	verb, group, resource, subresource, namespace string
}

// claimsOf are the single rights that rules grant in a namespace, or everywhere if it is empty.
func claimsOf(rules []rbacv1.PolicyRule, namespace string) (claims []claim) {
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				resource, subresource, _ := strings.Cut(resource, "/")
				for _, verb := range rule.Verbs {
					claims = append(claims, claim{verb: verb, group: group, resource: resource, subresource: subresource, namespace: namespace})
				}
			}
		}
	}
	return claims
}

func (c claim) attributes() *authorizationv1.ResourceAttributes {
	return &authorizationv1.ResourceAttributes{Verb: c.verb, Group: c.group, Resource: c.resource, Subresource: c.subresource, Namespace: c.namespace}
}

// where says in which namespace the right is needed.
func (c claim) where() string {
	if c.namespace == "" {
		return "in the whole cluster"
	}
	return "in namespace " + c.namespace
}

// kind names what the right is about as kubectl does: deployments.apps/scale.
func (c claim) kind() string {
	kind := c.resource
	if c.group != "" {
		kind += "." + c.group
	}
	if c.subresource != "" {
		kind += "/" + c.subresource
	}
	return kind
}

// joined says what is lacked, one line for each kind and namespace: get and patch deployments.apps in namespace web.
func joined(missing []claim) (lines []string) {
	verbs := map[string][]string{}
	var order []string
	for _, lacked := range missing {
		about := lacked.kind() + " " + lacked.where()
		if verbs[about] == nil {
			order = append(order, about)
		}
		verbs[about] = append(verbs[about], lacked.verb)
	}
	for _, about := range order {
		lines = append(lines, listed(verbs[about])+" "+about)
	}
	return lines
}

// listed writes words one after the other: get, create and patch.
func listed(words []string) string {
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}

// whoever is the user that asks, as the API server knows them; empty if it doesn't say.
func (c *checker) whoever(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.client.Create(ctx, review); err != nil {
		return ""
	}
	return review.Status.UserInfo.Username
}

// accountUser is how the API server calls a ServiceAccount.
func accountUser(namespace, name string) string {
	return "system:serviceaccount:" + namespace + ":" + name
}

// may asks whether a user may do something; an empty one is whoever asks. Who asks about themselves needs no right for it.
func (c *checker) may(ctx context.Context, user string, asked claim) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if user == "" || user == c.user {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: asked.attributes()}}
		err := c.client.Create(ctx, review)
		return review.Status.Allowed, err
	}
	review := &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: asked.attributes(), User: user, Groups: groupsOf(user)},
	}
	err := c.client.Create(ctx, review)
	return review.Status.Allowed, err
}

// groupsOf are the groups that the API server puts a ServiceAccount into.
func groupsOf(user string) []string {
	groups := []string{"system:authenticated"}
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		namespace, _, _ := strings.Cut(account, ":")
		groups = append(groups, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	}
	return groups
}

// denied asks for each right, and returns those that a user lacks, in the order of the claims.
func (c *checker) denied(ctx context.Context, user string, claims []claim) (missing []claim, err error) {
	type answer struct {
		allowed bool
		err     error
	}
	answers := parallel(claims, func(asked claim) answer {
		allowed, err := c.may(ctx, user, asked)
		return answer{allowed: allowed, err: err}
	})
	for i := range answers {
		if answers[i].err != nil {
			return nil, fmt.Errorf("ask the API server what %s may do: %w", user, answers[i].err)
		}
		if !answers[i].allowed {
			missing = append(missing, claims[i])
		}
	}
	return missing, nil
}

// rightsVerdict judges what a subject lacks. all is how many rights were asked for; mend grants them.
func rightsVerdict(subject string, all int, missing []claim, mend string) []Finding {
	lines := joined(missing)
	switch {
	case len(missing) == 0:
		return []Finding{okf(subject, "it may do all that is needed: %d rights were asked for", all)}
	case len(missing) == all && len(lines) > 1:
		return []Finding{failf(subject, "it has none of the %d rights that it needs: its roles aren't bound", all).by("%s", mend)}
	}
	var findings []Finding
	for _, line := range lines[:min(len(lines), maxDenied)] {
		findings = append(findings, failf(subject, "it may not %s", line))
	}
	if more := len(lines) - maxDenied; more > 0 {
		findings = append(findings, failf(subject, "nor what is missing on %d more kinds", more))
	}
	findings[len(findings)-1].Mend = mend // Once is enough.
	return findings
}

// controllerRights asks what the controller's ServiceAccount may do for itself.
func (c *checker) controllerRights(ctx context.Context, account string) []Finding {
	subject := "ServiceAccount " + c.ControllerNamespace + "/" + account
	rights, err := shipped.ControllerRights()
	if err != nil {
		return []Finding{failure(subject, err)}
	}
	claims := slices.Concat(claimsOf(rights.Cluster, ""), claimsOf(rights.Own, c.ControllerNamespace))
	user := accountUser(c.ControllerNamespace, account)
	missing, err := c.denied(ctx, user, claims)
	if err != nil {
		return []Finding{refusedReview(subject, err)}
	}
	return rightsVerdict(subject, len(claims), missing, reinstall)
}

// refusedReview is the finding of an API server that doesn't say what others may do.
func refusedReview(subject string, err error) Finding {
	if forbidden(err) != "" {
		return skipf(subject, "not checked: you may not create subjectaccessreviews.authorization.k8s.io, by which others' rights are asked for")
	}
	return failure(subject, err)
}
