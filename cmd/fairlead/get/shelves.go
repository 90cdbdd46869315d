package get

import (
	"cmp"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// shelves hold what was read, by where it comes from. They are safe for concurrent use.
type shelves struct {
	mu sync.Mutex
	// held are the objects of a source, by the plural of its kind and its namespace.
	held   map[[2]string][]runtime.Object
	missed []source
	notes  []string
}

func newShelves() *shelves { return &shelves{held: map[[2]string][]runtime.Object{}} }

func (s *shelves) put(from source, items []runtime.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{from.kind.plural, from.namespace}
	s.held[key] = append(s.held[key], items...)
}

// miss notes a source that may not be read.
func (s *shelves) miss(from source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed = append(s.missed, from)
}

// places are the namespaces of which the pods matter, in order.
func (s *shelves) places() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, items := range s.held {
		for _, item := range items {
			if app, ok := item.(*v1alpha1.Application); ok {
				found = append(found, placesOf(app)...)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// objects are what lines are made from.
func (s *shelves) objects() Objects {
	s.mu.Lock()
	defer s.mu.Unlock()
	var made Objects
	for _, items := range s.held {
		for _, item := range items {
			made.add(item)
		}
	}
	slices.SortFunc(made.Policies, func(a, b v1alpha1.ImagePolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(made.Applications, func(a, b v1alpha1.Application) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for _, from := range s.missed {
		where := ""
		if from.namespace != "" {
			where = " in namespace " + from.namespace
		}
		made.Notes = append(made.Notes, from.kind.plural+where+" are left out: you may not list them")
	}
	made.Notes = append(made.Notes, s.notes...)
	slices.Sort(made.Notes)
	made.Notes = slices.Compact(made.Notes)
	return made
}

func (o *Objects) add(item runtime.Object) {
	switch of := item.(type) {
	case *v1alpha1.ImagePolicy:
		o.Policies = append(o.Policies, *of)
	case *v1alpha1.ConfigRepository:
		o.Repositories = append(o.Repositories, *of)
	case *v1alpha1.Application:
		o.Applications = append(o.Applications, *of)
	case *corev1.Pod:
		if pod, ok := podOf(of); ok {
			o.Pods = append(o.Pods, pod)
		}
	default:
		if workload, ok := workloadOf(item); ok {
			o.Workloads = append(o.Workloads, workload)
		}
	}
}
