package access_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

func TestKubeconfigOf(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
	const context = "contexts: [{name: c, context: {cluster: eu, user: u}}]\n"
	const cluster = "clusters: [{name: eu, cluster: {server: 'https://eu.example.com:6443'}}]\n"
	const user = "users: [{name: u, user: {token: very-secret}}]\n"
	cases := map[string]struct {
		reason string
		key    string
		data   string
		want   string
	}{
		"Kubeconfig": {"a token", "kubeconfig", head + context + cluster + user, ""},
		"ClusterAPI": {"the key that Cluster API writes", "value", head + context + cluster + user, ""},
		"NoKey":      {"a Secret of another kind", "config", head, "Secret KNAMESPACE/eu, which spec.destination.name names, has neither the key kubeconfig nor value: put a kubeconfig there"},
		"NoYAML":     {"what the parser says may quote the token", "kubeconfig", "token: [very-secret", "it is no kubeconfig: see that it is YAML of kind Config"},
		"NoContext":  {"kubectl would take none either", "kubeconfig", head + cluster + user, `its current-context "c" isn't among its contexts: set it to one of them`},
		"NoCluster":  {"a context leads somewhere", "kubeconfig", head + context + user, `context "c" names cluster "eu", which isn't there`},
		"NoUser":     {"and as somebody", "kubeconfig", head + context + cluster, `context "c" names user "u", which isn't there`},
		"Exec": {
			"a program that somebody else names never runs in the controller", "kubeconfig",
			head + context + cluster + "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'touch /tmp/owned']}}}]\n",
			`user "u" starts a program (exec): give a token or a client certificate; no program is run for a kubeconfig`,
		},
		"AuthProvider": {
			"programs of old", "kubeconfig", head + context + cluster + "users: [{name: u, user: {auth-provider: {name: gcp}}}]\n",
			`user "u" names an auth-provider, which there isn't any more: give a token or a client certificate`,
		},
		"TokenFile": {
			"the controller's own token would be sent to a server that somebody else names", "kubeconfig",
			head + context + cluster + "users: [{name: u, user: {tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token}}]\n",
			`user "u" names files: put their content into client-certificate-data, client-key-data and token`,
		},
		"CertificateFile": {
			"files of the controller are nobody's concern", "kubeconfig",
			head + context + "clusters: [{name: eu, cluster: {server: 'https://eu.example.com', certificate-authority: /etc/passwd}}]\n" + user,
			`cluster "eu" names a file by certificate-authority: put its content into certificate-authority-data`,
		},
		"Plain": {
			"a token isn't sent in the clear", "kubeconfig", head + context + "clusters: [{name: eu, cluster: {server: 'http://eu.example.com'}}]\n" + user,
			`cluster "eu" has a server that isn't https: credentials would be sent in the clear`,
		},
		"NoServer": {
			"an address without a host", "kubeconfig", head + context + "clusters: [{name: eu, cluster: {server: 'unix:///var/run/docker.sock'}}]\n" + user,
			`cluster "eu" has no usable server: write https://HOST`,
		},
		"Insecure": {
			"nor to whoever answers", "kubeconfig", head + context + "clusters: [{name: eu, cluster: {server: 'https://eu.example.com', insecure-skip-tls-verify: true}}]\n" + user,
			`cluster "eu" sets insecure-skip-tls-verify: give certificate-authority-data, so that credentials go to the right server only`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := namespace(t, []client.Object{opaque("eu", tc.key, tc.data)})
			app := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: at, Name: "a"}}
			app.Spec.Destination.Name = "eu"
			got, err := access.KubeconfigOf(t.Context(), api, app)
			if tc.want == "" {
				if err != nil || got.Config.Host != "https://eu.example.com:6443" || got.Config.BearerToken != "very-secret" || len(got.Key) != 64 {
					t.Errorf("%s: KubeconfigOf() = %+v, %v", tc.reason, got, err)
				}
				return
			}
			want := strings.ReplaceAll(tc.want, "KNAMESPACE", at)
			if !strings.HasPrefix(want, "Secret ") {
				want = "Secret " + at + "/eu, key kubeconfig: " + want
			}
			if err == nil || err.Error() != want {
				t.Errorf("%s:\ngot  %v\nwant %s", tc.reason, err, want)
			}
		})
	}
}
