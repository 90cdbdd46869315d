package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/syncer"
)

func repository(name, url, branch string) v1alpha1.ConfigRepository {
	return v1alpha1.ConfigRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: name},
		Spec:       v1alpha1.ConfigRepositorySpec{URL: url, Branch: branch},
	}
}

func application(namespace string, source v1alpha1.ApplicationSource) v1alpha1.Application {
	return v1alpha1.Application{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "webhooks"},
		Spec:       v1alpha1.ApplicationSpec{Source: source, Destination: v1alpha1.ApplicationDestination{Namespace: "webhooks"}},
	}
}

func TestRepositoryOf(t *testing.T) {
	t.Parallel()
	const url = "https://git.example.com/web-hook/config.git"
	known := []v1alpha1.ConfigRepository{repository("main", url, "main"), repository("next", url, "next"), repository("other", "https://git.example.com/other", "main")}
	cases := map[string]struct {
		reason string
		source v1alpha1.ApplicationSource
		want   string
	}{
		"Branch":  {reason: "URL and branch decide", source: v1alpha1.ApplicationSource{RepoURL: url, TargetRevision: "next"}, want: "next"},
		"Spelled": {reason: "case, a closing slash and .git don't matter, as with Argo CD", source: v1alpha1.ApplicationSource{RepoURL: "https://Git.example.com/web-hook/config/", TargetRevision: "main"}, want: "main"},
		"Head":    {reason: "HEAD is the branch of the one that there is", source: v1alpha1.ApplicationSource{RepoURL: "https://git.example.com/other.git", TargetRevision: "HEAD"}, want: "other"},
		"Ref":     {reason: "a reference needs no URL", source: v1alpha1.ApplicationSource{RepositoryRef: &v1alpha1.LocalReference{Name: "next"}}, want: "next"},
		"Several": {
			reason: "which of two isn't guessed", source: v1alpha1.ApplicationSource{RepoURL: url},
			want: "2 ConfigRepositories have the url " + url + ": say which branch in source.targetRevision, or name one in source.repositoryRef",
		},
		"None": {
			reason: "nothing says how the repository is reached", source: v1alpha1.ApplicationSource{RepoURL: url, TargetRevision: "v2"},
			want: "no ConfigRepository in namespace fairlead has the url " + url + " and the branch v2: create one, which says how the repository is reached",
		},
		"NoneOfAnyBranch": {
			reason: "without a branch the URL alone is missing", source: v1alpha1.ApplicationSource{RepoURL: "https://git.example.com/x"},
			want: "no ConfigRepository in namespace fairlead has the url https://git.example.com/x and the branch of any name: create one, which says how the repository is reached",
		},
		"RefMissing": {
			reason: "the reference leads nowhere", source: v1alpha1.ApplicationSource{RepositoryRef: &v1alpha1.LocalReference{Name: "gone"}},
			want: "ConfigRepository fairlead/gone, which source.repositoryRef names, doesn't exist",
		},
		"RefOfAnotherBranch": {
			reason: "the reference and the branch contradict each other",
			source: v1alpha1.ApplicationSource{RepositoryRef: &v1alpha1.LocalReference{Name: "next"}, TargetRevision: "main"},
			want: "source.targetRevision is main, but ConfigRepository fairlead/next is on the branch next: " +
				"leave targetRevision out, or name a ConfigRepository of that branch",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := application("fairlead", tc.source)
			found, err := access.RepositoryOf(&app, known)
			got := text(err)
			if err == nil {
				got = found.Name
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	repositories := []v1alpha1.ConfigRepository{repository("config", "https://git.example.com/config.git", "main")}
	source := v1alpha1.ApplicationSource{RepoURL: "https://git.example.com/config.git", Path: "apps/webhooks"}
	withFiles := func(files ...string) v1alpha1.Application {
		source := source
		source.Helm = &v1alpha1.HelmSource{ValueFiles: files}
		return application("fairlead", source)
	}
	app := &v1alpha1.LocalReference{Name: "webhooks"}
	cases := map[string]struct {
		reason string
		target v1alpha1.Target
		app    v1alpha1.Application
		want   access.Place
		err    string
	}{
		"FirstValueFile": {reason: "the shortest declaration", target: v1alpha1.Target{ApplicationRef: app, Tag: "t"}, app: withFiles("values.yaml", "b.yaml"), want: access.Place{Repository: "config", File: "apps/webhooks/values.yaml"}},
		"FileOfTheChart": {reason: "a file of an Application is relative to its path", target: v1alpha1.Target{ApplicationRef: app, File: "tags.yaml", Tag: "t"}, app: withFiles(), want: access.Place{Repository: "config", File: "apps/webhooks/tags.yaml"}},
		"Pattern": {
			reason: "a pattern stands for many files", target: v1alpha1.Target{ApplicationRef: app, Tag: "t"}, app: withFiles("env/*.yaml"),
			err: "target t names no file, and the first of the valueFiles of Application fairlead/webhooks, env/*.yaml, is a pattern: set file",
		},
		"RootedFile":     {reason: "a leading slash is the root of the repository, as in valueFiles", target: v1alpha1.Target{ApplicationRef: app, Tag: "t"}, app: withFiles("/env/prod.yaml"), want: access.Place{Repository: "config", File: "env/prod.yaml"}},
		"BesideTheChart": {reason: "a value file may lie beside the chart", target: v1alpha1.Target{ApplicationRef: app, Tag: "t"}, app: withFiles("../common.yaml"), want: access.Place{Repository: "config", File: "apps/common.yaml"}},
		"Repository":     {reason: "a file of a repository is relative to its root", target: v1alpha1.Target{RepositoryRef: &v1alpha1.LocalReference{Name: "config"}, File: "./a/b.yaml", Tag: "t"}, app: withFiles(), want: access.Place{Repository: "config", File: "a/b.yaml"}},
		"NoFile": {
			reason: "there is nothing to default to", target: v1alpha1.Target{ApplicationRef: app, Tag: "www.tag"}, app: withFiles(),
			err: "target www.tag names no file, and Application fairlead/webhooks has no valueFiles to default to: set file",
		},
		"NoApplication": {
			reason: "the reference leads nowhere", target: v1alpha1.Target{ApplicationRef: &v1alpha1.LocalReference{Name: "gone"}, Tag: "www.tag"}, app: withFiles(),
			err: "Application fairlead/gone, which target www.tag names, doesn't exist",
		},
		"NoRepository": {
			reason: "the reference leads nowhere", target: v1alpha1.Target{RepositoryRef: &v1alpha1.LocalReference{Name: "gone"}, File: "f", Tag: "www.tag"}, app: withFiles(),
			err: "ConfigRepository fairlead/gone, which target www.tag names, doesn't exist",
		},
		"NoRepositoryOfTheApplication": {
			reason: "what the Application lacks is said", target: v1alpha1.Target{ApplicationRef: app, Tag: "www.tag"},
			app: application("fairlead", v1alpha1.ApplicationSource{RepositoryRef: &v1alpha1.LocalReference{Name: "gone"}}),
			err: "Application fairlead/webhooks: ConfigRepository fairlead/gone, which source.repositoryRef names, doesn't exist",
		},
		"AnotherNamespace": {
			reason: "references stay inside the namespace", target: v1alpha1.Target{ApplicationRef: app, Tag: "www.tag"}, app: application("team", source),
			err: "Application fairlead/webhooks, which target www.tag names, doesn't exist",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := access.Resolve("fairlead", tc.target, []v1alpha1.Application{tc.app}, repositories)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.err, text(err)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPermissionOf(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason    string
		namespace string
		account   string
		want      access.Permission
		err       string
	}{
		"Own": {
			reason: "an administrator's deploys anywhere, with the controller's rights", namespace: "fairlead",
			want: access.Permission{Scope: syncer.Scope{Namespace: "webhooks"}},
		},
		"OwnWithAccount": {
			reason: "an administrator may want less", namespace: "fairlead", account: "narrow",
			want: access.Permission{Scope: syncer.Scope{Namespace: "webhooks"}, ServiceAccount: "narrow"},
		},
		"Team": {
			reason: "a team's deploys to its own namespace, as a ServiceAccount there", namespace: "webhooks",
			want: access.Permission{Scope: syncer.Scope{Namespace: "webhooks", NamespaceOnly: true}, ServiceAccount: "fairlead-sync"},
		},
		"TeamElsewhere": {
			reason: "a team has no say in another namespace", namespace: "team",
			err: "destination.namespace is webhooks, but an Application in namespace team deploys to its own namespace only: " +
				"set it to team, or have an administrator declare the Application in namespace fairlead",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := application(tc.namespace, v1alpha1.ApplicationSource{})
			app.Spec.ServiceAccountName = tc.account
			got, err := access.PermissionOf(&app, "fairlead")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.err, text(err)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
