package check_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/e2e/distribution"
)

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// gitSecret is a Secret for Git.
func gitSecret(name, user, pass string) string {
	return fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ndata: {username: %s, password: %s}\n", name, encoded(user), encoded(pass))
}

// pullSecret is a Secret for a registry.
func pullSecret(name, host, pass string) string {
	file := fmt.Sprintf(`{"auths":{%q:{"username":%q,"password":%q}}}`, host, username, pass)
	return fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: %s}\n", name, encoded(file))
}

func repository(name, url, branch, secret string) string {
	return fmt.Sprintf("---\napiVersion: fairlead.dev/v1alpha1\nkind: ConfigRepository\nmetadata: {name: %s}\n"+
		"spec: {url: %q, branch: %s, insecure: true, secretRef: {name: %s}}\n", name, url, branch, secret)
}

func policy(name, image, secret, repository, file string) string {
	return fmt.Sprintf("---\napiVersion: fairlead.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: %s}\n"+
		"spec:\n  image: %s\n  registry: {insecure: true, secretRef: {name: %s}}\n  select: {semver: {range: '>=1.0.0'}}\n"+
		"  targets: [{repositoryRef: {name: %s}, file: %s, tag: www.tag}]\n", name, image, secret, repository, file)
}

func application(name, repository, path, more string) string {
	return fmt.Sprintf("---\napiVersion: fairlead.dev/v1alpha1\nkind: Application\nmetadata: {name: %s}\n"+
		"spec:\n  source: {repositoryRef: {name: %s}, path: %s}\n  destination: {namespace: OFFICE}\n%s", name, repository, path, more)
}

