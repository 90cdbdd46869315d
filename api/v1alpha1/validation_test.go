package v1alpha1_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// api is a client of a real API server that has the CRDs.
var api client.Client

func TestMain(m *testing.M) {
	os.Exit(apiserver.Run(m, apiserver.WithKinds, func(config *rest.Config) (err error) {
		scheme := runtime.NewScheme()
		if err := v1alpha1.AddToScheme(scheme); err != nil {
			return fmt.Errorf("register the kinds: %w", err)
		}
		api, err = client.New(config, client.Options{Scheme: scheme})
		return err
	}))
}

const (
	repositoryHead = "apiVersion: fairlead.dev/v1alpha1\nkind: ConfigRepository\nmetadata: {name: r, namespace: default}\n"
	policyHead     = "apiVersion: fairlead.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p, namespace: default}\n"
	appHead        = "apiVersion: fairlead.dev/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: default}\n"

	policyRest = "  select: {semver: {range: '>=1.0.0'}}\n  targets: [{applicationRef: {name: a}, tag: www.tag}]\n"
	appRest    = "  destination: {namespace: webhooks}\n"
)

// policy is an ImagePolicy with these lines in its spec, and what is needed besides.
func policy(lines string) string {
	spec := "spec:\n  image: registry.example.com/www\n  " + lines + "\n"
	if !strings.Contains(spec, "  select: ") {
		spec += "  select: {semver: {range: '>=1.0.0'}}\n"
	}
	if !strings.Contains(spec, "  targets: ") {
		spec += "  targets: [{applicationRef: {name: a}, tag: www.tag}]\n"
	}
	return policyHead + spec
}

