package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		options controllerOptions
		want    string
	}{
		"Good":      {reason: "the defaults", options: controllerOptions{concurrency: 8, namespace: "fairlead", metricsAddress: ":8080", healthAddress: ":8081", webhookAddress: ":9292"}},
		"BothOff":   {reason: "two servers that don't run share nothing", options: controllerOptions{concurrency: 8, namespace: "fairlead", metricsAddress: "0", healthAddress: "0", webhookAddress: "0"}},
		"Namespace": {reason: "a namespace has a form", options: controllerOptions{concurrency: 8, namespace: "Not_One"}, want: `--namespace "Not_One" is no name of a namespace: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`},
		"SamePort":  {reason: "one port serves one thing", options: controllerOptions{concurrency: 8, namespace: "fairlead", metricsAddress: ":8080", healthAddress: ":8080", webhookAddress: "0"}, want: "--metrics-address and --health-address are both :8080: give one of them another port, or 0"},
		"NoRequests": {
			reason:  "without a request nothing is ever found",
			options: controllerOptions{namespace: "fairlead"},
			want:    "--registry-concurrency is 0: at least one request must be allowed",
		},
		"NegativeRate": {
			reason:  "less than none can't be sent",
			options: controllerOptions{concurrency: 8, rate: -1, namespace: "fairlead"},
			want:    "--registry-rate is -1: it must be 0 or more",
		},
		"NegativeWindow": {
			reason:  "nothing is pushed before it was selected",
			options: controllerOptions{concurrency: 8, window: -time.Second, namespace: "fairlead"},
			want:    "--gathering-window is -1s: it must be between 0 and 1m0s",
		},
		"LongWindow": {
			reason:  "a window is for a burst, not for a schedule",
			options: controllerOptions{concurrency: 8, window: time.Hour, namespace: "fairlead"},
			want:    "--gathering-window is 1h0m0s: it must be between 0 and 1m0s",
		},
		"WebhookPort": {
			reason:  "one port serves one thing, webhooks included",
			options: controllerOptions{concurrency: 8, namespace: "fairlead", metricsAddress: "0", healthAddress: ":8081", webhookAddress: ":8081"},
			want:    "--health-address and --webhook-address are both :8081: give one of them another port, or 0",
		},
		"WebhookAddress": {
			reason:  "a port alone is what people write first",
			options: controllerOptions{concurrency: 8, namespace: "fairlead", metricsAddress: "0", healthAddress: "0", webhookAddress: "9292"},
			want:    `--webhook-address "9292" is no address: write it like :9292, or 0`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tc.options.validate(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
