package get_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/get"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// columns stand between the cells of a line.
var columns = regexp.MustCompile(`  +`)

// noon is when everybody asks.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func parse[T any](t *testing.T, manifest string) T {
	t.Helper()
	var made T
	if err := yaml.UnmarshalStrict([]byte(manifest), &made); err != nil {
		t.Fatal(err)
	}
	return made
}

// policy is one at rest, of which a case changes something.
func policy(t *testing.T) v1alpha1.ImagePolicy {
	t.Helper()
	return parse[v1alpha1.ImagePolicy](t, `
metadata: {name: www, namespace: fairlead}
spec:
  image: registry.example.com/web-hook/www
  targets: [{applicationRef: {name: webhooks}, tag: www.tag}]
status:
  latest: {tag: v1.0.36, firstSeen: "2026-11-23T11:00:00.000000Z", selection: s, generation: 1}
  targets:
  - {repository: config, file: apps/webhooks/values.yaml, path: www.tag, current: v1.0.36, revision: 4f1c0a9d2b7e, time: "2026-11-23T11:59:48.000000Z"}
  conditions: [{type: Selected, status: "True"}]`)
}

func repository(t *testing.T) v1alpha1.ConfigRepository {
	t.Helper()
	return parse[v1alpha1.ConfigRepository](t, `
metadata: {name: config, namespace: fairlead}
spec: {url: "https://git.example.com/config.git", branch: main}
status: {head: {revision: 4f1c0a9d2b7e}, conditions: [{type: Ready, status: "True"}]}`)
}

func application(t *testing.T) v1alpha1.Application {
	t.Helper()
	return parse[v1alpha1.Application](t, `
metadata: {name: webhooks, namespace: fairlead}
spec:
  source: {repoURL: "https://git.example.com/config.git", path: apps/webhooks}
  destination: {namespace: webhooks}
  syncPolicy: {automated: {}}
status:
  sync: {status: Synced, revision: 4f1c0a9d2b7e}
  health: {status: Healthy}
  images: ["registry.example.com/web-hook/www:v1.0.36"]
  resources: [{group: apps, version: v1, kind: Deployment, namespace: webhooks, name: www, status: Synced, health: Healthy}]
  history:
  - {revision: 0b1946c5a7de, time: "2026-11-23T11:59:59.000000Z", verdict: Healthy, images: ["registry.example.com/web-hook/www:v1.0.36", "registry.example.com/web-hook/api:v2"]}
  - {revision: 4f1c0a9d2b7e, time: "2026-11-23T11:59:50.000000Z", verdict: Healthy, images: ["registry.example.com/web-hook/www:v1.0.36", "registry.example.com/web-hook/api:v1"]}
  - {revision: 11c0ffee2222, time: "2026-11-22T12:00:00.000000Z", verdict: Healthy, images: ["registry.example.com/web-hook/www:v1.0.35"]}
  conditions: [{type: Ready, status: "True"}]`)
}

// scene is what a case is about.
type scene struct {
	policy     v1alpha1.ImagePolicy
	repository v1alpha1.ConfigRepository
	app        v1alpha1.Application
	old, fresh int
}

func (s *scene) objects() get.Objects {
	made := get.Objects{
		Policies: []v1alpha1.ImagePolicy{s.policy}, Repositories: []v1alpha1.ConfigRepository{s.repository}, Applications: []v1alpha1.Application{s.app},
		Workloads: []get.Workload{
			{Kind: "Deployment", Namespace: "webhooks", Name: "www", Images: []string{"registry.example.com/web-hook/www:v1.0.36"}, Pods: 3},
			{Kind: "Deployment", Namespace: "webhooks", Name: "other", Images: []string{"registry.example.com/web-hook/www:v1"}, Pods: 9},
		},
	}
	for i := range s.old + s.fresh {
		tag := "v1.0.36"
		if i < s.old {
			tag = "v1.0.35"
		}
		made.Pods = append(made.Pods, get.Pod{
			Kind: "Deployment", Namespace: "webhooks", Name: "www", Images: []string{"registry.example.com/web-hook/www:" + tag}, Ready: true,
		})
	}
	return made
}

