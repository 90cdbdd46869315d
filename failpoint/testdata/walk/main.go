// Command walk reaches every step three times, and sends a body in between.
package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/fairlead/fairlead/failpoint"
)

func main() {
	for range 3 {
		for _, step := range failpoint.Steps() {
			fmt.Println(step)
			if step != failpoint.DuringPush {
				failpoint.Reach(step)
				continue
			}
			body, err := io.ReadAll(failpoint.Halfway(step, io.NopCloser(strings.NewReader("abcdef")), 6))
			fmt.Println(string(body), err)
		}
	}
}
