// Package noun knows how people name Fairlead's objects on a command line: NAME, KIND NAME or KIND/NAME, with the words that
// kubectl takes for a kind.
//
// It knows words. It must never know what is asked of an object, or read one.
package noun

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Kind is one of Fairlead's kinds.
type Kind string

// The kinds.
const (
	ImagePolicy      Kind = "ImagePolicy"
	ConfigRepository Kind = "ConfigRepository"
	Application      Kind = "Application"
)

// Kinds are all kinds, in the order of a tag's way.
func Kinds() []Kind { return []Kind{ImagePolicy, ConfigRepository, Application} }

// Words are what the kind is called: what people say first, then its plural.
func (k Kind) Words() []string {
	switch k {
	case ConfigRepository:
		return []string{"repository", "repositories", "repo", "repos", "configrepository", "configrepositories", "cr"}
	case Application:
		return []string{"application", "applications", "app", "apps"}
	default:
		return []string{"policy", "policies", "imagepolicy", "imagepolicies", "ipol"}
	}
}

// Word is what people call the kind: policy, repository or application.
func (k Kind) Word() string { return k.Words()[0] }

// ParseKind reads what somebody calls a kind, in any case, with or without the group.
func ParseKind(word string) (Kind, bool) {
	word = strings.TrimSuffix(strings.ToLower(word), "."+v1alpha1.GroupVersion.Group)
	for _, kind := range Kinds() {
		if slices.Contains(kind.Words(), word) {
			return kind, true
		}
	}
	return "", false
}

// Reference names one object. Its kind is empty where nobody said it.
type Reference struct {
	Kind Kind
	Name string
}

// String writes the reference as it is read.
func (r Reference) String() string {
	if r.Kind == "" {
		return r.Name
	}
	return r.Kind.Word() + "/" + r.Name
}

// FullName is the reference as kubectl writes it.
func (r Reference) FullName() string {
	return strings.ToLower(string(r.Kind)) + "." + v1alpha1.GroupVersion.Group + "/" + r.Name
}

// Error says what can't be a name.
type Error struct {
	// Problem is the whole message.
	Problem string
}

// Error implements error.
func (e *Error) Error() string { return e.Problem }

// Terminal is true: it has to be written otherwise.
func (e *Error) Terminal() bool { return true }

// Parse reads what a command is about: NAME..., KIND NAME... or KIND/NAME..., in any mixture of the first and the last.
func Parse(arguments []string) ([]Reference, error) {
	if len(arguments) > 1 {
		if kind, ok := ParseKind(arguments[0]); ok && !strings.Contains(arguments[0], "/") {
			return each(arguments[1:], kind)
		}
	}
	return each(arguments, "")
}

func each(arguments []string, kind Kind) ([]Reference, error) {
	references := make([]Reference, len(arguments))
	for i, argument := range arguments {
		var err error
		if references[i], err = one(argument, kind); err != nil {
			return nil, err
		}
	}
	return references, nil
}

func one(argument string, kind Kind) (Reference, error) {
	word, name, both := strings.Cut(argument, "/")
	if !both {
		name = word
	} else {
		said, ok := ParseKind(word)
		switch {
		case !ok:
			return Reference{}, refuse("%q is no kind in %q: write policy/NAME, repository/NAME or application/NAME, and a namespace with -n", word, argument)
		case kind != "" && kind != said:
			return Reference{}, refuse("%q is called a %s as well: name each object by one kind", argument, kind.Word())
		}
		kind = said
	}
	if name == "" || strings.Contains(name, "/") {
		return Reference{}, refuse("%q names no object: write NAME or KIND/NAME, and a namespace with -n", argument)
	}
	return Reference{Kind: kind, Name: name}, nil
}

// Single reads the name of an object of one kind: NAME, KIND NAME or KIND/NAME.
func Single(arguments []string, kind Kind) (string, error) {
	found, err := Parse(arguments)
	if err != nil {
		return "", err
	}
	for _, named := range found {
		if named.Kind != "" && named.Kind != kind {
			return "", refuse("%s is of another kind: this is about %s", named, kind.Words()[1])
		}
	}
	if len(found) != 1 {
		return "", refuse("%q names %d %s: name one", strings.Join(arguments, " "), len(found), kind.Words()[1])
	}
	return found[0].Name, nil
}

func refuse(format string, args ...any) error {
	return &Error{Problem: terminal.Printable(fmt.Sprintf(format, args...))}
}
