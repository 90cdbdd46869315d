package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
	"github.com/fairlead/fairlead/failpoint"
)

const (
	// maxRounds of tags are pushed at most. The round in which the last replica is killed should be the last: what was under
	// way then is what nothing later tells.
	maxRounds  = 9
	killedFile = "values.yaml"
	noted      = "noted\n"
)

// killedNamespace holds a ConfigRepository that nobody looks at but Fairlead itself, and what a person asks for.
const killedNamespace = `apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: fairlead.dev/v1alpha1
kind: ConfigRepository
metadata: {name: config, namespace: %[1]s}
spec:
  url: %[2]s
  insecure: true
  interval: 2s
  secretRef: {name: git}
`

// killedPolicy is a policy whose registry is asked when a person asks for it, or a replica was killed before it answered.
const killedPolicy = `apiVersion: fairlead.dev/v1alpha1
kind: ImagePolicy
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  image: %[3]s
  interval: 5s
  registry: {secretRef: {name: registry}, insecure: true}
  select: {semver: {range: ">=1.0.0"}}
  targets:
  - repositoryRef: {name: config}
    file: values.yaml
    tag: %[2]s.tag
---
`

// killing is one seed: a namespace with a repository and policies, and a plan of what happens to it.
type killing struct {
	stack    *stack.Stack
	replicas []*replica
	seed     uint64
	random   *rand.Rand
	name     string
	plans    [2][]plan

	repository *stack.Repository
	// services are the policies' names, and newest the tags that were pushed last, by their number.
	services []string
	newest   map[string]int
	scales   map[string]int
	// humans are the commits by hand, and notes the files that some of them added.
	humans, notes []string
	began         time.Time
	events        []string

	commits, accepted int
}

func newKilling(s *stack.Stack, replicas []*replica, seed uint64) *killing {
	k := &killing{
		stack: s, replicas: replicas, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), name: fmt.Sprintf("killed-%d", seed),
		began: time.Now(), newest: map[string]int{}, scales: map[string]int{},
	}
	for i := range 3 + k.random.IntN(3) {
		k.services = append(k.services, fmt.Sprintf("svc%d", i))
	}
	steps := failpoint.Steps()
	k.plans[0] = []plan{{steps[seed%uint64(len(steps))], 1 + k.random.IntN(3)}}
	if k.random.IntN(3) == 0 { // Killed again where it comes back.
		k.plans[0] = append(k.plans[0], k.somewhere())
	}
	if k.random.IntN(3) == 0 { // The other one, too.
		k.plans[1] = []plan{k.somewhere()}
	}
	return k
}

func (k *killing) somewhere() plan {
	steps := failpoint.Steps()
	return plan{steps[k.random.IntN(len(steps))], 1 + k.random.IntN(3)}
}

// String is the plan.
func (k *killing) String() string {
	return fmt.Sprintf("%d services, a is killed at %v, b at %v", len(k.services), k.plans[0], k.plans[1])
}

func (k *killing) notef(format string, args ...any) {
	k.events = append(k.events, fmt.Sprintf("%6.2f s  ", time.Since(k.began).Seconds())+fmt.Sprintf(format, args...))
}

// journal is what happened, and what Git came to.
func (k *killing) journal() string {
	for _, r := range k.replicas {
		deaths, more, err := r.state()
		k.notef("replica %s: killed at %v, to be killed again: %t, error: %v", r.name, deaths, more, err)
	}
	if k.repository != nil {
		log, err := k.repository.Log(context.Background(), "--graph", "--format=%h %an: %s", stack.Branch)
		k.notef("git log (%v):\n%s", err, log)
	}
	return strings.Join(k.events, "\n")
}

// run does it all.
func (k *killing) run(ctx context.Context) error {
	if err := k.begin(ctx); err != nil {
		return err
	}
	k.notef("the replicas are ready")
	if err := k.disturb(ctx); err != nil {
		return err
	}
	k.notef("the last tags are pushed")
	if err := k.converge(ctx); err != nil {
		return err
	}
	k.notef("all is told")
	return k.check(ctx)
}

// begin makes repository, images and objects, and starts the replicas.
func (k *killing) begin(ctx context.Context) error {
	var policies strings.Builder
	for _, service := range k.services {
		if _, err := k.stack.Registry.PushImage(ctx, k.name+"/"+service, k.tag(service)); err != nil {
			return err
		}
		fmt.Fprintf(&policies, killedPolicy, k.name, service, k.stack.Registry.Repository(k.name+"/"+service))
	}
	repository, err := k.stack.Git.Init(ctx, k.name+".git", stack.WriteFile(killedFile, k.values()))
	if err != nil {
		return err
	}
	if _, err := repository.Run(ctx, "config", "core.logAllRefUpdates", "true"); err != nil {
		return err
	}
	k.repository = repository
	for i, r := range k.replicas {
		if err := r.begin(ctx, k.plans[i]...); err != nil {
			return err
		}
	}
	secrets := strings.ReplaceAll(k.stack.Secrets(), "namespace: fairlead", "namespace: "+k.name)
	namespace := fmt.Sprintf(killedNamespace, k.name, repository.URL)
	return k.stack.ApplyYAML(ctx, namespace+"---\n"+secrets+"---\n"+policies.String())
}

