package controller

import (
	"bytes"
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestElectionLog has the leader election tell of the same error again and again, as it does each second.
func TestElectionLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := (&Options{LogLevel: "info", LogFormat: "json"}).logger(&log)
	elected, other := logger.WithName(election), logger.WithName("other").WithValues("key", 1)
	down, refused := errors.New("down"), errors.New("refused")
	for range 3 {
		elected.Error(down, "try", "lock", "a")
		other.Error(down, "try")
	}
	elected.Error(refused, "try")
	elected.Error(refused, "give up")
	elected.Info("leads")
	elected.Error(refused, "give up")
	const (
		others = `{"level":"error","logger":"other","msg":"try","key":1,"error":"down"}` + "\n"
		want   = `{"level":"error","logger":"leaderelection","msg":"try","lock":"a","error":"down"}` + "\n" + others + others + others +
			`{"level":"error","logger":"leaderelection","msg":"try","error":"refused"}` + "\n" +
			`{"level":"error","logger":"leaderelection","msg":"give up","error":"refused"}` + "\n" +
			`{"level":"info","logger":"leaderelection","msg":"leads"}` + "\n" +
			`{"level":"error","logger":"leaderelection","msg":"give up","error":"refused"}` + "\n"
	)
	got := regexp.MustCompile(`"ts":"[^"]*",`).ReplaceAllString(log.String(), "")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
