package explain

import (
	"bytes"
	"io"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Write writes the answer. paint is for people at a terminal and plays no part in JSON and YAML. Whatever the answer holds,
// nothing is written that a terminal would act upon.
func (a *Answer) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	return terminal.Write(to, format, a, func(text *bytes.Buffer) { a.writeText(text, paint) })
}
