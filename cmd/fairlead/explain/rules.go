package explain

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// rules are the rules of the schema by the messages that stand beside them there: what the API server evaluates as an
// expression is a function here. Tests hold that each message has one, and that both judge alike.
//
//nolint:gochecknoglobals // a constant in all but syntax
var rules = map[string]func(value any) bool{
	"image must be a repository without tag or digest: which tag is taken is said in select": text(func(image string) bool {
		return !strings.Contains(image, "@") && !strings.Contains(image[strings.LastIndex(image, "/")+1:], ":")
	}),
	"image must not begin with a scheme: write registry.example.com/name": text(func(image string) bool {
		return !strings.Contains(image, "://")
	}),
	"image must be in lower case: names of repositories have no upper case": text(func(image string) bool {
		host, path, slash := strings.Cut(image, "/")
		if !slash || host != "localhost" && !strings.ContainsAny(host, ".:") {
			path = image
		}
		return !strings.ContainsAny(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}),
	"include must be a regular expression as RE2 has it":                                        judgedBySelector,
	"exclude must hold regular expressions as RE2 has them":                                     judgedBySelector,
	"interval must be a duration of at least 5s, such as 30s or 5m":                             duration(5*time.Second, unbounded),
	"timeout must be a duration from 1s to 1h, such as 60s":                                     duration(time.Second, time.Hour),
	"minimumAge must be a duration of at most 8760h, such as 30m or 24h":                        duration(0, 8760*time.Hour),
	"select needs exactly one of semver, numerical, alphabetical and digest":                    oneOf("semver", "numerical", "alphabetical", "digest"),
	"extract needs include: it names groups of that expression":                                 needs("extract", "include"),
	"a target needs exactly one of applicationRef and repositoryRef":                            oneOf("applicationRef", "repositoryRef"),
	"a target with repositoryRef needs file: only an Application has value files to default to": needs("repositoryRef", "file"),
	"a target needs at least one of tag, digest, repository and image: the key path to write that part to": object(func(target fields) bool {
		return target.count("tag", "digest", "repository", "image") > 0
	}),
	"tag, digest, repository and image must be different key paths: one value can't hold two parts": object(func(target fields) bool {
		var paths []any
		for _, part := range []string{"tag", "digest", "repository", "image"} {
			if path, ok := target[part]; ok {
				if slices.Contains(paths, path) {
					return false
				}
				paths = append(paths, path)
			}
		}
		return true
	}),
	"file must be a relative path inside the repository, without .. and .git": text(func(file string) bool {
		return !strings.HasPrefix(file, "/") && !slices.ContainsFunc(strings.Split(file, "/"), func(part string) bool {
			return part == ".." || part == ".git"
		})
	}),
	"with select.digest each target needs digest or image: the tag alone never changes": object(func(spec fields) bool {
		targets, _ := spec["targets"].([]any)
		return spec.below("select").count("digest") == 0 || !slices.ContainsFunc(targets, func(target any) bool {
			return fieldsOf(target).count("digest", "image") == 0
		})
	}),
	"onMutation: Commit needs a target with digest: a digest that is written nowhere can't change": object(func(spec fields) bool {
		targets, _ := spec["targets"].([]any)
		return spec["onMutation"] != "Commit" || spec.below("select").count("digest") == 1 || slices.ContainsFunc(targets, func(target any) bool {
			return fieldsOf(target).count("digest") == 1
		})
	}),
	"tags.extract has no use with select.digest, which compares nothing: remove it": object(func(spec fields) bool {
		return spec.below("select").count("digest") == 0 || spec.below("tags").count("extract") == 0
	}),
	"pin and select.digest exclude each other: set select.digest.tag": object(func(spec fields) bool {
		return spec.below("select").count("digest") == 0 || spec.count("pin") == 0
	}),
}

// fields are those of an object.
type fields map[string]any

func fieldsOf(value any) fields {
	object, _ := value.(map[string]any)
	return object
}

// below are the fields of an object in the object.
func (f fields) below(name string) fields { return fieldsOf(f[name]) }

// count is how many of the fields there are.
func (f fields) count(names ...string) (n int) {
	for _, name := range names {
		if _, ok := f[name]; ok {
			n++
		}
	}
	return n
}

func text(holds func(string) bool) func(any) bool {
	return func(value any) bool {
		text, ok := value.(string)
		return ok && holds(text)
	}
}

func object(holds func(fields) bool) func(any) bool {
	return func(value any) bool { return holds(fieldsOf(value)) }
}

// judgedBySelector leaves a rule to choice.Selector, which is asked afterwards and says what is wrong with an expression.
func judgedBySelector(any) bool { return true }

// unbounded is more than any duration of a spec.
const unbounded = time.Duration(1<<63 - 1)

var durationForm = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)

func duration(least, most time.Duration) func(any) bool {
	return text(func(text string) bool {
		d, err := time.ParseDuration(text)
		return err == nil && durationForm.MatchString(text) && d >= least && d <= most
	})
}

// oneOf holds for an object with exactly one of the fields.
func oneOf(names ...string) func(any) bool {
	return object(func(f fields) bool { return f.count(names...) == 1 })
}

// needs holds for an object that has the one field only beside the other.
func needs(name, other string) func(any) bool {
	return object(func(f fields) bool { return f.count(name) == 0 || f.count(other) == 1 })
}
