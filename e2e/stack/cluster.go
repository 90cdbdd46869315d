package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// Namespaces of the sample.
const (
	// Namespace that Fairlead and its objects are in.
	Namespace = "fairlead"
	// AppNamespace that the sample's Application deploys to.
	AppNamespace = "webhooks"
)

// fieldOwner of what a scenario applies.
const fieldOwner = client.FieldOwner("e2e")

// uninstallTimeout bounds the removal from a cluster that isn't ours.
const uninstallTimeout = time.Minute

// applyNode makes the Node that kwok plays. In a cluster that has real nodes a taint keeps other people's pods off it.
func (s *Stack) applyNode(ctx context.Context) error {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("1000"),
		corev1.ResourceMemory: resource.MustParse("1Ti"),
		corev1.ResourcePods:   resource.MustParse("100000"),
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: s.node, Labels: map[string]string{"type": "kwok", corev1.LabelHostname: s.node, corev1.LabelOSStable: "linux"}},
		Status:     corev1.NodeStatus{Capacity: capacity, Allocatable: capacity},
	}
	if s.foreign {
		node.Spec.Taints = []corev1.Taint{{Key: "kwok.x-k8s.io/node", Value: "fake", Effect: corev1.TaintEffectNoSchedule}}
	}
	if err := s.Client.Create(ctx, node); err != nil {
		return fmt.Errorf("make a node: %w", err)
	}
	return nil
}

// install applies config/default without the controller, which runs as a process, and waits until the kinds are served.
func (s *Stack) install(ctx context.Context) error {
	objects, err := s.shipped()
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := s.apply(ctx, object); err != nil {
			return err
		}
	}
	return s.WaitFor(ctx, "the kinds of fairlead.dev", func(ctx context.Context) (bool, string) {
		for _, list := range []client.ObjectList{&v1alpha1.ImagePolicyList{}, &v1alpha1.ConfigRepositoryList{}, &v1alpha1.ApplicationList{}} {
			if err := s.Client.List(ctx, list); err != nil {
				return false, err.Error()
			}
		}
		return true, "served"
	})
}

// shipped are the objects of config/default in an order in which they can be applied: all but the controller's pods and
// their Services.
func (s *Stack) shipped() ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, name := range []string{"crds.yaml", "namespace.yaml", "rbac.yaml"} {
		data, err := os.ReadFile(filepath.Join(s.root, "config", "default", name))
		if err != nil {
			return nil, fmt.Errorf("read config/default: %w", err)
		}
		more, err := parseYAML(string(data))
		if err != nil {
			return nil, fmt.Errorf("config/default/%s: %w", name, err)
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// refuseInstalled protects a cluster that isn't ours: where Fairlead is, or was, nothing may be overwritten and removed.
func (s *Stack) refuseInstalled(ctx context.Context) error {
	objects, err := s.shipped()
	if err != nil {
		return err
	}
	for _, object := range objects {
		err := s.Client.Get(ctx, client.ObjectKeyFromObject(object), object.DeepCopy())
		if err == nil {
			s.Client = nil // Stop must not remove what isn't ours
			return fmt.Errorf("the cluster has %s %s already: the stack needs a cluster without Fairlead, so that it can remove what it installs",
				object.GetKind(), object.GetName())
		}
		if !apierrors.IsNotFound(err) {
			s.Client = nil
			return fmt.Errorf("look for Fairlead in the cluster: %w", err)
		}
	}
	return nil
}

// uninstall removes what install and the sample made from a cluster that isn't ours.
func (s *Stack) uninstall() error {
	ctx, cancel := context.WithTimeout(context.Background(), uninstallTimeout)
	defer cancel()
	objects, err := s.shipped()
	if err != nil {
		return err
	}
	errs := []error{
		client.IgnoreNotFound(s.Client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: AppNamespace}})),
	}
	slices.Reverse(objects)
	for _, object := range objects {
		errs = append(errs, client.IgnoreNotFound(s.Client.Delete(ctx, object)))
	}
	// The namespaces go once kwok has ended their pods; the node, and kwok, must outlive these.
	errs = append(errs, s.WaitFor(ctx, "the namespaces to go", func(ctx context.Context) (bool, string) {
		for _, name := range []string{Namespace, AppNamespace} {
			if err := s.Client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
				return false, fmt.Sprintf("%s is still there (%v)", name, err)
			}
		}
		return true, ""
	}))
	errs = append(errs, client.IgnoreNotFound(s.Client.Delete(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.node}})))
	return errors.Join(errs...)
}

// ApplyYAML applies one or more documents as the administrator, server-side.
func (s *Stack) ApplyYAML(ctx context.Context, documents string) error {
	objects, err := parseYAML(documents)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := s.apply(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) apply(ctx context.Context, object *unstructured.Unstructured) error {
	err := s.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), fieldOwner, client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

func parseYAML(documents string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(documents), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parse a manifest: %w", err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// ReconcileNow sets the annotation that has an ImagePolicy, a ConfigRepository or an Application reconciled at once:
//
//	s.ReconcileNow(ctx, &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: "www"}})
func (s *Stack) ReconcileNow(ctx context.Context, object client.Object) error {
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.ReconcileAtAnnotation, time.Now().Format(time.RFC3339Nano))
	if err := s.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)), fieldOwner); err != nil {
		return fmt.Errorf("reconcile %s now: %w", object.GetName(), err)
	}
	return nil
}

// KubectlPath is the kubectl that belongs to the control plane.
func (s *Stack) KubectlPath() string { return filepath.Join(s.tools, "kubectl") }

// Kubectl runs kubectl as the administrator and returns what it says on standard output.
func (s *Stack) Kubectl(ctx context.Context, args ...string) (string, error) {
	return s.KubectlIn(ctx, s.dir, args...)
}

// KubectlIn is Kubectl in a folder, for files that are named relative to it.
func (s *Stack) KubectlIn(ctx context.Context, dir string, args ...string) (string, error) {
	var out, words bytes.Buffer
	cmd := exec.CommandContext(ctx, s.KubectlPath(), args...)
	cmd.Env = append(s.environment(), "KUBECONFIG="+s.Kubeconfig)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &words
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, words.String())
	}
	return out.String(), nil
}
