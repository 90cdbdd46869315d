package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
	"github.com/fairlead/fairlead/failpoint"
)

const (
	// elected has a replica take part in an election.
	elected = "FAIRLEAD_LEADER_ELECT=true"
	// replicasTimeout bounds each part of TestReplicas.
	replicasTimeout = 2 * time.Minute
	// killedLeader and stoppedLeader bound a hand-over. They leave a slow machine some time.
	killedLeader, stoppedLeader = 9 * time.Second, 3 * time.Second
)

// replicas is one cluster on which processes come and go.
type replicas struct {
	stack      *stack.Stack
	binary     string
	repository *stack.Repository
	// policies counts those that were made.
	policies int
}

// TestReplicas starts, stops and kills processes that share the work by Leases. The parts follow one another on one stack.
func TestReplicas(t *testing.T) {
	s, err := stack.Start(t.Context(), stack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	r := &replicas{stack: s, binary: filepath.Join(s.Dir(), "fairlead-failpoint")}
	if err := stack.Build(t.Context(), r.binary, "-tags=failpoint"); err != nil {
		t.Fatal(err)
	}
	if r.repository, err = s.Git.Init(t.Context(), "replicas.git", stack.WriteFile("values.yaml", "tag: none\n")); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		name string
		run  func(context.Context, *testing.T) error
	}{
		{"definitions", r.definitions},
		{"killed", r.killed},
		{"stopped", r.stopped},
		{"taken", r.taken},
		{"impatient", r.impatient},
		{"webhooks", r.webhooks},
		{"fatal", r.fatal},
		{"sides", r.sides},
	} {
		t.Run(part.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), replicasTimeout)
			defer cancel()
			if err := part.run(ctx, t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// start starts a process that is killed when the part is over, and waits until it is ready.
func (r *replicas) start(ctx context.Context, t *testing.T, name string, variables ...string) (*stack.Replica, error) {
	t.Helper()
	started, err := r.stack.StartReplica(ctx, name, r.binary, variables...)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		started.Kill()
		if t.Failed() {
			t.Logf("%s:\n%s", name, lastLines(r.stack.ReplicaLog(name)))
		}
	})
	return started, started.AwaitReady(ctx)
}

// definitions: a process on a cluster without the kinds says so, doesn't end, and goes on once they are there.
func (r *replicas) definitions(ctx context.Context, t *testing.T) error {
	crd, err := filepath.Abs("../config/crd/fairlead.dev_imagepolicies.yaml")
	if err != nil {
		return err
	}
	if _, err := r.stack.Kubectl(ctx, "delete", "--filename", crd); err != nil {
		return err
	}
	early, err := r.stack.StartReplica(ctx, "early", r.binary)
	if err != nil {
		return err
	}
	t.Cleanup(early.Kill)
	const missing = "the CRD imagepolicies.fairlead.dev is missing: run helm upgrade, or kubectl apply --server-side -f config/default/crds.yaml, with the version of this program"
	if err := r.stack.WaitFor(ctx, "a process that says what it lacks", func(ctx context.Context) (bool, string) {
		err := early.Ready(ctx)
		return err != nil && strings.Contains(err.Error(), missing), fmt.Sprint(err)
	}); err != nil {
		return err
	}
	if _, err := r.stack.Kubectl(ctx, "apply", "--server-side", "--filename", crd); err != nil {
		return err
	}
	if err := early.AwaitReady(ctx); err != nil {
		return err
	}
	if got := strings.Count(r.stack.ReplicaLog("early"), missing); got != 1 {
		t.Errorf("the log says %d times what is missing, want 1", got)
	}
	return early.Terminate()
}

// release makes a policy for a tag of its own, and gives its name.
func (r *replicas) release(ctx context.Context) (string, error) {
	r.policies++
	name := fmt.Sprintf("svc%d", r.policies)
	if _, err := r.stack.Registry.PushImage(ctx, "replicas/"+name, "v1.0.1"); err != nil {
		return "", err
	}
	if r.policies == 1 {
		secrets := strings.ReplaceAll(r.stack.Secrets(), "namespace: fairlead", "namespace: replicas")
		if err := r.stack.ApplyYAML(ctx, fmt.Sprintf(killedNamespace, "replicas", r.repository.URL)+"---\n"+secrets); err != nil {
			return "", err
		}
	}
	if _, err := r.repository.HumanCommit(ctx, "A place for "+name, stack.WriteFile(name+".yaml", name+":\n  tag: v1.0.0\n")); err != nil {
		return "", err
	}
	policy := fmt.Sprintf(killedPolicy, "replicas", name, r.stack.Registry.Repository("replicas/"+name))
	return name, r.stack.ApplyYAML(ctx, strings.ReplaceAll(policy, "file: values.yaml", "file: "+name+".yaml"))
}

