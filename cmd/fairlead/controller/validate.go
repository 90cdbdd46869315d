package controller

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxGatheringWindow bounds how late a release may be for the sake of fewer pushes.
const maxGatheringWindow = time.Minute

// Validate refuses what can't work, and what would do nothing, naming the flags, the variables that set them, and what to change.
func (o *Options) Validate() error {
	err := o.validate()
	if err == nil {
		return nil
	}
	var setters []string
	for _, variable := range o.variables {
		flag := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, prefix), "_", "-"))
		if strings.Contains(err.Error(), flag) {
			setters = append(setters, fmt.Sprintf("%s sets %s", variable, flag))
		}
	}
	if len(setters) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(setters, ", "))
}

func (o *Options) validate() error {
	if problems := validation.IsDNS1123Label(o.Namespace); len(problems) > 0 {
		return fmt.Errorf("--namespace %q is no name of a namespace: %s", o.Namespace, problems[0])
	}
	for _, check := range []func() error{o.validateSides, o.validateNumbers, o.validateLogs, o.validateAddresses} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// validateSides holds the sides to those that there are, and the other flags to the sides that they are about.
func (o *Options) validateSides() error {
	for _, side := range o.Controllers {
		if side != string(SideUpdate) && side != string(SideSync) {
			return fmt.Errorf("--controllers names %q: write update, sync, or update,sync", side)
		}
	}
	if len(o.Controllers) == 0 {
		return errors.New("--controllers is empty, so that nothing would run: write update, sync, or update,sync")
	}
	if o.runs(SideUpdate) && o.runs(SideSync) {
		return nil
	}
	if !o.runs(SideUpdate) {
		for _, flag := range []string{"registry-concurrency", "registry-rate", "gathering-window"} {
			if o.given[flag] {
				return fmt.Errorf("--%s is about the update side, which --controllers=sync leaves out: leave out --%s, too, or write --controllers=update,sync", flag, flag)
			}
		}
	}
	if !o.LeaderElect {
		return fmt.Errorf("--controllers=%s needs --leader-elect: by their Leases the processes of both sides know which one follows the branches", o.Controllers[0])
	}
	return nil
}

func (o *Options) validateNumbers() error {
	if o.RegistryConcurrency < 1 {
		return fmt.Errorf("--registry-concurrency is %d: at least one request must be allowed", o.RegistryConcurrency)
	}
	if !(o.RegistryRate >= 0) || math.IsInf(o.RegistryRate, 1) {
		return fmt.Errorf("--registry-rate is %g: it must be a number, 0 or more", o.RegistryRate)
	}
	if o.GatheringWindow < 0 || o.GatheringWindow > maxGatheringWindow {
		return fmt.Errorf("--gathering-window is %s: it must be between 0 and %s", o.GatheringWindow, maxGatheringWindow)
	}
	return nil
}

func (o *Options) validateLogs() error {
	if _, ok := logLevels()[o.LogLevel]; !ok {
		return fmt.Errorf("--log-level %q is none: write %s", o.LogLevel, oneOf(slices.Sorted(maps.Keys(logLevels()))))
	}
	if _, ok := logFormats()[o.LogFormat]; !ok {
		return fmt.Errorf("--log-format %q is none: write %s", o.LogFormat, oneOf(slices.Sorted(maps.Keys(logFormats()))))
	}
	return nil
}

// server is an address that somebody listens on.
type server struct{ flag, address, host, port string }

// validateAddresses holds addresses to their form, and to one server each.
func (o *Options) validateAddresses() error {
	servers := []server{
		{flag: "--metrics-address", address: o.MetricsAddress},
		{flag: "--health-address", address: o.HealthAddress},
		{flag: "--webhook-address", address: o.WebhookAddress},
	}
	for i := range servers {
		at := &servers[i]
		if at.address == off {
			continue
		}
		host, port, err := net.SplitHostPort(at.address)
		if n, notNumber := strconv.ParseUint(port, 10, 16); err != nil || notNumber != nil || n == 0 {
			return fmt.Errorf("%s %q is no address: write it like :8080 or 127.0.0.1:8080, or 0 for none", at.flag, at.address)
		}
		at.host, at.port = host, port
		for _, other := range servers[:i] {
			if at.meets(other) {
				return fmt.Errorf("%s %s and %s %s are one port: give one of them another, or 0 for none", other.flag, other.address, at.flag, at.address)
			}
		}
	}
	return nil
}

// off is the address of a server that doesn't run.
const off = "0"

// meets says whether one port would have to serve both.
func (s server) meets(other server) bool {
	return s.port == other.port && other.address != off && (s.host == other.host || everywhere(s.host) || everywhere(other.host))
}

// everywhere says whether a host stands for all addresses of the machine.
func everywhere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// oneOf lists words for a person.
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
