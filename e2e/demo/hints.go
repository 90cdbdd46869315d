package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// diagnoseTimeout bounds the look at the objects after a failure.
const diagnoseTimeout = 5 * time.Second

// logLines of the controller that a failure shows, and how much of each: a stack trace tells nothing here.
const (
	logLines = 20
	logWidth = 400
)

// hints say how to look further while the demo runs.
func hints(out *printer, s *stack.Stack) {
	registry := url.URL{Scheme: "http", Host: s.Registry.Address(), User: url.UserPassword(s.Registry.Username, s.Registry.Password)}
	out.title("Look further, in another terminal")
	out.printf(`
  export KUBECONFIG=%[1]s
  alias kubectl=%[2]s
  kubectl get imagepolicies,configrepositories,applications -A
  kubectl get deployments,pods -n %[3]s
  kubectl describe application webhooks -n %[4]s
  git clone %[5]s
  tail -f %[6]s/fairlead.log

`, s.Kubeconfig, s.KubectlPath(), stack.AppNamespace, stack.Namespace, s.Repository.CloneURL(), s.Dir())
	out.printf("%s\n\n  go run ./e2e/demo push -registry %s %s:v1.0.37\n\n", out.paint(bold, "Push another tag, from the checkout"), registry.String(), service)
	out.printf("Its journey is shown here. Tags of api and ws work too. %s\n", out.paint(bold, "Ctrl-C ends everything."))
}

// diagnose adds to an error what the objects and the controller say.
func diagnose(s *stack.Stack, err error) error {
	if errors.Is(err, context.Canceled) {
		return err // somebody pressed Ctrl-C: nothing is wrong
	}
	ctx, cancel := context.WithTimeout(context.Background(), diagnoseTimeout)
	defer cancel()
	var words strings.Builder
	for _, list := range []client.ObjectList{&v1alpha1.ConfigRepositoryList{}, &v1alpha1.ImagePolicyList{}, &v1alpha1.ApplicationList{}} {
		if err := s.Client.List(ctx, list, client.InNamespace(stack.Namespace)); err != nil {
			fmt.Fprintf(&words, "  %v\n", err)
		}
		switch list := list.(type) {
		case *v1alpha1.ConfigRepositoryList:
			for _, o := range list.Items {
				conditions(&words, "ConfigRepository "+o.Name, o.Status.Conditions)
			}
		case *v1alpha1.ImagePolicyList:
			for _, o := range list.Items {
				conditions(&words, "ImagePolicy "+o.Name, o.Status.Conditions)
			}
		case *v1alpha1.ApplicationList:
			for _, o := range list.Items {
				conditions(&words, "Application "+o.Name, o.Status.Conditions)
			}
		}
	}
	words.WriteString("\nThe controller's last words:\n")
	lines := strings.Split(strings.TrimSpace(s.Logs()), "\n")
	for _, line := range lines[max(0, len(lines)-logLines):] {
		fmt.Fprintf(&words, "  %.*s\n", logWidth, line)
	}
	return fmt.Errorf("%w\n\nWhat the objects say:\n%s", err, words.String())
}

func conditions(words *strings.Builder, object string, all []metav1.Condition) {
	if apimeta.FindStatusCondition(all, v1alpha1.ConditionReady) == nil {
		fmt.Fprintf(words, "  %s: no condition Ready\n", object)
	}
	for _, c := range all {
		fmt.Fprintf(words, "  %s: %s is %s, %s: %s\n", object, c.Type, c.Status, c.Reason, c.Message)
	}
}