// awaitOnce waits until the policy tells that its tag is in Git, and wants one commit that put it there.
func (r *replicas) awaitOnce(ctx context.Context, name string) error {
	if err := r.stack.WaitFor(ctx, name+" in Git, and told", func(ctx context.Context) (bool, string) {
		policy := &v1alpha1.ImagePolicy{}
		if err := r.stack.Client.Get(ctx, client.ObjectKey{Namespace: "replicas", Name: name}, policy); err != nil {
			return false, err.Error()
		}
		targets := policy.Status.Targets
		return len(targets) == 1 && targets[0].Current == "v1.0.1", fmt.Sprintf("%+v", policy.Status.Conditions)
	}); err != nil {
		return err
	}
	commits, err := r.repository.Log(ctx, "--format=%H %an", "--grep", "Image-Policy: replicas/"+name+"$", stack.Branch)
	if err != nil {
		return err
	}
	if n := len(strings.Fields(commits)) / 2; n != 1 {
		return fmt.Errorf("%d commits of %s, want 1:\n%s", n, name, commits)
	}
	return r.repository.Fsck(ctx)
}

// holder is who holds a Lease; "": nobody.
func (r *replicas) holder(ctx context.Context, name string) (string, error) {
	lease := &coordinationv1.Lease{}
	err := r.stack.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: name}, lease)
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", client.IgnoreNotFound(err)
	}
	return *lease.Spec.HolderIdentity, nil
}

// awaitHolder waits until another than before holds a Lease, and says since when it waited.
func (r *replicas) awaitHolder(ctx context.Context, name, before string) (holder string, waited time.Duration, err error) {
	began := time.Now()
	err = r.stack.WaitFor(ctx, "somebody new to hold Lease "+name, func(ctx context.Context) (bool, string) {
		if holder, err = r.holder(ctx, name); err != nil {
			return false, err.Error()
		}
		return holder != "" && holder != before, holder
	})
	return holder, time.Since(began), err
}

// killed: the leader is killed in the middle of a push, and the other one does it.
func (r *replicas) killed(ctx context.Context, t *testing.T) error {
	first, err := r.start(ctx, t, "killed-a", elected, failpoint.Variable+"="+string(failpoint.DuringPush)+":1")
	if err != nil {
		return err
	}
	held, _, err := r.awaitHolder(ctx, "fairlead-controller", "")
	if err != nil {
		return err
	}
	if _, err := r.start(ctx, t, "killed-b", elected); err != nil {
		return err
	}
	name, err := r.release(ctx)
	if err != nil {
		return err
	}
	select {
	case <-first.Done():
	case <-ctx.Done():
		return fmt.Errorf("the leader lives on: %w", ctx.Err())
	}
	if !first.Killed() {
		return errors.New("the leader ended by itself")
	}
	_, waited, err := r.awaitHolder(ctx, "fairlead-controller", held)
	if err != nil {
		return err
	}
	t.Logf("the leader was killed, and %.1f s later another led", waited.Seconds())
	if waited > killedLeader {
		t.Errorf("a killed leader was followed after %s, want at most %s", waited, killedLeader)
	}
	return r.awaitOnce(ctx, name)
}

// stopped: the leader is told to stop in the middle of a push of which the server has nothing yet.
func (r *replicas) stopped(ctx context.Context, t *testing.T) error {
	return r.stop(ctx, t, "stopped", func(wait func()) stack.Fault {
		return stack.Before(func() error { wait(); return nil })
	})
}

// taken: the leader is told to stop when the server has carried out its push, and before it is told so.
func (r *replicas) taken(ctx context.Context, t *testing.T) error {
	return r.stop(ctx, t, "taken", stack.After)
}

