package selection

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxKeyLength bounds what is made of one tag: a group can be named often.
const maxKeyLength = 256

// example is the expression that messages show.
const example = "^main-(?P<ts>[0-9]+)$"

// reference is a group in a template, or what stands for a dollar sign: "$ts", "${ts}", "$1", "$$". As in Go's
// regexp.Expand, a name without braces is as long as it can be.
var reference = regexp.MustCompile(`\$(?:([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\}|(\$))?`)

// template makes what is compared from the groups of an expression.
type template []piece

// piece is a part of a template.
type piece struct {
	// literal is text as it is; it is used where group is negative.
	literal string
	group   int
}

// newTemplate parses a template for the groups of an expression.
func newTemplate(written string, include *matcher) (template, error) {
	const field = "tags.extract"
	if len(written) > maxExpression {
		return nil, refuse(field, "%s has %d characters, %d are allowed: shorten it", field, len(written), maxExpression)
	}
	var made template
	end, groups := 0, 0
	for _, at := range reference.FindAllStringSubmatchIndex(written, -1) {
		made = made.literal(written[end:at[0]])
		end = at[1]
		var name string
		switch {
		case at[2] >= 0:
			name = written[at[2]:at[3]]
		case at[4] >= 0:
			name = written[at[4]:at[5]]
		case at[6] >= 0:
			made = made.literal("$")
			continue
		default:
			return nil, refuse(field, `%s %q has a "$" that names no group: write "$$" for a dollar sign`, field, written)
		}
		group := groupOf(include.compiled, name)
		if group < 0 {
			return nil, refuse(field, "%s %q names the group %q, which tags.include %q doesn't have: it has %s", field, written, name, include.written, groupsOf(include.compiled))
		}
		made = append(made, piece{group: group})
		groups++
	}
	if groups == 0 {
		return nil, refuse(field, "%s %q names no group of tags.include %q, so that all tags would be equal: it has %s", field, written, include.written, groupsOf(include.compiled))
	}
	return made.literal(written[end:]), nil
}

// literal adds text as it is.
func (t template) literal(text string) template {
	if text == "" {
		return t
	}
	return append(t, piece{literal: text, group: -1})
}

// groupOf finds a group by name or number; negative if there is none.
func groupOf(compiled *regexp.Regexp, name string) int {
	if !isNumber(name) || hasLeadingZero(name) {
		return compiled.SubexpIndex(name)
	}
	group, err := strconv.Atoi(name)
	if err != nil || group > compiled.NumSubexp() {
		return -1
	}
	return group
}

// groupsOf lists the groups of an expression for a message.
func groupsOf(compiled *regexp.Regexp) string {
	var groups []string
	for i, name := range compiled.SubexpNames() {
		switch {
		case i == 0:
		case name == "":
			groups = append(groups, fmt.Sprintf("$%d", i))
		default:
			groups = append(groups, "$"+name)
		}
	}
	if len(groups) == 0 {
		return `none: put what is compared in parentheses, as in "` + example + `"`
	}
	return strings.Join(groups, ", ")
}

// expand makes what is compared of a tag; groups are the bounds that the expression found. A single group costs no memory.
func (t template) expand(tag string, groups []int) (string, why) {
	if len(t) == 1 {
		return group(tag, groups, t[0].group), placed
	}
	var buffer [maxKeyLength]byte
	made := buffer[:0]
	for _, p := range t {
		text := p.literal
		if p.group >= 0 {
			text = group(tag, groups, p.group)
		}
		if len(made)+len(text) > maxKeyLength {
			return "", whyLongKey
		}
		made = append(made, text...)
	}
	return string(made), placed
}

// group is the text of one group; empty if it took no part in the match.
func group(tag string, groups []int, i int) string {
	if groups[2*i] < 0 {
		return ""
	}
	return tag[groups[2*i]:groups[2*i+1]]
}
