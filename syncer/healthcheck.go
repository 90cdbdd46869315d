package syncer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// maxCost bounds an evaluation, in CEL's own units: about one for each value that is touched.
	maxCost = 1_000_000
	// maxEvaluation bounds it in time, and costInterval is after how many iterations that is looked at.
	maxEvaluation = 100 * time.Millisecond
	costInterval  = 100
)

// HealthCheck tells the health of a kind by CEL expressions over the object, which is called `self`. Expressions that are
// empty are never true.
type HealthCheck struct {
	// APIVersion and Kind of the objects.
	APIVersion, Kind string
	// Degraded, Suspended, Progressing and Healthy are asked in this order, the first that is true counts.
	Healthy, Progressing, Suspended, Degraded string
	// Message gives a string for what isn't healthy.
	Message string
}

// HealthChecks are compiled expressions. The zero value has none, and is ready to use; they are safe for concurrent use.
type HealthChecks struct {
	checks map[schema.GroupVersionKind]compiledCheck
}

// compiledCheck is one check: the words in the order in which they are asked.
type compiledCheck struct {
	words   []compiledWord
	message *expression
}

type compiledWord struct {
	*expression

	status HealthStatus
}

// expression is one expression, ready to be evaluated.
type expression struct{ cel.Program }

// HealthCheckError says what is wrong with an expression. Only another expression can help.
type HealthCheckError struct {
	// Field is the place in the spec: `healthChecks[0].healthy`.
	Field string
	// Problem is the compiler's message, on one line.
	Problem string
}

// Error implements error.
func (e *HealthCheckError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Problem) }

// Terminal reports true: the same expression is wrong again.
func (e *HealthCheckError) Terminal() bool { return true }

// CompileHealthChecks compiles expressions (Common Expression Language, https://cel.dev). The error is a
// *HealthCheckError that names the field.
func CompileHealthChecks(checks []HealthCheck) (HealthChecks, error) {
	if len(checks) == 0 {
		return HealthChecks{}, nil
	}
	env, err := cel.NewEnv(cel.Variable("self", cel.DynType), cel.OptionalTypes(), ext.Strings())
	if err != nil {
		return HealthChecks{}, fmt.Errorf("make the environment of health checks: %w", err)
	}
	compiled := HealthChecks{checks: make(map[schema.GroupVersionKind]compiledCheck, len(checks))}
	for i, check := range checks {
		field := fmt.Sprintf("healthChecks[%d].", i)
		gv, err := schema.ParseGroupVersion(check.APIVersion)
		if err != nil {
			return HealthChecks{}, &HealthCheckError{Field: field + "apiVersion", Problem: err.Error()}
		}
		made, err := compileCheck(env, field, check)
		if err != nil {
			return HealthChecks{}, err
		}
		compiled.checks[gv.WithKind(check.Kind)] = made
	}
	return compiled, nil
}

func compileCheck(env *cel.Env, field string, check HealthCheck) (compiledCheck, error) {
	var made compiledCheck
	for _, word := range []struct {
		name, expression string
		status           HealthStatus
	}{
		{"degraded", check.Degraded, Degraded},
		{"suspended", check.Suspended, Suspended},
		{"progressing", check.Progressing, Progressing},
		{"healthy", check.Healthy, Healthy},
	} {
		if word.expression == "" {
			continue
		}
		compiled, err := compileExpression(env, field+word.name, word.expression, cel.BoolType)
		if err != nil {
			return compiledCheck{}, err
		}
		made.words = append(made.words, compiledWord{expression: compiled, status: word.status})
	}
	if check.Message == "" {
		return made, nil
	}
	var err error
	made.message, err = compileExpression(env, field+"message", check.Message, cel.StringType)
	return made, err
}

func compileExpression(env *cel.Env, field, text string, result *cel.Type) (*expression, error) {
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, &HealthCheckError{Field: field, Problem: strings.Join(strings.Fields(issues.Err().Error()), " ")}
	}
	if found := ast.OutputType(); !found.IsExactType(result) && !found.IsExactType(cel.DynType) {
		return nil, &HealthCheckError{Field: field, Problem: fmt.Sprintf("it gives a %s, and must give a %s", found, result)}
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(costInterval))
	if err != nil {
		return nil, &HealthCheckError{Field: field, Problem: err.Error()}
	}
	return &expression{program}, nil
}

// HealthOf is the health of an object, nil if it isn't there: by the check for its kind where there is one, else as the
// function HealthOf tells it. What is missing, or on its way out, needs no expression.
func (c HealthChecks) HealthOf(id ID, live *unstructured.Unstructured) Health {
	check, ok := c.checks[id.GroupVersionKind()]
	if !ok || live == nil || live.GetDeletionTimestamp() != nil {
		return HealthOf(id, live)
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxEvaluation)
	defer cancel()
	self := map[string]any{"self": live.Object}
	var problem error
	for _, word := range check.words {
		value, _, err := word.ContextEval(ctx, self)
		switch {
		case err != nil:
			// Fields that nobody has written yet are the normal state of an object that was just made.
			problem = err
		case value == types.True && word.status == Healthy:
			return Health{Status: Healthy}
		case value == types.True:
			return Health{Status: word.status, Message: fmt.Sprintf("%s %s", id, check.told(ctx, word.status, self))}
		}
	}
	if problem != nil {
		return Health{Status: Progressing, Message: fmt.Sprintf("%s isn't as its health check expects: %s", id, bounded(problem.Error()))}
	}
	return Health{Status: Progressing, Message: fmt.Sprintf("%s isn't healthy by its health check", id)}
}

// told is the check's own message, or the word itself.
func (c compiledCheck) told(ctx context.Context, status HealthStatus, self map[string]any) string {
	if c.message != nil {
		var value ref.Val
		var err error
		if value, _, err = c.message.ContextEval(ctx, self); err == nil {
			if text, ok := value.Value().(string); ok && text != "" {
				return "is " + strings.ToLower(string(status)) + ": " + bounded(text)
			}
		}
	}
	return "is " + strings.ToLower(string(status))
}