// stop tells the leader to stop while its push takes a second, and wants the other one to lead soon after.
func (r *replicas) stop(ctx context.Context, t *testing.T, part string, holding func(wait func()) stack.Fault) error {
	first, err := r.start(ctx, t, part+"-a", elected)
	if err != nil {
		return err
	}
	held, _, err := r.awaitHolder(ctx, "fairlead-controller", "")
	if err != nil {
		return err
	}
	if _, err := r.start(ctx, t, part+"-b", elected); err != nil {
		return err
	}
	pushing := make(chan struct{}, 1)
	r.stack.Git.Inject(stack.From(r.stack.Git.Username, stack.On(stack.KindPush, stack.Times(1, holding(func() {
		pushing <- struct{}{}
		<-time.After(time.Second)
	})))))
	defer r.stack.Git.Inject()
	name, err := r.release(ctx)
	if err != nil {
		return err
	}
	select {
	case <-pushing:
	case <-ctx.Done():
		return fmt.Errorf("nothing is pushed: %w", ctx.Err())
	}
	began := time.Now()
	if err := first.Terminate(); err != nil {
		return fmt.Errorf("the leader didn't end well: %w", err)
	}
	stopping := time.Since(began)
	_, waited, err := r.awaitHolder(ctx, "fairlead-controller", held)
	if err != nil {
		return err
	}
	t.Logf("the leader was told to stop in a push that took a second: it ended after %.1f s, and %.1f s later another led", stopping.Seconds(), waited.Seconds())
	if waited > stoppedLeader {
		t.Errorf("a leader that stopped was followed after %s, want at most %s", waited, stoppedLeader)
	}
	return r.awaitOnce(ctx, name)
}

// impatient: a client that doesn't send what it promised holds up the end, and a second signal ends it at once.
func (r *replicas) impatient(ctx context.Context, t *testing.T) error {
	only, err := r.start(ctx, t, "impatient", elected)
	if err != nil {
		return err
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", only.WebhookAddress())
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	if _, err := fmt.Fprintf(connection, "POST /hooks/fairlead/forge HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"); err != nil {
		return err
	}
	if _, err := connection.Read(make([]byte, 1)); err != nil { // It waits for the body now.
		return err
	}
	if err := only.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := r.stack.WaitFor(ctx, "the process to begin to stop", func(context.Context) (bool, string) {
		log := r.stack.ReplicaLog("impatient")
		return strings.Contains(log, "Stopping and waiting"), lastLines(log)
	}); err != nil {
		return err
	}
	select {
	case <-only.Done():
		return errors.New("it ended though a request was under way")
	default:
	}
	began := time.Now()
	if err := only.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-only.Done():
	case <-ctx.Done():
		return fmt.Errorf("it goes on after two signals: %w", ctx.Err())
	}
	if took := time.Since(began); took > 2*time.Second { // The request may take 5.
		t.Errorf("it ended %s after the second signal", took)
	}
	return nil
}

// webhooks: whichever replica a notification comes to, the leader acts on it.
func (r *replicas) webhooks(ctx context.Context, t *testing.T) error {
	if err := r.stack.ApplyYAML(ctx, r.stack.Secrets()); err != nil {
		return err
	}
	leader, err := r.start(ctx, t, "webhooks-a", elected)
	if err != nil {
		return err
	}
	if _, _, err := r.awaitHolder(ctx, "fairlead-controller", ""); err != nil {
		return err
	}
	other, err := r.start(ctx, t, "webhooks-b", elected)
	if err != nil {
		return err
	}
	const token = "hush"
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: forge, namespace: fairlead}\ntype: fairlead.dev/webhook\nstringData: {provider: gitlab, token: " + token + "}\n"
	if err := r.stack.ApplyYAML(ctx, secret); err != nil {
		return err
	}
	for _, hearing := range []struct {
		name    string
		replica *stack.Replica
	}{{"the leader", leader}, {"the other one", other}} {
		hearing.replica.Hear(r.stack.Notifications)
		for sent, want := range map[string]string{
			token:   "202 {\"policies\": 0, \"repositories\": 1}",
			"wrong": "401 {\"error\": \"no webhook takes this request: check the URL, the Secret and what the provider signs or sends\"}",
		} {
			answer, err := r.stack.Notifications.PostGit(ctx, "forge", sent, r.repository.URL)
			if err != nil {
				return err
			}
			if got := answer.String(); got != want {
				t.Errorf("%s answers %s to the token %s, want %s", hearing.name, got, sent, want)
			}
		}
	}
	// While the one that leads changes, whoever is asked waits for the next leader.
	leader.Kill()
	other.Hear(r.stack.Notifications)
	answer, err := r.stack.Notifications.PostGit(ctx, "forge", token, r.repository.URL)
	if err != nil {
		return err
	}
	if got, want := answer.String(), "202 {\"policies\": 0, \"repositories\": 1}"; got != want {
		t.Errorf("right after the leader was killed: %s, want %s", got, want)
	}
	return nil
}

