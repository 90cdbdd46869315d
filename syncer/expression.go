package syncer

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseExpression reads a path expression: the part of jq's language that is a path.
//
//	path      = step { step | "|" ( path | select ) }
//	step      = "." name | "." string | [ "." ] "[" ( string | number )? "]", each with an optional "?"
//	select    = "select(" condition { ( "and" | "or" ) condition } ")"
//	condition = path ( "==" | "!=" ) literal | path "|" ( "startswith" | "endswith" | "test" ) "(" string ")"
//
// `and` binds tighter than `or`. The error names the character, counted from 1.
func parseExpression(text string) (fieldPath, error) {
	p := &pathParser{text: text}
	path := p.path()
	p.space()
	if p.err == nil && p.pos < len(text) {
		p.failf("expected a path, such as .spec.replicas")
	}
	if p.err == nil && len(path) == 0 {
		p.pos = 0
		p.failf("it means the whole object: name a field, such as .spec.replicas")
	}
	if p.err != nil {
		return nil, p.err
	}
	return path, nil
}

// pathParser is a parser at a position of a text. After its first error it does nothing any more.
type pathParser struct {
	text  string
	pos   int
	depth int
	err   error
}

// maxDepth bounds how deep conditions are nested.
const maxDepth = 16

func (p *pathParser) failf(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%q: at character %d: %s", p.text, utf8.RuneCountInString(p.text[:p.pos])+1, fmt.Sprintf(format, args...))
	}
}

func (p *pathParser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// take goes past a word, if that is what comes.
func (p *pathParser) take(word string) bool {
	p.space()
	if p.err != nil || !strings.HasPrefix(p.text[p.pos:], word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *pathParser) expect(word string) {
	if !p.take(word) {
		p.failf("expected %s", word)
	}
}

// path reads steps and what is behind pipes, up to what is neither.
func (p *pathParser) path() fieldPath {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.failf("conditions are nested more than %d deep", maxDepth)
		return nil
	}
	p.space()
	if p.pos >= len(p.text) || p.text[p.pos] != '.' {
		p.failf("expected a path, which starts with a dot")
		return nil
	}
	path := p.steps()
	for p.err == nil {
		before := p.pos
		if !p.take("|") {
			break
		}
		p.space()
		switch {
		case p.take("select("):
			path = append(path, segment{where: p.conditions()})
			p.expect(")")
			p.space()
			path = append(path, p.steps()...) // `select(...).image`, as well as `select(...) | .image`
		case p.pos < len(p.text) && p.text[p.pos] == '.':
			path = append(path, p.steps()...)
		case p.tests():
			p.pos = before
			return path
		default:
			p.failf("expected select(...) or a path")
		}
	}
	return path
}

// steps reads steps without pipes: `.spec.containers[].image`, or only `.`.
func (p *pathParser) steps() fieldPath {
	var path fieldPath
	for p.err == nil && p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '.':
			path = p.dotted(path)
		case c == '[':
			path = append(path, p.brackets())
		case c == '?' && len(path) > 0:
			p.pos++ // nothing that is missing is an error here
		default:
			return path
		}
	}
	return path
}

// dotted reads what stands behind a dot: a name, a string, or nothing before brackets and at the end of a path that is a dot.
func (p *pathParser) dotted(path fieldPath) fieldPath {
	p.pos++
	switch rest := p.text[p.pos:]; {
	case strings.HasPrefix(rest, "["):
		return path
	case strings.HasPrefix(rest, `"`):
		key := p.quoted()
		return append(path, segment{key: &key})
	case strings.HasPrefix(rest, "."):
		p.failf("expected the name of a field")
		return path
	}
	name := p.name()
	if name != "" {
		return append(path, segment{key: &name})
	}
	if len(path) > 0 {
		p.failf("expected the name of a field")
	}
	return path
}

// name reads the name of a field that needs no quotes; empty if there is none.
func (p *pathParser) name() string {
	start := p.pos
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (p.pos == start || c < '0' || c > '9') {
			break
		}
		p.pos++
	}
	return p.text[start:p.pos]
}

