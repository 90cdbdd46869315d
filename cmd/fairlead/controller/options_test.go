package controller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/fairlead/fairlead/cmd/fairlead/controller"
)

// parse makes options of a command line and an environment, as the command does.
func parse(arguments, environment []string) (options *controller.Options, strangers []string, err error) {
	options = &controller.Options{}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	options.Flags(flags)
	if err := flags.Parse(arguments); err != nil {
		return nil, nil, err
	}
	strangers, err = options.Environment(flags, environment)
	return options, strangers, err
}

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason    string
		arguments string
		want      string
	}{
		"Defaults":  {reason: "what nobody sets works"},
		"Pods":      {reason: "what the chart sets works", arguments: "--leader-elect --metrics-address=:8080 --health-address=:8081 --webhook-address=:9292"},
		"AllOff":    {reason: "servers that don't run share nothing", arguments: "--metrics-address=0 --health-address=0 --webhook-address=0"},
		"Loopbacks": {reason: "two addresses of one machine may have the same port", arguments: "--metrics-address=127.0.0.1:8080 --health-address=127.0.0.2:8080"},
		"Sync":      {reason: "one side by itself", arguments: "--controllers=sync --leader-elect"},
		"Update":    {reason: "the other side by itself, with what it is tuned by", arguments: "--controllers=update --leader-elect --gathering-window=0 --registry-rate=5"},
		"Both":      {reason: "in any order", arguments: "--controllers=sync,update --gathering-window=1s"},
		"Heard":     {reason: "pushes to Git concern the sync side as well", arguments: "--controllers=sync --leader-elect --webhook-address=:9292"},
		"Text":      {reason: "for a person", arguments: "--log-level=debug --log-format=text"},

		"Namespace": {
			reason: "a namespace has a form", arguments: "--namespace=Not_One",
			want: `--namespace "Not_One" is no name of a namespace: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
		},
		"NoSuchSide": {reason: "a typo", arguments: "--controllers=updates", want: `--controllers names "updates": write update, sync, or update,sync`},
		"NoSide":     {reason: "a process that does nothing looks like one that works", arguments: "--controllers=", want: "--controllers is empty, so that nothing would run: write update, sync, or update,sync"},
		"SyncWindow": {
			reason: "a window for pushes that are never made", arguments: "--controllers=sync --leader-elect --gathering-window=5s",
			want: "--gathering-window is about the update side, which --controllers=sync leaves out: leave out --gathering-window, too, or write --controllers=update,sync",
		},
		"SyncRate": {
			reason: "no registry is asked", arguments: "--controllers=sync --leader-elect --registry-rate=0",
			want: "--registry-rate is about the update side, which --controllers=sync leaves out: leave out --registry-rate, too, or write --controllers=update,sync",
		},
		"SyncConcurrency": {
			reason: "no registry is asked", arguments: "--controllers=sync --leader-elect --registry-concurrency=1",
			want: "--registry-concurrency is about the update side, which --controllers=sync leaves out: leave out --registry-concurrency, too, or write --controllers=update,sync",
		},
		"SideWithoutLease": {
			reason: "who follows a branch, the Leases say", arguments: "--controllers=sync",
			want: "--controllers=sync needs --leader-elect: by their Leases the processes of both sides know which one follows the branches",
		},
		"NoRequests":     {reason: "without a request nothing is ever found", arguments: "--registry-concurrency=0", want: "--registry-concurrency is 0: at least one request must be allowed"},
		"NegativeRate":   {reason: "less than none can't be sent", arguments: "--registry-rate=-1", want: "--registry-rate is -1: it must be a number, 0 or more"},
		"NoRate":         {reason: "what every rate is compared with in vain", arguments: "--registry-rate=NaN", want: "--registry-rate is NaN: it must be a number, 0 or more"},
		"EndlessRate":    {reason: "no bound has a number", arguments: "--registry-rate=Inf", want: "--registry-rate is +Inf: it must be a number, 0 or more"},
		"NegativeWindow": {reason: "nothing is pushed before it was selected", arguments: "--gathering-window=-1s", want: "--gathering-window is -1s: it must be between 0 and 1m0s"},
		"LongWindow":     {reason: "a window is for a burst, not for a schedule", arguments: "--gathering-window=1h", want: "--gathering-window is 1h0m0s: it must be between 0 and 1m0s"},
		"Level":          {reason: "a level has a name", arguments: "--log-level=verbose", want: `--log-level "verbose" is none: write debug, error or info`},
		"Format":         {reason: "a form has a name", arguments: "--log-format=xml", want: `--log-format "xml" is none: write json or text`},

		"SamePort":       {reason: "one port serves one thing", arguments: "--metrics-address=:8080 --health-address=:8080", want: "--metrics-address :8080 and --health-address :8080 are one port: give one of them another, or 0 for none"},
		"Everywhere":     {reason: "all addresses have it already", arguments: "--metrics-address=0.0.0.0:8080 --health-address=127.0.0.1:8080", want: "--metrics-address 0.0.0.0:8080 and --health-address 127.0.0.1:8080 are one port: give one of them another, or 0 for none"},
		"WebhookPort":    {reason: "webhooks included", arguments: "--webhook-address=[::]:8081", want: "--health-address 127.0.0.1:8081 and --webhook-address [::]:8081 are one port: give one of them another, or 0 for none"},
		"WebhookAddress": {reason: "a port alone is what people write first", arguments: "--webhook-address=9292", want: `--webhook-address "9292" is no address: write it like :8080 or 127.0.0.1:8080, or 0 for none`},
		"HealthAddress":  {reason: "an empty one would be the port of some library", arguments: "--health-address=", want: `--health-address "" is no address: write it like :8080 or 127.0.0.1:8080, or 0 for none`},
		"AnyPort":        {reason: "nobody would find it", arguments: "--metrics-address=:0", want: `--metrics-address ":0" is no address: write it like :8080 or 127.0.0.1:8080, or 0 for none`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, _, err := parse(strings.Fields(tc.arguments), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, message(options.Validate())); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestValidateVariables has what can't work together come from the environment: who looks for the flag finds it nowhere.
func TestValidateVariables(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason      string
		arguments   []string
		environment []string
		want        string
	}{
		"One": {
			reason: "a variable that the Deployments of both sides share", arguments: []string{"--controllers=sync", "--leader-elect"},
			environment: []string{"FAIRLEAD_REGISTRY_RATE=3", "FAIRLEAD_LOG_LEVEL=debug"},
			want: "--registry-rate is about the update side, which --controllers=sync leaves out: leave out --registry-rate, too, or write --controllers=update,sync " +
				"(FAIRLEAD_REGISTRY_RATE sets --registry-rate)",
		},
		"Two": {
			reason: "each that took part", environment: []string{"FAIRLEAD_METRICS_ADDRESS=:9000", "FAIRLEAD_HEALTH_ADDRESS=:9000"},
			want: "--metrics-address :9000 and --health-address :9000 are one port: give one of them another, or 0 for none " +
				"(FAIRLEAD_HEALTH_ADDRESS sets --health-address, FAIRLEAD_METRICS_ADDRESS sets --metrics-address)",
		},
		"FlagWins": {
			reason: "a variable that doesn't count isn't named", arguments: []string{"--log-level=verbose"}, environment: []string{"FAIRLEAD_LOG_LEVEL=debug"},
			want: `--log-level "verbose" is none: write debug, error or info`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, _, err := parse(tc.arguments, tc.environment)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, message(options.Validate())); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// message is the text of an error; none has none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason      string
		arguments   []string
		environment []string
		change      func(*controller.Options)
		strangers   []string
		wantErr     string
	}{
		"Nothing": {reason: "other programs' variables are theirs", environment: []string{"PATH=/bin", "KUBECONFIG=/x"}, change: func(*controller.Options) {}},
		"Each": {
			reason: "every kind of value",
			environment: []string{
				"FAIRLEAD_METRICS_ADDRESS=:9000", "FAIRLEAD_LEADER_ELECT=true", "FAIRLEAD_REGISTRY_RATE=2.5", "FAIRLEAD_REGISTRY_CONCURRENCY=3",
				"FAIRLEAD_GATHERING_WINDOW=2s", "FAIRLEAD_CONTROLLERS=update",
			},
			change: func(o *controller.Options) {
				o.MetricsAddress, o.LeaderElect, o.RegistryRate, o.RegistryConcurrency = ":9000", true, 2.5, 3
				o.GatheringWindow, o.Controllers = 2*time.Second, []string{"update"}
			},
		},
		"FlagWins": {
			reason: "what is nearer to the process", arguments: []string{"--metrics-address=:9001"}, environment: []string{"FAIRLEAD_METRICS_ADDRESS=:9000"},
			change: func(o *controller.Options) { o.MetricsAddress = ":9001" },
		},
		"Empty": {reason: "templates leave empty ones behind", environment: []string{"FAIRLEAD_METRICS_ADDRESS="}, change: func(*controller.Options) {}},
		"Typos": {
			reason:      "one letter, one word",
			environment: []string{"FAIRLEAD_WEBHOOKS_ADDRESS=:9292", "FAIRLEAD_METRIC_ADDRESS=:9000"}, change: func(*controller.Options) {},
			strangers: []string{
				"FAIRLEAD_METRIC_ADDRESS names no flag and is ignored: did you mean FAIRLEAD_METRICS_ADDRESS?",
				"FAIRLEAD_WEBHOOKS_ADDRESS names no flag and is ignored: did you mean FAIRLEAD_WEBHOOK_ADDRESS?",
			},
		},
		"Services": {
			reason: "Kubernetes sets these for Services named fairlead and fairlead-webhooks",
			environment: []string{
				"FAIRLEAD_SERVICE_HOST=10.0.0.1", "FAIRLEAD_SERVICE_PORT=9292", "FAIRLEAD_SERVICE_PORT_HTTP_METRICS=8080", "FAIRLEAD_PORT=tcp://10.0.0.1:9292",
				"FAIRLEAD_PORT_9292_TCP=tcp://10.0.0.1:9292", "FAIRLEAD_PORT_9292_TCP_PROTO=tcp", "FAIRLEAD_PORT_9292_TCP_PORT=9292", "FAIRLEAD_PORT_9292_TCP_ADDR=10.0.0.1",
				"FAIRLEAD_WEBHOOKS_SERVICE_HOST=10.0.0.2", "FAIRLEAD_WEBHOOKS_PORT=tcp://10.0.0.2:9292", "FAIRLEAD_WEBHOOKS_PORT_53_UDP_ADDR=10.0.0.2",
			},
			change: func(*controller.Options) {},
		},
		"Ours": {reason: "building and testing have their own", environment: []string{"FAIRLEAD_CACHE=/c", "FAIRLEAD_E2E_KUBECONFIG=/k"}, change: func(*controller.Options) {}},
		"Unreadable": {
			reason: "the variable is named", environment: []string{"FAIRLEAD_GATHERING_WINDOW=5"},
			wantErr: `FAIRLEAD_GATHERING_WINDOW: invalid argument "5" for "--gathering-window" flag: time: missing unit in duration "5"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, strangers, err := parse(tc.arguments, tc.environment)
			if diff := cmp.Diff(tc.wantErr, message(err)); diff != "" {
				t.Fatalf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.strangers, strangers); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			want, _, err := parse(nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			tc.change(want)
			if diff := cmp.Diff(*want, *got, cmp.FilterPath(unexported, cmp.Ignore())); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// unexported says whether a path leads to a field that is no option.
func unexported(path cmp.Path) bool {
	field, ok := path.Last().(cmp.StructField)
	return ok && strings.ToLower(field.Name()[:1]) == field.Name()[:1]
}