func text(t *testing.T, objects get.Objects, width int, format terminal.Format) string {
	t.Helper()
	var to bytes.Buffer
	answer := get.Answer{Lines: get.Lines(objects, noon), Namespace: "fairlead", Now: noon}
	if err := answer.Write(&to, format, width, false); err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// TestWhatItWaitsFor goes the way of a tag, and says at each step what is told.
func TestWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		change func(s *scene)
		want   string
	}{
		"Rest": {
			reason: "it waits for nothing", change: func(*scene) {},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|-",
		},
		"New": {
			reason: "nobody has looked yet",
			change: func(s *scene) {
				s.policy.Status, s.app.Status = v1alpha1.ImagePolicyStatus{}, v1alpha1.ApplicationStatus{}
			},
			want: "www|-|-|-|-|-|-|-|-|-|first scan of the registry",
		},
		"Suspended": {
			reason: "somebody's word, with the reason",
			change: func(s *scene) {
				s.policy.Spec.Suspend, s.policy.Annotations = true, map[string]string{v1alpha1.SuspendReasonAnnotation: "release freeze"}
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|suspended: release freeze",
		},
		"SuspendedWhileItWaited": {
			reason: "what nobody looks at since isn't told of: neither what the registry said, nor a commit that doesn't come",
			change: func(s *scene) {
				s.policy.Spec.Suspend = true
				s.policy.Status.Conditions[0].Status, s.policy.Status.Conditions[0].Message = "False", "list tags of registry.example.com: down"
				s.policy.Status.Latest.Tag, s.policy.Status.Targets[0].Reason = "v1.0.37", v1alpha1.ReasonPending
			},
			want: "www|v1.0.37|v1.0.37|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|suspended",
		},
		"TooYoung": {
			reason: "until when, in hours and minutes",
			change: func(s *scene) {
				s.policy.Status.Newest = &v1alpha1.NewestTag{Tag: "v1.0.37", Reason: "TooYoung"}
				s.policy.Status.Candidate = &v1alpha1.Candidate{Tag: "v1.0.37", Reason: "TooYoung"}
				s.policy.Status.Candidate.Until.Time = noon.Add(125 * time.Minute)
			},
			want: "www|v1.0.37 (too young)|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|v1.0.37 too young until 14:05",
		},
		"OutsideRange": {
			reason: "nothing is waited for, and the newer tag is told of",
			change: func(s *scene) { s.policy.Status.Newest = &v1alpha1.NewestTag{Tag: "v2.0.0", Reason: "OutsideRange"} },
			want:   "www|v2.0.0 (outside the range)|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|-",
		},
		"RateLimited": {
			reason: "the registry has named a time, tomorrow",
			change: func(s *scene) {
				s.policy.Status.Conditions[0].Status, s.policy.Status.Conditions[0].Reason = "False", "RegistryFailed"
				s.policy.Status.RetryAt = &metav1.Time{Time: noon.Add(14 * time.Hour)}
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|rate limited until Tue 02:00",
		},
		"RegistryDown": {
			reason: "in the controller's words",
			change: func(s *scene) {
				s.policy.Status.Conditions[0].Status, s.policy.Status.Conditions[0].Message = "False", "list tags of registry.example.com: down"
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|list tags of registry.example.com: down",
		},
		"Pending": {
			reason: "the commit is next",
			change: func(s *scene) {
				s.policy.Status.Latest.Tag, s.policy.Status.Targets[0].Reason = "v1.0.37", v1alpha1.ReasonPending
			},
			want: "www|v1.0.37|v1.0.37|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|commit of v1.0.37 to config",
		},
		"Held": {
			reason: "who took it back, and by which commit",
			change: func(s *scene) {
				s.old, s.fresh = 3, 0
				target := &s.policy.Status.Targets[0]
				target.Reason, target.Current, s.app.Status.History = v1alpha1.ReasonHeld, "v1.0.35", s.app.Status.History[2:]
				target.Held = &v1alpha1.Held{Version: "v1.0.36", Revision: "3f2a1c9d2b7e", Author: "Alice"}
			},
			want: "www|v1.0.36|v1.0.36|v1.0.35|4f1c0a9|12s|v1.0.35|11c0ffe|24h|3/3|held: v1.0.36 taken back by Alice in 3f2a1c9",
		},
		"HeldByWord": {
			reason: "what stands there has no place in the order",
			change: func(s *scene) {
				target := &s.policy.Status.Targets[0]
				target.Reason, target.Current = v1alpha1.ReasonHeld, "latest"
				target.Held = &v1alpha1.Held{Revision: "3f2a1c9d2b7e", Author: "Alice"}
				s.app.Spec.Suspend = true
			},
			want: "www|v1.0.36|v1.0.36|latest|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|held: Alice wrote it in 3f2a1c9",
		},
		"EditRefused": {
			reason: "in the editor's words",
			change: func(s *scene) {
				s.policy.Status.Targets[0].Reason, s.policy.Status.Targets[0].Message = v1alpha1.ReasonEditRefused, "values.yaml:3: no such key"
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|values.yaml:3: no such key",
		},
		"GitDown": {
			reason: "it is said once",
			change: func(s *scene) {
				s.policy.Status.Targets[0].Reason, s.policy.Status.Targets[0].Message = v1alpha1.ReasonGitFailed, "ConfigRepository config: down"
				s.repository.Status.Conditions[0].Status, s.repository.Status.Conditions[0].Reason = "False", "GitFailed"
				s.repository.Status.Conditions[0].Message = "down"
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|repository config: down",
		},
		"Unread": {
			reason: "the Application hasn't seen the commit",
			change: func(s *scene) {
				s.policy.Status.Latest.Tag, s.policy.Status.Targets[0].Current, s.policy.Status.Targets[0].Revision = "v1.0.37", "v1.0.37", "aaaaaaaaaaaa"
				s.repository.Status.Head.Revision = "aaaaaaaaaaaa"
			},
			want: "www|v1.0.37|v1.0.37|v1.0.37|aaaaaaa|12s|v1.0.36|4f1c0a9|10s|3/3|application webhooks to read aaaaaaa",
		},
		"Manual": {
			reason: "somebody has to sync",
			change: func(s *scene) {
				s.policy.Status.Latest.Tag, s.policy.Status.Targets[0].Current = "v1.0.37", "v1.0.37"
				s.app.Spec.SyncPolicy.Automated = nil
			},
			want: "www|v1.0.37|v1.0.37|v1.0.37|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|manual sync: fairlead app sync webhooks",
		},
		"Refused": {
			reason: "the API server said no",
			change: func(s *scene) {
				s.app.Status.Conditions[0].Status, s.app.Status.Conditions[0].Reason, s.app.Status.Conditions[0].Message = "False", "SyncFailed", "Deployment www: forbidden"
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|application webhooks: Deployment www: forbidden",
		},
		"Rollout": {
			reason: "two of three pods are there",
			change: func(s *scene) { s.old, s.fresh, s.app.Status.Resources[0].Health = 1, 2, v1alpha1.HealthProgressing },
			want:   "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|2/3|rollout 2/3",
		},
		"Paused": {
			reason: "somebody's word, which doesn't end by itself",
			change: func(s *scene) { s.old, s.fresh, s.app.Status.Resources[0].Health = 3, 0, v1alpha1.HealthSuspended },
			want:   "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|0/3|rollout 0/3 paused",
		},
		"PausedAtRest": {
			reason: "all of its pods run it, so nothing is waited for",
			change: func(s *scene) { s.app.Status.Resources[0].Health = v1alpha1.HealthSuspended },
			want:   "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|-",
		},
		"NoContainer": {
			reason: "the target's Application runs another image than the policy is about",
			change: func(s *scene) {
				s.policy.Spec.Image, s.app.Status.History = "registry.example.com/web-hook/other", nil
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|-|-|-|-|application webhooks has no container of this image",
		},
		"Drift": {
			reason: "somebody has changed the Deployment, and nobody sets it back",
			change: func(s *scene) {
				s.old, s.fresh = 3, 0
				s.app.Status.Resources[0].Status, s.app.Status.Resources[0].Message = v1alpha1.SyncStatusOutOfSync, "differs in spec.template.spec.containers[0].image, set by kubectl-set"
				s.app.Status.Conditions[0].Status, s.app.Status.Conditions[0].Reason = "False", string(v1alpha1.ReasonOutOfSync)
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|0/3|out of sync: Deployment www differs in spec.template.spec.containers[0].image, set by kubectl-set",
		},
		"Crash": {
			reason: "why, from its own objects alone",
			change: func(s *scene) {
				s.old, s.fresh, s.app.Status.Health.Message = 3, 0, "Deployment other crashes"
				s.app.Status.Health.Status = v1alpha1.HealthDegraded
				s.app.Status.Resources[0].Health, s.app.Status.Resources[0].Message = v1alpha1.HealthDegraded, "CrashLoopBackOff: it ended with exit code 3"
			},
			want: "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|0/3|rollout 0/3 failed: CrashLoopBackOff: it ended with exit code 3",
		},
		"NotMine": {
			reason: "another microservice of the same Application crashes",
			change: func(s *scene) { s.app.Status.Health.Status = v1alpha1.HealthDegraded },
			want:   "www|v1.0.36|v1.0.36|v1.0.36|4f1c0a9|12s|v1.0.36|4f1c0a9|10s|3/3|-",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scene{policy: policy(t), repository: repository(t), app: application(t), fresh: 3}
			tc.change(s)
			lines := strings.Split(text(t, s.objects(), 0, terminal.Text), "\n")
			if diff := cmp.Diff(tc.want, columns.ReplaceAllString(lines[1], "|")); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
