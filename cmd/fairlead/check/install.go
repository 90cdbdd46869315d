package check

import (
	"context"
	"slices"
)

// installed are the kinds of objects that an install creates, and later changes.
var installed = []claim{ //nolint:gochecknoglobals // a constant in all but the language
	{group: "", resource: "namespaces"},
	{group: "apiextensions.k8s.io", resource: "customresourcedefinitions"},
	{group: "rbac.authorization.k8s.io", resource: "clusterroles"},
	{group: "rbac.authorization.k8s.io", resource: "clusterrolebindings"},
	{group: "rbac.authorization.k8s.io", resource: "roles", namespace: "own"},
	{group: "rbac.authorization.k8s.io", resource: "rolebindings", namespace: "own"},
	{group: "", resource: "serviceaccounts", namespace: "own"},
	{group: "", resource: "services", namespace: "own"},
	{group: "apps", resource: "deployments", namespace: "own"},
}

// installVerbs are what an install does with each object.
func installVerbs() []string { return []string{"get", "create", "patch"} }

// installClaims are the rights that an install into a namespace needs of whoever does it. Nobody may grant what they don't hold:
// the role fairlead-sync holds everything by default.
func installClaims(namespace string) (create, grant []claim) {
	for _, kind := range installed {
		if kind.namespace != "" {
			kind.namespace = namespace
		}
		for _, verb := range installVerbs() {
			kind.verb = verb
			create = append(create, kind)
		}
	}
	return create, []claim{{verb: "*", group: "*", resource: "*"}}
}

// before asks whether whoever asks may install.
func (c *checker) before(ctx context.Context) []Finding {
	subject := "User " + c.user
	create, grant := installClaims(c.ControllerNamespace)
	missing, err := c.denied(ctx, "", slices.Concat(create, grant))
	if err != nil {
		return []Finding{failure(subject, err)}
	}
	lacksAll := slices.Contains(missing, grant[0])
	missing = slices.DeleteFunc(missing, func(m claim) bool { return m == grant[0] })
	var findings []Finding
	if len(missing) == 0 {
		findings = append(findings, okf(subject, "they may create and change every kind of object that is installed"))
	}
	for _, line := range joined(missing) {
		findings = append(findings, failf(subject, "they may not %s: have a cluster administrator install", line))
	}
	if lacksAll {
		findings = append(findings, warnf(subject, "they hold fewer rights than the role fairlead-sync has by default, and nobody can grant what they don't hold: "+
			"have a cluster administrator install, or narrow the role by rbac.sync.rules"))
	} else {
		findings = append(findings, okf(subject, "they may grant the roles that are installed"))
	}
	return findings
}
