package get

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/access"
)

// page is how many objects are asked for at a time.
const page = 500

// Cluster is the cluster that holds the objects, with the rights of whoever asks.
type Cluster struct {
	client client.WithWatch
	now    func() time.Time
}

// NewCluster returns a Cluster that is reached by config. The scheme must know Fairlead's kinds and those of Kubernetes. Ages
// and times are told by now.
func NewCluster(config *rest.Config, scheme *runtime.Scheme, now func() time.Time) (*Cluster, error) {
	made, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, terminal.Failf(err, "connect to the cluster: %v", err)
	}
	return &Cluster{client: made, now: now}, nil
}

// Get reads what is asked for, once.
func (c *Cluster) Get(ctx context.Context, question Question) (Answer, error) {
	objects, err := c.Read(ctx, question.Namespace)
	if err != nil {
		return Answer{}, err
	}
	answer := question.answer(objects, c.now())
	return answer, question.missing(answer.Lines)
}

// Read reads the objects of a namespace, or of all, and what their Applications run. What may not be read is a note, unless it is
// the ImagePolicies themselves.
func (c *Cluster) Read(ctx context.Context, namespace string) (Objects, error) {
	shelves := newShelves()
	for _, kind := range ownKinds() {
		if err := c.fill(ctx, shelves, source{kind: kind, namespace: namespace}); err != nil {
			return Objects{}, err
		}
	}
	for _, place := range shelves.places() {
		for _, kind := range runningKinds() {
			if err := c.fill(ctx, shelves, source{kind: kind, namespace: place}); err != nil {
				return Objects{}, err
			}
		}
	}
	return shelves.objects(), nil
}

