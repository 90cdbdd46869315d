package controller

import (
	"fmt"
	"io"
	"sync"

	"github.com/go-logr/logr"
	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// logLevels are the least levels that may be logged.
func logLevels() map[string]zapcore.Level {
	return map[string]zapcore.Level{"error": zapcore.ErrorLevel, "info": zapcore.InfoLevel, "debug": zapcore.DebugLevel}
}

// logFormats are the forms of a line, whose time RFC 3339 has a form for.
func logFormats() map[string]zap.Opts {
	times := func(config *zapcore.EncoderConfig) { config.EncodeTime = zapcore.RFC3339NanoTimeEncoder }
	return map[string]zap.Opts{"json": zap.JSONEncoder(times), "text": zap.ConsoleEncoder(times)}
}

// logger writes lines, as valid options ask for them. An error has no stack trace: where it comes from, its text says.
func (o *Options) logger(to io.Writer) logr.Logger {
	made := zap.New(zap.WriteTo(to), zap.Level(logLevels()[o.LogLevel]), zap.StacktraceLevel(zapcore.DPanicLevel), logFormats()[o.LogFormat])
	return logr.New(namedSink{made.GetSink()})
}

// election is how controller-runtime names the logger of the leader election.
const election = "leaderelection"

// namedSink gives the leader election a sink of its own.
type namedSink struct{ logr.LogSink }

// WithName implements logr.LogSink.
func (s namedSink) WithName(name string) logr.LogSink { //nolint:ireturn // the interface asks for it
	named := s.LogSink.WithName(name)
	if name == election {
		return &newsSink{LogSink: named}
	}
	return namedSink{named}
}

// WithValues implements logr.LogSink.
func (s namedSink) WithValues(keysAndValues ...any) logr.LogSink { //nolint:ireturn // the interface asks for it
	return namedSink{s.LogSink.WithValues(keysAndValues...)}
}

// newsSink leaves out an error that is the one before: the leader election tries every second, and tells of each.
type newsSink struct {
	logr.LogSink

	mu   sync.Mutex
	last string
}

// Error implements logr.LogSink.
func (s *newsSink) Error(err error, message string, keysAndValues ...any) {
	if s.news(fmt.Sprint(message, err)) {
		s.LogSink.Error(err, message, keysAndValues...)
	}
}

// Info implements logr.LogSink.
func (s *newsSink) Info(level int, message string, keysAndValues ...any) {
	s.news("")
	s.LogSink.Info(level, message, keysAndValues...)
}

// news remembers what is told, and says whether it is something else than before.
func (s *newsSink) news(told string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.last
	s.last = told
	return told != before
}
