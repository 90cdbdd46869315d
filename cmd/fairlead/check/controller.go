package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// programLabel is on the Deployment and its pods, unless the chart has been given another name.
	programLabel, programName = "app.kubernetes.io/name", "fairlead"
	// containerName is the container that the program runs in.
	containerName = "controller"
	// defaultAccount is the ServiceAccount of the controller where no Deployment names another.
	defaultAccount = "fairlead"
	// tooOld is the age at which a Lease that nobody renews means that nobody works, beyond what the Lease itself says.
	tooOld = 30 * time.Second
)

// installation is what runs the controller, or one side of it.
type installation struct {
	// deployment is nil if there is none, or it can't be read.
	deployment *appsv1.Deployment
	pods       []corev1.Pod
}

// side is update or sync where the Deployment runs that alone; empty where it runs both, or there is none.
func (i installation) side() string {
	if i.deployment == nil {
		return ""
	}
	for _, container := range i.deployment.Spec.Template.Spec.Containers {
		for _, arg := range container.Args {
			if side, ok := strings.CutPrefix(arg, "--controllers="); ok && !strings.Contains(side, ",") {
				return side
			}
		}
	}
	return ""
}

// account is the ServiceAccount that the controller runs as.
func (i installation) account() string {
	if i.deployment == nil {
		return defaultAccount
	}
	if name := i.deployment.Spec.Template.Spec.ServiceAccountName; name != "" {
		return name
	}
	return "default"
}

// controller looks at what runs the controller. It returns one of its Deployments, if there are any.
func (c *checker) controller(ctx context.Context) (findings []Finding, found installation) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var deployments appsv1.DeploymentList
	if err := c.client.List(ctx, &deployments, client.InNamespace(c.ControllerNamespace)); err != nil {
		return append(findings, failure("Deployment", err), c.lease(ctx, found)), found
	}
	var parts []installation
	for i := range deployments.Items {
		if deployment := &deployments.Items[i]; runsController(deployment) {
			parts = append(parts, installation{deployment: deployment})
		}
	}
	if verdict := partsVerdict(parts, c.ControllerNamespace); verdict != nil {
		return append(findings, *verdict, c.lease(ctx, found)), found
	}
	for _, part := range parts {
		findings = append(findings, deploymentVerdict(part.deployment))
		var pods corev1.PodList
		if err := c.client.List(ctx, &pods, client.InNamespace(c.ControllerNamespace), selected(part.deployment)); err != nil {
			findings = append(findings, failure("Pods", err))
		} else {
			part.pods = pods.Items
			findings = append(findings, podVerdicts(part.pods)...)
		}
		findings = append(findings, imageVerdict(part.deployment, c.Version), c.lease(ctx, part))
	}
	return findings, parts[0]
}

// lease looks at who leads.
func (c *checker) lease(ctx context.Context, found installation) Finding {
	name := c.LeaseOf(found.side())
	lease := &coordinationv1.Lease{}
	switch err := c.client.Get(ctx, types.NamespacedName{Namespace: c.ControllerNamespace, Name: name}, lease); {
	case err == nil:
		return leaseVerdict(found, lease, c.Now())
	case apierrors.IsNotFound(err):
		return noLease(found, c.ControllerNamespace, name)
	default:
		return failure("Lease "+c.ControllerNamespace+"/"+name, err)
	}
}

// runsController says whether a Deployment is one of the controller: by its label, or where that is another one by what it runs.
func runsController(deployment *appsv1.Deployment) bool {
	return deployment.Labels[programLabel] == programName ||
		slices.ContainsFunc(deployment.Spec.Template.Spec.Containers, func(container corev1.Container) bool {
			return container.Name == containerName && len(container.Args) > 1 && container.Args[0] == "controller" &&
				slices.ContainsFunc(container.Args, func(arg string) bool { return strings.HasPrefix(arg, "--controllers=") })
		})
}

// selector is what kubectl finds the pods of a Deployment by; nil: of the one that there would be.
func selector(deployment *appsv1.Deployment) string {
	if deployment == nil || deployment.Spec.Selector == nil {
		return programLabel + "=" + programName
	}
	return metav1.FormatLabelSelector(deployment.Spec.Selector)
}

// selected selects the pods of a Deployment.
func selected(deployment *appsv1.Deployment) client.ListOption {
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return client.MatchingLabels{programLabel: programName} // The API server admits no such selector.
	}
	return client.MatchingLabelsSelector{Selector: selector}
}

// partsVerdict judges that there is no Deployment, or more than one for the same work; nil where each has its own.
func partsVerdict(parts []installation, namespace string) *Finding {
	if len(parts) == 0 {
		none := warnf("Deployment", "none with the label %s=%s is in namespace %s: the controller runs elsewhere, or --controller-namespace is another one",
			programLabel, programName, namespace)
		return &none
	}
	sides := map[string]bool{}
	names := make([]string, 0, len(parts))
	for _, part := range parts {
		sides[part.side()] = true
		names = append(names, part.deployment.Name)
	}
	if len(parts) == 1 || len(sides) == len(parts) && !sides[""] {
		return nil
	}
	slices.Sort(names)
	several := failf("Deployment", "there are %d in namespace %s, %s: two controllers write the same objects; uninstall one of them",
		len(parts), namespace, strings.Join(names, " and "))
	return &several
}

