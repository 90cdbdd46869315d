package render

import (
	"context"
	"errors"
	"math"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// errTooMuch ends templates that make lists and texts without end.
var errTooMuch = errors.New("the templates make lists or texts that are too long")

// bounded are the template functions that turn a small number into a long list or text. They are Helm's, with a bound on
// what they make in all, and they end once the rendering has been given up.
//
// A template can still waste time and memory in other ways (the engine can't be interrupted); what this stops is the
// single call that takes the whole process down.
func bounded(ctx context.Context) template.FuncMap {
	functions := sprig.TxtFuncMap()
	untilStep, _ := functions["untilStep"].(func(start, stop, step int) []int)
	until, _ := functions["until"].(func(count int) []int)
	seq, _ := functions["seq"].(func(params ...int) string)
	repeat, _ := functions["repeat"].(func(count int, text string) string)
	items := &purse{ctx: ctx, left: maxItems}
	limited := template.FuncMap{
		"until": func(count int) ([]int, error) {
			return paid(items, length(0, count, 1), func() []int { return until(count) })
		},
		"untilStep": func(start, stop, step int) ([]int, error) {
			return paid(items, length(start, stop, step), func() []int { return untilStep(start, stop, step) })
		},
		"seq": func(params ...int) (string, error) {
			return paid(items, lengthOfSeq(params), func() string { return seq(params...) })
		},
		"repeat": func(count int, text string) (string, error) {
			return paid(items, float64(count)*float64(len(text)), func() string { return repeat(count, text) })
		},
	}
	items.limitRandom(limited, functions)
	// Indenting is what charts do most: it has as much as the whole output may have.
	(&purse{ctx: ctx, left: maxOutput}).limitIndents(limited, functions)
	return limited
}

// purse holds what the functions may still make. One goroutine executes the templates.
type purse struct {
	ctx  context.Context //nolint:containedctx // the engine calls functions without one
	left float64
}

// limitIndents adds the functions that put spaces before each line.
func (p *purse) limitIndents(limited, functions template.FuncMap) {
	for _, name := range []string{"indent", "nindent"} {
		indent, _ := functions[name].(func(spaces int, text string) string)
		limited[name] = func(spaces int, text string) (string, error) {
			lines := 1 + strings.Count(text, "\n")
			return paid(p, float64(spaces)*float64(lines), func() string { return indent(spaces, text) })
		}
	}
}

// limitRandom adds the functions that make random texts.
func (p *purse) limitRandom(limited, functions template.FuncMap) {
	for _, name := range []string{"randAlphaNum", "randAlpha", "randAscii", "randNumeric"} {
		random, _ := functions[name].(func(count int) string)
		limited[name] = func(count int) (string, error) {
			return paid(p, float64(count), func() string { return random(count) })
		}
	}
	randBytes, _ := functions["randBytes"].(func(count int) (string, error))
	limited["randBytes"] = func(count int) (string, error) {
		if _, err := paid(p, float64(count), func() string { return "" }); err != nil {
			return "", err
		}
		return randBytes(count)
	}
}

// paid calls a function that makes so many items or bytes.
func paid[T any](p *purse, items float64, function func() T) (T, error) {
	var none T
	if p.left -= 1 + max(0, items); p.left < 0 {
		return none, errTooMuch
	}
	if err := p.ctx.Err(); err != nil {
		return none, err
	}
	return function(), nil
}

// length is about how many numbers there are from start to stop.
func length(start, stop, step int) float64 {
	return math.Abs(float64(stop)-float64(start)) / max(1, math.Abs(float64(step)))
}

// lengthOfSeq is about how many numbers seq makes of (end), (start, end) or (start, step, end).
func lengthOfSeq(params []int) float64 {
	switch len(params) {
	case 1:
		return length(1, params[0], 1)
	case 2:
		return length(params[0], params[1], 1)
	case 3:
		return length(params[0], params[2], params[1])
	}
	return 0
}