func TestObjects(t *testing.T) {
	t.Parallel()
	git, registry := newGitServer(t), distribution.Start(t, username, password)
	registry.Push(t, "web-hook/www", "v1.0.35")
	image := registry.Host + "/web-hook/www"
	fine := gitSecret("git", username, password) + repository("config", git.url, "main", "git") + pullSecret("pull", registry.Host, password)
	cases := map[string]struct {
		reason   string
		declared string
		group    string
		want     string
	}{
		"HostileURL": {
			reason: "what others wrote is no command of whoever copies it", group: "ConfigRepositories",
			declared: gitSecret("git", username, password) + repository("config", git.url+"/$(touch owned)'", "main", "git"),
			want: "  ✗ ConfigRepository OFFICE/config: open the repository at GIT: no such repository, or none that these credentials may see: check the url\n" +
				"      git ls-remote --heads 'http://GIT/config.git/$(touch owned)'\\'''\n",
		},
		"SSH": {
			reason: "another kind of key", group: "ConfigRepositories",
			declared: strings.ReplaceAll(repository("config", "git@git.example.com:config.git", "main", "git"), "insecure: true, ", ""),
			want: "  ✗ ConfigRepository OFFICE/config: Secret OFFICE/git, which spec.secretRef names, doesn't exist: create it\n" +
				"      kubectl create secret generic git -n OFFICE --from-file=identity=PRIVATE_KEY_FILE --from-file=known_hosts=KNOWN_HOSTS_FILE --dry-run=client -o yaml | kubectl apply -f -\n",
		},
		"Repository": {
			reason: "everything is as it should be", group: "ConfigRepositories", declared: fine,
			want: "  ✔ ConfigRepository OFFICE/config: branch main is at 0fb5cc4f52\n" +
				"  ✔ ConfigRepository OFFICE/config: it takes pushes from these credentials; what protects the branch shows at the first push\n",
		},
		"NoSecret": {
			reason: "the Secret is named, and isn't there", group: "ConfigRepositories",
			declared: repository("config", git.url, "main", "git"),
			want: "  ✗ ConfigRepository OFFICE/config: Secret OFFICE/git, which spec.secretRef names, doesn't exist: create it\n" +
				"      kubectl create secret generic git -n OFFICE --from-literal=username=USERNAME --from-literal=password=PASSWORD --dry-run=client -o yaml | kubectl apply -f -\n",
		},
		"NoPassword": {
			reason: "a key is missing", group: "ConfigRepositories",
			declared: repository("config", git.url, "main", "pull") + pullSecret("pull", registry.Host, password),
			want:     "  ✗ ConfigRepository OFFICE/config: Secret OFFICE/pull has no key that is known: it must hold username and password, bearerToken, githubAppID with the app's other keys, ca.crt, or tls.crt and tls.key\n",
		},
		"WrongPassword": {
			reason: "Git doesn't take it", group: "ConfigRepositories",
			declared: gitSecret("git", username, "planted") + repository("config", git.url, "main", "git"),
			want: "  ✗ ConfigRepository OFFICE/config: open the repository at GIT: the server refused username and password: check the secret; the server said: who are you?\n" +
				"      kubectl create secret generic git -n OFFICE --from-literal=username=USERNAME --from-literal=password=PASSWORD --dry-run=client -o yaml | kubectl apply -f -\n",
		},
		"NoBranch": {
			reason: "a branch that isn't there", group: "ConfigRepositories",
			declared: gitSecret("git", username, password) + repository("config", git.url, "prod", "git"),
			want: "  ✗ ConfigRepository OFFICE/config: read the head at GIT: the branch \"prod\" doesn't exist: create it, or name one that does (\"main\")\n" +
				"      git ls-remote --heads http://GIT/config.git\n",
		},
		"ReadOnly": {
			reason: "Git lets these credentials read, and a policy writes", group: "ConfigRepositories",
			declared: gitSecret("git", reader, password) + repository("config", git.url, "main", "git") + policy("www", image, "pull", "config", "apps/webhooks/values.yaml"),
			want: "  ✔ ConfigRepository OFFICE/config: branch main is at 0fb5cc4f52\n" +
				"  ✗ ConfigRepository OFFICE/config: push at GIT: the credentials may not do this: give them the right to read and write the repository; the server said: this key is read-only\n",
		},
		"ReadOnlyIsEnough": {
			reason: "nobody writes", group: "ConfigRepositories",
			declared: gitSecret("git", reader, password) + repository("config", git.url, "main", "git"),
			want: "  ✔ ConfigRepository OFFICE/config: branch main is at 0fb5cc4f52\n" +
				"  ! ConfigRepository OFFICE/config: it takes no pushes, and no ImagePolicy needs any: push at GIT: the credentials may not do this: give them the right to read and write the repository; the server said: this key is read-only\n",
		},
		"NoServer": {
			reason: "nobody answers", group: "ConfigRepositories",
			declared: gitSecret("git", reader, password) + repository("config", "http://127.0.0.1:1/config.git", "main", "git"),
			want: "  ✗ ConfigRepository OFFICE/config: open the repository at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused\n" +
				"      git ls-remote --heads http://127.0.0.1:1/config.git\n",
		},
		"Policy": {
			reason: "everything is as it should be", group: "ImagePolicies",
			declared: fine + policy("www", image, "pull", "config", "apps/webhooks/values.yaml"),
			want: "  ✔ ImagePolicy OFFICE/www: REGISTRY/web-hook/www has 1 tag\n" +
				"  ✔ ImagePolicy OFFICE/www: apps/webhooks/values.yaml of ConfigRepository config is there\n",
		},
		"PolicyNoSecret": {
			reason: "the Secret is named, and isn't there", group: "ImagePolicies",
			declared: fine + policy("www", image, "none", "config", "apps/webhooks/values.yaml"),
			want: "  ✗ ImagePolicy OFFICE/www: Secret OFFICE/none, which spec.registry.secretRef names, doesn't exist: create it\n" +
				"      kubectl create secret docker-registry none -n OFFICE --docker-server=REGISTRY --docker-username=USERNAME --docker-password=PASSWORD --dry-run=client -o yaml | kubectl apply -f -\n" +
				"  ✔ ImagePolicy OFFICE/www: apps/webhooks/values.yaml of ConfigRepository config is there\n",
		},
		"PolicyOtherSecret": {
			reason: "a Secret of another kind", group: "ImagePolicies",
			declared: fine + policy("www", image, "git", "config", "apps/webhooks/values.yaml"),
			want: "  ✗ ImagePolicy OFFICE/www: Secret OFFICE/git has neither the key .dockerconfigjson nor .dockercfg: it must be of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg\n" +
				"  ✔ ImagePolicy OFFICE/www: apps/webhooks/values.yaml of ConfigRepository config is there\n",
		},
		"PolicyWrongPassword": {
			reason: "the registry doesn't take it", group: "ImagePolicies",
			declared: fine + pullSecret("wrong", registry.Host, "planted") + policy("www", image, "wrong", "config", "apps/webhooks/values.yaml"),
			want: "  ✗ ImagePolicy OFFICE/www: list tags of REGISTRY/web-hook/www: REGISTRY answered 401 Unauthorized (UNAUTHORIZED: authentication required): check the credential, and that it may pull this image\n" +
				"      kubectl create secret docker-registry wrong -n OFFICE --docker-server=REGISTRY --docker-username=USERNAME --docker-password=PASSWORD --dry-run=client -o yaml | kubectl apply -f -\n" +
				"  ✔ ImagePolicy OFFICE/www: apps/webhooks/values.yaml of ConfigRepository config is there\n",
		},
		"PolicyNoRegistry": {
			reason: "nobody answers", group: "ImagePolicies",
			declared: fine + policy("www", "127.0.0.1:1/web-hook/www", "pull", "config", "apps/webhooks/values.yaml"),
			want: "  ✗ ImagePolicy OFFICE/www: list tags of 127.0.0.1:1/web-hook/www: 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused: check the address, and that the registry is running and reachable\n" +
				"      curl -i http://127.0.0.1:1/v2/\n" +
				"  ✔ ImagePolicy OFFICE/www: apps/webhooks/values.yaml of ConfigRepository config is there\n",
		},
		"PolicyNoFile": {
			reason: "a file that isn't there", group: "ImagePolicies",
			declared: fine + policy("www", image, "pull", "config", "apps/webhooks/none.yaml"),
			want: "  ✔ ImagePolicy OFFICE/www: REGISTRY/web-hook/www has 1 tag\n" +
				"  ✗ ImagePolicy OFFICE/www: apps/webhooks/none.yaml of ConfigRepository config, which a target names, doesn't exist: commit it, or set file\n",
		},
		"PolicyUnreadable": {
			reason: "what can't be known isn't told", group: "ImagePolicies",
			declared: repository("config", git.url, "main", "git") + pullSecret("pull", registry.Host, password) + policy("www", image, "pull", "config", "apps/webhooks/values.yaml"),
			want: "  ✔ ImagePolicy OFFICE/www: REGISTRY/web-hook/www has 1 tag\n" +
				"  ? ImagePolicy OFFICE/www: not checked: whether apps/webhooks/values.yaml of ConfigRepository config is there, since that can't be read\n",
		},
		"Application": {
			reason: "everything is as it should be", group: "Applications",
			declared: fine + application("webhooks", "config", "apps/webhooks", ""),
			want:     "  ✔ Application OFFICE/webhooks: path apps/webhooks of ConfigRepository config is there\n",
		},
		"ApplicationNoPath": {
			reason: "a path that isn't there", group: "Applications",
			declared: fine + application("webhooks", "config", "apps/none", ""),
			want:     "  ✗ Application OFFICE/webhooks: path apps/none isn't on branch main of ConfigRepository config: commit it, or mend source.path\n",
		},
		"ApplicationNoRepository": {
			reason: "a repository that nobody declared", group: "Applications",
			declared: fine + application("webhooks", "none", "apps/webhooks", ""),
			want:     "  ✗ Application OFFICE/webhooks: ConfigRepository OFFICE/none, which source.repositoryRef names, doesn't exist\n",
		},
		"NoAccount": {
			reason: "the ServiceAccount that a team's Applications are applied as", group: "Rights of Applications",
			declared: fine + application("webhooks", "config", "apps/webhooks", ""),
			want: "  ✗ ServiceAccount OFFICE/fairlead-sync: it doesn't exist, and Application webhooks is applied as it\n" +
				"      kubectl create serviceaccount fairlead-sync -n OFFICE\n" +
				"      kubectl create rolebinding fairlead-sync -n OFFICE --clusterrole=edit --serviceaccount=OFFICE:fairlead-sync\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.Declare(strings.ReplaceAll(tc.declared, "OFFICE", o.Namespace))
			report := strings.NewReplacer(git.host, "GIT", registry.Host, "REGISTRY").Replace(o.looked(""))
			if strings.Contains(report, password) || strings.Contains(report, "planted") {
				t.Errorf("the report holds a password:\n%s", report)
			}
			if diff := cmp.Diff(tc.want, about(report)[tc.group]); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