// disturb pushes tags and commits by hand until everybody was killed who was to be.
func (k *killing) disturb(ctx context.Context) error {
	for round := range maxRounds {
		if err := k.round(ctx, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		k.notef("round %d is over", round)
		waiting := false
		for _, r := range k.replicas {
			_, more, err := r.state()
			if err != nil {
				return err
			}
			waiting = waiting || more
		}
		if !waiting {
			return nil
		}
	}
	return nil
}

// round pushes a tag of some services, while a human commits.
func (k *killing) round(ctx context.Context, round int) error {
	services := k.services
	if some := k.random.IntN(2 * len(k.services)); some > 0 && some < len(k.services) {
		services = k.services[:some]
	}
	byHand, wait := 1+k.random.IntN(2), k.random.IntN(3) > 0
	human := make(chan error, 1)
	go func() {
		for i := range byHand {
			if err := k.human(ctx, round+i); err != nil {
				human <- err
				return
			}
		}
		human <- nil
	}()
	err := k.release(ctx, services)
	if err == nil && wait {
		err = k.await(ctx)
	}
	if err == nil && wait { // Whoever is killed in this round is dead then.
		err = k.awaitTold(ctx, k.toldTags)
	}
	return errors.Join(err, <-human)
}

// release pushes the next tag of each service, and has the registry asked for it.
func (k *killing) release(ctx context.Context, services []string) error {
	for _, service := range services {
		k.newest[service]++
		if _, err := k.stack.Registry.PushImage(ctx, k.name+"/"+service, k.tag(service)); err != nil {
			return err
		}
	}
	return k.ask(ctx, services)
}

// ask has the policies of services scanned at once.
func (k *killing) ask(ctx context.Context, services []string) error {
	for _, service := range services {
		policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Namespace: k.name, Name: service}}
		if err := k.stack.ReconcileNow(ctx, policy); err != nil {
			return err
		}
	}
	return nil
}

// tag is the newest of a service.
func (k *killing) tag(service string) string { return fmt.Sprintf("v1.0.%d", k.newest[service]) }

// human commits a number beside one of the tags, and every other time a file of its own.
func (k *killing) human(ctx context.Context, round int) error {
	made := len(k.humans)
	note := fmt.Sprintf("notes/%d.md", made)
	change := stack.WriteFile(note, noted)
	if made%2 == 0 {
		service := k.services[round%len(k.services)]
		change = k.scale(service)
		k.scales[service]++
	} else {
		k.notes = append(k.notes, note)
	}
	revision, err := k.repository.HumanCommit(ctx, fmt.Sprintf("By hand %d", made), change)
	if err != nil {
		return err
	}
	k.humans = append(k.humans, revision)
	return nil
}

// scale is a change of the number beside the tag of a service.
func (k *killing) scale(service string) stack.Change {
	number := regexp.MustCompile(`(?s)(\n` + service + `:\n.*?replicas: )\d+`)
	scaled := fmt.Sprintf("${1}%d", k.scales[service]+1)
	return func(dir string) error {
		data, err := os.ReadFile(filepath.Join(dir, killedFile))
		if err != nil {
			return err
		}
		return stack.WriteFile(killedFile, number.ReplaceAllString(string(data), scaled))(dir)
	}
}

// values are what the file must hold: the newest tags, and what people wrote beside them.
func (k *killing) values() string {
	var text strings.Builder
	text.WriteString("# What runs.\n")
	for _, service := range k.services {
		fmt.Fprintf(&text, "%s:\n  tag: %s\n  # As many as it takes.\n  # And one to spare.\n  replicas: %d\n", service, k.tag(service), k.scales[service])
	}
	return text.String()
}

// remove deletes the objects, so that nobody works on them any more.
func (k *killing) remove(ctx context.Context) error {
	var errs []error
	for _, kind := range []client.Object{&v1alpha1.ImagePolicy{}, &v1alpha1.ConfigRepository{}} {
		errs = append(errs, k.stack.Client.DeleteAllOf(ctx, kind, client.InNamespace(k.name)))
	}
	return errors.Join(errs...)
}
