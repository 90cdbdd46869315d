package check

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/controllers/access"
)

// applications looks at where each Application comes from.
func (c *checker) applications(found declared) (findings []Finding) {
	for i := range found.apps {
		app := &found.apps[i]
		if !c.wants(noun.Application, app.Name) {
			continue
		}
		subject := string(noun.Application) + " " + app.Namespace + "/" + app.Name
		if _, err := access.PermissionOf(app, c.ControllerNamespace); err != nil {
			findings = append(findings, failure(subject, err))
		}
		findings = append(findings, found.source(subject, app))
		if app.Spec.Suspend {
			findings = append(findings, warnf(subject, "it is suspended: nothing is synced").
				by(`kubectl patch application.fairlead.dev %s -n %s --type merge -p '{"spec":{"suspend":false}}'`, app.Name, app.Namespace))
		}
	}
	return findings
}

// source looks for the path of an Application.
func (d declared) source(subject string, app *v1alpha1.Application) Finding {
	repository, err := access.RepositoryOf(app, d.repositories)
	if err != nil {
		return failure(subject, err)
	}
	at := strings.TrimPrefix(path.Clean("/"+app.Spec.Source.Path), "/")
	if at == "" {
		at = "."
	}
	known, info, err := d.in(client.ObjectKeyFromObject(repository), at)
	switch {
	case !known:
		return skipf(subject, "not checked: whether path %s is there, since ConfigRepository %s can't be read", app.Spec.Source.Path, repository.Name)
	case errors.Is(err, fs.ErrNotExist):
		return failf(subject, "path %s isn't on branch %s of ConfigRepository %s: commit it, or mend source.path", app.Spec.Source.Path, repository.Spec.Branch, repository.Name)
	case err != nil:
		return failure(subject, err)
	case !info.IsDir():
		return failf(subject, "path %s of ConfigRepository %s is no folder: mend source.path", app.Spec.Source.Path, repository.Name)
	default:
		return okf(subject, "path %s of ConfigRepository %s is there", app.Spec.Source.Path, repository.Name)
	}
}

// deployer is a ServiceAccount that objects are applied as.
type deployer struct {
	types.NamespacedName

	// claims are what it needs for the objects that its Applications have.
	claims map[claim]bool
	// apps are the Applications that are applied as it.
	apps []string
}

