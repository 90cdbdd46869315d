package syncer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	// maxPods bounds the pods of one workload that are looked at.
	maxPods = 50
	// maxEvents bounds the events of one pod that are looked at.
	maxEvents = 50
	// maxLine bounds the last line of a container's log, in bytes.
	maxLine = 256
)

// Explainer asks the pods of a workload why it doesn't come up. What it may read is what its client may: pods, their
// events, and, for the last line of a container that crashed, their logs. What it may not read is left out.
type Explainer struct {
	core typedcorev1.CoreV1Interface
}

// NewExplainer returns an Explainer that reads through core.
func NewExplainer(core typedcorev1.CoreV1Interface) *Explainer { return &Explainer{core: core} }

// RunsPods says whether an object's health is that of pods which it makes, or is a pod itself.
func RunsPods(id ID) bool {
	switch id.Group {
	case "apps":
		return slices.Contains([]string{kindDeployment, "StatefulSet", "DaemonSet", "ReplicaSet"}, id.Kind)
	case "batch":
		return id.Kind == kindJob
	case "":
		return slices.Contains([]string{kindPod, "ReplicationController"}, id.Kind)
	}
	return false
}

// Explain says what keeps the pods of live from becoming ready. The second result is false if nothing was found: they are
// on their way, or they may not be read. Objects that run no pods have no explanation.
func (e *Explainer) Explain(ctx context.Context, live *unstructured.Unstructured) (Trouble, bool, error) {
	if live == nil || !RunsPods(IDOf(live)) {
		return Trouble{}, false, nil
	}
	if found, ok := refusedPods(live); ok {
		return found, true, nil
	}
	pods, err := e.podsOf(ctx, live)
	if err != nil {
		return Trouble{}, false, unlessForbidden(err)
	}
	var found []Trouble
	for i := range pods {
		if trouble, ok := TroubleOf(&pods[i]); ok {
			found = append(found, trouble)
		}
	}
	worst, ok := worstTrouble(found)
	if !ok {
		return e.unready(ctx, pods)
	}
	if worst.Reason == reasonCrashLoop && !strings.Contains(worst.Message, ":") {
		if worst.Message, err = e.withLastLine(ctx, live.GetNamespace(), worst); err != nil {
			return worst, true, unlessForbidden(err)
		}
	}
	return worst, true, nil
}

// refusedPods reads off the workload that its pods weren't even admitted: a quota, a webhook, a security policy.
func refusedPods(live *unstructured.Unstructured) (Trouble, bool) {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		if condition["type"] != "ReplicaFailure" || condition["status"] != "True" {
			continue
		}
		reason, _ := condition["reason"].(string)
		message, _ := condition["message"].(string)
		// The name of a pod that was never made is another one at each try.
		_, after, cut := strings.Cut(message, " is forbidden: ")
		if cut {
			message = "forbidden: " + after
		}
		return Trouble{Pod: "of " + live.GetName(), Reason: cmp.Or(reason, "ReplicaFailure"), Message: bounded(message)}, true
	}
	return Trouble{}, false
}

// podsOf are the pods of a workload's newest revision, in the order of their names.
func (e *Explainer) podsOf(ctx context.Context, live *unstructured.Unstructured) ([]corev1.Pod, error) {
	if live.GetKind() == kindPod {
		pod := corev1.Pod{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &pod); err != nil {
			return nil, fmt.Errorf("read %s: %w", IDOf(live), err)
		}
		return []corev1.Pod{pod}, nil
	}
	selector, err := selectorOf(live)
	if err != nil || selector == "" {
		return nil, err
	}
	list, err := e.core.Pods(live.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: maxPods})
	if err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", IDOf(live), err)
	}
	pods := newestRevision(list.Items, templateOf(live))
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return pods, nil
}

// templateOf is what a workload makes its pods of; one that can't be read fits every pod.
func templateOf(live *unstructured.Unstructured) corev1.PodTemplateSpec {
	template := corev1.PodTemplateSpec{}
	field, _, _ := unstructured.NestedMap(live.Object, "spec", "template")
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(field, &template); err != nil {
		return corev1.PodTemplateSpec{}
	}
	return template
}

// selectorOf is the label selector by which a workload finds its pods.
func selectorOf(live *unstructured.Unstructured) (string, error) {
	field, found, _ := unstructured.NestedMap(live.Object, "spec", "selector")
	if !found {
		return "", nil
	}
	if live.GroupVersionKind().GroupKind() == (schema.GroupKind{Kind: "ReplicationController"}) {
		labels, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector")
		return metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: labels}), nil
	}
	selector := metav1.LabelSelector{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(field, &selector); err != nil {
		return "", fmt.Errorf("read the selector of %s: %w", IDOf(live), err)
	}
	return metav1.FormatLabelSelector(&selector), nil
}

// unready asks the events of the first pod that runs and isn't ready: only they know which probe fails, and how.
func (e *Explainer) unready(ctx context.Context, pods []corev1.Pod) (Trouble, bool, error) {
	at := slices.IndexFunc(pods, func(pod corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning && !isReady(&pod) })
	if at < 0 {
		return Trouble{}, false, nil
	}
	pod := pods[at]
	selector := fields.Set{"involvedObject.uid": string(pod.UID), "reason": reasonUnhealthy}.AsSelector().String()
	events, err := e.core.Events(pod.Namespace).List(ctx, metav1.ListOptions{FieldSelector: selector, Limit: maxEvents})
	if err != nil {
		return Trouble{}, false, unlessForbidden(fmt.Errorf("list the events of pod %s/%s: %w", pod.Namespace, pod.Name, err))
	}
	if len(events.Items) == 0 {
		return Trouble{}, false, nil
	}
	last := slices.MaxFunc(events.Items, func(a, b corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
	return Trouble{Pod: pod.Name, Container: containerOf(last.InvolvedObject.FieldPath), Reason: reasonUnhealthy, Message: bounded(last.Message)}, true, nil
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

// containerOf reads the container's name out of an event's field path: `spec.containers{www}`.
func containerOf(path string) string {
	_, name, _ := strings.Cut(path, "{")
	return strings.TrimSuffix(name, "}")
}

// withLastLine adds the last line that the container logged before it ended.
func (e *Explainer) withLastLine(ctx context.Context, namespace string, crashed Trouble) (string, error) {
	lines, limit := int64(1), int64(maxLine)
	stream, err := e.core.Pods(namespace).GetLogs(crashed.Pod, &corev1.PodLogOptions{
		Container: crashed.Container, Previous: true, TailLines: &lines, LimitBytes: &limit,
	}).Stream(ctx)
	if err != nil {
		return crashed.Message, fmt.Errorf("read the log of pod %s/%s: %w", namespace, crashed.Pod, err)
	}
	defer func() { _ = stream.Close() }()
	line, err := io.ReadAll(io.LimitReader(stream, maxLine))
	if err != nil {
		return crashed.Message, fmt.Errorf("read the log of pod %s/%s: %w", namespace, crashed.Pod, err)
	}
	if text := bounded(strings.ToValidUTF8(string(line), "")); text != "" {
		return crashed.Message + "; its last line: " + text, nil
	}
	return crashed.Message, nil
}

// unlessForbidden drops refusals: whoever may not look isn't told, and nothing is wrong with the workload for it. A log
// that is gone, or a node that doesn't answer, is no reason to fail either.
func unlessForbidden(err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) || apierrors.IsInternalError(err) {
		return nil
	}
	return err
}
