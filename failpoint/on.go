//go:build failpoint

package failpoint

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// WriteBuffer is so small that what was read of a request's body is on its way: with the usual 4 KiB, a whole push waits in
// the buffer until its last byte is there.
const WriteBuffer = 16

// planned is where and when this process ends.
//
//nolint:gochecknoglobals // It is the process that is killed.
var (
	planned = sync.OnceValue(plan)
	reached atomic.Int64
)

// plan reads the Variable. One that can't be read ends the process, so that no test passes for want of a kill.
func plan() (at struct {
	step Step
	hit  int64
},
) {
	value := os.Getenv(Variable)
	if value == "" {
		return at
	}
	step, hit, _ := strings.Cut(value, ":")
	n, err := strconv.ParseInt(hit, 10, 64)
	if err != nil || n < 1 {
		panic(fmt.Sprintf("%s is %q: write it like %s:1", Variable, value, BeforeEdit))
	}
	at.step, at.hit = Step(step), n
	return at
}

// Reach says that the process has come to a step, and doesn't return if it is to be killed there.
func Reach(step Step) {
	if at := planned(); at.step != step || reached.Add(1) != at.hit {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // The signal is under way.
}

// Halfway gives a body of size bytes that reaches the step when the first half of it was read, and more is asked for.
func Halfway(step Step, body io.ReadCloser, size int64) io.ReadCloser {
	return &halfway{ReadCloser: body, step: step, left: size / 2}
}

type halfway struct {
	io.ReadCloser

	step Step
	left int64
	done bool
}

func (h *halfway) Read(p []byte) (int, error) {
	if h.left == 0 {
		if !h.done {
			h.done = true
			Reach(h.step)
		}
		return h.ReadCloser.Read(p)
	}
	n, err := h.ReadCloser.Read(p[:min(int64(len(p)), h.left)])
	h.left -= int64(n)
	return n, err
}
