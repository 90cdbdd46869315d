package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/explain"
	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// server is a real API server that has the CRDs. It is started by the first test that needs it: those that fuzz run in
// many processes.
var server = sync.OnceValues(func() (*rest.Config, error) {
	config, stop, err := apiserver.Start(apiserver.WithKinds)
	if err != nil {
		return nil, err
	}
	started.Store(&stop)
	return config, nil
})

// started is how TestMain stops the server.
var started atomic.Pointer[func() error]

func TestMain(m *testing.M) {
	code := m.Run()
	if stop := started.Load(); stop != nil {
		_ = (*stop)()
	}
	os.Exit(code)
}

// newAPI returns a client of the API server, as a user of its own, or as its administrator if user is empty.
func newAPI(t *testing.T, user string) client.Client {
	t.Helper()
	started, err := server()
	if err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(started)
	config.Impersonate.UserName = user
	api, err := client.New(config, client.Options{Scheme: apiserver.Scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// specs are specs that the API server takes or refuses, in as many ways as the schema has.
var specs = map[string]string{
	"Shortest":               "{image: r.example.com/www, select: {semver: {range: '>=1.0.0'}}, targets: [{applicationRef: {name: a}, tag: www.tag}]}",
	"Full":                   "{image: r.example.com/www, interval: 30s, timeout: 5m, registry: {secretRef: {name: s}, insecure: true}, tags: {include: '^v', exclude: ['x$']}, select: {semver: {range: '*', prereleases: true, strict: true}}, platforms: [linux/amd64, linux/arm64/v8], minimumAge: 24h, pin: v1.0.0, downgrades: Allow, onMutation: Commit, suspend: true, targets: [{repositoryRef: {name: r}, file: f.yaml, tag: a, digest: b, repository: c, image: d}]}",
	"NoExclusion":            "{image: i, tags: {exclude: []}, select: {semver: {range: '*'}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"NullsGetDefaults":       "{image: i, tags: null, interval: null, registry: null, pin: null, select: {numerical: {order: null}}, targets: [{applicationRef: {name: a}, repositoryRef: null, tag: t}]}",
	"NullInTags":             "{image: i, tags: {exclude: null, include: null}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"NullOrder":              "{image: i, select: {numerical: null}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"Numerical":              "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"NumericalDescending":    "{image: i, select: {numerical: {order: desc}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"Alphabetical":           "{image: i, tags: {include: '^a(b)', extract: '$1'}, select: {alphabetical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"Digest":                 "{image: i, select: {digest: {tag: latest}}, targets: [{applicationRef: {name: a}, image: t}]}",
	"NoImage":                "{select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"EmptyImage":             "{image: '', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ImageWithTag":           "{image: 'r.example.com/www:v1', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ImageWithDigest":        "{image: 'r.example.com/www@sha256:aa', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ImageWithPort":          "{image: 'r.example.com:5000/www', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ImageWithScheme":        "{image: 'https://r.example.com/www', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"LongImage":              "{image: '" + strings.Repeat("ä", 513) + "', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"LongestImage":           "{image: '" + strings.Repeat("ä", 512) + "', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IntervalShort":          "{image: i, interval: 4999ms, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IntervalUnit":           "{image: i, interval: 60000000us, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IntervalNumber":         "{image: i, interval: 60, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IntervalSum":            "{image: i, interval: 1h2m3.5s, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IntervalHuge":           "{image: i, interval: 99999999999h, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"TimeoutLong":            "{image: i, timeout: 61m, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"TimeoutNegative":        "{image: i, timeout: -1s, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"AgeLong":                "{image: i, minimumAge: 8761h, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"AgeZero":                "{image: i, minimumAge: 0s, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"AgeDays":                "{image: i, minimumAge: 7d, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SelectNothing":          "{image: i, select: {}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SelectMissing":          "{image: i, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SelectTwo":              "{image: i, select: {numerical: {}, alphabetical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SelectText":             "{image: i, select: semver, targets: [{applicationRef: {name: a}, tag: t}]}",
	"RangeMissing":           "{image: i, select: {semver: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"RangeEmpty":             "{image: i, select: {semver: {range: ''}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"RangeNumber":            "{image: i, select: {semver: {range: 1.0}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"RangeBoolean":           "{image: i, select: {semver: {range: yes}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"PrereleasesText":        "{image: i, select: {semver: {range: '*', prereleases: 'true'}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"OrderOther":             "{image: i, select: {numerical: {order: up}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"DigestTag":              "{image: i, select: {digest: {tag: 'a b'}}, targets: [{applicationRef: {name: a}, image: t}]}",
	"DigestTagEmpty":         "{image: i, select: {digest: {tag: ''}}, targets: [{applicationRef: {name: a}, image: t}]}",
	"DigestWithoutPlace":     "{image: i, select: {digest: {tag: latest}}, targets: [{applicationRef: {name: a}, image: t}, {applicationRef: {name: a}, tag: t}]}",
	"DigestWithPin":          "{image: i, pin: v1, select: {digest: {tag: latest}}, targets: [{applicationRef: {name: a}, image: t}]}",
	"PinPattern":             "{image: i, pin: -v1, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"PinNumber":              "{image: i, pin: 1.10, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"PinLong":                "{image: i, pin: " + strings.Repeat("v", 129) + ", select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IncludeEmpty":           "{image: i, tags: {include: ''}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ExtractAlone":           "{image: i, tags: {extract: $1}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ExcludeText":            "{image: i, tags: {exclude: x}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ExcludeEmpty":           "{image: i, tags: {exclude: ['']}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ExcludeNull":            "{image: i, tags: {exclude: [null]}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ExcludeMany":            "{image: i, tags: {exclude: [" + strings.Repeat("x,", 33) + "]}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"PlatformPattern":        "{image: i, platforms: [linux], select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"PlatformTwice":          "{image: i, platforms: [linux/amd64, linux/arm64, linux/amd64], select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"PlatformMany":           "{image: i, platforms: [" + strings.Repeat("l/a,", 17) + "], select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"Downgrades":             "{image: i, downgrades: allow, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"DowngradesEmpty":        "{image: i, downgrades: '', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SuspendText":            "{image: i, suspend: 'no', select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SuspendWord":            "{image: i, suspend: off, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SecretEmpty":            "{image: i, registry: {secretRef: {name: ''}}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"SecretMissing":          "{image: i, registry: {secretRef: {}}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"UnknownField":           "{image: i, select: {numerical: {oder: asc}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"UnknownFieldOfOthers":   "{image: i, filterTags: {pattern: x}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"WrongCase":              "{image: i, Pin: v1, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"UnknownNull":            "{image: i, nothing: null, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"TargetsMissing":         "{image: i, select: {numerical: {}}}",
	"TargetsNone":            "{image: i, select: {numerical: {}}, targets: []}",
	"TargetsMany":            "{image: i, select: {numerical: {}}, targets: [" + strings.Repeat("{applicationRef: {name: a}, tag: t},", 17) + "]}",
	"TargetBoth":             "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, repositoryRef: {name: r}, file: f, tag: t}]}",
	"TargetNeither":          "{image: i, select: {numerical: {}}, targets: [{tag: t}]}",
	"TargetNoFile":           "{image: i, select: {numerical: {}}, targets: [{repositoryRef: {name: r}, tag: t}]}",
	"TargetNoPath":           "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}}]}",
	"TargetFileOutside":      "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, file: a/../b, tag: t}]}",
	"TargetFileGit":          "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, file: .git/config, tag: t}]}",
	"TargetFileAbsolute":     "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, file: /etc, tag: t}]}",
	"TargetFileLooksSimilar": "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, file: a..b/.github/x, tag: t}]}",
	"TargetSamePath":         "{image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t, image: t}]}",
	"CommitWithoutDigest":    "{image: i, onMutation: Commit, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"CommitWithDigest":       "{image: i, onMutation: Commit, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}, {applicationRef: {name: a}, digest: d}]}",
	"ExtractWithDigest":      "{image: i, tags: {include: '(l)', extract: $1}, select: {digest: {tag: latest}}, targets: [{applicationRef: {name: a}, image: t}]}",
	"ImageUpperCase":         "{image: r.example.com/WWW, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ImageHostUpperCase":     "{image: R.example.com/www, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"IncludeBroken":          "{image: i, tags: {include: '('}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"ExcludeBroken":          "{image: i, tags: {exclude: ['x', '(?=y)']}, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}",
	"TargetText":             "{image: i, select: {numerical: {}}, targets: [www.tag]}",
}

// TestJudgesAsTheServer holds the reading of a file against a real API server: the same policies are taken and refused,
// at the same fields, and what is taken gets the same defaults.
func TestJudgesAsTheServer(t *testing.T) {
	t.Parallel()
	api := newAPI(t, "")
	for name, spec := range specs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manifest := "apiVersion: fairlead.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p, namespace: default}\nspec: " + spec + "\n"
			policy, warnings, err := explain.ReadPolicy("policy.yaml", strings.NewReader(manifest), explain.Wanted{})
			created := &unstructured.Unstructured{}
			if err := yaml.UnmarshalStrict([]byte(manifest), &created.Object); err != nil {
				t.Fatal(err)
			}
			refusal := api.Create(context.Background(), created, client.DryRunAll, client.FieldValidation("Strict"))
			ours := ""
			if err != nil {
				ours = err.Error()
			}
			ours += strings.Join(warnings, "; ")
			if (refusal == nil) != (ours == "") {
				t.Fatalf("the API server says %v, ReadPolicy %q", refusal, ours)
			}
			if refusal != nil {
				checkFields(t, ours, refusal)
				return
			}
			want, err := json.Marshal(created.Object["spec"])
			if err != nil {
				t.Fatal(err)
			}
			var served v1alpha1.ImagePolicySpec
			if err := json.Unmarshal(want, &served); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(served, policy.Spec); diff != "" {
				t.Errorf("defaults: -server, +ours:\n%s", diff)
			}
		})
	}
}

// TestRulesAreBroken: a rule that no spec breaks is one of which nobody knows whether both judge alike.
func TestRulesAreBroken(t *testing.T) {
	t.Parallel()
	data, err := shipped.ImagePolicies()
	if err != nil {
		t.Fatal(err)
	}
	api, broken := newAPI(t, ""), strings.Builder{}
	for _, spec := range specs {
		created := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(policyHead+"metadata: {name: p, namespace: default}\nspec: "+spec), &created.Object); err != nil {
			t.Fatal(err)
		}
		if err := api.Create(t.Context(), created, client.DryRunAll); err != nil {
			broken.WriteString(err.Error() + "\n")
		}
	}
	var definition any
	if err := yaml.Unmarshal(data, &definition); err != nil {
		t.Fatal(err)
	}
	found := messages(definition)
	if len(found) == 0 {
		t.Error("the schema has no rules")
	}
	for _, message := range found {
		if !strings.Contains(broken.String(), message) {
			t.Errorf("no spec of this test breaks the rule %q", message)
		}
	}
}

// messages are those of all rules in a definition.
func messages(node any) (found []string) {
	switch node := node.(type) {
	case map[string]any:
		rules, _ := node["x-kubernetes-validations"].([]any)
		for _, rule := range rules {
			found = append(found, rule.(map[string]any)["message"].(string))
		}
		for _, below := range node {
			found = append(found, messages(below)...)
		}
	case []any:
		for _, below := range node {
			found = append(found, messages(below)...)
		}
	}
	return found
}

// checkFields checks that we name a field that the API server names.
func checkFields(t *testing.T, ours string, refusal error) {
	t.Helper()
	if _, unknown, ok := strings.Cut(refusal.Error(), "strict decoding error: "); ok {
		if !strings.HasSuffix(ours, unknown) {
			t.Errorf("ReadPolicy says %q, the API server %v", ours, refusal)
		}
		return
	}
	status, ok := errors.AsType[*apierrors.StatusError](refusal)
	if !ok {
		t.Fatal(refusal)
	}
	// What choice.Selector says begins with the field, without spec, and goes on to what stands there.
	if field := status.ErrStatus.Details.Causes[0].Field; !strings.Contains(ours, strings.TrimPrefix(field, "spec.")) {
		t.Errorf("ReadPolicy says %q, the API server refuses %s", ours, field)
	}
}
