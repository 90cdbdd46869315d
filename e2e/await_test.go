package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

// kindOf is the kind that a transcript means by a short word.
func kindOf(word string) (schema.GroupVersionKind, bool) {
	kinds := map[string]schema.GroupVersionKind{
		"imagepolicy":      v1alpha1.GroupVersion.WithKind("ImagePolicy"),
		"configrepository": v1alpha1.GroupVersion.WithKind("ConfigRepository"),
		"application":      v1alpha1.GroupVersion.WithKind("Application"),
		"deployment":       {Group: "apps", Version: "v1", Kind: "Deployment"},
		"service":          {Version: "v1", Kind: "Service"},
		"configmap":        {Version: "v1", Kind: "ConfigMap"},
		"namespace":        {Version: "v1", Kind: "Namespace"},
		"job":              {Group: "batch", Version: "v1", Kind: "Job"},
	}
	kind, ok := kinds[word]
	return kind, ok
}

// objectOf is an object as transcripts name it: kind/name, in Fairlead's namespace, or kind/namespace/name.
func objectOf(arg string) (*unstructured.Unstructured, error) {
	parts := strings.Split(arg, "/")
	kind, known := kindOf(parts[0])
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	switch {
	case !known:
		return nil, fmt.Errorf("%s: unknown kind", arg)
	case len(parts) == 2:
		object.SetNamespace(stack.Namespace)
	case len(parts) == 3:
		object.SetNamespace(parts[1])
	default:
		return nil, fmt.Errorf("%s: want kind/name or kind/namespace/name", arg)
	}
	if kind.Kind == "Namespace" {
		object.SetNamespace("")
	}
	object.SetName(parts[len(parts)-1])
	return object, nil
}

// until waits for an object to be as reached says, which also says what it saw. A failure shows the whole status.
func (s *scenario) until(ctx context.Context, what, arg string, reached func(*unstructured.Unstructured) (bool, string)) error {
	object, err := objectOf(arg)
	if err != nil {
		return err
	}
	key, seen := client.ObjectKeyFromObject(object), ""
	err = s.stack.WaitFor(ctx, fmt.Sprintf("%s of %s", what, arg), func(ctx context.Context) (bool, string) {
		if err := s.stack.Client.Get(ctx, key, object); err != nil {
			return false, err.Error()
		}
		ok, state := reached(object)
		if status, err := yaml.Marshal(object.Object["status"]); err == nil {
			seen = string(status)
		}
		return ok, state
	})
	if err != nil {
		return fmt.Errorf("%w\nits status:\n%s", err, seen)
	}
	return nil
}

func await(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 3 {
		return usage("await kind/[ns/]name jsonpath value")
	}
	return s.untilField(ctx, args[0], args[1], "= "+args[2], func(value string) bool { return value == args[2] })
}

// untilField waits until a field of an object is as it should be; what says how in the message.
func (s *scenario) untilField(ctx context.Context, object, field, what string, ok func(value string) bool) error {
	path := jsonpath.New("await").AllowMissingKeys(true)
	if err := path.Parse(field); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return s.until(ctx, field+" "+what, object, func(object *unstructured.Unstructured) (bool, string) {
		var out bytes.Buffer
		if err := path.Execute(&out, object.Object); err != nil {
			return false, err.Error()
		}
		return ok(out.String()), strconv.Quote(out.String())
	})
}

func awaitCondition(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 3 || !strings.Contains(args[1], "=") {
		return usage("await-condition kind/[ns/]name Type=Status/Reason message")
	}
	kind, _, _ := strings.Cut(args[1], "=")
	want := args[1] + "\n" + args[2]
	return s.until(ctx, "condition "+want, args[0], func(object *unstructured.Unstructured) (bool, string) {
		got := conditionOf(object, kind)
		return got == want, "\n" + got
	})
}

// conditionOf prints a condition as Type=Status/Reason, and its message in the next line.
func conditionOf(object *unstructured.Unstructured, kind string) string {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		if condition["type"] == kind {
			return fmt.Sprintf("%s=%s/%s\n%s", kind, condition["status"], condition["reason"], condition["message"])
		}
	}
	return "no condition " + kind
}

func awaitGone(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 1 {
		return usage("await-gone kind/[ns/]name")
	}
	object, err := objectOf(args[0])
	if err != nil {
		return err
	}
	return s.stack.WaitFor(ctx, args[0]+" to be gone", func(ctx context.Context) (bool, string) {
		err := s.stack.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
		return apierrors.IsNotFound(err), fmt.Sprintf("it is there (%v)", err)
	})
}

func awaitChanged(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 3 {
		return usage("await-changed kind/[ns/]name jsonpath value")
	}
	return s.untilField(ctx, args[0], args[1], "is no longer "+args[2], func(value string) bool { return value != args[2] })
}

// awaitEvent waits until an event of a reason has a note that matches. Events are sent behind the status that they repeat.
func awaitEvent(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 2 {
		return usage("await-event reason regexp")
	}
	note, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	return s.stack.WaitFor(ctx, "an event "+args[0], func(ctx context.Context) (bool, string) {
		notes, err := s.stack.Kubectl(ctx, "get", "events", "-n", stack.Namespace, "--field-selector=reason="+args[0],
			`-o=jsonpath={range .items[*]}{.type} {.message}{"\n"}{end}`)
		return err == nil && note.MatchString(notes), fmt.Sprintf("%s (%v)", notes, err)
	})
}

// awaitSynced waits until an Application has rolled out the head of the scenario's repository, and all is well.
func awaitSynced(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	if len(args) != 1 {
		return usage("await-synced application/[ns/]name")
	}
	return s.until(ctx, "the rollout of the head", args[0], func(object *unstructured.Unstructured) (bool, string) {
		head, err := s.repository.Head(ctx)
		if err != nil {
			return false, err.Error()
		}
		field := func(path ...string) string {
			value, _, _ := unstructured.NestedString(object.Object, append([]string{"status"}, path...)...)
			return value
		}
		state := fmt.Sprintf("%s %s %s, %s", field("sync", "revision"), field("sync", "status"), field("health", "status"), conditionOf(object, "Ready"))
		want := head + " Synced Healthy, Ready=True/Succeeded\nthe cluster is as the revision says, and healthy"
		return state == want, state
	})
}

func awaitRequests(ctx context.Context, _ *testscript.TestScript, s *scenario, args []string) error {
	const form = "await-requests " + fronts + " kind n"
	if len(args) != 3 {
		return usage(form)
	}
	front, err := s.front(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return usage(form)
	}
	return s.stack.WaitFor(ctx, fmt.Sprintf("%d requests %s to %s", n, args[1], args[0]), func(context.Context) (bool, string) {
		got := front.Counts()
		return got[args[1]] >= n, got.String()
	})
}
