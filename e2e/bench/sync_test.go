package bench_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	// singleSyncs is the number of commits, one after the other, that change one service.
	singleSyncs = 20
	// syncPatience bounds what follows a commit, up to the last Deployment.
	syncPatience = 5 * time.Minute
	// syncImage is what the services run; nobody pulls it.
	syncImage = "registry.example.com/s"
)

// BenchmarkSync measures, with a chart and an Application for each service in one repository, and with one chart of all services,
// what lies between a person's commit and updated Deployments.
//
// A changed object is one APPLY. Where one service changes, the fetch and the API server's answer bound the time. Where all change,
// the control plane's CPU does: it spends four times what the controller spends, most of it on the Deployments and their
// ReplicaSets. Every Application of a repository writes the revision that it was looked at, one request each; they come after
// those that the commit is about.
func BenchmarkSync(b *testing.B) {
	for _, services := range []int{1, 50, 300} {
		b.Run(fmt.Sprintf("%dApplications", services), func(b *testing.B) {
			(&syncFleet{services: services}).benchmark(b)
		})
	}
	b.Run("OneChartOf300", func(b *testing.B) {
		(&syncFleet{services: 300, together: true}).benchmark(b)
	})
}

// BenchmarkIdleApplications counts what a minute costs in which 100 Applications are at rest, the repository being looked at
// every second.
func BenchmarkIdleApplications(b *testing.B) {
	f := &syncFleet{services: 100, interval: time.Second}
	f.start(b)
	for b.Loop() {
		span := f.open(b)
		f.stack.Git.Reset()
		wait(b, time.Minute)
		span.report(b, 1)
		b.ReportMetric(float64(f.stack.Git.Counts().Total()), "git-requests/min")
	}
}

// syncFleet is a number of services that Applications roll out.
type syncFleet struct {
	services int
	// together puts all services into one chart and one Application.
	together bool
	// interval of the ConfigRepository; the zero value stands for rarely.
	interval time.Duration

	stack *stack.Stack
	// releases is how many there were.
	releases int
}

// syncTemplate gives each service a Deployment without pods, because those are others' work, and a Service.
const syncTemplate = `{{- range .Values.services }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .name }}}
spec:
  replicas: 0
  selector: {matchLabels: {app: {{ .name }}}}
  template:
    metadata: {labels: {app: {{ .name }}}}
    spec: {containers: [{name: {{ .name }}, image: "{{ .image }}:{{ .tag }}"}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .name }}}
spec: {selector: {app: {{ .name }}}, ports: [{port: 80}]}
{{- end }}
`

const syncApplication = `apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: %[1]s, namespace: fairlead}
spec:
  source:
    repositoryRef: {name: config}
    path: sync/%[1]s
    helm: {valueFiles: [values.yaml]}
  destination: {namespace: %[2]s}
  syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
---
`

func (f *syncFleet) service(i int) string { return fmt.Sprintf("s%d", i) }

// charts are the names of the charts, which are those of the Applications.
func (f *syncFleet) charts() []string {
	if f.together {
		return []string{"all"}
	}
	names := make([]string, f.services)
	for i := range names {
		names[i] = f.service(i)
	}
	return names
}

// values is the file of values of a chart: the services of changed have the tag, the others keep what they had at first.
func (f *syncFleet) values(chart, tag string, changed map[string]bool) string {
	var text strings.Builder
	text.WriteString("services:\n")
	for i := range f.services {
		name, has := f.service(i), "v0"
		if !f.together && name != chart {
			continue
		}
		if changed[name] {
			has = tag
		}
		fmt.Fprintf(&text, "- {name: %s, image: %s, tag: %s}\n", name, syncImage, has)
	}
	return text.String()
}

// start starts the stack and waits until all is rolled out. It reports what the first rollout cost.
func (f *syncFleet) start(b *testing.B) {
	b.Helper()
	f.stack = startEmpty(b)
	s := f.stack
	ctx, cancel := context.WithTimeout(b.Context(), syncPatience)
	defer cancel()
	if f.interval == 0 {
		f.interval = rarely
	}
	var changes []stack.Change
	var applications strings.Builder
	for _, chart := range f.charts() {
		dir := "sync/" + chart
		changes = append(changes,
			stack.WriteFile(dir+"/Chart.yaml", "apiVersion: v2\nname: "+chart+"\nversion: 1.0.0\n"),
			stack.WriteFile(dir+"/templates/all.yaml", syncTemplate),
			stack.WriteFile(dir+"/values.yaml", f.values(chart, "", nil)))
		fmt.Fprintf(&applications, syncApplication, chart, stack.AppNamespace)
	}
	if _, err := s.Repository.HumanCommit(ctx, "Add the services", changes...); err != nil {
		b.Fatal(err)
	}
	if err := s.ApplyYAML(ctx, s.Secrets()+"---\n"+s.ConfigRepository(f.interval)+"---\n"+applications.String()); err != nil {
		b.Fatal(err)
	}
	f.awaitRest(ctx, b)
}

// awaitRest waits until all Applications are synced at the head, and healthy.
func (f *syncFleet) awaitRest(ctx context.Context, b *testing.B) {
	b.Helper()
	head, err := f.stack.Repository.Head(ctx)
	if err != nil {
		b.Fatal(err)
	}
	err = f.stack.WaitFor(ctx, "all Applications to be at rest", func(ctx context.Context) (bool, string) {
		var list v1alpha1.ApplicationList
		if err := f.stack.Client.List(ctx, &list, client.InNamespace(stack.Namespace)); err != nil {
			return false, err.Error()
		}
		resting := 0
		for i := range list.Items {
			status := &list.Items[i].Status
			if status.Sync.Revision == head && status.Sync.Status == v1alpha1.SyncStatusSynced && status.Health.Status == v1alpha1.HealthHealthy {
				resting++
			}
		}
		return resting == len(f.charts()), fmt.Sprintf("%d of %d", resting, len(f.charts()))
	})
	if err != nil {
		b.Fatalf("%v\n%s", err, f.stack.Logs())
	}
}

