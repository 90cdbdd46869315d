package get_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// office is a namespace in which a microservice is declared.
type office struct{ *apiserver.Office }

func newOffice(t *testing.T) *office {
	t.Helper()
	return &office{apiserver.NewOffice(t, config)}
}

// policy declares an ImagePolicy.
func (o *office) policy(name string) *v1alpha1.ImagePolicy {
	o.T.Helper()
	made := &v1alpha1.ImagePolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: name, Labels: map[string]string{"name": name}},
		Spec: v1alpha1.ImagePolicySpec{
			Image: "registry.example.com/" + name, Select: v1alpha1.SelectSpec{SemVer: &v1alpha1.SemVerSpec{Range: "*"}},
			Interval: metav1.Duration{Duration: time.Minute}, Timeout: metav1.Duration{Duration: time.Minute},
			Targets: []v1alpha1.Target{{ApplicationRef: &v1alpha1.LocalReference{Name: "webhooks"}, Tag: "tag"}},
		},
	}
	o.Create(made)
	return made
}

// asks is the cluster as a user sees it, or its administrator if user is empty, at an address.
func asks(t *testing.T, user, host string) *get.Cluster {
	t.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = user
	if host != "" {
		as.Host = host
	}
	made, err := get.NewCluster(as, apiserver.Scheme(t), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (o *office) question(names ...noun.Reference) get.Question {
	return get.Question{Namespace: o.Namespace, Names: names, Selector: labels.Everything()}
}

func namesOf(answer get.Answer) []string {
	names := []string{}
	for _, line := range answer.Lines {
		names = append(names, line.Name)
	}
	return names
}

func TestGet(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.policy("www")
	o.policy("api")
	only, err := get.ParseSelector("name=api")
	if err != nil {
		t.Fatal(err)
	}
	selected := o.question()
	selected.Selector = only
	cases := map[string]struct {
		reason   string
		question get.Question
		want     []string
		err      string
	}{
		"All":      {reason: "by name", question: o.question(), want: []string{"api", "www"}},
		"Selector": {reason: "by label", question: selected, want: []string{"api"}},
		"Name":     {reason: "by argument", question: o.question(noun.Reference{Name: "www"}), want: []string{"www"}},
		"Missing": {
			reason: "what isn't there is told of beside what is", question: o.question(noun.Reference{Name: "www"}, noun.Reference{Kind: noun.Application, Name: "x"}),
			want: []string{"www"}, err: "there is no ImagePolicy for application/x in namespace OFFICE: fairlead get -A lists all microservices",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := asks(t, "", "").Get(t.Context(), tc.question)
			if diff := cmp.Diff(tc.err, strings.ReplaceAll(errText(err), o.Namespace, "OFFICE")); diff != "" {
				t.Errorf("%s: the error: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, namesOf(answer)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestRights asks with less and less of them.
func TestRights(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.policy("www")
	allow(o, "viewer", "imagepolicies")
	answer, err := asks(t, o.Namespace+":viewer", "").Get(t.Context(), o.question())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Applications in namespace " + o.Namespace + " are left out: you may not list them",
		"ConfigRepositories in namespace " + o.Namespace + " are left out: you may not list them",
	}
	if diff := cmp.Diff(want, answer.Notes); diff != "" || len(answer.Lines) != 1 {
		t.Errorf("%d lines, and notes: -want, +got:\n%s", len(answer.Lines), diff)
	}
	_, err = asks(t, "nobody", "").Get(t.Context(), o.question())
	if err == nil || !strings.HasPrefix(err.Error(), "list ImagePolicies in namespace "+o.Namespace+": ") ||
		!strings.HasSuffix(err.Error(), "they are read with your own rights: ask for that one") {
		t.Errorf("who may read nothing is told: %v", err)
	}
	err = asks(t, "nobody", "").Watch(t.Context(), o.question(), 0, func(get.Answer) error { return errors.New("shown") })
	if err == nil || !strings.HasPrefix(err.Error(), "watch ImagePolicies in namespace "+o.Namespace+": ") {
		t.Errorf("who may watch nothing is told: %v", err)
	}
}

// allow lets a user read some kinds in an office.
func allow(o *office, user string, resources ...string) {
	o.T.Helper()
	meta := metav1.ObjectMeta{Namespace: o.Namespace, Name: user}
	o.Create(&rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: resources, Verbs: []string{"get", "list", "watch"}},
	}})
	o.Create(&rbacv1.RoleBinding{
		ObjectMeta: *meta.DeepCopy(), RoleRef: rbacv1.RoleRef{Kind: "Role", Name: user, APIGroup: rbacv1.GroupName},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: o.Namespace + ":" + user, APIGroup: rbacv1.GroupName}},
	})
}

// TestWatch follows what changes, through a connection that is lost meanwhile.
func TestWatch(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.policy("www")
	front, down := flaky(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	step := 0
	err := asks(t, "", front).Watch(ctx, o.question(), 0, func(answer get.Answer) error {
		lost := slices.ContainsFunc(answer.Notes, func(note string) bool { return strings.HasPrefix(note, "the cluster doesn't answer") })
		switch names := strings.Join(namesOf(answer), ","); {
		case step == 0 && names == "www" && !lost:
			step = 1
			o.policy("api")
		case step == 1 && names == "api,www" && !lost:
			step = 2
			down(true)
		case step == 2 && names == "api,www" && lost:
			step = 3
			o.policy("ws")
			down(false)
		case step == 3 && names == "api,ws,www" && !lost:
			step = 4
			cancel()
		}
		return nil
	})
	if err != nil || step != 4 {
		t.Errorf("got as far as step %d: %v", step, err)
	}
}

// TestWatchUnanswered says of a cluster that has never answered that it doesn't, and not that there is nothing.
func TestWatchUnanswered(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.policy("www")
	front, down := flaky(t)
	down(true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	step := 0
	err := asks(t, "", front).Watch(ctx, o.question(), 0, func(answer get.Answer) error {
		switch {
		case step == 0 && answer.Unread && len(answer.Notes) == 1:
			step = 1
			down(false)
		case step == 1 && !answer.Unread && len(answer.Lines) == 1:
			step = 2
			cancel()
		}
		return nil
	})
	if err != nil || step != 2 {
		t.Errorf("got as far as step %d: %v", step, err)
	}
}

// flaky stands before the API server, and can be taken away with all connections.
func flaky(t *testing.T) (address string, down func(bool)) {
	t.Helper()
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1,
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	var server *http.Server
	listen := func(at string) string {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		started := &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
		server = started
		go func() { _ = started.Serve(listener) }()
		return listener.Addr().String()
	}
	at := listen("127.0.0.1:0")
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + at, func(away bool) {
		if away {
			_ = server.Close()
		} else {
			listen(at)
		}
	}
}
