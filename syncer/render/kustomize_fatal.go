package render

import (
	"io"
	"log"
	"runtime"
	"strings"
)

// survive keeps kustomize from ending the process, until the returned function is called: its library calls log.Fatal on
// some objects that it didn't expect, such as a ConfigMap with an empty key, and anybody can write one. What else it logs
// is dropped.
//
// That is done by standing in for the output of the standard logger, which is written to before the process is ended. Lines
// of others go where they went.
func survive() (done func()) {
	previous := log.Writer()
	log.SetOutput(survivor{others: previous})
	return func() { log.SetOutput(previous) }
}

// survivor is the output of the standard logger while kustomize runs.
type survivor struct{ others io.Writer }

// maxFrames is how far up the caller is looked for.
const maxFrames = 16

// Write panics if kustomize is about to end the process.
func (s survivor) Write(line []byte) (int, error) {
	callers := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for fatal, more := false, true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		fatal = fatal || strings.HasPrefix(frame.Function, "log.Fatal")
		if !strings.HasPrefix(frame.Function, "sigs.k8s.io/kustomize/") {
			continue
		}
		if fatal {
			panic(strings.TrimSpace(strings.TrimLeft(string(line), "0123456789/:. "))) // without the time, which isn't the same again
		}
		return len(line), nil
	}
	return s.others.Write(line) //nolint:wrapcheck // it stands in for it
}
