package syncer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Trouble is what keeps a pod from becoming ready, in the words of those who know: the scheduler, the kubelet, the
// container itself.
type Trouble struct {
	// Pod is the name of the pod, Container that of the container in it, if it is one container's.
	Pod, Container string
	// Reason is Kubernetes' word: Unschedulable, ImagePullBackOff, CrashLoopBackOff, Unhealthy.
	Reason string
	// Message says more, without counters: it is written into a status.
	Message string
	// Failed is true if the pod won't get over it without a change, as far as can be told: an image that can't be pulled,
	// a container that crashes again and again.
	Failed bool
}

// String is the trouble in one sentence: `pod www-5d8-x2x, container www: ImagePullBackOff: ...`.
func (t Trouble) String() string {
	where := "pod " + t.Pod
	if t.Container != "" {
		where += ", container " + t.Container
	}
	if t.Message == "" {
		return fmt.Sprintf("%s: %s", where, t.Reason)
	}
	return fmt.Sprintf("%s: %s: %s", where, t.Reason, t.Message)
}

// troubles are the reasons for which a container waits that people have to do something about. True: it has failed.
// ContainerCreating and PodInitializing are none.
//
//nolint:gochecknoglobals // a table; nothing changes it
var troubles = map[string]bool{
	"ImagePullBackOff": true, "ErrImagePull": false, "ErrImageNeverPull": true, "InvalidImageName": true,
	"ImageInspectError": false, "RegistryUnavailable": false, "SignatureValidationFailed": true,
	"CreateContainerConfigError": true, "CreateContainerError": false, "RunContainerError": false,
	reasonCrashLoop: true,
}

const (
	reasonCrashLoop   = "CrashLoopBackOff"
	reasonUnhealthy   = "Unhealthy"
	reasonUnscheduled = "Unschedulable"
)

// TroubleOf finds what keeps a pod from becoming ready. The second result is false if nothing is known to: it is ready,
// or on its way.
func TroubleOf(pod *corev1.Pod) (Trouble, bool) {
	if pod.DeletionTimestamp != nil {
		return Trouble{}, false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse && condition.Reason == reasonUnscheduled {
			return Trouble{Pod: pod.Name, Reason: reasonUnscheduled, Message: bounded(condition.Message)}, true
		}
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if found, ok := waitingTrouble(pod, &container); ok {
			return found, true
		}
	}
	if pod.Status.Phase == corev1.PodFailed {
		return failedTrouble(pod), true
	}
	return Trouble{}, false
}

// waitingTrouble is why one container doesn't run.
func waitingTrouble(pod *corev1.Pod, container *corev1.ContainerStatus) (Trouble, bool) {
	waiting := container.State.Waiting
	if waiting == nil {
		return Trouble{}, false
	}
	failed, known := troubles[waiting.Reason]
	if !known {
		return Trouble{}, false
	}
	message := bounded(waiting.Message)
	if waiting.Reason == reasonCrashLoop {
		// The kubelet's own message holds the time until it tries again, which changes.
		message = ended(container.LastTerminationState.Terminated)
	}
	return Trouble{Pod: pod.Name, Container: container.Name, Reason: waiting.Reason, Message: message, Failed: failed}, true
}

// failedTrouble is why a pod that isn't started again has failed.
func failedTrouble(pod *corev1.Pod) Trouble {
	found := Trouble{Pod: pod.Name, Reason: cmp.Or(pod.Status.Reason, "Failed"), Message: bounded(pod.Status.Message), Failed: true}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if terminated := container.State.Terminated; terminated != nil && terminated.ExitCode != 0 {
			found.Container, found.Message = container.Name, ended(terminated)
			break
		}
	}
	return found
}

// ended says how a container ended.
func ended(terminated *corev1.ContainerStateTerminated) string {
	if terminated == nil {
		return "it ends again and again"
	}
	text := fmt.Sprintf("it ended with exit code %d", terminated.ExitCode)
	if terminated.Reason != "" && terminated.Reason != "Error" && terminated.Reason != "Completed" {
		text += " (" + terminated.Reason + ")"
	}
	if message := bounded(terminated.Message); message != "" {
		text += ": " + message
	}
	return text
}

// maxWords bounds what a pod's own words add to a message, in bytes.
const maxWords = 512

// bounded is a text of somebody else's on one line and not too long.
func bounded(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + " ..."
	}
	return text
}

// newestRevision keeps the pods of the newest revision of a workload: those of an older one, which it replaces, have
// troubles that are no news, nor have those that are on their way out. The newest revision is that of the pods that are as the
// workload's template has them, or else, where something changes pods as they are made, that of the youngest: a pod of an older
// one is young as well when it takes the place of an evicted one. The labels are those that the built-in controllers put on the
// pods they make.
func newestRevision(pods []corev1.Pod, template corev1.PodTemplateSpec) []corev1.Pod {
	pods = slices.DeleteFunc(slices.Clone(pods), func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
	if len(pods) == 0 {
		return pods
	}
	fits := func(pod corev1.Pod) int {
		if isMadeOf(&pod, template) {
			return 1
		}
		return 0
	}
	newest := slices.MaxFunc(pods, func(a, b corev1.Pod) int {
		return cmp.Or(cmp.Compare(fits(a), fits(b)), a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return slices.DeleteFunc(pods, func(pod corev1.Pod) bool {
		for _, label := range []string{"pod-template-hash", "controller-revision-hash"} {
			if pod.Labels[label] != newest.Labels[label] {
				return true
			}
		}
		return false
	})
}

// isMadeOf says whether a pod has the labels and the images of a template.
func isMadeOf(pod *corev1.Pod, template corev1.PodTemplateSpec) bool {
	for label, value := range template.Labels {
		if got, ok := pod.Labels[label]; !ok || got != value {
			return false
		}
	}
	for _, wanted := range template.Spec.Containers {
		if !slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == wanted.Name && c.Image == wanted.Image }) {
			return false
		}
	}
	return true
}

// worstTrouble is the trouble to tell of: a failure first, then that of the pod that is first by name, so that the same
// pods always give the same words.
func worstTrouble(found []Trouble) (Trouble, bool) {
	if len(found) == 0 {
		return Trouble{}, false
	}
	return slices.MinFunc(found, func(a, b Trouble) int {
		if a.Failed != b.Failed {
			if a.Failed {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Pod, b.Pod)
	}), true
}