// deployRights asks whether Applications may be applied as their ServiceAccounts, and their kinds watched by the controller.
func (c *checker) deployRights(ctx context.Context, apps []v1alpha1.Application, account string) (findings []Finding) {
	own := types.NamespacedName{Namespace: c.ControllerNamespace, Name: account}
	deployers, watched := c.deployers(apps, own)
	keys := slices.SortedFunc(maps.Keys(deployers), func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	answers := parallel(keys, func(key types.NamespacedName) []Finding { return c.deployer(ctx, deployers[key], key == own) })
	for _, answer := range answers {
		findings = append(findings, answer...)
	}
	if len(watched) == 0 {
		return findings
	}
	subject := "Watching by ServiceAccount " + own.String()
	user := accountUser(own.Namespace, own.Name)
	claims := sortedClaims(watched)
	missing, err := c.denied(ctx, user, claims)
	if err != nil {
		return append(findings, refusedReview(subject, err))
	}
	mend := "kubectl create clusterrole fairlead-watch --verb=list,watch --resource=" + resourcesOf(missing) +
		"\nkubectl create clusterrolebinding fairlead-watch --clusterrole=fairlead-watch --serviceaccount=" + own.Namespace + ":" + own.Name
	return append(findings, rightsVerdict(subject, len(claims), missing, mend)...)
}

// deployers are the ServiceAccounts of the Applications that deploy to this cluster, with what they need for the objects that
// the Applications have by now; and what the controller needs to see these objects drift.
func (c *checker) deployers(apps []v1alpha1.Application, own types.NamespacedName) (deployers map[types.NamespacedName]*deployer, watched map[claim]bool) {
	deployers, watched = map[types.NamespacedName]*deployer{}, map[claim]bool{}
	for i := range apps {
		app := &apps[i]
		permission, err := access.PermissionOf(app, c.ControllerNamespace)
		if access.IsRemote(app) || err != nil {
			continue
		}
		key := own
		if permission.ServiceAccount != "" {
			key = types.NamespacedName{Namespace: app.Spec.Destination.Namespace, Name: permission.ServiceAccount}
		}
		if deployers[key] == nil {
			deployers[key] = &deployer{NamespacedName: key, claims: map[claim]bool{}}
		}
		deployers[key].apps = append(deployers[key].apps, app.Name)
		c.needs(app, deployers[key].claims, watched)
	}
	return deployers, watched
}

// needs adds what is needed for the objects that an Application has. A kind that isn't served any more is told by the Application.
func (c *checker) needs(app *v1alpha1.Application, applied, watched map[claim]bool) {
	verbs := []string{"get", "create", "patch"}
	if policy := app.Spec.SyncPolicy.Automated; policy != nil && policy.Prune {
		verbs = append(verbs, "delete")
	}
	for _, object := range app.Status.Resources {
		mapping, err := c.client.RESTMapper().RESTMapping(schema.GroupKind{Group: object.Group, Kind: object.Kind}, object.Version)
		if err != nil {
			continue
		}
		for _, verb := range verbs {
			applied[claim{verb: verb, group: object.Group, resource: mapping.Resource.Resource, namespace: object.Namespace}] = true
		}
		for _, verb := range []string{"list", "watch"} {
			watched[claim{verb: verb, group: object.Group, resource: mapping.Resource.Resource}] = true
		}
	}
}

// deployer looks at one ServiceAccount. The controller's own was looked for already.
func (c *checker) deployer(ctx context.Context, d *deployer, own bool) []Finding {
	subject := "ServiceAccount " + d.String()
	user := accountUser(d.Namespace, d.Name)
	if !own {
		asking, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		err := c.client.Get(asking, d.NamespacedName, &corev1.ServiceAccount{})
		if apierrors.IsNotFound(err) {
			return []Finding{failf(subject, "it doesn't exist, and %s applied as it", plural(d.apps)).by(
				"kubectl create serviceaccount %[1]s -n %[2]s\nkubectl create rolebinding %[1]s -n %[2]s --clusterrole=edit --serviceaccount=%[2]s:%[1]s", d.Name, d.Namespace)}
		}
		if err != nil && forbidden(err) == "" {
			return []Finding{failure(subject, err)}
		}
	}
	claims := sortedClaims(d.claims)
	if len(claims) == 0 {
		return []Finding{skipf(subject, "not checked: %s no objects yet by which to tell what it needs", has(d.apps))}
	}
	missing, err := c.denied(ctx, user, claims)
	if err != nil {
		return []Finding{refusedReview(subject, err)}
	}
	mend := reinstall
	if !own {
		mend = "kubectl create rolebinding " + d.Name + " -n " + d.Namespace + " --clusterrole=edit --serviceaccount=" + d.Namespace + ":" + d.Name
	}
	return rightsVerdict(subject, len(claims), missing, mend)
}

func plural(apps []string) string {
	if len(apps) == 1 {
		return "Application " + apps[0] + " is"
	}
	return counted(len(apps), string(noun.Application)) + " are"
}

func has(apps []string) string {
	if len(apps) == 1 {
		return "Application " + apps[0] + " has"
	}
	return counted(len(apps), string(noun.Application)) + " have"
}

func sortedClaims(claims map[claim]bool) []claim {
	return slices.SortedFunc(maps.Keys(claims), func(a, b claim) int {
		return cmp.Or(strings.Compare(a.namespace, b.namespace), strings.Compare(a.kind(), b.kind()), strings.Compare(a.verb, b.verb))
	})
}

// resourcesOf are the kinds of claims, as kubectl create clusterrole takes them.
func resourcesOf(claims []claim) string {
	kinds := map[string]bool{}
	for _, c := range claims {
		kinds[c.kind()] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(kinds)), ",")
}
