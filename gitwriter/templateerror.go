package gitwriter

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TemplateError says what is wrong with a message template.
type TemplateError struct {
	// Line and Column say where in the template, both counted from 1, columns in characters. They are 0 where it is no place
	// that is wrong, but the whole.
	Line, Column int
	// Message is for a person.
	Message string
	// Err is the cause, if there is one.
	Err error
}

// Error names the template, the place and the problem.
func (e *TemplateError) Error() string {
	if e.Line == 0 {
		return "commit message template: " + e.Message
	}
	return fmt.Sprintf("commit message template: line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Unwrap gives the cause.
func (e *TemplateError) Unwrap() error { return e.Err }

// Terminal reports true: only another template helps.
func (e *TemplateError) Terminal() bool { return true }

// templateErrorAt is the error at an offset of a template's source.
func templateErrorAt(source string, offset int, message string, cause error) *TemplateError {
	before := source[:min(max(offset, 0), len(source))]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return &TemplateError{
		Line: 1 + strings.Count(before, "\n"), Column: 1 + utf8.RuneCountInString(line), Message: message, Err: cause,
	}
}

// What text/template says before its problems, and of Go's types in them.
var (
	parsing    = regexp.MustCompile(`^template: ` + templateName + `:\d+: `)
	inTemplate = regexp.MustCompile(templateName + `:(\d+)`)
	executing  = regexp.MustCompile(`^template: ` + templateName + `:(\d+):(\d+): executing "` + templateName + `" at `)
	ofType     = regexp.MustCompile(` in type \S+`)
)

// syntaxError tells where a template doesn't parse. The parser names a line and no column: it is the first action of which
// the source, cut off behind it, is refused in the same words.
func syntaxError(source string, err error) *TemplateError {
	text := err.Error()
	message := inTemplate.ReplaceAllString(parsing.ReplaceAllString(text, ""), "line $1")
	if strings.HasSuffix(text, ": unexpected EOF") {
		return templateErrorAt(source, len(source), "it ends inside an if, with or range: each of them needs an {{end}}", err)
	}
	var ends []int
	for at := 0; ; {
		next := strings.Index(source[at:], "}}")
		if next < 0 {
			break
		}
		at += next + len("}}")
		ends = append(ends, at)
	}
	first := sort.Search(len(ends), func(i int) bool {
		_, err := parseTemplate(source[:ends[i]])
		return err != nil && err.Error() == text
	})
	if first < len(ends) {
		source = source[:ends[first]]
	}
	return templateErrorAt(source, strings.LastIndex(source, "{{"), message, err)
}

// executionError tells where a template can't be executed.
func executionError(source string, err error) *TemplateError {
	text := err.Error()
	place := executing.FindStringSubmatch(text)
	if place == nil {
		return &TemplateError{Message: strings.TrimPrefix(text, "template: "), Err: err}
	}
	line, _ := strconv.Atoi(place[1]) // The expression has digits only, and of a template that is bounded.
	column, _ := strconv.Atoi(place[2])
	offset := column // text/template counts bytes, from 0.
	for range line - 1 {
		offset += strings.IndexByte(source[offset-column:], '\n') + 1
	}
	return templateErrorAt(source, offset, ofType.ReplaceAllString(strings.TrimPrefix(text, place[0]), ""), err)
}
