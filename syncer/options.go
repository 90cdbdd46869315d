package syncer

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Permission says whether something may be deleted.
type Permission string

// Permissions.
const (
	// Allowed: it may. The empty Permission means the same.
	Allowed Permission = "true"
	// Forbidden: it never may.
	Forbidden Permission = "false"
	// Confirm: it may once a person has confirmed it on the Application.
	Confirm Permission = "confirm"
)

// Options are the sync options of an Application or of one object, under the names of Argo CD. The zero value are the
// defaults.
type Options struct {
	// CreateNamespace creates the destination's namespace where it is missing.
	CreateNamespace bool
	// ApplyOutOfSyncOnly leaves alone what is in sync. It is accepted and changes nothing: that is always so.
	ApplyOutOfSyncOnly bool
	// PruneLast prunes after everything else, when it is applied and healthy.
	PruneLast bool
	// Replace puts the object in the place of the live one (an update, or a creation), in place of applying it: fields
	// that the object doesn't name go, whoever has set them.
	Replace bool
	// ClientSide applies the object by a client-side apply, as `kubectl apply` does, in place of a server-side apply
	// (ServerSideApply=false). Replace counts before it.
	ClientSide bool
	// Force deletes an object and creates it again where a change of it is refused because a field is immutable.
	Force bool
	// SkipValidation lets unknown fields pass: the API server drops them.
	SkipValidation bool
	// SkipDryRunOnMissingResource lets an object pass whose kind isn't known yet: it is applied in its turn.
	SkipDryRunOnMissingResource bool
	// FailOnSharedResource refuses objects of other Applications. It is accepted and changes nothing: that is always so.
	FailOnSharedResource bool
	// RespectIgnoreDifferences doesn't apply the fields that spec.ignoreDifferences names, either.
	RespectIgnoreDifferences bool
	// KeepManagers leaves the fields that kubectl, Helm, Argo CD and Flux own to them when an object is adopted
	// (ClientSideApplyMigration=false).
	KeepManagers bool
	// Prune says whether the object may be deleted when the revision doesn't hold it any more.
	Prune Permission
	// Delete says whether the object may be deleted with its Application.
	Delete Permission
	// Propagation is what becomes of the dependents of a pruned object; empty: they are deleted in the background.
	Propagation metav1.DeletionPropagation
}

// Annotations of an object that hold its sync options, separated by commas. The first counts before the second.
const (
	annotationOptions     = "fairlead.dev/sync-options"
	annotationOptionsArgo = "argocd.argoproj.io/sync-options"
)

// option is one sync option: what it is called, what it may be, and what it sets.
type option struct {
	name   string
	values []string
	// whole is true for an option that only counts for a whole Application.
	whole bool
	set   func(o *Options, value string)
}

// optionTable are the options that there are, in the order in which errors list them.
//
//nolint:gochecknoglobals // a table; nothing changes it
var optionTable = []option{
	switched("CreateNamespace", true, func(o *Options, on bool) { o.CreateNamespace = on }),
	switched("ApplyOutOfSyncOnly", true, func(o *Options, on bool) { o.ApplyOutOfSyncOnly = on }),
	switched("PruneLast", false, func(o *Options, on bool) { o.PruneLast = on }),
	switched("Replace", false, func(o *Options, on bool) { o.Replace = on }),
	switched("Force", false, func(o *Options, on bool) { o.Force = on }),
	switched("ServerSideApply", false, func(o *Options, on bool) { o.ClientSide = !on }),
	switched("ClientSideApplyMigration", false, func(o *Options, on bool) { o.KeepManagers = !on }),
	switched("Validate", false, func(o *Options, on bool) { o.SkipValidation = !on }),
	switched("SkipDryRunOnMissingResource", false, func(o *Options, on bool) { o.SkipDryRunOnMissingResource = on }),
	switched("FailOnSharedResource", true, func(o *Options, on bool) { o.FailOnSharedResource = on }),
	switched("RespectIgnoreDifferences", true, func(o *Options, on bool) { o.RespectIgnoreDifferences = on }),
	permitted("Prune", func(o *Options, p Permission) { o.Prune = p }),
	permitted("Delete", func(o *Options, p Permission) { o.Delete = p }),
	{name: "PrunePropagationPolicy", values: []string{"foreground", "background", "orphan"}, set: func(o *Options, value string) {
		o.Propagation = metav1.DeletionPropagation(strings.ToUpper(value[:1]) + value[1:])
	}},
}

func switched(name string, whole bool, set func(o *Options, on bool)) option {
	return option{
		name: name, values: []string{string(Allowed), string(Forbidden)}, whole: whole,
		set: func(o *Options, value string) { set(o, value == string(Allowed)) },
	}
}

func permitted(name string, set func(o *Options, p Permission)) option {
	return option{
		name: name, values: []string{string(Allowed), string(Forbidden), string(Confirm)},
		set: func(o *Options, value string) { set(o, Permission(value)) },
	}
}

// ParseOptions reads the sync options of an Application, such as `CreateNamespace=true`. Of one that is given twice the
// later counts. The error names the option that there isn't, and those that there are.
func ParseOptions(list []string) (Options, error) { return Options{}.With(list) }

// With is o, overridden by the options in the list. The error is that of ParseOptions.
func (o Options) With(list []string) (Options, error) { return o.with(list, true) }

// Of is o, overridden by the options in the annotation fairlead.dev/sync-options of obj, or argocd.argoproj.io/sync-options
// if it hasn't that. Options that only count for a whole Application are refused there, so that nobody relies on them.
func (o Options) Of(obj *unstructured.Unstructured) (Options, error) {
	annotations := obj.GetAnnotations()
	for _, key := range []string{annotationOptions, annotationOptionsArgo} {
		value, ok := annotations[key]
		if !ok {
			continue
		}
		own, err := o.with(strings.Split(value, ","), false)
		if err != nil {
			return o, fmt.Errorf("annotation %s: %w", key, err)
		}
		return own, nil
	}
	return o, nil
}

func (o Options) with(list []string, whole bool) (Options, error) {
	result := o
	for _, entry := range list {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		name, value, _ := strings.Cut(entry, "=")
		i := slices.IndexFunc(optionTable, func(known option) bool { return known.name == name })
		switch {
		case i < 0:
			return o, fmt.Errorf("sync option %q: there is no such option: there are %s", entry, optionNames(whole))
		case !slices.Contains(optionTable[i].values, value):
			return o, fmt.Errorf("sync option %q: %s is one of %s", entry, name, strings.Join(optionTable[i].values, ", "))
		case optionTable[i].whole && !whole:
			return o, fmt.Errorf("sync option %s counts for a whole Application: move it to spec.syncPolicy.syncOptions", entry)
		}
		optionTable[i].set(&result, value)
	}
	return result, nil
}

func optionNames(whole bool) string {
	var names []string
	for _, known := range optionTable {
		if whole || !known.whole {
			names = append(names, known.name)
		}
	}
	return strings.Join(names, ", ")
}
