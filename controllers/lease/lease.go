// Package lease knows the Leases by which processes share the work: their names and times, whether somebody holds one, and
// where the holder is reached.
//
// It must never know what the work is, nor what is done with the answer.
package lease

import (
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// The names of the Leases. Replicas share one: one of them leads.
const (
	// Controller is held by a process that does everything.
	Controller = "fairlead-controller"
	// Update is held by one that writes to Git, and Sync by one that rolls out.
	Update = "fairlead-update"
	Sync   = "fairlead-sync"
)

// The times of a hand-over. A leader that is killed is followed after about Duration, one that stops after about RetryPeriod.
// They are short because a leader that is wrongly taken for dead costs a restart, and nothing else: what keeps a change from being
// made twice is Git and the API server, not the Lease.
const (
	// Duration is how long others wait after they have last seen the holder renew.
	Duration = 4 * time.Second
	// RenewDeadline is how long the holder tries to renew before it ends itself: less, so that it is gone when another comes.
	RenewDeadline = 3 * time.Second
	// RetryPeriod is how often the holder renews, and others look. They add up to 120% at random.
	RetryPeriod = 700 * time.Millisecond
)

// at separates the name of a process from where it is reached. It is in no name of a pod.
const at = "@"

// New gives the lock of a Lease for this process. address is where other replicas reach its webhooks; "": nowhere.
func New(config *rest.Config, namespace, name, address string) (*Lock, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name this process in Lease %s/%s: %w", namespace, name, err)
	}
	identity := host + "_" + string(uuid.NewUUID())
	if address != "" {
		identity += at + address
	}
	lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, namespace, name,
		resourcelock.ResourceLockConfig{Identity: identity}, config, RenewDeadline)
	if err != nil {
		return nil, fmt.Errorf("prepare Lease %s/%s: %w", namespace, name, err)
	}
	return &Lock{Interface: lock}, nil
}

// addressOf is where the holder of a Lease is reached; "": nowhere.
func addressOf(identity string) string {
	_, address, _ := strings.Cut(identity, at)
	return address
}
