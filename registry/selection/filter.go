package selection

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

const (
	// maxExpression is the longest regular expression, in bytes.
	maxExpression = 1024
	// maxExclude is how many exclusions a policy may have.
	maxExclude = 256
	// maxInstructions bounds what an expression costs for each character of each tag: repetitions make a short one large.
	maxInstructions = 2048
)

// filter says which tags count, and what of them is compared.
type filter struct {
	exclude []matcher
	// include is nil if every tag is included.
	include *matcher
	// made is what is compared; empty if it is the whole tag.
	made template
}

// newFilter compiles the expressions of a policy.
func newFilter(policy *Policy) (filter, error) {
	var f filter
	if len(policy.Exclude) > maxExclude {
		return f, refuse("tags.exclude", "tags.exclude has %d expressions, %d are allowed: join some by \"|\"", len(policy.Exclude), maxExclude)
	}
	for i, written := range policy.Exclude {
		field := fmt.Sprintf("tags.exclude[%d]", i)
		if written == "" {
			return f, refuse(field, "%s is empty and would hide every tag: remove it", field)
		}
		m, err := newMatcher(field, written)
		if err != nil {
			return f, err
		}
		f.exclude = append(f.exclude, m)
	}
	if policy.Include != "" {
		include, err := newMatcher("tags.include", policy.Include)
		if err != nil {
			return f, err
		}
		f.include = &include
	}
	if policy.Extract == "" {
		return f, nil
	}
	if f.include == nil {
		return f, refuse("tags.extract", "tags.extract %q names groups of tags.include, which isn't set: set it, such as %q", policy.Extract, example)
	}
	made, err := newTemplate(policy.Extract, f.include)
	f.made = made
	return f, err
}

// fingerprint tells filters apart that give different keys.
func (f *filter) fingerprint(policy *Policy) string {
	var b strings.Builder
	for _, part := range append([]string{policy.Include, policy.Extract}, policy.Exclude...) {
		fmt.Fprintf(&b, "%d:%s", len(part), part)
	}
	return b.String()
}

// excludedBy returns the first exclusion that matches a tag, or nil.
func (f *filter) excludedBy(tag string) *matcher {
	for i := range f.exclude {
		if f.exclude[i].match(tag) {
			return &f.exclude[i]
		}
	}
	return nil
}

// extract returns what of a tag is compared, or why nothing is. Exclusions play no part in it, nor does an inclusion from
// which nothing is made.
func (f *filter) extract(tag string) (string, why) {
	if len(f.made) == 0 {
		return tag, placed
	}
	groups := f.include.compiled.FindStringSubmatchIndex(tag)
	if groups == nil {
		return "", whyNotIncluded
	}
	return f.made.expand(tag, groups)
}

// apply returns what of a tag is compared, or why the tag doesn't count.
func (f *filter) apply(tag string) (string, why) {
	switch {
	case f.excludedBy(tag) != nil:
		return "", whyExcluded
	case f.include != nil && len(f.made) == 0 && !f.include.match(tag):
		return "", whyNotIncluded
	default:
		return f.extract(tag)
	}
}

// form is how a matcher decides.
type form int

const (
	// expression asks the regular expression.
	expression form = iota
	// anywhere, prefix, suffix and whole look for a literal.
	anywhere
	prefix
	suffix
	whole
)

// matcher reports whether an expression matches a tag. Most exclusions are a literal at one end, for which comparing
// it costs a tenth of what the expression does.
type matcher struct {
	field    string
	written  string
	compiled *regexp.Regexp
	form     form
	literal  string
}

// newMatcher compiles the expression of a field.
func newMatcher(field, written string) (matcher, error) {
	if len(written) > maxExpression {
		return matcher{}, refuse(field, "%s has %d characters, %d are allowed: shorten it", field, len(written), maxExpression)
	}
	compiled, err := regexp.Compile(written)
	if err != nil {
		why := "it doesn't parse"
		if problem, ok := errors.AsType[*syntax.Error](err); ok {
			why = fmt.Sprintf("%s in %q", problem.Code, problem.Expr)
		}
		return matcher{}, refuse(field, "%s %q: %s: write a regular expression of RE2, such as %q", field, written, why, example)
	}
	if instructions(written) > maxInstructions {
		return matcher{}, refuse(field, "%s %q repeats too much, which makes it slow: write * or + instead of large counts", field, written)
	}
	form, literal := literalOf(written)
	return matcher{field: field, written: written, compiled: compiled, form: form, literal: literal}, nil
}

// match reports whether the expression matches a tag, anywhere in it unless it is anchored.
func (m *matcher) match(tag string) bool {
	switch m.form {
	case anywhere:
		return strings.Contains(tag, m.literal)
	case prefix:
		return strings.HasPrefix(tag, m.literal)
	case suffix:
		return strings.HasSuffix(tag, m.literal)
	case whole:
		return tag == m.literal
	default:
		return m.compiled.MatchString(tag)
	}
}

// instructions is how large an expression is once it is compiled.
func instructions(written string) int {
	parsed, err := syntax.Parse(written, syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return len(program.Inst)
}

// literalOf recognises an expression that is a literal, anchored or not.
func literalOf(written string) (form, string) {
	parsed, err := syntax.Parse(written, syntax.Perl)
	if err != nil {
		return expression, ""
	}
	parts := []*syntax.Regexp{parsed}
	if parsed.Op == syntax.OpConcat {
		parts = parsed.Sub
	}
	found := anywhere
	if parts[0].Op == syntax.OpBeginText && len(parts) > 1 {
		found, parts = prefix, parts[1:]
	}
	if parts[len(parts)-1].Op == syntax.OpEndText && len(parts) > 1 {
		parts = parts[:len(parts)-1]
		if found == prefix {
			found = whole
		} else {
			found = suffix
		}
	}
	if len(parts) != 1 || parts[0].Op != syntax.OpLiteral || parts[0].Flags&syntax.FoldCase != 0 {
		return expression, ""
	}
	literal := string(parts[0].Rune)
	if strings.ContainsRune(literal, utf8.RuneError) {
		// An expression takes any byte that is no UTF-8 for this character.
		return expression, ""
	}
	return found, literal
}
