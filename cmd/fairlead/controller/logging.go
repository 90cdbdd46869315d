package controller

import (
	"io"

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
	return zap.New(zap.WriteTo(to), zap.Level(logLevels()[o.LogLevel]), zap.StacktraceLevel(zapcore.DPanicLevel), logFormats()[o.LogFormat])
}
