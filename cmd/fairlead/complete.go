package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
)

// completion completes a word of a command line.
type completion = func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// listOf is an empty list of a kind.
func listOf(kind noun.Kind) client.ObjectList {
	switch kind {
	case noun.ConfigRepository:
		return &v1alpha1.ConfigRepositoryList{}
	case noun.Application:
		return &v1alpha1.ApplicationList{}
	default:
		return &v1alpha1.ImagePolicyList{}
	}
}

// completeNames completes NAME, KIND/NAME and KIND NAME of some kinds, of which the first needs no kind.
func (o *clusterOptions) completeNames(kinds ...noun.Kind) completion {
	if len(kinds) == 0 {
		kinds = noun.Kinds()
	}
	return func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		kind, prefix, ok := kindMeant(kinds, args, begun)
		if !ok {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, err := o.names(command, listOf(kind))
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		found := make([]string, 0, len(names)+len(kinds))
		for _, name := range names {
			if !slices.Contains(args, prefix+name) {
				found = append(found, prefix+name)
			}
		}
		if prefix == "" && len(args) == 0 {
			for _, other := range kinds[1:] {
				found = append(found, other.Word()+"/")
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp | spaceAfter(found, begun)
	}
}

// spaceAfter has no space put behind a kind, if nothing else is left of what was found: the name follows.
func spaceAfter(found []string, begun string) cobra.ShellCompDirective {
	if slices.ContainsFunc(found, func(word string) bool { return strings.HasPrefix(word, begun) && !strings.HasSuffix(word, "/") }) {
		return cobra.ShellCompDirectiveDefault
	}
	return cobra.ShellCompDirectiveNoSpace
}

// kindMeant is the kind of which a name is completed, and what stands before the name.
func kindMeant(kinds []noun.Kind, args []string, begun string) (kind noun.Kind, prefix string, ok bool) {
	if word, _, slash := strings.Cut(begun, "/"); slash {
		kind, ok = noun.ParseKind(word)
		return kind, word + "/", ok && slices.Contains(kinds, kind)
	}
	if said, ok := kindSaid(kinds, args); ok {
		return said, "", true
	}
	return kinds[0], "", true
}

// kindSaid is the kind by which arguments begin.
func kindSaid(kinds []noun.Kind, args []string) (said noun.Kind, ok bool) {
	if len(args) == 0 {
		return "", false
	}
	said, ok = noun.ParseKind(args[0])
	return said, ok && slices.Contains(kinds, said)
}

// completeOne is completeNames for a command that takes one name.
func (o *clusterOptions) completeOne(kinds ...noun.Kind) completion {
	complete := o.completeNames(kinds...)
	return func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if _, kind := kindSaid(kinds, args); len(args) > 1 || len(args) == 1 && !kind {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(command, args, begun)
	}
}

// completeFlags completes the values of those flags that many commands have.
func completeFlags(command *cobra.Command) {
	if output := command.LocalFlags().Lookup("output"); output != nil {
		words, _, _ := strings.Cut(output.Usage, ";")
		formats := strings.Fields(strings.NewReplacer(",", " ", " or ", " ").Replace(words))
		_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	}
	for flag, names := range map[string]func(*clusterOptions, *cobra.Command) ([]string, error){
		"namespace": func(o *clusterOptions, command *cobra.Command) ([]string, error) {
			return o.names(command, &corev1.NamespaceList{})
		},
		"context": func(o *clusterOptions, _ *cobra.Command) ([]string, error) { return o.contexts() },
	} {
		if command.LocalFlags().Lookup("kubeconfig") == nil || command.LocalFlags().Lookup(flag) == nil {
			continue
		}
		_ = command.RegisterFlagCompletionFunc(flag, func(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			cluster := &clusterOptions{}
			cluster.kubeconfig, _ = command.Flags().GetString("kubeconfig")
			cluster.context, _ = command.Flags().GetString("context")
			found, err := names(cluster, command)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return found, cobra.ShellCompDirectiveNoFileComp
		})
	}
}

// flagNames are the names of all flags of a command, those of the commands above it included.
func flagNames(command *cobra.Command) []string {
	var names []string
	for line := range strings.SplitSeq(command.Flags().FlagUsages(), "\n") {
		if _, name, found := strings.Cut(line, "--"); found && strings.TrimLeft(line, " ")[0] == '-' {
			names = append(names, strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '[' || r == '=' })[0])
		}
	}
	return names
}

// names lists the names of the objects of a kind.
func (o *clusterOptions) names(command *cobra.Command, list client.ObjectList) ([]string, error) {
	reader, namespace, err := o.connect("")
	if err != nil {
		return nil, err
	}
	all, _ := command.Flags().GetBool("all-namespaces")
	if _, global := list.(*corev1.NamespaceList); global || all {
		namespace = ""
	}
	if err := reader.List(command.Context(), list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var names []string
	err = meta.EachListItem(list, func(item runtime.Object) error {
		accessor, err := meta.Accessor(item)
		if err == nil {
			names = append(names, accessor.GetName())
		}
		return err
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// contexts lists the contexts of the kubeconfig.
func (o *clusterOptions) contexts() ([]string, error) {
	config, err := o.loader().RawConfig()
	return slices.Sorted(maps.Keys(config.Contexts)), err
}
