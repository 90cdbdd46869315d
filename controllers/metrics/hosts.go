package metrics

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// maxHosts bounds the registries that have series of their own.
	maxHosts = 100
	// otherHosts is where all others are counted.
	otherHosts = "other"
	// errorCode is the code of a request without an answer.
	errorCode = "error"
)

// codes are the classes of answers.
func codes() []string {
	return []string{"2xx", "3xx", "401", "403", "404", "429", "4xx", "5xx", errorCode}
}

// codeOf is the class of an answer's status. Those that somebody must act upon stand alone.
func codeOf(status int) string {
	switch {
	case status == 401, status == 403, status == 404, status == 429:
		return strconv.Itoa(status)
	case status >= 200 && status <= 599:
		return strconv.Itoa(status/100) + "xx"
	default:
		return errorCode
	}
}

// hosts are the registries that policies name at present.
type hosts struct {
	vecs []*prometheus.MetricVec

	mu    sync.Mutex
	users map[string]int
	named map[types.NamespacedName]string
}

// newHosts keeps the series of hosts in some metrics to those that are in use.
func newHosts(vecs ...*prometheus.MetricVec) *hosts {
	return &hosts{vecs: vecs, users: map[string]int{}, named: map[types.NamespacedName]string{}}
}

// use notes that a policy names a host.
func (h *hosts) use(policy types.NamespacedName, host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.named[policy] == host {
		return
	}
	h.drop(policy)
	if h.users[host] == 0 && len(h.users) >= maxHosts {
		return
	}
	h.named[policy] = host
	h.users[host]++
}

// forget notes that a policy is gone, and ends the series of a host that nobody names any more.
func (h *hosts) forget(policy types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(policy)
}

func (h *hosts) drop(policy types.NamespacedName) {
	host, ok := h.named[policy]
	if !ok {
		return
	}
	delete(h.named, policy)
	h.users[host]--
	if h.users[host] > 0 {
		return
	}
	delete(h.users, host)
	for _, vec := range h.vecs {
		vec.DeletePartialMatch(prometheus.Labels{"host": host})
	}
}

// label is the value for a host.
func (h *hosts) label(host string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users[host] == 0 {
		return otherHosts
	}
	return host
}
