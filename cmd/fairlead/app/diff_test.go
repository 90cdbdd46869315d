package app_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/render"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// standing is what an earlier sync has left, and what others have made of it: the colour was changed, the size, too, which is
// nobody's concern, the Secret holds another token, and old isn't in the revision any more.
const standing = `
apiVersion: v1
kind: ConfigMap
metadata: {name: www, labels: {fairlead.dev/application: webhooks, fairlead.dev/application-namespace: OFFICE}}
data: {tag: v1.0.36, color: red, size: "3"}
---
apiVersion: v1
kind: Secret
metadata:
  name: token
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{"token":"cGxhbnRlZC1zZWNyZXQtb2xk"}}'}
  labels: {fairlead.dev/application: webhooks, fairlead.dev/application-namespace: OFFICE}
data: {token: cGxhbnRlZC1zZWNyZXQtb2xk, other: c2FtZQ==}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: old, labels: {fairlead.dev/application: webhooks, fairlead.dev/application-namespace: OFFICE}}
data: {key: value}
`

// deployment is an office with a repository that has two commits.
type deployment struct {
	*office

	git         *gitServer
	first, head string
}

func deployed(t *testing.T) deployment {
	t.Helper()
	o, s := newOffice(t), newGitServer(t)
	first, _ := s.commit("start", map[string]string{
		"apps/webhooks/Chart.yaml": chart, "apps/webhooks/templates/all.yaml": templates, "apps/webhooks/values.yaml": values("v1.0.35"),
	})
	head, _ := s.commit("deploy(www): v1.0.35 -> v1.0.36", map[string]string{"apps/webhooks/values.yaml": values("v1.0.36")})
	o.repository(s, head)
	o.Declare(strings.ReplaceAll(standing, "OFFICE", o.Namespace))
	o.status(func(status *v1alpha1.ApplicationStatus) {
		for _, name := range []string{"www", "old"} {
			status.Resources = append(status.Resources, v1alpha1.ResourceStatus{Version: "v1", Kind: "ConfigMap", Namespace: o.Namespace, Name: name})
		}
	})
	return deployment{office: o, git: s, first: first, head: head}
}

const (
	changedConfig = `--- live/ConfigMap/OFFICE/www
+++ target/ConfigMap/OFFICE/www
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  color: red
+  color: green
   tag: v1.0.36
 kind: ConfigMap
 metadata:
`
	changedSecret = `--- live/Secret/OFFICE/token
+++ target/Secret/OFFICE/token
@@ -1,7 +1,7 @@
 apiVersion: v1
 data:
   other: ++++++++
-  token: ++++++++
+  token: +++++++++
 kind: Secret
 metadata:
   annotations:
`
	freshConfig = `--- /dev/null
+++ target/ConfigMap/OFFICE/fresh
@@ -0,0 +1,10 @@
+apiVersion: v1
+data:
+  key: value
+kind: ConfigMap
+metadata:
+  labels:
+    fairlead.dev/application: webhooks
+    fairlead.dev/application-namespace: OFFICE
+  name: fresh
+  namespace: OFFICE
`
	goneConfig = `--- live/ConfigMap/OFFICE/old
+++ /dev/null
@@ -1,10 +0,0 @@
-apiVersion: v1
-data:
-  key: value
-kind: ConfigMap
-metadata:
-  labels:
-    fairlead.dev/application: webhooks
-    fairlead.dev/application-namespace: OFFICE
-  name: old
-  namespace: OFFICE
`
)

