package install_test

import (
	"context"
	"os/exec"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// test runs `helm test`. kwok only plays its pod: the built binary runs with the pod's ServiceAccount and arguments, and the
// pod ends as the binary does.
func (i *installation) test(ctx context.Context) {
	i.Helper()
	began := time.Now()
	ended := make(chan error, 1)
	go func() {
		_, err := helm(i.T, i.stack.Kubeconfig, "test", release, "--namespace", namespace, "--timeout", patience.String())
		ended <- err
	}()
	key := client.ObjectKey{Namespace: namespace, Name: release + "-check"}
	pod, err := stack.Await(ctx, i.stack, key, func(pod *corev1.Pod) (bool, string) {
		return pod.Status.Phase == corev1.PodRunning, string(pod.Status.Phase)
	})
	if err != nil {
		i.Fatal(err)
	}
	kubeconfig, err := i.stack.ServiceAccountKubeconfig(ctx, namespace, pod.Spec.ServiceAccountName)
	if err != nil {
		i.Fatal(err)
	}
	command := exec.CommandContext(ctx, i.stack.BinaryPath(), append(pod.Spec.Containers[0].Args, "--kubeconfig", kubeconfig)...)
	base := pod.DeepCopy()
	pod.Status.Phase = corev1.PodSucceeded
	out, err := command.CombinedOutput()
	if err != nil {
		i.Errorf("%v\n%s", err, out)
		pod.Status.Phase = corev1.PodFailed
	}
	i.Logf("%s\n%s", command.Args[1:3], out)
	if err := i.stack.Client.Status().Patch(ctx, pod, client.MergeFrom(base)); err != nil {
		i.Fatal(err)
	}
	if err := <-ended; err != nil {
		i.Errorf("helm test: %v", err)
	}
	i.Logf("helm test took %s", time.Since(began).Round(time.Millisecond))
}