// brackets reads `[]`, `[0]`, `[-1]` or `["a.b"]`.
func (p *pathParser) brackets() segment {
	p.pos++
	step := segment{}
	p.space()
	switch {
	case p.pos >= len(p.text):
	case p.text[p.pos] == ']':
		step.each = true
	case p.text[p.pos] == '"':
		key := p.quoted()
		step.key = &key
	default:
		start := p.pos
		for p.pos < len(p.text) && strings.IndexByte("-0123456789", p.text[p.pos]) >= 0 {
			p.pos++
		}
		index, err := strconv.Atoi(p.text[start:p.pos])
		if err != nil {
			p.pos = start
			p.failf("expected ], the position in a list, or a field in quotes")
		}
		step.index = &index
	}
	p.expect("]")
	return step
}

// quoted reads a string as JSON writes it.
func (p *pathParser) quoted() string {
	start := p.pos
	for end := start + 1; end < len(p.text); end++ {
		switch p.text[end] {
		case '\\':
			end++
		case '"':
			var value string
			if err := json.Unmarshal([]byte(p.text[start:end+1]), &value); err != nil {
				p.failf("%s is no string as JSON writes it", p.text[start:end+1])
				return ""
			}
			p.pos = end + 1
			return value
		}
	}
	p.failf("the string doesn't end")
	return ""
}

// conditions reads what stands in a select: groups of `and`, joined by `or`.
func (p *pathParser) conditions() func(any) bool {
	var groups [][]func(any) bool
	for first := true; p.err == nil && (first || p.take("or ")); first = false {
		group := []func(any) bool{p.condition()}
		for p.take("and ") {
			group = append(group, p.condition())
		}
		groups = append(groups, group)
	}
	return func(value any) bool {
		for _, group := range groups {
			holds := true
			for _, condition := range group {
				holds = holds && condition(value)
			}
			if holds {
				return true
			}
		}
		return false
	}
}

// condition reads a comparison of a field with a literal, or a test of a string. One that leads to nothing reads null, as in
// jq.
func (p *pathParser) condition() func(any) bool {
	path := p.path()
	var holds func(any) bool
	switch {
	case p.take("=="):
		literal := p.literal()
		holds = func(value any) bool { return same(value, literal) }
	case p.take("!="):
		literal := p.literal()
		holds = func(value any) bool { return !same(value, literal) }
	case p.take("|"):
		holds = p.test()
	default:
		p.failf(`expected == or != with a value, or | startswith("..."), endswith("...") or test("...")`)
	}
	return func(value any) bool {
		values := path.at(value)
		if len(values) == 0 {
			values = []any{nil}
		}
		return slices.ContainsFunc(values, holds)
	}
}

// same compares a value of an object with a literal: numbers by what they are worth.
func same(value, literal any) bool {
	if whole, ok := value.(int64); ok {
		value = float64(whole)
	}
	return reflect.DeepEqual(value, literal)
}

// literal reads a string, a number, true, false or null.
func (p *pathParser) literal() any {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == '"' {
		return p.quoted()
	}
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n)|", p.text[p.pos]) < 0 {
		p.pos++
	}
	var value any
	if err := json.Unmarshal([]byte(p.text[start:p.pos]), &value); err != nil {
		p.pos = start
		p.failf("expected a string in quotes, a number, true, false or null")
	}
	return value
}

// tests says whether a test of a string comes.
func (p *pathParser) tests() bool {
	for _, name := range []string{"startswith(", "endswith(", "test("} {
		if strings.HasPrefix(p.text[p.pos:], name) {
			return true
		}
	}
	return false
}

// test reads a test of a string.
func (p *pathParser) test() func(any) bool {
	var holds func(value, argument string) bool
	var pattern *regexp.Regexp
	p.space()
	start := p.pos
	switch {
	case p.take("startswith("):
		holds = strings.HasPrefix
	case p.take("endswith("):
		holds = strings.HasSuffix
	case p.take("test("):
		holds = func(value, _ string) bool { return pattern.MatchString(value) }
	default:
		p.failf(`expected startswith("..."), endswith("...") or test("...")`)
		return nil
	}
	argument, err := p.argument()
	if err == nil && strings.HasPrefix(p.text[start:], "test(") {
		pattern, err = regexp.Compile(argument)
	}
	if err != nil {
		p.failf("%v", err)
	}
	p.expect(")")
	return func(value any) bool {
		text, ok := value.(string)
		return ok && holds(text, argument)
	}
}

func (p *pathParser) argument() (string, error) {
	p.space()
	if p.pos >= len(p.text) || p.text[p.pos] != '"' {
		return "", errors.New("expected a string in quotes")
	}
	return p.quoted(), nil
}
