package terminal_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

func TestScreenDrawsInPlace(t *testing.T) {
	t.Parallel()
	var to bytes.Buffer
	screen := terminal.NewScreen(&to)
	frames := []struct {
		reason        string
		text          string
		width, height int
		want          string
	}{
		{reason: "the first is simply written", text: "one\ntwo\n", width: 80, height: 24, want: "\rone\x1b[K\n\rtwo\x1b[K\n\x1b[J"},
		{reason: "the next takes its place, and the rest of it away", text: "three\n", width: 80, height: 24, want: "\x1b[2A\rthree\x1b[K\n\x1b[J"},
		{reason: "no line is folded, and colours end", text: "\x1b[31mredder\x1b[0m\n", width: 3, height: 24, want: "\x1b[1A\r\x1b[31mred\x1b[0m\x1b[K\n\x1b[J"},
		{reason: "no line leaves the terminal", text: "1\n2\n3\n4\n5\n", width: 80, height: 4, want: "\x1b[1A\r1\x1b[K\n\r2\x1b[K\n\r… and 3 lines more\x1b[K\n\x1b[J"},
		{reason: "and it is counted right", text: "end\n", width: 80, height: 4, want: "\x1b[3A\rend\x1b[K\n\x1b[J"},
	}
	for _, frame := range frames {
		to.Reset()
		if err := screen.Draw(frame.text, frame.width, frame.height); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(frame.want, to.String()); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", frame.reason, diff)
		}
	}
}
