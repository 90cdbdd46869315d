package metrics

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Options say where metrics come from and go to.
type Options struct {
	// Registerer takes them.
	Registerer prometheus.Registerer
	// Objects reads the objects whose states are shown, from a cache.
	Objects client.Reader
	// Working is closed once this process works: of several replicas, only the leader shows the states.
	Working <-chan struct{}
	// Update and Sync say which side runs in this process: it shows the states of ImagePolicies and ConfigRepositories, or of Applications.
	Update, Sync bool
	// Version of the product.
	Version string
}

// Metrics are all of Fairlead's. They are safe for concurrent use.
type Metrics struct {
	definitions []Definition
	looks       *looks
	hosts       *hosts
	releases    *releases

	scans            *prometheus.CounterVec
	scanDuration     *prometheus.HistogramVec
	selections       *prometheus.CounterVec
	registryRequests *prometheus.CounterVec
	registryDuration *prometheus.HistogramVec
	webhooks         *prometheus.CounterVec

	headChecks  *prometheus.CounterVec
	gitRequests *prometheus.CounterVec
	gitFailures *prometheus.CounterVec
	commits     *prometheus.CounterVec
	pushes      *prometheus.CounterVec
	conflicts   *prometheus.CounterVec
	refused     *prometheus.CounterVec
	holds       *prometheus.CounterVec
	rewrites    *prometheus.CounterVec

	renders        *prometheus.CounterVec
	renderDuration *prometheus.HistogramVec
	syncs          *prometheus.CounterVec
	syncDuration   *prometheus.HistogramVec
	applied        *prometheus.CounterVec
	pruned         *prometheus.CounterVec
	driftSeen      *prometheus.CounterVec
	driftHealed    *prometheus.CounterVec
	fights         *prometheus.CounterVec

	stages *prometheus.HistogramVec
}

// New makes the metrics and registers them.
func New(options Options) (*Metrics, error) {
	b := &builder{registerer: options.Registerer}
	m := &Metrics{looks: newLooks(), releases: newReleases()}
	build := Label{Name: "version", Bound: "one process has one"}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fairlead_build_info", Help: "1, with what was built.",
		ConstLabels: prometheus.Labels{"version": options.Version, "goversion": runtime.Version()},
	})
	b.define(Gauge, "fairlead_build_info", "1, with what was built.", []Label{build, {Name: "goversion", Bound: build.Bound}})
	info.Set(1)
	b.register(info)
	m.defineUpdate(b)
	m.defineSync(b)
	m.stages = b.histogram("fairlead_stage_duration_seconds",
		"How long a release takes from one stage to the next, and in all.", stageBuckets(),
		among("stage", StageCommitted, StageApplied, StageHealthy, StageReleased))
	m.hosts = newHosts(m.registryRequests.MetricVec, m.registryDuration.MetricVec)
	b.register(newStates(b, options, m.looks))
	m.definitions = b.definitions
	if err := b.err(); err != nil {
		return nil, fmt.Errorf("register the metrics: %w", err)
	}
	return m, nil
}

// Definitions are what the metrics are, in the order of docs/metrics.md.
func (m *Metrics) Definitions() []Definition { return m.definitions }

// stageBuckets reach from 10 ms, a commit in a cluster nearby, to 10 minutes, a rollout that hardly anybody waits for. The unit
// is seconds.
func stageBuckets() []float64 {
	return []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600}
}

// workBuckets are for one piece of work of this process, a scan say. The unit is seconds.
func workBuckets() []float64 {
	return []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60}
}
