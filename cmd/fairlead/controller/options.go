// Package controller turns flags and variables of the environment into options, refuses those that can't work together,
// and runs what they ask for.
//
// It knows flags, the environment, the log's form, and how a process is ready, stops and hands over. It must never know what
// any controller does (the packages below controllers do).
package controller

import (
	"slices"
	"time"

	"github.com/spf13/pflag"
)

// Side is a half of Fairlead that a process may run without the other.
type Side string

// The sides.
const (
	// SideUpdate scans registries, selects tags, and writes them to Git.
	SideUpdate Side = "update"
	// SideSync keeps Applications rolled out.
	SideSync Side = "sync"
)

// Options are the flags of `fairlead controller`. Each has a variable of the environment: see Environment.
type Options struct {
	// Kubeconfig is a file; empty: $KUBECONFIG, or the cluster that this runs in.
	Kubeconfig string
	// Namespace is Fairlead's own.
	Namespace string
	// Controllers are the sides that run.
	Controllers []string
	// MetricsAddress, HealthAddress and WebhookAddress are listened on, "host:port"; "0": nobody listens.
	MetricsAddress, HealthAddress, WebhookAddress string
	// RegistryConcurrency is how many requests may be under way at one registry host.
	RegistryConcurrency int
	// RegistryRate is how many requests one registry host gets each second; 0: no bound.
	RegistryRate float64
	// GatheringWindow is how long a selection waits at most for others that go into the same push.
	GatheringWindow time.Duration
	// LogLevel and LogFormat are a key of logLevels and of logFormats.
	LogLevel, LogFormat string
	// LeaderElect has one of several replicas work.
	LeaderElect bool

	// given are the flags that somebody set, to what they are or to something else.
	given map[string]bool
	// variables are those that set a flag, in the order of their names.
	variables []string
}

// group is a heading of the help.
type group string

// The groups, in the order of the help.
const (
	groupCluster    group = "Cluster"
	groupWork       group = "What runs"
	groupAddresses  group = "Addresses"
	groupRegistries group = "Registries"
	groupGit        group = "Git"
	groupLogs       group = "Logs"
	groupLeader     group = "Leader election"
)

func groups() []group {
	return []group{groupCluster, groupWork, groupAddresses, groupRegistries, groupGit, groupLogs, groupLeader}
}

// groupAnnotation is where a flag says its group.
const groupAnnotation = "fairlead.dev/group"

// Flags declares the flags, with what holds for them where nobody says otherwise.
func (o *Options) Flags(all *pflag.FlagSet) {
	in := func(heading group, declare func(*pflag.FlagSet)) {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		declare(flags)
		flags.VisitAll(func(flag *pflag.Flag) { flag.Annotations = map[string][]string{groupAnnotation: {string(heading)}} })
		all.AddFlagSet(flags)
	}
	in(groupCluster, func(flags *pflag.FlagSet) {
		flags.StringVar(&o.Kubeconfig, "kubeconfig", "", "path of a kubeconfig `file`; empty: $KUBECONFIG, or the cluster that this runs in")
		flags.StringVar(&o.Namespace, "namespace", "fairlead", "Fairlead's own `namespace`: Applications in it may deploy to any other, webhooks in it concern all others")
	})
	in(groupWork, func(flags *pflag.FlagSet) {
		flags.StringSliceVar(&o.Controllers, "controllers", []string{string(SideUpdate), string(SideSync)},
			"`sides` that run: update scans registries and writes to Git, sync rolls Applications out")
	})
	in(groupAddresses, func(flags *pflag.FlagSet) {
		flags.StringVar(&o.MetricsAddress, "metrics-address", "127.0.0.1:8080", "`address` that metrics are served on; 0: none")
		flags.StringVar(&o.HealthAddress, "health-address", "127.0.0.1:8081", "`address` that /healthz and /readyz are served on; 0: none")
		flags.StringVar(&o.WebhookAddress, "webhook-address", "0", "`address` that webhooks are received on, by every replica, for the one that leads; 0: none")
	})
	in(groupRegistries, func(flags *pflag.FlagSet) {
		flags.IntVar(&o.RegistryConcurrency, "registry-concurrency", 8, "`number` of requests that may be under way at one registry host")
		flags.Float64Var(&o.RegistryRate, "registry-rate", 0, "`number` of requests that one registry host may get each second; 0: no bound but its own")
	})
	in(groupGit, func(flags *pflag.FlagSet) {
		flags.DurationVar(&o.GatheringWindow, "gathering-window", 5*time.Second, "longest `time` that a tag waits for others released with it, to go into one push; 0: none waits")
	})
	in(groupLogs, func(flags *pflag.FlagSet) {
		flags.StringVar(&o.LogLevel, "log-level", "info", "least `level` that is logged: error, info (what changed), or debug (why nothing did)")
		flags.StringVar(&o.LogFormat, "log-format", "json", "`form` of a line: json, or text for a person")
	})
	in(groupLeader, func(flags *pflag.FlagSet) {
		flags.BoolVar(&o.LeaderElect, "leader-elect", false, "let one of several replicas work, by a Lease in the own namespace")
	})
}

// runs says whether a side runs.
func (o *Options) runs(side Side) bool {
	return slices.Contains(o.Controllers, string(side))
}