func (f *syncFleet) benchmark(b *testing.B) {
	b.Helper()
	f.start(b)
	b.Run("OneChanges", func(b *testing.B) {
		for b.Loop() {
			var took []time.Duration
			f.release(b, map[string]bool{f.service(0): true}) // the first fetch is dearer
			span := f.open(b)
			for i := range singleSyncs {
				took = append(took, f.release(b, map[string]bool{f.service(i % f.services): true})...)
			}
			span.report(b, singleSyncs)
			report(b, took, "commit-update")
		}
	})
	b.Run("AllChange", func(b *testing.B) {
		all := map[string]bool{}
		for i := range f.services {
			all[f.service(i)] = true
		}
		for b.Loop() {
			span := f.open(b)
			took := f.release(b, all)
			span.report(b, 1)
			report(b, took, "commit-update")
		}
	})
}

// release commits another tag for some services, as a person, tells Fairlead of it as a Git server does, and returns how long it
// took from the push to each of their Deployments. When it returns, all is at rest again. Services that a release doesn't
// name keep what they run.
func (f *syncFleet) release(b *testing.B, changed map[string]bool) []time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), syncPatience)
	defer cancel()
	f.releases++
	tag := fmt.Sprintf("v%d", f.releases)
	updated := f.follow(ctx, b, tag, len(changed))
	var changes []stack.Change
	for _, chart := range f.charts() {
		if !f.together && !changed[chart] {
			continue
		}
		changes = append(changes, f.retag(ctx, b, chart, tag, changed))
	}
	if _, err := f.stack.Repository.HumanCommit(ctx, "Release "+tag, changes...); err != nil {
		b.Fatal(err)
	}
	pushed := time.Now()
	f.look(ctx, b)
	took := make([]time.Duration, 0, len(changed))
	for range changed {
		took = append(took, await(ctx, b, f.stack, updated, "the Deployments at "+tag).Sub(pushed))
	}
	f.awaitRest(ctx, b)
	return took
}

// retag is the change of a chart's values that gives some services a tag.
func (f *syncFleet) retag(ctx context.Context, b *testing.B, chart, tag string, changed map[string]bool) stack.Change {
	b.Helper()
	file := "sync/" + chart + "/values.yaml"
	before, err := f.stack.Repository.Show(ctx, stack.Branch+":"+file)
	if err != nil {
		b.Fatal(err)
	}
	var after strings.Builder
	for line := range strings.Lines(before + "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "- {name: "), ",")
		if start := strings.Index(line, "tag: "); start >= 0 && changed[name] {
			line = line[:start] + "tag: " + tag + "}\n"
		}
		after.WriteString(line)
	}
	return stack.WriteFile(file, after.String())
}

// look has the ConfigRepository looked at once, without waiting for its interval.
func (f *syncFleet) look(ctx context.Context, b *testing.B) {
	b.Helper()
	repository := &v1alpha1.ConfigRepository{}
	repository.Namespace, repository.Name = stack.Namespace, "config"
	if err := f.stack.ReconcileNow(ctx, repository); err != nil {
		b.Fatal(err)
	}
}

// follow sends the time at which each of a number of Deployments has a tag.
func (f *syncFleet) follow(ctx context.Context, b *testing.B, tag string, deployments int) <-chan time.Time {
	b.Helper()
	watcher, err := f.stack.Client.Watch(ctx, &appsv1.DeploymentList{}, client.InNamespace(stack.AppNamespace))
	if err != nil {
		b.Fatal(err)
	}
	updated := make(chan time.Time, deployments)
	go func() {
		defer watcher.Stop()
		seen := map[string]bool{}
		for event := range watcher.ResultChan() {
			d, ok := event.Object.(*appsv1.Deployment)
			if !ok || seen[d.Name] || !strings.HasSuffix(d.Spec.Template.Spec.Containers[0].Image, ":"+tag) {
				continue
			}
			seen[d.Name] = true
			updated <- time.Now()
			if len(seen) == deployments {
				return
			}
		}
	}()
	return updated
}

// span is a time for which costs are counted.
type span struct {
	fleet        *syncFleet
	cpu, cluster time.Duration
	writes       requests
}

func (f *syncFleet) open(b *testing.B) span {
	b.Helper()
	return span{
		fleet: f, cpu: usage(b, f.stack.ControllerPID()).cpu, cluster: controlPlane(b, f.stack), writes: countRequests(b, f.stack),
	}
}

// report reports what a span has cost, and the requests for each of its syncs.
func (s span) report(b *testing.B, syncs int) {
	b.Helper()
	now := usage(b, s.fleet.stack.ControllerPID())
	b.ReportMetric((now.cpu - s.cpu).Seconds(), "controller-cpu-s")
	b.ReportMetric((controlPlane(b, s.fleet.stack) - s.cluster).Seconds(), "control-plane-cpu-s")
	b.ReportMetric(float64(now.rss)/(1<<20), "rss-MiB")
	after, lines := countRequests(b, s.fleet.stack), []string{}
	for _, kind := range slices.Sorted(maps.Keys(after)) {
		if n := after[kind] - s.writes[kind]; n > 0 {
			lines = append(lines, fmt.Sprintf("%s %d", kind, n))
			if kind.counted() {
				b.ReportMetric(float64(n)/float64(syncs), strings.ReplaceAll(string(kind), " ", "-")+"/sync")
			}
		}
	}
	b.Logf("requests of all to the API server: %s", strings.Join(lines, ", "))
}