// sides: two processes, of which one writes to Git and one rolls out, share a ConfigRepository. One follows its branch.
func (r *replicas) sides(ctx context.Context, t *testing.T) error {
	if _, err := r.start(ctx, t, "sync", elected, "FAIRLEAD_CONTROLLERS=sync"); err != nil {
		return err
	}
	if _, _, err := r.awaitHolder(ctx, "fairlead-sync", ""); err != nil {
		return err
	}
	name, err := r.release(ctx)
	if err != nil {
		return err
	}
	const alone = "branch main is read, and nothing is written to it: no process of the update side runs"
	const together = "branch main is read, and holds what the policies selected"
	if err := r.awaitRead(ctx, alone); err != nil {
		return err
	}
	update, err := r.start(ctx, t, "update", elected, "FAIRLEAD_CONTROLLERS=update")
	if err != nil {
		return err
	}
	if err := r.awaitOnce(ctx, name); err != nil {
		return err
	}
	if err := r.awaitRead(ctx, together); err != nil {
		return err
	}
	if err := r.awaitPeace(ctx); err != nil {
		return err
	}
	if err := update.Terminate(); err != nil {
		return err
	}
	before, err := r.repository.HumanCommit(ctx, "While nobody writes", stack.WriteFile("more.txt", "more\n"))
	if err != nil {
		return err
	}
	if err := r.awaitRead(ctx, alone); err != nil {
		return err
	}
	head, err := r.repository.Head(ctx)
	if err == nil && head != before {
		err = fmt.Errorf("the sync side wrote to Git: the head is %s, want %s", head, before)
	}
	return err
}

// awaitRead waits until the ConfigRepository says this, and tells of the head that Git has.
func (r *replicas) awaitRead(ctx context.Context, message string) error {
	return r.stack.WaitFor(ctx, "a ConfigRepository that says: "+message, func(ctx context.Context) (bool, string) {
		head, err := r.repository.Head(ctx)
		if err != nil {
			return false, err.Error()
		}
		repository, err := r.config(ctx)
		if err != nil {
			return false, err.Error()
		}
		st := repository.Status
		said := ""
		for _, condition := range st.Conditions {
			if condition.Type == v1alpha1.ConditionReady {
				said = condition.Message
			}
		}
		return st.Head != nil && st.Head.Revision == head && said == message, fmt.Sprintf("%s: %+v", said, st.Head)
	})
}

// awaitPeace wants nobody to write the ConfigRepository while several looks at its branch are made.
func (r *replicas) awaitPeace(ctx context.Context) error {
	const looks = 3 // at the interval of 2 s
	before, err := r.config(ctx)
	if err != nil {
		return err
	}
	r.stack.Git.Reset()
	if err := r.stack.WaitFor(ctx, "some looks at the branch", func(context.Context) (bool, string) {
		counts := r.stack.Git.Counts()
		return counts[stack.KindLsRefs] >= looks, counts.String()
	}); err != nil {
		return err
	}
	after, err := r.config(ctx)
	if err == nil && after.ResourceVersion != before.ResourceVersion {
		err = fmt.Errorf("somebody wrote the ConfigRepository though nothing happened:\n%+v\n%+v", before.Status, after.Status)
	}
	return err
}

func (r *replicas) config(ctx context.Context) (*v1alpha1.ConfigRepository, error) {
	repository := &v1alpha1.ConfigRepository{ObjectMeta: metav1.ObjectMeta{Namespace: "replicas", Name: "config"}}
	return repository, r.stack.Client.Get(ctx, client.ObjectKeyFromObject(repository), repository)
}
