// Package ask asks the controllers for something by what stands in objects: to look at them at once, to leave them alone, or to
// go on; and says what came of it.
//
// It knows the annotations and fields by which that is asked. It must never do what it asks for.
package ask

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Cluster is the cluster that holds the objects, with the rights of whoever asks.
type Cluster struct {
	client client.WithWatch
	now    func() time.Time
}

// NewCluster returns a Cluster that is reached by config. The scheme must know Fairlead's kinds.
func NewCluster(config *rest.Config, scheme *runtime.Scheme, now func() time.Time) (*Cluster, error) {
	made, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, terminal.Failf(err, "connect to the cluster: %v", err)
	}
	return &Cluster{client: made, now: now}, nil
}

// object is one of Fairlead's, with what all its kinds have.
type object struct {
	client.Object

	named   noun.Reference
	list    client.ObjectList
	suspend *bool
	// handled is the word in the reconcile-at annotation that was obeyed last.
	handled    *string
	conditions *[]metav1.Condition
}

// newObject is an empty object of the kind that is named; without a kind it is an ImagePolicy.
func newObject(named noun.Reference) object {
	switch named.Kind {
	case noun.ConfigRepository:
		return about(named, &v1alpha1.ConfigRepository{})
	case noun.Application:
		return about(named, &v1alpha1.Application{})
	default:
		named.Kind = noun.ImagePolicy
		return about(named, &v1alpha1.ImagePolicy{})
	}
}

// about finds in an object what all kinds have.
func about(named noun.Reference, found client.Object) object {
	made := object{Object: found, named: named}
	switch of := found.(type) {
	case *v1alpha1.ConfigRepository:
		made.list, made.suspend = &v1alpha1.ConfigRepositoryList{}, &of.Spec.Suspend
		made.handled, made.conditions = &of.Status.LastHandledReconcileAt, &of.Status.Conditions
	case *v1alpha1.Application:
		made.list, made.suspend = &v1alpha1.ApplicationList{}, &of.Spec.Suspend
		made.handled, made.conditions = &of.Status.LastHandledReconcileAt, &of.Status.Conditions
	case *v1alpha1.ImagePolicy:
		made.list, made.suspend = &v1alpha1.ImagePolicyList{}, &of.Spec.Suspend
		made.handled, made.conditions = &of.Status.LastHandledReconcileAt, &of.Status.Conditions
	}
	return made
}

// String names the object in a sentence.
func (o object) String() string {
	return string(o.named.Kind) + " " + client.ObjectKeyFromObject(o).String()
}

// read reads an object; one without a kind is an ImagePolicy.
func (c *Cluster) read(ctx context.Context, namespace string, named noun.Reference) (object, error) {
	made := newObject(named)
	if err := c.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: named.Name}, made.Object); err != nil {
		made.SetNamespace(namespace)
		made.SetName(named.Name)
		return made, made.refusal("read", err)
	}
	return made, nil
}

// refusal says why something can't be done with an object, and what to do.
func (o object) refusal(verb string, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return terminal.Failf(err, "%s doesn't exist: %s", o, o.lister())
	case apierrors.IsForbidden(err):
		return terminal.Failf(err, "%s %s: %v: it is done with your own rights: ask for that one", verb, o, err)
	case meta.IsNoMatchError(err):
		return terminal.Failf(err, "%s %s: the cluster knows no such kind: Fairlead isn't installed there, or --context names another cluster", verb, o)
	default:
		return terminal.Failf(err, "%s %s: %v", verb, o, err)
	}
}

func (o object) lister() string {
	switch o.named.Kind {
	case noun.ConfigRepository:
		return "kubectl get configrepositories -A lists those that do"
	case noun.Application:
		return "fairlead app list -A lists those that do"
	default:
		return "fairlead get -A lists those that do"
	}
}

// Outcome is what came of asking for something.
type Outcome struct {
	Kind      noun.Kind `json:"kind"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	// Result is Asked, Reconciled, Suspended, Resumed or Unchanged.
	Result Result `json:"result"`
	// Ready, Reason and Message are those of the condition Ready, where that was waited for.
	Ready   metav1.ConditionStatus `json:"ready,omitempty"`
	Reason  string                 `json:"reason,omitempty"`
	Message string                 `json:"message,omitempty"`
}

// Result says in a word what was done.
type Result string

// The results.
const (
	// Asked: the controller will look.
	Asked Result = "Asked"
	// Reconciled: the controller has looked.
	Reconciled Result = "Reconciled"
	// Suspended and Resumed: it is so from now on.
	Suspended Result = "Suspended"
	Resumed   Result = "Resumed"
	// Unchanged: it was so before.
	Unchanged Result = "Unchanged"
)

func (o object) outcome(result Result) Outcome {
	return Outcome{Kind: o.named.Kind, Namespace: o.GetNamespace(), Name: o.GetName(), Result: result}
}

// Failed says whether the controller looked, and it isn't as it should be.
func (o Outcome) Failed() bool { return o.Ready == metav1.ConditionFalse }

// String says it to a person.
func (o Outcome) String() string {
	what := string(o.Kind) + " " + o.Namespace + "/" + o.Name
	switch o.Result {
	case Asked:
		return what + " is asked to reconcile"
	case Suspended:
		return what + " is suspended"
	case Resumed:
		return what + " is resumed"
	case Unchanged:
		return what + " was so already"
	case Reconciled:
	}
	if o.Ready == "" {
		return what + " is reconciled"
	}
	word := map[metav1.ConditionStatus]string{metav1.ConditionTrue: "ready", metav1.ConditionFalse: "not ready", metav1.ConditionUnknown: "not ready yet"}[o.Ready]
	return what + " is reconciled, and " + word + ": " + o.Message
}
