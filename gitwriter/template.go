package gitwriter

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"
)

const (
	// maxTemplate bounds a template's source, maxMessage the text that it makes.
	maxTemplate = 8 << 10
	maxMessage  = 16 << 10
)

// allowedFunctions are all that a template may call: those of text/template that compare and choose. What formats or calls is
// left out, since a format's width can make any amount of text.
func allowedFunctions() []string {
	return []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "slice"}
}

// templateName is what text/template calls it in its errors.
const templateName = "message"

// MessageTemplate words commit messages in place of the default. It is safe for concurrent use.
type MessageTemplate struct {
	source   string
	compiled *template.Template
}

// ParseMessageTemplate compiles a Go text/template over MessageData. The empty string is the default message. It may use
// if, with, range over .Changes (not nested), variables, and the functions and, or, not, eq, ne, lt, le, gt, ge, len, index,
// slice; nothing else, so that neither its time nor its output can run away. The trailers are added behind what it makes.
// Errors are *TemplateError.
func ParseMessageTemplate(s string) (*MessageTemplate, error) {
	if s == "" {
		return &MessageTemplate{}, nil
	}
	if len(s) > maxTemplate {
		return nil, &TemplateError{Message: fmt.Sprintf("it is longer than %d bytes", maxTemplate)}
	}
	trees, err := parseTemplate(s)
	if err != nil {
		return nil, syntaxError(s, err)
	}
	if len(trees) != 1 || trees[templateName] == nil {
		return nil, &TemplateError{Message: "it must have text, and define no other templates"}
	}
	if err := (checker{source: s}).node(trees[templateName].Root, false); err != nil {
		return nil, err
	}
	compiled, err := template.New(templateName).Option("missingkey=error").AddParseTree(templateName, trees[templateName])
	if err != nil {
		return nil, &TemplateError{Message: err.Error(), Err: err}
	}
	t := &MessageTemplate{source: s, compiled: compiled}
	// A field that doesn't exist shows only when it is executed.
	if _, err := t.execute(exampleData()); err != nil {
		return nil, err
	}
	return t, nil
}

// parseTemplate reads a template's source, with the functions that it may call.
func parseTemplate(source string) (map[string]*parse.Tree, error) {
	known := map[string]any{}
	for _, function := range allowedFunctions() {
		known[function] = struct{}{}
	}
	return parse.Parse(templateName, source, "", "", known)
}

// exampleData has every field set, so that all branches that test for one are taken.
func exampleData() MessageData {
	d := MessageData{
		Policy: "fairlead/www", Name: "www", Application: "webhooks", Image: "registry.example.com/www", Tag: "v1.0.36",
		Digest: "sha256:" + strings.Repeat("0", 64), Reason: "semver >=1.0.0, newest of 42 tags", From: "v1.0.35", To: "v1.0.36",
	}
	d.Changes = []MessageChange{{
		File: "values.yaml", Path: "www.tag", Application: d.Application, Part: string(PartTag), From: d.From, To: d.To,
		Digest: d.Digest, Reason: d.Reason,
	}}
	return d
}

// checker walks through a template.
type checker struct{ source string }

// node refuses what could make a template run for long: loops over anything but .Changes, loops in loops, and
// templates that call templates.
func (c checker) node(n parse.Node, looping bool) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := c.node(child, looping); err != nil {
				return err
			}
		}
		return nil
	case *parse.IfNode:
		return c.branch(n.BranchNode, looping)
	case *parse.WithNode:
		return c.branch(n.BranchNode, looping)
	case *parse.RangeNode:
		if over := rangeOver(n.Pipe); looping || (over != ".Changes" && over != "$.Changes") {
			return c.refuse(n, "range is only possible over .Changes, and not inside another range")
		}
		return c.branch(n.BranchNode, true)
	case *parse.TemplateNode:
		return c.refuse(n, "it must not call templates")
	default:
		return nil
	}
}

func (c checker) branch(n parse.BranchNode, looping bool) error {
	if err := c.node(n.List, looping); err != nil {
		return err
	}
	return c.node(n.ElseList, looping)
}

// refuse is the error about a node.
func (c checker) refuse(n parse.Node, problem string) error {
	return templateErrorAt(c.source, int(n.Position()), problem, nil)
}

func rangeOver(pipe *parse.PipeNode) string {
	if len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return ""
	}
	return pipe.Cmds[0].Args[0].String()
}

// execute makes the message without its trailers.
func (t *MessageTemplate) execute(d MessageData) (string, error) {
	out := &boundedText{}
	if err := t.compiled.Execute(out, d); err != nil {
		return "", executionError(t.source, err)
	}
	text := tidyMessage(out.text.String())
	if text == "" {
		return "", &TemplateError{Message: "it makes an empty message"}
	}
	return text, nil
}

var errMessageTooLong = fmt.Errorf("it makes more than %d bytes", maxMessage)

type boundedText struct{ text strings.Builder }

func (b *boundedText) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > maxMessage {
		return 0, errMessageTooLong
	}
	return b.text.Write(p)
}

// tidyMessage makes a text a commit message: no control characters, no white space at the ends of lines or around it, the
// subject on a line of its own. Lines that Git would take for the end of the message (a patch's "---", a scissors line) are
// moved in by a space, for else the trailers behind them would be lost.
func tidyMessage(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "�")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.Map(func(r rune) rune {
			if r != '\t' && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)) {
				return -1
			}
			return r
		}, line)
		line = strings.TrimRight(line, " \t")
		if strings.HasPrefix(line, "---") || strings.HasPrefix(line, "#") {
			line = " " + line
		}
		lines[i] = line
	}
	lines = slices.CompactFunc(lines, func(a, b string) bool { return a == "" && b == "" })
	text = strings.Trim(strings.Join(lines, "\n"), "\n")
	subject, body, found := strings.Cut(text, "\n")
	if found && !strings.HasPrefix(body, "\n") {
		return subject + "\n\n" + body
	}
	return text
}