func TestDiff(t *testing.T) {
	t.Parallel()
	o := deployed(t)
	_, work := o.git.commit("docs", map[string]string{"README.md": "read me"})
	older := strings.Replace(changedConfig, "-  color: red\n+  color: green\n   tag: v1.0.36\n", "-  color: red\n-  tag: v1.0.36\n+  color: green\n+  tag: v1.0.35\n", 1)
	older = strings.Replace(older, "-1,6 +1,6", "-1,7 +1,7", 1) + "   labels:\n"
	cases := map[string]struct {
		reason string
		origin app.Origin
		want   string
	}{
		"Head":     {reason: "what the controller knows", want: freshConfig + changedConfig + changedSecret + goneConfig},
		"Newest":   {reason: "what the branch holds", origin: app.Origin{Revision: "HEAD"}, want: freshConfig + changedConfig + changedSecret + goneConfig},
		"Revision": {reason: "another commit", origin: app.Origin{Revision: o.first}, want: freshConfig + older + changedSecret + goneConfig},
		"Start":    {reason: "the beginning of an id", origin: app.Origin{Revision: o.head[:7]}, want: freshConfig + changedConfig + changedSecret + goneConfig},
		"Local":    {reason: "a checkout", origin: app.Origin{Local: work}, want: freshConfig + changedConfig + changedSecret + goneConfig},
		"Path": {
			reason: "the path in a checkout", origin: app.Origin{Local: filepath.Join(work, "apps", "webhooks")},
			want: freshConfig + changedConfig + changedSecret + goneConfig,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diff, err := asks(t, "").Diff(t.Context(), o.get(), tc.origin)
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			got := o.shown(func(to *bytes.Buffer) error { return diff.Write(to, terminal.Text, false) })
			if want := cmp.Diff(tc.want, got); want != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, want)
			}
			for _, format := range []terminal.Format{terminal.Text, terminal.JSON, terminal.YAML} {
				whole := o.shown(func(to *bytes.Buffer) error { return diff.Write(to, format, false) })
				if strings.Contains(whole, planted) || strings.Contains(whole, "cGxhbnRlZ") {
					t.Errorf("%s: the secret is told:\n%s", tc.reason, whole)
				}
			}
		})
	}
	// Nothing was written.
	var www corev1.ConfigMap
	o.read("www", &www)
	if diff := cmp.Diff(map[string]string{"tag": "v1.0.36", "color": "red", "size": "3"}, www.Data); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDiffRefuses(t *testing.T) {
	t.Parallel()
	o := deployed(t)
	folder := t.TempDir()
	read := rule("fairlead.dev", []string{"applications", "configrepositories"}, "get", "list")
	looks := rule("", []string{"configmaps", "secrets"}, "get")
	o.Allow(apiserver.User("jane"), read)
	o.Allow(apiserver.User("jack"), read, looks)
	cases := map[string]struct {
		reason, user string
		origin       app.Origin
		want         string
	}{
		"Secret": {
			reason: "the repository's password is needed", user: "jane",
			want: `read the repository of Application OFFICE/webhooks: read Secret OFFICE/git: secrets "git" is forbidden: ` +
				`User "jane" cannot get resource "secrets" in API group "" in the namespace "OFFICE": ` +
				"it is read from here, with your own rights to its Secret: ask for them, or compare a checkout with --local",
		},
		"Apply": {
			reason: "so is the right to apply", user: "jack",
			want: `compare ConfigMap OFFICE/www: configmaps "www" is forbidden: User "jack" cannot patch resource "configmaps" in API group "" in the namespace "OFFICE": ` +
				"a dry run needs the right to apply: ask for it\n" +
				`compare Secret OFFICE/token: secrets "token" is forbidden: User "jack" cannot patch resource "secrets" in API group "" in the namespace "OFFICE": ` +
				"a dry run needs the right to apply: ask for it",
		},
		"Word": {
			reason: "no name of anything", origin: app.Origin{Revision: "v1.0"},
			want: `--revision "v1.0": write the id of a commit of the branch main, or HEAD for its newest`,
		},
		"Unknown": {
			reason: "the beginning of nothing", origin: app.Origin{Revision: "0000000"},
			want: "--revision 0000000: no commit that Application OFFICE/webhooks has rolled out begins so: write its id in full, 40 digits",
		},
		"Folder": {
			reason: "a folder of something else", origin: app.Origin{Local: folder},
			want: "--local " + folder + ": it has no folder apps/webhooks, and isn't that folder itself: name the root of a checkout of the repository",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := asks(t, tc.user).Diff(t.Context(), o.get(), tc.origin)
			if err == nil {
				t.Fatalf("%s: it is answered", tc.reason)
			}
			if diff := cmp.Diff(tc.want, o.named(err.Error())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	o := deployed(t)
	made, err := asks(t, "").Render(t.Context(), o.get(), app.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "secret/token\nconfigmap/www\nconfigmap/fresh\n"
	if diff := cmp.Diff(want, o.shown(func(to *bytes.Buffer) error { return made.Write(to, render.Name) })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	text := o.shown(func(to *bytes.Buffer) error { return made.Write(to, render.YAML) })
	const config = "kind: ConfigMap\nmetadata: {name: www}\ndata: {tag: \"v1.0.36\", color: green, size: \"1\"}\n"
	if !strings.Contains(text, config) {
		t.Errorf("the manifests are\n%s", text)
	}
}