// deploymentVerdict judges whether enough pods are ready.
func deploymentVerdict(found *appsv1.Deployment) Finding {
	subject := "Deployment " + found.Namespace + "/" + found.Name
	wanted := int32(1)
	if found.Spec.Replicas != nil {
		wanted = *found.Spec.Replicas
	}
	switch ready := found.Status.ReadyReplicas; {
	case wanted == 0:
		return failf(subject, "it is scaled to 0: nothing is scanned, committed or synced").by("kubectl scale deployment %s -n %s --replicas=1", found.Name, found.Namespace)
	case ready == 0:
		return failf(subject, "none of %d pods is ready", wanted).by("kubectl describe pods -n %s -l %s", found.Namespace, selector(found))
	case ready < wanted:
		return warnf(subject, "%d of %d pods are ready", ready, wanted).by("kubectl describe pods -n %s -l %s", found.Namespace, selector(found))
	default:
		return okf(subject, "%d of %d pods are ready", ready, wanted)
	}
}

// podVerdicts tell of the pods that aren't ready, and why.
func podVerdicts(pods []corev1.Pod) (findings []Finding) {
	for i := range pods {
		pod := &pods[i]
		if pod.DeletionTimestamp != nil || isReady(pod) {
			continue
		}
		finding := failf("Pod "+pod.Namespace+"/"+pod.Name, "%s", whyNotReady(pod))
		findings = append(findings, finding.by("kubectl logs %s -n %s -c %s", pod.Name, pod.Namespace, containerName))
	}
	return findings
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// whyNotReady is what the kubelet says of a pod's containers, else of the pod.
func whyNotReady(pod *corev1.Pod) string {
	for i := range pod.Status.ContainerStatuses {
		status := &pod.Status.ContainerStatuses[i]
		switch {
		case status.State.Waiting != nil && status.State.Waiting.Reason != "":
			return fmt.Sprintf("container %s waits: %s %s", status.Name, status.State.Waiting.Reason, status.State.Waiting.Message)
		case status.State.Terminated != nil:
			return fmt.Sprintf("container %s ended with exit status %d: %s", status.Name, status.State.Terminated.ExitCode, status.State.Terminated.Reason)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status == corev1.ConditionFalse && condition.Message != "" {
			return fmt.Sprintf("%s: %s", condition.Reason, condition.Message)
		}
	}
	return fmt.Sprintf("it is %s and not ready", pod.Status.Phase)
}

// imageVerdict compares the version of the controller's image with that of this program.
func imageVerdict(deployment *appsv1.Deployment, version string) Finding {
	subject := "Version"
	image := ""
	for i := range deployment.Spec.Template.Spec.Containers {
		if container := &deployment.Spec.Template.Spec.Containers[i]; container.Name == containerName {
			image = container.Image
		}
	}
	tag, _, _ := strings.Cut(image, "@")
	tag = tag[strings.LastIndex(tag, "/")+1:]
	_, tag, tagged := strings.Cut(tag, ":")
	switch {
	case image == "":
		return warnf(subject, "Deployment %s/%s has no container named %s", deployment.Namespace, deployment.Name, containerName)
	case !tagged:
		return warnf(subject, "the image %s says no version: this program is %s", image, version)
	case strings.TrimPrefix(tag, "v") == strings.TrimPrefix(version, "v"):
		return okf(subject, "the controller's image and this program are both %s", tag)
	default:
		return warnf(subject, "the controller's image is %s, this program is %s: what they know may differ", tag, version)
	}
}

// leaseVerdict judges who leads.
func leaseVerdict(found installation, lease *coordinationv1.Lease, now time.Time) Finding {
	subject := "Lease " + lease.Namespace + "/" + lease.Name
	holder := ""
	if lease.Spec.HolderIdentity != nil {
		holder = *lease.Spec.HolderIdentity
	}
	if holder == "" || lease.Spec.RenewTime == nil {
		return failf(subject, "nobody holds it: no controller works").by("kubectl logs -n %s -l %s -c %s", lease.Namespace, selector(found.deployment), containerName)
	}
	age, lasts := now.Sub(lease.Spec.RenewTime.Time), tooOld
	if seconds := lease.Spec.LeaseDurationSeconds; seconds != nil {
		lasts = max(lasts, 2*time.Duration(*seconds)*time.Second)
	}
	pod, _, _ := strings.Cut(holder, "_") // The identity is the host's name, which is the pod's, and a random word.
	isPod := slices.ContainsFunc(found.pods, func(p corev1.Pod) bool { return p.Name == pod })
	switch {
	case age > lasts:
		return failf(subject, "%s holds it, and renewed it %s ago the last time: no controller works", pod, age.Round(time.Second)).
			by("kubectl logs -n %s -l %s -c %s", lease.Namespace, selector(found.deployment), containerName)
	case found.deployment != nil && len(found.pods) > 0 && !isPod:
		return warnf(subject, "%s leads, which is no pod of Deployment %s: another controller runs outside of it", pod, found.deployment.Name)
	default:
		return okf(subject, "%s leads, and renewed it %s ago", pod, age.Round(time.Second))
	}
}

// noLease judges that nobody ever led.
func noLease(found installation, namespace, name string) Finding {
	subject := "Lease " + namespace + "/" + name
	if found.deployment == nil {
		return warnf(subject, "there is none: a controller that runs without --leader-elect takes none, and whether one works can't be told from here")
	}
	replicas := found.deployment.Spec.Replicas
	if replicas != nil && *replicas > 1 {
		return failf(subject, "there is none, and %d replicas are wanted: run them with --leader-elect, or all of them work at once", *replicas)
	}
	return warnf(subject, "there is none: the controller hasn't begun to work, or runs without --leader-elect")
}
