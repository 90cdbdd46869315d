package explain_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/explain"
	"github.com/fairlead/fairlead/e2e/apiserver"
	"github.com/fairlead/fairlead/e2e/distribution"
	"github.com/fairlead/fairlead/registry"
)

// office is a namespace of a real cluster, in which jane may read policies, and the Secrets that she is told.
type office struct{ *apiserver.Office }

func newOffice(t *testing.T, secrets ...string) *office {
	t.Helper()
	started, err := server()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{apiserver.NewOffice(t, started)}
	rules := []rbacv1.PolicyRule{{APIGroups: []string{"fairlead.dev"}, Resources: []string{"imagepolicies"}, Verbs: []string{"get"}}}
	if len(secrets) > 0 {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: secrets, Verbs: []string{"get"}})
	}
	o.Allow(apiserver.User("jane"), rules...)
	return o
}

// secret makes the Secret with the registry's password.
func (o *office) secret(r *distribution.Registry) {
	o.T.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(r.Username + ":" + r.Password))
	o.Create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: "registry"}, Type: corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.Host, auth)},
	})
}

// policy makes the ImagePolicy www, with the status that the controller would have left.
func (o *office) policy(image, spec string, status v1alpha1.ImagePolicyStatus) {
	o.T.Helper()
	declared := &unstructured.Unstructured{}
	manifest := policyHead + "metadata: {name: www, namespace: " + o.Namespace + "}\nspec: {image: '" + image + "', registry: {insecure: true, secretRef: {name: registry}}, " +
		spec + ", targets: [{applicationRef: {name: a}, tag: www.tag, image: www.image}]}"
	if err := yaml.UnmarshalStrict([]byte(manifest), &declared.Object); err != nil {
		o.T.Fatal(err)
	}
	o.Create(declared)
	policy := &v1alpha1.ImagePolicy{}
	if err := o.Admin.Get(o.T.Context(), client.ObjectKeyFromObject(declared), policy); err != nil {
		o.T.Fatal(err)
	}
	policy.Status = status
	policy.Status.Image = image
	if err := o.Admin.Status().Update(o.T.Context(), policy); err != nil {
		o.T.Fatal(err)
	}
}

// ask asks as jane.
func (o *office) ask() (explain.Answer, error) {
	o.T.Helper()
	cluster := explain.Cluster{Reader: newAPI(o.T, "jane"), Registry: registry.NewClient(), Now: noon}
	return cluster.Answer(o.T.Context(), types.NamespacedName{Namespace: o.Namespace, Name: "www"})
}

// summary is an answer in a few lines.
func summary(a explain.Answer) (lines []string) {
	chosen := "nothing"
	if a.Chosen != nil {
		chosen = a.Chosen.Tag + "@" + a.Chosen.Digest
	}
	lines = append(lines, chosen+": "+a.Reason)
	for _, tag := range a.Tags {
		lines = append(lines, fmt.Sprintf("%s %s", tag.Tag, tag.Verdict))
	}
	for _, warning := range a.Warnings {
		lines = append(lines, "warning: "+warning)
	}
	return lines
}

