package syncer_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/syncer"
)

func TestTroubleOf(t *testing.T) {
	t.Parallel()
	const head = "metadata: {name: www-1}\nstatus:\n  phase: Pending\n"
	cases := map[string]struct {
		reason string
		pod    string
		want   string
		failed bool
	}{
		"Ready":    {"nothing is wrong", "metadata: {name: www-1}\nstatus: {phase: Running, conditions: [{type: Ready, status: 'True'}]}", "", false},
		"Creating": {"being made is no trouble", head + "  containerStatuses: [{name: www, state: {waiting: {reason: ContainerCreating}}}]", "", false},
		"Going":    {"a pod that is on its way out is replaced", "metadata: {name: www-1, deletionTimestamp: '2026-01-01T00:00:00Z'}\nstatus: {phase: Failed}", "", false},
		"Unschedulable": {
			"the scheduler says what is missing", head + "  conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes are available: 3 Insufficient cpu.'}]",
			"pod www-1: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.", false,
		},
		"ImagePullBackOff": {
			"an image that isn't there", head + "  containerStatuses: [{name: www, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image \"www:v1.0.36\": not found'}}}]",
			`pod www-1, container www: ImagePullBackOff: Back-off pulling image "www:v1.0.36": not found`, true,
		},
		"ErrImagePull": {
			"the first failure to pull may pass", head + "  containerStatuses: [{name: www, state: {waiting: {reason: ErrImagePull, message: timeout}}}]",
			"pod www-1, container www: ErrImagePull: timeout", false,
		},
		"Config": {
			"a Secret that isn't there", head + "  containerStatuses: [{name: www, state: {waiting: {reason: CreateContainerConfigError, message: 'secret \"db\" not found'}}}]",
			`pod www-1, container www: CreateContainerConfigError: secret "db" not found`, true,
		},
		"CrashLoop": {
			"the exit code tells more than the kubelet's back-off, which changes all the time", head + `  containerStatuses:
  - {name: www, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff, message: 'back-off 1m20s restarting failed container'}}, lastState: {terminated: {exitCode: 3, reason: Error}}}`,
			"pod www-1, container www: CrashLoopBackOff: it ended with exit code 3", true,
		},
		"OutOfMemory": {
			"the kernel's reason is named", head + "  containerStatuses: [{name: www, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]",
			"pod www-1, container www: CrashLoopBackOff: it ended with exit code 137 (OOMKilled)", true,
		},
		"TerminationMessage": {
			"the container's own last words, on one line", head + `  containerStatuses: [{name: www, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error, message: "no\n  database\n"}}}]`,
			"pod www-1, container www: CrashLoopBackOff: it ended with exit code 1: no database", true,
		},
		"InitContainer": {
			"an init container is what all others wait for", head + `  initContainerStatuses: [{name: migrate, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 2}}}]
  containerStatuses: [{name: www, state: {waiting: {reason: PodInitializing}}}]`,
			"pod www-1, container migrate: CrashLoopBackOff: it ended with exit code 2", true,
		},
		"Evicted": {"a pod that isn't started again", "metadata: {name: www-1}\nstatus: {phase: Failed, reason: Evicted, message: The node was low on memory.}", "pod www-1: Evicted: The node was low on memory.", true},
		"FailedJobPod": {
			"the container of a Job that failed", "metadata: {name: j-1}\nstatus: {phase: Failed, containerStatuses: [{name: j, state: {terminated: {exitCode: 7}}}]}",
			"pod j-1, container j: Failed: it ended with exit code 7", true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := &corev1.Pod{}
			if err := yaml.UnmarshalStrict([]byte(tc.pod), pod); err != nil {
				t.Fatal(err)
			}
			got, troubled := syncer.TroubleOf(pod)
			if troubled != (tc.want != "") {
				t.Fatalf("%s: TroubleOf() found %v, %v", tc.reason, got, troubled)
			}
			if troubled && (got.String() != tc.want || got.Failed != tc.failed) {
				t.Errorf("%s:\ngot  %s (failed: %v)\nwant %s (failed: %v)", tc.reason, got, got.Failed, tc.want, tc.failed)
			}
		})
	}
}
