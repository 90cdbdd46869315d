// Package e2e_test tells what Fairlead does in transcripts, on real parts: an API server, a registry, a Git server and the
// built controller with the rights that it ships with. testdata/*.txtar are the transcripts; git and kubectl are asked
// what came of them.
//
// It knows what users see: Git, the registry, objects, the controller as a process and its log. It must never know the
// inside of the controller.
package e2e_test

import (
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fairlead/fairlead/e2e/stack"
)

var (
	update   = flag.Bool("update", false, "write what the commands print into the transcripts that compare it with a file")
	patience = flag.Duration("patience", 45*time.Second, "how long one command of a transcript may take")
)

// TestScenarios runs the transcripts one after the other on one stack: each begins and ends without objects.
func TestScenarios(t *testing.T) {
	var progress io.Writer
	if testing.Verbose() {
		progress = os.Stderr
	}
	// At the level of debug there is most that could hold a password.
	s, err := stack.Start(t.Context(), stack.Options{Controller: true, Race: true, Log: progress, ControllerArgs: []string{"--log-level=debug"}})
	if err != nil {
		t.Fatal(err)
	}
	suite := &suite{stack: s}
	t.Cleanup(func() {
		if err := suite.leave(); err != nil {
			t.Error(err)
		}
		if err := s.Terminate(); err != nil {
			t.Error(err)
		}
		suite.checkLog(t.Errorf)
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	testscript.RunT(serial{t}, testscript.Params{
		Dir: "testdata", Setup: suite.begin, Cmds: suite.commands(), Condition: condition(suite),
		UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
	})
}

// serial has testscript run the scenarios one after the other.
type serial struct{ *testing.T }

// Parallel does nothing.
func (serial) Parallel() {}

// Run runs one scenario.
func (s serial) Run(name string, scenario func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { scenario(serial{t}) })
}

// Verbose is true where the whole transcript should be printed, not only that of failures.
func (serial) Verbose() bool { return testing.Verbose() }
