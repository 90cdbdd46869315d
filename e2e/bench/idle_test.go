package bench_test

import (
	"testing"
	"time"

	"github.com/fairlead/fairlead/e2e/stack"
)

// baseline is how long the control plane is watched without a controller.
const baseline = 30 * time.Second

// BenchmarkIdlePolicies counts what a minute costs in which many policies find nothing new: the controller, the registry,
// and the control plane, of which what it uses without the controller is taken off.
func BenchmarkIdlePolicies(b *testing.B) {
	cases := map[string]fleet{
		"200Every10s":        {policies: 200, images: 200, interval: 10 * time.Second},
		"1000Of200Every1min": {policies: 1000, images: 200, interval: time.Minute},
	}
	for name, f := range cases {
		b.Run(name, func(b *testing.B) {
			s := startEmpty(b)
			f.declare(b, s)
			for b.Loop() {
				f.idle(b, s)
			}
		})
	}
}

// idle watches for a minute with the controller, and then for a while without.
func (f fleet) idle(b *testing.B, s *stack.Stack) {
	b.Helper()
	s.Registry.Reset()
	s.Git.Reset()
	controller := s.ControllerPID()
	before, clusterBefore := usage(b, controller), controlPlane(b, s)
	wait(b, time.Minute)
	after, clusterAfter := usage(b, controller), controlPlane(b, s)
	requests, git := s.Registry.Counts(), s.Git.Counts()
	if err := s.Terminate(); err != nil {
		b.Fatal(err)
	}
	restBefore := controlPlane(b, s)
	wait(b, baseline)
	rest := (controlPlane(b, s) - restBefore).Seconds() * time.Minute.Seconds() / baseline.Seconds()
	if err := s.StartController(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("registry: %s; Git: %s", requests, git)
	scans := float64(f.images) * float64(time.Minute/f.interval)
	b.ReportMetric(float64(requests.Total())/scans, "registry-requests/scan")
	b.ReportMetric(float64(requests.Total()), "registry-requests/min")
	b.ReportMetric((after.cpu - before.cpu).Seconds(), "cpu-s/min")
	b.ReportMetric(float64(after.rss)/(1<<20), "rss-MiB")
	b.ReportMetric((clusterAfter - clusterBefore).Seconds(), "control-plane-cpu-s/min")
	b.ReportMetric(rest, "control-plane-alone-cpu-s/min")
}

// controlPlane is the CPU time that the API server and etcd have used; zero for a cluster that the stack doesn't run.
func controlPlane(b *testing.B, s *stack.Stack) time.Duration {
	b.Helper()
	var total time.Duration
	for _, part := range []string{"kube-apiserver", "etcd"} {
		if pid := s.PID(part); pid != 0 {
			total += usage(b, pid).cpu
		}
	}
	return total
}

// wait lets time pass.
func wait(b *testing.B, d time.Duration) {
	b.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.Context().Done():
		b.Fatal(b.Context().Err())
	}
}
