package syncer_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/fairlead/fairlead/syncer"
)

// workload is a Deployment of which two revisions have pods.
const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: www}
spec:
  selector: {matchLabels: {app: www}}
  template:
    metadata: {labels: {app: www}}
    spec: {containers: [{name: www, image: "registry.example.com/www:v1.0.36"}]}
`

// core is a client that may read everything, through wrap if there is one.
func core(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) typedcorev1.CoreV1Interface {
	t.Helper()
	wrapped := rest.CopyConfig(config)
	if wrap != nil {
		wrapped.Wrap(wrap)
	}
	client, err := typedcorev1.NewForConfig(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// addPod makes a pod of a revision, with a status as a kubelet would write it.
func addPod(t *testing.T, namespace, name, hash string, status corev1.PodStatus) *corev1.Pod {
	t.Helper()
	return addPodOf(t, namespace, name, hash, "registry.example.com/www:v1.0.36", status)
}

// addPodOf is addPod with another image.
func addPodOf(t *testing.T, namespace, name, hash, image string, status corev1.PodStatus) *corev1.Pod {
	t.Helper()
	pods := core(t, nil).Pods(namespace)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "www", "pod-template-hash": hash}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "www", Image: image}}},
	}
	made, err := pods.Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made.Status = status
	if made, err = pods.UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	return made
}

func crashing(message string) corev1.PodStatus {
	return corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "www", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error", Message: message}},
	}}}
}

func deploymentIn(t *testing.T, namespace, manifest string) *unstructured.Unstructured {
	t.Helper()
	return apply(t, namespace, manifest)[0].Live
}

func explain(t *testing.T, client typedcorev1.CoreV1Interface, live *unstructured.Unstructured) string {
	t.Helper()
	found, ok, err := syncer.NewExplainer(client).Explain(t.Context(), live)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return found.String()
}

// TestExplainNewest: what the pods of the revision before suffer is no news, and what those of this one do is, with the last
// line of the log where the container left no message.
func TestExplainNewest(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	live := deploymentIn(t, namespace, workload)
	addPod(t, namespace, "www-old-1", "old", crashing("the old one"))
	if got, want := explain(t, core(t, nil), live), "pod www-old-1, container www: CrashLoopBackOff: it ended with exit code 3: the old one"; got != want {
		t.Errorf("the only revision there is\ngot  %s\nwant %s", got, want)
	}
	eventually(t, "a pod that is a second younger", func() bool {
		pod := addPod(t, namespace, "www-new-1", "new", crashing(""))
		old, err := core(t, nil).Pods(namespace).Get(t.Context(), "www-old-1", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if pod.CreationTimestamp.After(old.CreationTimestamp.Time) {
			return true
		}
		if err := core(t, nil).Pods(namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		return false
	})
	if got, want := explain(t, core(t, nil), live), "pod www-new-1, container www: CrashLoopBackOff: it ended with exit code 3"; got != want {
		t.Errorf("no node has the log\ngot  %s\nwant %s", got, want)
	}
	logs := func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/pods/www-new-1/log") {
				return next.RoundTrip(r)
			}
			if got, want := r.URL.RawQuery, "container=www&limitBytes=256&previous=true&tailLines=1"; got != want {
				t.Errorf("the log was asked for with %s, want %s", got, want)
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("panic: no database\n")), Request: r}, nil
		})
	}
	want := "pod www-new-1, container www: CrashLoopBackOff: it ended with exit code 3; its last line: panic: no database"
	if got := explain(t, core(t, logs), live); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	held := []byte(`{"metadata":{"finalizers":["example.com/held"]}}`)
	if _, err := core(t, nil).Pods(namespace).Patch(t.Context(), "www-new-1", types.MergePatchType, held, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := core(t, nil).Pods(namespace).Delete(t.Context(), "www-new-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, want := explain(t, core(t, nil), live), "pod www-old-1, container www: CrashLoopBackOff: it ended with exit code 3: the old one"; got != want {
		t.Errorf("after it was taken back the new one is on its way out\ngot  %s\nwant %s", got, want)
	}
}

// TestExplainTemplate: a pod of the revision before that is made again, in the place of one that was evicted, or in the same
// second, isn't one of this revision for that.
func TestExplainTemplate(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	live := deploymentIn(t, namespace, strings.ReplaceAll(workload, "v1.0.36", "v1.0.37"))
	addPodOf(t, namespace, "www-a-1", "a", "registry.example.com/www:v1.0.37", crashing("the new one"))
	addPod(t, namespace, "www-b-1", "b", crashing("the old one"))
	if got, want := explain(t, core(t, nil), live), "pod www-a-1, container www: CrashLoopBackOff: it ended with exit code 3: the new one"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestExplainProbe: only events know which probe fails.
func TestExplainProbe(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	live := deploymentIn(t, namespace, workload)
	pod := addPod(t, namespace, "www-1", "new", corev1.PodStatus{Phase: corev1.PodRunning})
	if got := explain(t, core(t, nil), live); got != "" {
		t.Errorf("a pod that was just started: %s", got)
	}
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "www-1.1", Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: pod.Name, UID: pod.UID, FieldPath: "spec.containers{www}"},
		Reason:         "Unhealthy", Type: "Warning", Message: "Readiness probe failed: HTTP probe failed with statuscode: 500",
	}
	if _, err := core(t, nil).Events(namespace).Create(t.Context(), event, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	want := "pod www-1, container www: Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500"
	if got := explain(t, core(t, nil), live); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestExplainRefused: pods that were never made are told of by their workload.
func TestExplainRefused(t *testing.T) {
	t.Parallel()
	live := objects(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {namespace: web, name: www}
status:
  conditions:
  - {type: ReplicaFailure, status: "True", reason: FailedCreate, message: 'pods "www-5d8-x2x" is forbidden: exceeded quota: small, requested: cpu=1, used: cpu=0, limited: cpu=500m'}
`)[0]
	want := "pod of www: FailedCreate: forbidden: exceeded quota: small, requested: cpu=1, used: cpu=0, limited: cpu=500m"
	if got := explain(t, core(t, nil), live); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestExplainForbidden: whoever may not read pods gets no explanation, and no error for it.
func TestExplainForbidden(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	live := deploymentIn(t, namespace, workload)
	addPod(t, namespace, "www-1", "new", crashing(""))
	nobody := rest.CopyConfig(config)
	nobody.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + namespace + ":default"}
	client, err := typedcorev1.NewForConfig(nobody)
	if err != nil {
		t.Fatal(err)
	}
	if got := explain(t, client, live); got != "" {
		t.Errorf("explained all the same: %s", got)
	}
}
