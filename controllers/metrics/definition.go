package metrics

import (
	"errors"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Type is what kind of number a metric is.
type Type string

// The types that are used.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Definition says what a metric is.
type Definition struct {
	// Name as it is served, fairlead_scans_total.
	Name string
	Type Type
	// Help is what it counts or shows.
	Help string
	// Labels in their order.
	Labels []Label
}

// Label is a dimension of a metric.
type Label struct {
	Name string
	// Values are all that there are; empty if objects of the cluster give them.
	Values []string
	// Bound says what bounds the values that objects give.
	Bound string
}

// Bounds says in words what bounds a label's values.
func (l Label) Bounds() string {
	if len(l.Values) > 0 {
		return strings.Join(l.Values, ", ")
	}
	return l.Bound
}

// among is a label whose values stand in the code.
func among[T ~string](name string, values ...T) Label {
	l := Label{Name: name}
	for _, value := range values {
		l.Values = append(l.Values, string(value))
	}
	return l
}

// object are the labels that name one object of a kind. Its series end with it.
func object(kind string) []Label {
	return []Label{{Name: "namespace", Bound: "the number of " + kind}, {Name: "name", Bound: "the number of " + kind}}
}

// builder makes metrics, registers them, and notes what they are.
type builder struct {
	registerer  prometheus.Registerer
	definitions []Definition
	errs        []error
}

// define notes a metric, and returns the names of its labels.
func (b *builder) define(kind Type, name, help string, labels []Label) []string {
	b.definitions = append(b.definitions, Definition{Name: name, Type: kind, Help: help, Labels: labels})
	names := make([]string, len(labels))
	for i, label := range labels {
		names[i] = label.Name
	}
	return names
}

func (b *builder) register(collector prometheus.Collector) {
	b.errs = append(b.errs, b.registerer.Register(collector))
}

// counter makes a counter. Where all values of its labels are known, all series are there from the start: a rate needs a zero to
// begin with.
func (b *builder) counter(name, help string, labels ...Label) *prometheus.CounterVec {
	made := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, b.define(Counter, name, help, labels))
	for _, values := range series(labels) {
		made.WithLabelValues(values...)
	}
	b.register(made)
	return made
}

// histogram makes a histogram of seconds.
func (b *builder) histogram(name, help string, buckets []float64, labels ...Label) *prometheus.HistogramVec {
	made := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, b.define(Histogram, name, help, labels))
	for _, values := range series(labels) {
		made.WithLabelValues(values...)
	}
	b.register(made)
	return made
}

// gauge describes a gauge that is read off the objects when somebody asks.
func (b *builder) gauge(name, help string, labels ...Label) *prometheus.Desc {
	return prometheus.NewDesc(name, help, b.define(Gauge, name, help, labels), nil)
}

// series are all combinations of the labels' values; none if objects give them.
func series(labels []Label) [][]string {
	all := [][]string{nil}
	for _, label := range labels {
		var longer [][]string
		for _, before := range all {
			for _, value := range label.Values {
				longer = append(longer, append(slices.Clone(before), value))
			}
		}
		all = longer
	}
	return all
}

// err is what went wrong, if anything did.
func (b *builder) err() error { return errors.Join(b.errs...) }