func create(t *testing.T, manifest string) (*unstructured.Unstructured, error) {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(manifest), &obj.Object); err != nil {
		t.Fatalf("the manifest of the test is no YAML: %v\n%s", err, manifest)
	}
	obj.SetNamespace("default")
	err := api.Create(context.Background(), obj, client.DryRunAll, client.FieldValidation("Strict"))
	return obj, err
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason   string
		manifest string
		want     string
	}{
		"RetrySeconds": {
			reason:   "one Application that can't be read would keep the controller from reading any; Argo CD takes a number for seconds",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {retry: {backoff: {maxDuration: '300'}}}\n" + appRest,
			want:     `spec.syncPolicy.retry.backoff.maxDuration: Invalid value: backoff.maxDuration must be a duration of at least 100ms, such as 3m`,
		},
		"RetryWords": {
			reason:   "the same before the first retry",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {retry: {backoff: {duration: soon}}}\n" + appRest,
			want:     `spec.syncPolicy.retry.backoff.duration: Invalid value: backoff.duration must be a duration of at least 100ms, such as 5s`,
		},
		"Timeout": {
			reason:   "a sync has some time",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  timeout: 999ms\n" + appRest,
			want:     `spec.timeout: Invalid value: timeout must be a duration of at least 1s, such as 30s or 5m`,
		},
		"Replicas": {
			reason:   "more than there can be",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}, kustomize: {replicas: [{name: a, count: 99999999999}]}}\n" + appRest,
			want:     `spec.source.kustomize.replicas[0].count: Invalid value: 99999999999: count must be a whole number from 0 to 2147483647`,
		},
		"RepositoryHTTP": {
			reason:   "credentials in clear text need an explicit word",
			manifest: repositoryHead + "spec: {url: 'http://git.example.com/config.git'}",
			want:     `spec: Invalid value: url is http://, which sends credentials and commits in clear text: use https://, or set insecure: true to accept that`,
		},
		"RepositoryScheme": {
			reason:   "a scheme that isn't spoken must not look as if it were",
			manifest: repositoryHead + "spec: {url: 'git://git.example.com/config.git'}",
			want:     `spec.url: Invalid value: url must be https://host/path, ssh://git@host/path or git@host:path, or http://host/path with insecure: true`,
		},
		"RepositoryPath": {
			reason:   "a path on this machine is no remote",
			manifest: repositoryHead + "spec: {url: '/srv/git/config.git'}",
			want:     `spec.url: Invalid value: url must be https://host/path, ssh://git@host/path or git@host:path, or http://host/path with insecure: true`,
		},
		"RepositorySSHAnonymous": {
			reason:   "nobody logs in without a key, and no server is trusted unseen",
			manifest: repositoryHead + "spec: {url: 'ssh://git@git.example.com/config.git'}",
			want:     `spec: Invalid value: url is ssh, which needs a key, and the server's own to know it by: name in secretRef a Secret with identity and known_hosts`,
		},
		"RepositorySSHShortAnonymous": {
			reason:   "the short form is SSH as well",
			manifest: repositoryHead + "spec: {url: 'git@git.example.com:web-hook/config.git'}",
			want:     `spec: Invalid value: url is ssh, which needs a key, and the server's own to know it by: name in secretRef a Secret with identity and known_hosts`,
		},
		"RepositorySSHPassword": {
			reason:   "a password in a URL is seen by everybody who may read the object",
			manifest: repositoryHead + "spec: {url: 'ssh://git:secret@git.example.com/config.git', secretRef: {name: git}}",
			want:     `spec.url: Invalid value: url must not hold credentials: put them into a Secret and name it in secretRef`,
		},
		"RepositoryProxy": {
			reason:   "a proxy is named by a Secret",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', proxySecretRef: {}}",
			want:     `spec.proxySecretRef.name: Required value`,
		},
		"TemplateUnclosed": {
			reason:   "no commit could be worded by it",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', commit: {messageTemplate: '{{.Tag}} {{.Name'}}",
			want:     `spec.commit.messageTemplate: Invalid value: messageTemplate has an action that begins with {{ and doesn't end with }}`,
		},
		"TemplateOfTemplates": {
			reason:   "it could call itself",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', commit: {messageTemplate: '{{- define \"x\"}}{{end}}{{.Tag}}'}}",
			want:     `spec.commit.messageTemplate: Invalid value: messageTemplate must not define or call other templates`,
		},
		"TemplateTooLong": {
			reason:   "a template is bounded",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', commit: {messageTemplate: '" + strings.Repeat("x", 8193) + "'}}",
			want:     `spec.commit.messageTemplate: Too long: may not be more than 8192 bytes`,
		},
		"SigningFormat": {
			reason:   "git verifies X.509 as well, and Fairlead doesn't sign with it",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', commit: {signing: {format: x509, secretRef: {name: key}}}}",
			want:     `spec.commit.signing.format: Unsupported value: "x509": supported values: "openpgp", "ssh"`,
		},
		"SigningWithoutKey": {
			reason:   "somebody has to sign",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', commit: {signing: {format: ssh}}}",
			want:     `spec.commit.signing.secretRef: Required value`,
		},
		"RepositoryCredentials": {
			reason:   "credentials in a URL are seen by everybody who may read the object",
			manifest: repositoryHead + "spec: {url: 'https://me:secret@git.example.com/config.git'}",
			want:     `spec.url: Invalid value: url must not hold credentials: put them into a Secret and name it in secretRef`,
		},
		"RepositoryQuery": {
			reason:   "a query has no meaning for Git, and may hold a token",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git?token=x'}",
			want:     `spec.url: Invalid value: url must not hold a query or a fragment`,
		},
		"RepositoryBranch": {
			reason:   "a branch is named without refs/heads/, and never leaves it",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', branch: '../main'}",
			want:     `spec.branch: Invalid value: branch must be a branch name as git check-ref-format has it, without refs/heads/`,
		},
		"RepositoryInterval": {
			reason:   "an interval of nothing would ask the server all the time",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', interval: 1ms}",
			want:     `spec.interval: Invalid value: interval must be a duration of at least 1s, such as 30s or 5m`,
		},
		"RepositoryIntervalText": {
			reason:   "a number without a unit is no duration",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', interval: '60'}",
			want:     `spec.interval: Invalid value: interval must be a duration of at least 1s, such as 30s or 5m`,
		},
		"RepositoryTimeout": {
			reason:   "a timeout is bounded on both sides",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', timeout: 2h}",
			want:     `spec.timeout: Invalid value: timeout must be a duration from 1s to 1h, such as 60s`,
		},
		"RepositoryAuthor": {
			reason:   "angle brackets would forge another author",
			manifest: repositoryHead + "spec: {url: 'https://git.example.com/config.git', commit: {author: {name: 'a <b>'}}}",
			want:     `spec.commit.author.name: Invalid value: name must not hold <, > or control characters`,
		},
		"RepositoryEmail": {
			reason:   "an email with a newline would forge a header",
			manifest: repositoryHead + `spec: {url: 'https://git.example.com/config.git', commit: {author: {email: "a@b\nx"}}}`,
			want:     `spec.commit.author.email: Invalid value: email must not hold <, >, spaces or control characters`,
		},
		"PolicyTag": {
			reason:   "the tag is what is selected, so it can't be given",
			manifest: policyHead + "spec:\n  image: registry.example.com/www:v1.0.0\n" + policyRest,
			want:     `spec.image: Invalid value: image must be a repository without tag or digest: which tag is taken is said in select`,
		},
		"PolicyScheme": {
			reason:   "image names have no scheme",
			manifest: policyHead + "spec:\n  image: https://registry.example.com/www\n" + policyRest,
			want:     `spec.image: Invalid value: image must not begin with a scheme: write registry.example.com/name`,
		},
		"PolicyInterval": {
			reason:   "registries have limits",
			manifest: policyHead + "spec:\n  image: registry.example.com/www\n  interval: 1s\n" + policyRest,
			want:     `spec.interval: Invalid value: interval must be a duration of at least 5s, such as 30s or 5m`,
		},
		"PolicyTimeout": {
			reason:   "a timeout is bounded on both sides",
			manifest: policyHead + "spec:\n  image: registry.example.com/www\n  timeout: 0s\n" + policyRest,
			want:     `spec.timeout: Invalid value: timeout must be a duration from 1s to 1h, such as 60s`,
		},
		"PolicyNoTargets": {
			reason:   "a policy that writes nowhere does nothing",
			manifest: policyHead + "spec: {image: registry.example.com/www, select: {semver: {range: '*'}}, targets: []}",
			want:     `spec.targets: Invalid value: 0: spec.targets in body should have at least 1 items`,
		},
		"PolicyTagBehindPort": {
			reason:   "a colon behind the last slash is a tag's",
			manifest: policyHead + "spec:\n  image: '[::1]:5000/x:v1'\n" + policyRest,
			want:     `spec.image: Invalid value: image must be a repository without tag or digest: which tag is taken is said in select`,
		},
		"PolicyDigest": {
			reason:   "the digest is what is found out",
			manifest: policyHead + "spec:\n  image: registry.example.com/www@sha256:abc\n" + policyRest,
			want:     `spec.image: Invalid value: image must be a repository without tag or digest: which tag is taken is said in select`,
		},
		"PolicyUpperCase": {
			reason:   "no registry has such a name",
			manifest: policyHead + "spec:\n  image: registry.example.com/Team/www\n" + policyRest,
			want:     `spec.image: Invalid value: image must be in lower case: names of repositories have no upper case`,
		},
		"PolicyUpperCaseDockerHub": {
			reason:   "a name without a registry is one of Docker Hub, where that holds, too",
			manifest: policyHead + "spec:\n  image: Nginx\n" + policyRest,
			want:     `spec.image: Invalid value: image must be in lower case: names of repositories have no upper case`,
		},
		"SelectNone": {
			reason:   "nothing says which tag is taken",
			manifest: policy("select: {}"),
			want:     `spec.select: Invalid value: select needs exactly one of semver, numerical, alphabetical and digest`,
		},
		"SelectTwo": {
			reason:   "two orders may contradict each other",
			manifest: policy("select: {semver: {range: '*'}, numerical: {}}"),
			want:     `spec.select: Invalid value: select needs exactly one of semver, numerical, alphabetical and digest`,
		},
		"SelectAll": {
			reason:   "nor are four one",
			manifest: policy("select: {semver: {range: '*'}, numerical: {}, alphabetical: {}, digest: {tag: latest}}\n  targets: [{applicationRef: {name: a}, digest: d}]"),
			want:     `spec.select: Invalid value: select needs exactly one of semver, numerical, alphabetical and digest`,
		},
		"SelectRange": {
			reason:   "a range is said, if only as *",
			manifest: policy("select: {semver: {}}"),
			want:     `spec.select.semver.range: Required value`,
		},
		"SelectOrder": {
			reason:   "an order has two directions",
			manifest: policy("select: {numerical: {order: ascending}}"),
			want:     `spec.select.numerical.order: Unsupported value: "ascending": supported values: "asc", "desc"`,
		},
		"SelectDigestTag": {
			reason:   "what is followed is said, and is a tag",
			manifest: policy("select: {digest: {tag: 'a:b'}}\n  targets: [{applicationRef: {name: a}, digest: www.digest}]"),
			want:     `spec.select.digest.tag: Invalid value: spec.select.digest.tag in body should match '^[A-Za-z0-9_][A-Za-z0-9._-]*$'`,
		},
		"SelectDigestTagOnly": {
			reason:   "the tag of a mutable tag never changes, so that writing it alone would do nothing",
			manifest: policy("select: {digest: {tag: latest}}\n  targets: [{applicationRef: {name: a}, digest: www.digest}, {applicationRef: {name: a}, tag: www.tag}]"),
			want:     `spec: Invalid value: with select.digest each target needs digest or image: the tag alone never changes`,
		},
		"SelectDigestPin": {
			reason:   "both name the one tag",
			manifest: policy("select: {digest: {tag: latest}}\n  pin: v1.0.0\n  targets: [{applicationRef: {name: a}, digest: www.digest}]"),
			want:     `spec: Invalid value: pin and select.digest exclude each other: set select.digest.tag`,
		},
		"SelectDigestExtract": {
			reason:   "nothing is compared with what is extracted",
			manifest: policy("tags: {include: '(latest)', extract: $1}\n  select: {digest: {tag: latest}}\n  targets: [{applicationRef: {name: a}, digest: www.digest}]"),
			want:     `spec: Invalid value: tags.extract has no use with select.digest, which compares nothing: remove it`,
		},
		"PinPattern": {
			reason:   "a pin is a tag, not a range",
			manifest: policy("pin: '>=1.0.0'"),
			want:     `spec.pin: Invalid value: spec.pin in body should match '^[A-Za-z0-9_][A-Za-z0-9._-]*$'`,
		},
		"PinLong": {
			reason:   "tags have at most 128 characters",
			manifest: policy("pin: " + strings.Repeat("a", 129)),
			want:     `spec.pin: Too long: may not be more than 128 bytes`,
		},
		"PlatformWithoutArchitecture": {
			reason:   "a platform is an operating system and an architecture",
			manifest: policy("platforms: [linux]"),
			want:     `spec.platforms[0]: Invalid value: spec.platforms[0] in body should match '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$'`,
		},
		"PlatformCase": {
			reason:   "platforms are written as images have them",
			manifest: policy("platforms: [Linux/AMD64]"),
			want:     `spec.platforms[0]: Invalid value: spec.platforms[0] in body should match '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$'`,
		},
		"PlatformTwice": {
			reason:   "a platform is wanted once",
			manifest: policy("platforms: [linux/amd64, linux/amd64]"),
			want:     `spec.platforms[1]: Duplicate value: "linux/amd64"`,
		},
		"MinimumAgeText": {
			reason:   "a day isn't a unit: its length isn't always the same",
			manifest: policy("minimumAge: 1d"),
			want:     `spec.minimumAge: Invalid value: minimumAge must be a duration of at most 8760h, such as 30m or 24h`,
		},
		"MinimumAgeNegative": {
			reason:   "an age is none before it begins",
			manifest: policy("minimumAge: -1h"),
			want:     `spec.minimumAge: Invalid value: minimumAge must be a duration of at most 8760h, such as 30m or 24h`,
		},
		"MinimumAgeLong": {
			reason:   "what waits for more than a year was meant otherwise",
			manifest: policy("minimumAge: 8761h"),
			want:     `spec.minimumAge: Invalid value: minimumAge must be a duration of at most 8760h, such as 30m or 24h`,
		},
		"ExtractWithoutInclude": {
			reason:   "there are no groups to extract",
			manifest: policy("tags: {extract: $1}"),
			want:     `spec.tags: Invalid value: extract needs include: it names groups of that expression`,
		},
		"IncludeBroken": {
			reason:   "an expression that doesn't parse is refused at once, with where it is wrong",
			manifest: policy("tags: {include: '^main-('}"),
			want:     "error parsing regexp: missing closing ): `^main-(` evaluating rule: include must be a regular expression as RE2 has it",
		},
		"IncludeLookahead": {
			reason:   "RE2 has no lookahead, which others have",
			manifest: policy("tags: {include: '^(?!dev)'}"),
			want:     "error parsing regexp: invalid or unsupported Perl syntax: `(?!` evaluating rule: include must be a regular expression as RE2 has it",
		},
		"ExcludeBroken": {
			reason:   "one of several is named",
			manifest: policy("tags: {exclude: ['^a', '*']}"),
			want:     "error parsing regexp: missing argument to repetition operator: `*` evaluating rule: exclude must hold regular expressions as RE2 has them",
		},
		"ExcludeEmpty": {
			reason:   "an empty expression would exclude everything",
			manifest: policy("tags: {exclude: ['']}"),
			want:     `spec.tags.exclude[0]: Invalid value: spec.tags.exclude[0] in body should be at least 1 chars long`,
		},
		"Downgrades": {
			reason:   "there are two answers",
			manifest: policy("downgrades: Sometimes"),
			want:     `spec.downgrades: Unsupported value: "Sometimes": supported values: "Forbid", "Allow"`,
		},
		"OnMutation": {
			reason:   "there are two answers",
			manifest: policy("onMutation: Ignore"),
			want:     `spec.onMutation: Unsupported value: "Ignore": supported values: "Report", "Commit"`,
		},
		"OnMutationWithoutDigest": {
			reason:   "an option that does nothing must not look as if it did",
			manifest: policy("onMutation: Commit"),
			want:     `spec: Invalid value: onMutation: Commit needs a target with digest: a digest that is written nowhere can't change`,
		},
		"SecretName": {
			reason:   "a name leads to no other object",
			manifest: policy("registry: {secretRef: {name: ../x}}"),
			want:     `spec.registry.secretRef.name: Invalid value: spec.registry.secretRef.name in body should match '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$'`,
		},
		"ServiceAccountName": {
			reason:   "a name leads to no other object",
			manifest: policy("registry: {serviceAccountName: a/token}"),
			want:     `spec.registry.serviceAccountName: Invalid value: spec.registry.serviceAccountName in body should match '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$'`,
		},
		"TargetWithoutPart": {
			reason:   "a target that writes nothing is none",
			manifest: policy("targets: [{applicationRef: {name: a}, file: values.yaml}]"),
			want:     `spec.targets[0]: Invalid value: a target needs at least one of tag, digest, repository and image: the key path to write that part to`,
		},
		"TargetPartsTwice": {
			reason:   "one value can't be the tag and the digest",
			manifest: policy("targets: [{applicationRef: {name: a}, tag: www.tag}, {applicationRef: {name: a}, tag: www.tag, digest: www.tag}]"),
			want:     `spec.targets[1]: Invalid value: tag, digest, repository and image must be different key paths: one value can't hold two parts`,
		},
		"TargetNoRef": {
			reason:   "a target lies somewhere",
			manifest: policy("targets: [{file: values.yaml, tag: www.tag}]"),
			want:     `spec.targets[0]: Invalid value: a target needs exactly one of applicationRef and repositoryRef`,
		},
		"TargetBothRefs": {
			reason:   "a target lies in one place",
			manifest: policyHead + "spec: {image: registry.example.com/www, select: {semver: {range: '*'}}, targets: [{applicationRef: {name: a}, repositoryRef: {name: r}, file: f, tag: t}]}",
			want:     `spec.targets[0]: Invalid value: a target needs exactly one of applicationRef and repositoryRef`,
		},
		"TargetNoFile": {
			reason:   "a repository has no default file",
			manifest: policyHead + "spec: {image: registry.example.com/www, select: {semver: {range: '*'}}, targets: [{repositoryRef: {name: r}, tag: t}]}",
			want:     `spec.targets[0]: Invalid value: a target with repositoryRef needs file: only an Application has value files to default to`,
		},
		"TargetFileOutside": {
			reason:   "a file never leaves the repository",
			manifest: policyHead + "spec: {image: registry.example.com/www, select: {semver: {range: '*'}}, targets: [{repositoryRef: {name: r}, file: a/../../b, tag: t}]}",
			want:     `spec.targets[0].file: Invalid value: file must be a relative path inside the repository, without .. and .git`,
		},
		"ApplicationProject": {
			reason:   "a project that isn't enforced must not look as if it were",
			manifest: appHead + "spec:\n  project: team-a\n  source: {repositoryRef: {name: r}}\n" + appRest,
			want:     `spec.project: Invalid value: project must be default: there are no projects, rights follow from the Application's namespace and serviceAccountName`,
		},
		"ApplicationBothSources": {
			reason:   "a source is one repository",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}, repoURL: https://git.example.com/config.git}\n" + appRest,
			want:     `spec.source: Invalid value: source needs exactly one of repoURL and repositoryRef`,
		},
		"ApplicationPath": {
			reason:   "a path never leaves the repository",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}, path: ../other}\n" + appRest,
			want:     `spec.source.path: Invalid value: path must be a relative path inside the repository, without .. and .git`,
		},
		"ApplicationServer": {
			reason:   "another cluster is named by the Secret of its kubeconfig, never by its address",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  destination: {server: 'https://other.example.com', namespace: x}\n",
			want:     `spec.destination.server: Invalid value: server must be https://kubernetes.default.svc, the cluster that Fairlead runs in: put a kubeconfig for another cluster into a Secret, and its name into destination.name`,
		},
		"ApplicationNamespace": {
			reason:   "the name of a namespace has a form",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  destination: {namespace: Not_One}\n",
			want:     `spec.destination.namespace: Invalid value: namespace must be the name of a namespace`,
		},
		"ApplicationSyncOption": {
			reason:   "an option that does nothing must not look as if it did",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {syncOptions: [Replaced=true]}\n" + appRest,
			want:     `spec.syncPolicy.syncOptions: Invalid value: syncOptions holds an option that there isn't: see the description of syncPolicy.syncOptions for those that there are`,
		},
		"ApplicationNamespaceMetadata": {
			reason:   "metadata that nobody would put on",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {managedNamespaceMetadata: {labels: {a: b}}}\n" + appRest,
			want:     `spec.syncPolicy: Invalid value: managedNamespaceMetadata needs the sync option CreateNamespace=true`,
		},
		"ApplicationName": {
			reason:   "the name becomes a label's value",
			manifest: "apiVersion: fairlead.dev/v1alpha1\nkind: Application\nmetadata: {name: " + strings.Repeat("a", 64) + "}\nspec:\n  source: {repositoryRef: {name: r}}\n" + appRest,
			want:     `Invalid value: metadata.name must have at most 63 characters: it labels every object of the Application`,
		},
		"ApplicationTwoDestinations": {
			reason:   "a cluster has one name",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  destination: {server: 'https://kubernetes.default.svc', name: eu, namespace: x}\n",
			want:     `spec.destination: Invalid value: destination may have server or name, not both`,
		},
		"ApplicationTwoKindsOfSource": {
			reason:   "a path is a chart or a directory, never both",
			manifest: appHead + "spec:\n  source: {repositoryRef: {name: r}, helm: {}, directory: {recurse: true}}\n" + appRest,
			want:     `spec.source: Invalid value: source may have one of helm, kustomize and directory: a path is one of them`,
		},
		"ApplicationUnknownField": {
			reason:   "a field of Argo CD that isn't there is refused, not dropped",
			manifest: appHead + "spec:\n  sources: []\n  source: {repositoryRef: {name: r}}\n" + appRest,
			want:     `strict decoding error: unknown field "spec.sources"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := create(t, tc.manifest)
			if err == nil {
				t.Fatalf("\n%s\nthe API server took it", tc.reason)
			}
			if !strings.HasSuffix(normal(err.Error()), tc.want) {
				t.Errorf("\n%s\ngot  %s\nwant ... %s", tc.reason, normal(err.Error()), tc.want)
			}
		})
	}
}

// normal leaves out the value that the API server shows before the message, and that it didn't come to all rules.
func normal(message string) string {
	message, _, _ = strings.Cut(message, ", <nil>: Invalid value: ")
	at := strings.Index(message, "Invalid value: ")
	if at < 0 {
		return message
	}
	head, tail := message[:at+len("Invalid value: ")], message[at+len("Invalid value: "):]
	for _, mark := range []string{"\": ", "}: ", "]: ", "null: "} {
		if i := strings.LastIndex(tail, mark); i >= 0 {
			return head + tail[i+len(mark):]
		}
	}
	return head + tail
}

func TestSamplesAndDefaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		sample string
		want   map[string]any
	}{
		"ImagePolicy": {
			reason: "the shortest declaration of a microservice is complete",
			sample: "imagepolicy.yaml",
			want: map[string]any{
				"image": "registry.example.com/web-hook/www", "interval": "1m", "timeout": "1m", "registry": map[string]any{},
				"tags":       map[string]any{"exclude": []any{`\.sig$`, `\.att$`, `\.sbom$`, "^sha256-"}},
				"downgrades": "Forbid", "onMutation": "Report",
				"select":  map[string]any{"semver": map[string]any{"range": ">=1.0.0"}},
				"targets": []any{map[string]any{"applicationRef": map[string]any{"name": "webhooks"}, "tag": "www.tag"}},
			},
		},
		"Application": {
			reason: "a manifest of Argo CD applies after its apiVersion was changed",
			sample: "application.yaml",
			want: map[string]any{
				"project": "default",
				"source": map[string]any{
					"repoURL": "https://git.example.com/web-hook/config.git", "targetRevision": "main", "path": "apps/webhooks",
					"helm": map[string]any{"releaseName": "webhooks", "valueFiles": []any{"values.yaml"}},
				},
				"destination":          map[string]any{"server": "https://kubernetes.default.svc", "namespace": "webhooks"},
				"syncPolicy":           map[string]any{"automated": map[string]any{}, "syncOptions": []any{"CreateNamespace=true"}},
				"revisionHistoryLimit": int64(10),
				"timeout":              "30m",
			},
		},
		"ConfigRepository": {
			reason: "a URL and a Secret are enough",
			sample: "configrepository.yaml",
			want: map[string]any{
				"url": "https://git.example.com/web-hook/config.git", "branch": "main", "interval": "1m", "timeout": "60s",
				"secretRef": map[string]any{"name": "config-git"},
				"commit":    map[string]any{"author": map[string]any{"name": "Fairlead", "email": "fairlead@localhost"}},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("../../config/samples", tc.sample))
			if err != nil {
				t.Fatal(err)
			}
			documents := strings.Split(string(data), "\n---\n")
			created, err := create(t, documents[len(documents)-1])
			if err != nil {
				t.Fatalf("\n%s\n%v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, created.Object["spec"]); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPolicies checks what is taken that looks as if it might not be, and what is filled in.
func TestPolicies(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason   string
		manifest string
		path     []string
		want     any
	}{
		"ImageLocalhost": {
			reason: "a port isn't a tag", manifest: policyHead + "spec:\n  image: localhost:5000/x\n" + policyRest,
			path: []string{"image"}, want: "localhost:5000/x",
		},
		"ImageIPv6": {
			reason: "nor are the colons of an address", manifest: policyHead + "spec:\n  image: '[::1]:5000/x'\n" + policyRest,
			path: []string{"image"}, want: "[::1]:5000/x",
		},
		"ImageIPv6NoPort": {
			reason: "with or without a port", manifest: policyHead + "spec:\n  image: '[2001:db8::1]/team/www'\n" + policyRest,
			path: []string{"image"}, want: "[2001:db8::1]/team/www",
		},
		"ImageDockerHub": {
			reason: "a name without a registry is one of Docker Hub", manifest: policyHead + "spec:\n  image: nginx\n" + policyRest,
			path: []string{"image"}, want: "nginx",
		},
		"ImageHostCase": {
			reason: "hosts have no case", manifest: policyHead + "spec:\n  image: Registry.Example.com/team/www\n" + policyRest,
			path: []string{"image"}, want: "Registry.Example.com/team/www",
		},
		"Numerical": {
			reason: "the last number is the newest", manifest: policy("select: {numerical: {}}"),
			path: []string{"select", "numerical"}, want: map[string]any{"order": "asc"},
		},
		"Alphabetical": {
			reason: "the last name is the newest", manifest: policy("select: {alphabetical: {}}"),
			path: []string{"select", "alphabetical"}, want: map[string]any{"order": "asc"},
		},
		"AlphabeticalDescending": {
			reason: "unless it is said", manifest: policy("select: {alphabetical: {order: desc}}"),
			path: []string{"select", "alphabetical"}, want: map[string]any{"order": "desc"},
		},
		"Digest": {
			reason: "a digest may be written beside the tag", manifest: policy("select: {digest: {tag: latest}}\n  targets: [{applicationRef: {name: a}, tag: www.tag, digest: www.digest}]"),
			path: []string{"select", "digest"}, want: map[string]any{"tag": "latest"},
		},
		"DigestImage": {
			reason: "or as a part of the image", manifest: policy("onMutation: Commit\n  select: {digest: {tag: latest}}\n  targets: [{applicationRef: {name: a}, image: www.image}]"),
			path: []string{"select", "digest"}, want: map[string]any{"tag": "latest"},
		},
		"Strict": {
			reason: "what is said stays", manifest: policy("select: {semver: {range: '*', strict: true, prereleases: true}}"),
			path: []string{"select", "semver"}, want: map[string]any{"range": "*", "strict": true, "prereleases": true},
		},
		"IncludeKeepsExclude": {
			reason: "the default exclusions stand beside an include", manifest: policy("tags: {include: '^main-(?P<ts>[0-9]+)$', extract: $ts}"),
			path: []string{"tags"}, want: map[string]any{"include": "^main-(?P<ts>[0-9]+)$", "extract": "$ts", "exclude": []any{`\.sig$`, `\.att$`, `\.sbom$`, "^sha256-"}},
		},
		"ExcludeNothing": {
			reason: "who excludes nothing means it", manifest: policy("tags: {exclude: []}"),
			path: []string{"tags"}, want: map[string]any{"exclude": []any{}},
		},
		"Platforms": {
			reason: "with and without a variant", manifest: policy("platforms: [linux/amd64, linux/arm64/v8, windows/amd64]"),
			path: []string{"platforms"}, want: []any{"linux/amd64", "linux/arm64/v8", "windows/amd64"},
		},
		"MinimumAge": {
			reason: "a day and a half", manifest: policy("minimumAge: 1.5h30m"),
			path: []string{"minimumAge"}, want: "1.5h30m",
		},
		"Pin": {
			reason: "a pin stands beside a select, for the time after it", manifest: policy("pin: v1.0.30_rc.1-x"),
			path: []string{"pin"}, want: "v1.0.30_rc.1-x",
		},
		"OnMutation": {
			reason: "a digest that is written can be written anew", manifest: policy("onMutation: Commit\n  targets: [{applicationRef: {name: a}, tag: www.tag, digest: www.digest}]"),
			path: []string{"onMutation"}, want: "Commit",
		},
		"AllParts": {
			reason: "a target may hold all parts", manifest: policy("targets: [{applicationRef: {name: a}, tag: a, digest: b, repository: c, image: d}]"),
			path: []string{"targets"}, want: []any{map[string]any{"applicationRef": map[string]any{"name": "a"}, "tag": "a", "digest": "b", "repository": "c", "image": "d"}},
		},
		"RepositoryOnly": {
			reason: "or the repository alone", manifest: policy("targets: [{repositoryRef: {name: r}, file: f.yaml, repository: c}]"),
			path: []string{"targets"}, want: []any{map[string]any{"repositoryRef": map[string]any{"name": "r"}, "file": "f.yaml", "repository": "c"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			created, err := create(t, tc.manifest)
			if err != nil {
				t.Fatalf("\n%s\n%v", tc.reason, err)
			}
			got, _, err := unstructured.NestedFieldNoCopy(created.Object, append([]string{"spec"}, tc.path...)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
