package status_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/controllers/status"
)

func TestLoggers(t *testing.T) {
	t.Parallel()
	_, retried := status.Result(errors.New("down"), time.Minute)
	_, stalled := status.Result(classified{terminal: true}, time.Minute)
	request := &reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "fairlead", Name: "www"}}
	cases := map[string]struct {
		reason  string
		request *reconcile.Request
		level   zapcore.Level
		err     error
		want    string
	}{
		"Itself":  {reason: "what controller-runtime tells of itself is for debugging", level: zapcore.InfoLevel},
		"Debug":   {reason: "and is there then", level: zapcore.DebugLevel, want: `{"level":"debug","logger":"imagepolicy","msg":"said"}` + "\n"},
		"Object":  {reason: "the object is named once, and the number of the reconciliation isn't", request: request, want: `{"level":"info","logger":"imagepolicy","msg":"said","imagePolicy":"fairlead/www"}` + "\n"},
		"Retried": {reason: "a retry is silent: that it fails was told", request: request, err: retried},
		"Stalled": {reason: "so is an error that waits for a change", request: request, err: stalled},
		"Other":   {reason: "an error that no status tells of is told", request: request, err: errors.New("conflict"), want: `{"level":"error","logger":"imagepolicy","msg":"said","imagePolicy":"fairlead/www","error":"conflict"}` + "\n"},
		"Ending":  {reason: "that the process ends is nobody's fault", request: request, err: fmt.Errorf("write the status: %w", context.Canceled)},
		"Both": {
			reason: "a retry can be looked at", request: request, err: retried, level: zapcore.DebugLevel,
			want: `{"level":"debug","logger":"imagepolicy","msg":"said","imagePolicy":"fairlead/www","error":"down"}` + "\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			base := zap.New(zap.WriteTo(&out), zap.Level(tc.level), zap.StacktraceLevel(zapcore.DPanicLevel),
				zap.JSONEncoder(func(config *zapcore.EncoderConfig) { config.TimeKey = "" }))
			logger := status.Loggers(base, "imagepolicy", "imagePolicy")(tc.request).WithValues("reconcileID", "e9a1")
			if tc.request == nil {
				logger = status.Loggers(base, "imagepolicy", "imagePolicy")(nil)
			}
			if tc.err != nil {
				logger.Error(tc.err, "said")
			} else {
				logger.Info("said")
			}
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFailing(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		err    error
		want   string
	}{
		"Terminal": {reason: "somebody has to act", err: classified{terminal: true}, want: `{"level":"error","msg":"stalled","reason":"Why","error":"failed"}` + "\n"},
		"Passing":  {reason: "it may pass", err: errors.New("down"), want: `{"level":"info","msg":"failing, and tried again","reason":"Why","error":"down"}` + "\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			status.Failing(zap.New(zap.WriteTo(&out), zap.StacktraceLevel(zapcore.DPanicLevel),
				zap.JSONEncoder(func(config *zapcore.EncoderConfig) { config.TimeKey = "" })), tc.err, "reason", "Why")
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