func TestCluster(t *testing.T) {
	t.Parallel()
	w := distribution.Start(t, "puller", "opens nothing")
	old, young := metav1.NewMicroTime(noon.Add(-25*time.Hour)), metav1.NewMicroTime(noon.Add(-23*time.Hour))
	semver := "select: {semver: {range: '>=1.0.0'}}"
	target := func(current string) []v1alpha1.TargetStatus {
		return []v1alpha1.TargetStatus{{File: "values.yaml", Path: "www.tag", Current: current}}
	}
	v35, v36 := w.Push(t, "www", "v1.0.35", "linux/amd64", "linux/arm64"), w.Push(t, "www", "v1.0.36", "linux/amd64")
	latest := w.Push(t, "www", "latest")
	const other = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	cases := map[string]struct {
		reason string
		spec   string
		status v1alpha1.ImagePolicyStatus
		want   []string
	}{
		"New": {
			reason: "a policy that no controller has seen",
			spec:   semver,
			want: []string{
				"v1.0.36@" + v36 + `: the newest version in the range ">=1.0.0"`,
				"v1.0.36 Chosen", "v1.0.35 Superseded", "latest NotAVersion",
			},
		},
		"Current": {
			reason: "what Git holds plays a part",
			spec:   semver, status: v1alpha1.ImagePolicyStatus{Targets: append(target("v1.0.36@"+v36), target("v1.0.37")...)},
			want: []string{
				"v1.0.36@" + v36 + `: the newest version in the range ">=1.0.0"`,
				"v1.0.36 Chosen", "v1.0.35 OlderThanCurrent", "latest NotAVersion",
				"warning: values.yaml#www.tag: Git holds v1.0.37, which is later than the selected v1.0.36: a target moves forward only",
			},
		},
		"TakenBack": {
			reason: "what somebody took back is chosen, and not written again",
			spec:   semver, status: v1alpha1.ImagePolicyStatus{Targets: []v1alpha1.TargetStatus{
				{File: "values.yaml", Path: "www.tag", Current: "v1.0.35", Held: &v1alpha1.Held{Version: "v1.0.36"}},
			}},
			want: []string{
				"v1.0.36@" + v36 + `: the newest version in the range ">=1.0.0"`,
				"v1.0.36 Chosen", "v1.0.35 Superseded", "latest NotAVersion",
				"warning: values.yaml#www.tag: v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36, revert the revert, or pin it",
			},
		},
		"TakenBackBefore": {
			reason: "what is newer ends it",
			spec:   semver, status: v1alpha1.ImagePolicyStatus{Targets: []v1alpha1.TargetStatus{
				{File: "values.yaml", Path: "www.tag", Current: "v1.0.34", Held: &v1alpha1.Held{Version: "v1.0.35"}},
			}},
			want: []string{
				"v1.0.36@" + v36 + `: the newest version in the range ">=1.0.0"`,
				"v1.0.36 Chosen", "v1.0.35 Superseded", "latest NotAVersion",
			},
		},
		"Newer": {
			reason: "everywhere a later one",
			spec:   semver, status: v1alpha1.ImagePolicyStatus{Targets: target("v2.0.0")},
			want: []string{
				"nothing: no eligible tag is later than v2.0.0, which Git holds",
				"v1.0.36 OlderThanCurrent", "v1.0.35 OlderThanCurrent", "latest NotAVersion",
			},
		},
		"Platforms": {
			reason: "manifests are looked at",
			spec:   semver + ", platforms: [linux/arm64]",
			want: []string{
				"v1.0.35@" + v35 + `: the newest version in the range ">=1.0.0" that has linux/arm64`,
				"v1.0.36 WrongPlatform", "v1.0.35 Chosen", "latest NotAVersion",
			},
		},
		"Clocks": {
			reason: "the clocks of the status run on",
			spec:   semver + ", minimumAge: 24h",
			status: v1alpha1.ImagePolicyStatus{Waiting: []v1alpha1.WaitingTag{
				{Tag: "v1.0.36", Digest: v36, FirstSeen: young}, {Tag: "v1.0.35", Digest: v35, FirstSeen: old},
			}},
			want: []string{
				"v1.0.35@" + v35 + `: the newest version in the range ">=1.0.0" that has been known for 24h`,
				"v1.0.36 TooYoung", "v1.0.35 Chosen", "latest NotAVersion",
			},
		},
		"PushedAgain": {
			reason: "a clock is that of a digest",
			spec:   semver + ", minimumAge: 24h",
			status: v1alpha1.ImagePolicyStatus{Waiting: []v1alpha1.WaitingTag{{Tag: "v1.0.36", Digest: other, FirstSeen: old}}},
			want: []string{
				`nothing: no eligible tag has been known for 24h`,
				"v1.0.36 TooYoung", "v1.0.35 TooYoung", "latest NotAVersion",
			},
		},
		"Mutated": {
			reason: "what was selected stays what it was",
			spec:   semver + ", minimumAge: 24h, suspend: true",
			status: v1alpha1.ImagePolicyStatus{Latest: &v1alpha1.SelectedTag{Tag: "v1.0.36", Digest: other, FirstSeen: old}},
			want: []string{
				"v1.0.36@" + other + `: the newest version in the range ">=1.0.0" that has been known for 24h`,
				"v1.0.36 Chosen", "v1.0.35 Superseded", "latest NotAVersion",
				"warning: spec.suspend is true: nothing is scanned or committed for this policy",
				"warning: v1.0.36 was selected as " + other + ", and another image was pushed under it since: " + v36,
			},
		},
		"Followed": {
			reason: "only the tag that is followed is looked at",
			spec:   "select: {digest: {tag: latest}}",
			status: v1alpha1.ImagePolicyStatus{Latest: &v1alpha1.SelectedTag{Tag: "latest", Digest: other, FirstSeen: old}, Targets: target("latest@" + other)},
			want:   []string{"latest@" + latest + ": the tag that is followed", "latest Chosen"},
		},
		"FollowedAndYoung": {
			reason: "what runs stays until its successor is old enough",
			spec:   "select: {digest: {tag: latest}}, minimumAge: 24h",
			status: v1alpha1.ImagePolicyStatus{Latest: &v1alpha1.SelectedTag{Tag: "latest", Digest: other, FirstSeen: old}},
			want: []string{
				"latest@" + other + ": the digest that was selected before stays: another one was pushed under the tag, which waits for its minimum age",
				"latest Chosen",
			},
		},
		"FollowedAndGone": {
			reason: "a tag that isn't there",
			spec:   "select: {digest: {tag: stable}}",
			want:   []string{"nothing: no eligible tag can be looked at", "stable WrongPlatform"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, "registry")
			o.secret(w)
			o.policy(w.Host+"/www", tc.spec, tc.status)
			answer, err := o.ask()
			if err != nil {
				t.Fatalf("\n%s\n%v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, summary(answer)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestClusterErrors(t *testing.T) {
	t.Parallel()
	w := distribution.Start(t, "puller", "opens nothing")
	semver := "select: {semver: {range: '>=1.0.0'}}"
	cases := map[string]struct {
		reason  string
		prepare func(*office)
		may     []string
		want    string
	}{
		"NoPolicy": {
			reason:  "a slip of the pen",
			prepare: func(*office) {},
			want:    "ImagePolicy NS/www doesn't exist: kubectl get imagepolicies -A lists those that do",
		},
		"NotMine": {
			reason: "the API server says which right is missing",
			prepare: func(o *office) {
				if err := o.Admin.DeleteAllOf(o.T.Context(), &rbacv1.RoleBinding{}, client.InNamespace(o.Namespace)); err != nil {
					o.T.Fatal(err)
				}
			},
			want: `read ImagePolicy NS/www: imagepolicies.fairlead.dev "www" is forbidden: User "jane" cannot get resource "imagepolicies" in API group "fairlead.dev" in the namespace "NS": ` +
				"policies are read with your own rights: ask for that one, or explain from files with -f and --tags",
		},
		"NoSecret": {
			reason:  "what the controller would say",
			prepare: func(o *office) { o.policy(w.Host+"/www", semver, v1alpha1.ImagePolicyStatus{}) },
			may:     []string{"registry"},
			want:    "Secret NS/registry, which spec.registry.secretRef names, doesn't exist: create it",
		},
		"SecretNotMine": {
			reason:  "who may read the policy may not read its password",
			prepare: func(o *office) { o.secret(w); o.policy(w.Host+"/www", semver, v1alpha1.ImagePolicyStatus{}) },
			want: `read Secret NS/registry: secrets "registry" is forbidden: User "jane" cannot get resource "secrets" in API group "" in the namespace "NS": ` +
				"what a policy names is read with your own rights: ask for that one, or explain from files with -f and --tags",
		},
		"Unreachable": {
			reason:  "the cluster may stand where the registry is",
			prepare: func(o *office) { o.secret(w); o.policy("127.0.0.1:1/www", semver, v1alpha1.ImagePolicyStatus{}) },
			may:     []string{"registry"},
			want: "list tags of 127.0.0.1:1/www: 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused: " +
				"check the address, and that the registry is running and reachable (asked from here: the cluster may reach what you can't; explain from files with -f and --tags)",
		},
		"NoRepository": {
			reason:  "the registry's own words",
			prepare: func(o *office) { o.secret(w); o.policy(w.Host+"/nothing", semver, v1alpha1.ImagePolicyStatus{}) },
			may:     []string{"registry"},
			want:    "list tags of HOST/nothing: HOST answered 404 Not Found (NAME_UNKNOWN: repository name not known to registry): check the image's name, or push its first tag",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, tc.may...)
			tc.prepare(o)
			_, err := o.ask()
			if err == nil {
				t.Fatalf("\n%s\nno error", tc.reason)
			}
			got := strings.NewReplacer(o.Namespace, "NS", w.Host, "HOST").Replace(err.Error())
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