// fill lists the objects of a source.
func (c *Cluster) fill(ctx context.Context, shelves *shelves, from source) error {
	next := ""
	for {
		list := from.kind.list()
		err := c.client.List(ctx, list, client.InNamespace(from.namespace), client.Limit(page), client.Continue(next))
		if err != nil && from.mayMiss(err) {
			shelves.miss(from)
			return nil
		}
		if err != nil {
			return from.refusal("list", err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return fmt.Errorf("read a list of %s: %w", from.kind.plural, err)
		}
		shelves.put(from, items)
		if next = list.GetContinue(); next == "" {
			return nil
		}
	}
}

// kind is a kind of objects that is read.
type kind struct {
	plural string
	list   func() client.ObjectList
	object func() client.Object
}

// policies are what everything begins with.
const policies = "ImagePolicies"

// ownKinds are Fairlead's.
func ownKinds() []kind {
	return []kind{
		{policies, func() client.ObjectList { return &v1alpha1.ImagePolicyList{} }, func() client.Object { return &v1alpha1.ImagePolicy{} }},
		{"ConfigRepositories", func() client.ObjectList { return &v1alpha1.ConfigRepositoryList{} }, func() client.Object { return &v1alpha1.ConfigRepository{} }},
		{"Applications", func() client.ObjectList { return &v1alpha1.ApplicationList{} }, func() client.Object { return &v1alpha1.Application{} }},
	}
}

// runningKinds are those of the namespaces that Applications deploy to: what makes pods for good, and the pods.
func runningKinds() []kind {
	return []kind{
		{"Deployments", func() client.ObjectList { return &appsv1.DeploymentList{} }, func() client.Object { return &appsv1.Deployment{} }},
		{"StatefulSets", func() client.ObjectList { return &appsv1.StatefulSetList{} }, func() client.Object { return &appsv1.StatefulSet{} }},
		{"DaemonSets", func() client.ObjectList { return &appsv1.DaemonSetList{} }, func() client.Object { return &appsv1.DaemonSet{} }},
		{"Pods", func() client.ObjectList { return &corev1.PodList{} }, func() client.Object { return &corev1.Pod{} }},
	}
}

// source is where objects come from.
type source struct {
	kind      kind
	namespace string
}

// mayMiss says whether an answer does without what couldn't be read.
func (s source) mayMiss(err error) bool {
	return apierrors.IsForbidden(err) && s.kind.plural != policies
}

// refusal says why something can't be read, and what to do.
func (s source) refusal(verb string, err error) error {
	where := "of all namespaces"
	if s.namespace != "" {
		where = "in namespace " + s.namespace
	}
	switch {
	case apierrors.IsForbidden(err) && s.namespace == "":
		return terminal.Failf(err, "%s %s %s: %v: ask for those of a namespace with -n", verb, s.kind.plural, where, err)
	case apierrors.IsForbidden(err):
		return terminal.Failf(err, "%s %s %s: %v: they are read with your own rights: ask for that one", verb, s.kind.plural, where, err)
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return terminal.Failf(err, "%s %s: the cluster knows no such kind: Fairlead isn't installed there, or --context names another cluster", verb, s.kind.plural)
	default:
		return terminal.Failf(err, "%s %s %s: %v", verb, s.kind.plural, where, err)
	}
}

// workloadOf is what a line needs to know of an object that makes pods; ok is false for any other.
func workloadOf(object runtime.Object) (made Workload, ok bool) {
	var template *corev1.PodTemplateSpec
	var accessor metav1.Object
	switch of := object.(type) {
	case *appsv1.Deployment:
		made.Kind, accessor, template, made.Pods = "Deployment", of, &of.Spec.Template, replicas(of.Spec.Replicas)
	case *appsv1.StatefulSet:
		made.Kind, accessor, template, made.Pods = "StatefulSet", of, &of.Spec.Template, replicas(of.Spec.Replicas)
	case *appsv1.DaemonSet:
		made.Kind, accessor, template, made.Pods = "DaemonSet", of, &of.Spec.Template, int(of.Status.DesiredNumberScheduled)
	default:
		return made, false
	}
	made.Namespace, made.Name, made.Images = accessor.GetNamespace(), accessor.GetName(), containers(&template.Spec)
	return made, true
}

func replicas(wanted *int32) int {
	if wanted == nil {
		return 1
	}
	return int(*wanted)
}

func containers(spec *corev1.PodSpec) []string {
	images := make([]string, 0, len(spec.InitContainers)+len(spec.Containers))
	for i := range spec.InitContainers {
		images = append(images, spec.InitContainers[i].Image)
	}
	for i := range spec.Containers {
		images = append(images, spec.Containers[i].Image)
	}
	return images
}

// podOf is what a line needs to know of a pod; ok is false for one that is over or goes. A ReplicaSet's pod is that of the
// Deployment, whose name the ReplicaSet's begins with.
func podOf(object *corev1.Pod) (made Pod, ok bool) {
	if object.DeletionTimestamp != nil || object.Status.Phase == corev1.PodSucceeded || object.Status.Phase == corev1.PodFailed {
		return made, false
	}
	made = Pod{
		Self: object.Name, Kind: "Pod", Namespace: object.Namespace, Name: object.Name, Images: containers(&object.Spec),
		State: stateOf(&object.Status), Created: object.CreationTimestamp.Time,
	}
	if owner := metav1.GetControllerOf(object); owner != nil {
		made.Kind, made.Name = owner.Kind, owner.Name
		suffix := "-" + object.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
		if cut := len(owner.Name) - len(suffix); owner.Kind == "ReplicaSet" && len(suffix) > 1 && cut > 0 && owner.Name[cut:] == suffix {
			made.Kind, made.Name = "Deployment", owner.Name[:cut]
		}
	}
	made.Ready = slices.ContainsFunc(object.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	return made, true
}

// stateOf is the phase of a pod, or why a container of it doesn't run.
func stateOf(status *corev1.PodStatus) string {
	for _, containers := range [][]corev1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
		for i := range containers {
			if waiting := containers[i].State.Waiting; waiting != nil && waiting.Reason != "" && waiting.Reason != "PodInitializing" {
				return waiting.Reason
			}
		}
	}
	return string(status.Phase)
}

// placesOf are the namespaces of this cluster in which Applications have objects that may make pods.
func placesOf(app *v1alpha1.Application) []string {
	if access.IsRemote(app) {
		return nil
	}
	var found []string
	for i := range app.Status.Resources {
		r := &app.Status.Resources[i]
		if r.Namespace != "" && (r.Group == "apps" || r.Kind == "Pod" || r.Kind == "Rollout") {
			found = append(found, r.Namespace)
		}
	}
	return found
}
