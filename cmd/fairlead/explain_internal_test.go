package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/explain"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry/selection"
)

// pushed is a tag of a registry.
type pushed struct {
	tag, digest string
	// age since it was first seen.
	age time.Duration
}

func digest(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

// TestDecidesAsTheController holds the command against the decision as the controller makes it: with an object from the
// API server, looking at one tag after the other.
func TestDecidesAsTheController(t *testing.T) {
	t.Parallel()
	exclude := ", tags: {exclude: ['\\.sig$', '\\.att$', '\\.sbom$', ^sha256-]}"
	releases := []pushed{
		{tag: "v1.0.34", digest: digest("1"), age: 72 * time.Hour},
		{tag: "v1.0.36", digest: digest("3"), age: time.Hour},
		{tag: "latest", digest: digest("4"), age: time.Minute},
		{tag: "v1.0.35", digest: digest("2"), age: 25 * time.Hour},
		{tag: "v1.1.0-rc.1", digest: digest("5"), age: 30 * time.Hour},
		{tag: "sha256-abc.sig", digest: digest("6")},
		{tag: "v0.9.0", digest: digest("7"), age: 99 * time.Hour},
		{tag: "1.0.36", digest: digest("8"), age: time.Minute},
		{tag: "20240101", digest: digest("9")},
	}
	builds := []pushed{
		{tag: "main-0a1b2c3-17322696000000001", digest: digest("a"), age: time.Hour},
		{tag: "main-0a1b2c3-017322696000000001", digest: digest("b"), age: 25 * time.Hour},
		{tag: "main-4d5e6f7-17322696000000002", digest: digest("c"), age: 24*time.Hour - time.Minute},
		{tag: "main-x-1e30"},
		{tag: "feature-1-99999999999999999"},
	}
	cases := map[string]struct {
		reason  string
		spec    string
		tags    []pushed
		current string
	}{
		"SemVer":         {reason: "a range", spec: "select: {semver: {range: '>=1.0.0'}}" + exclude, tags: releases},
		"SemVerCurrent":  {reason: "forward only", spec: "select: {semver: {range: '>=1.0.0'}}" + exclude, tags: releases, current: "v1.0.35"},
		"SemVerNewer":    {reason: "nothing is later", spec: "select: {semver: {range: '>=1.0.0'}}" + exclude, tags: releases, current: "v3.0.0"},
		"Downgrades":     {reason: "back as well", spec: "select: {semver: {range: '>=1.0.0'}}, downgrades: Allow" + exclude, tags: releases, current: "v3.0.0"},
		"Prereleases":    {reason: "with pre-releases", spec: "select: {semver: {range: '>=1.0.0-0', prereleases: true}}" + exclude, tags: releases},
		"Strict":         {reason: "without v", spec: "select: {semver: {range: '*', strict: true}}" + exclude, tags: releases},
		"Age":            {reason: "the newest mature tag", spec: "select: {semver: {range: '>=1.0.0'}}, minimumAge: 24h" + exclude, tags: releases},
		"AgeOfAll":       {reason: "none is mature", spec: "select: {semver: {range: '>=1.0.0'}}, minimumAge: 100h" + exclude, tags: releases},
		"Platforms":      {reason: "taken for granted by the command, there in the registry", spec: "select: {semver: {range: '>=1.0.0'}}, platforms: [linux/amd64]" + exclude, tags: releases},
		"Pin":            {reason: "a person's word", spec: "select: {semver: {range: '>=1.0.35'}}, pin: v0.9.0" + exclude, tags: releases, current: "v1.0.36"},
		"PinGone":        {reason: "a tag that isn't there", spec: "select: {semver: {range: '>=1.0.35'}}, pin: v0.9.1" + exclude, tags: releases},
		"Digest":         {reason: "a mutable tag", spec: "select: {digest: {tag: latest}}" + exclude, tags: releases},
		"DigestAge":      {reason: "that isn't old enough", spec: "select: {digest: {tag: latest}}, minimumAge: 1h" + exclude, tags: releases},
		"Numerical":      {reason: "numbers that no float holds", spec: "select: {numerical: {order: asc}}, tags: {include: '^main-.*-(?P<n>[0-9]+)$', extract: $n}", tags: builds},
		"NumericalDesc":  {reason: "the other way round", spec: "select: {numerical: {order: desc}}, tags: {include: '^main-.*-(?P<n>[0-9]+)$', extract: $n}", tags: builds},
		"NumericalAge":   {reason: "and mature", spec: "select: {numerical: {order: asc}}, minimumAge: 24h, tags: {include: '^main-.*-(?P<n>[0-9]+)$', extract: $n}", tags: builds},
		"NumericalWhole": {reason: "an include that needs an extract", spec: "select: {numerical: {}}, tags: {include: '^main-.*-([0-9]+)$'}", tags: builds},
		"Alphabetical":   {reason: "bytes", spec: "select: {alphabetical: {order: asc}}, tags: {exclude: []}", tags: releases},
		"NoTags":         {reason: "an empty repository", spec: "select: {alphabetical: {order: asc}}, tags: {exclude: []}"},
		"AllExcluded":    {reason: "nothing is left", spec: "select: {alphabetical: {order: asc}}, tags: {exclude: [.]}", tags: releases},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now().Truncate(time.Second)
			manifest := "apiVersion: fairlead.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: www}\n" +
				"spec: {image: registry.example.com/www, interval: 1m, timeout: 1m, targets: [{applicationRef: {name: a}, tag: t, image: i}], " + tc.spec + "}\n"
			got := command(t, manifest, tc.tags, tc.current, now)
			want := controller(t, manifest, tc.tags, tc.current, now)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\n-controller, +command:\n%s", tc.reason, diff)
			}
		})
	}
}

// decided is what both must agree on.
type decided struct {
	Chosen *explain.Chosen
	Reason string
	Tags   []explain.Tag
}

// command asks by the command line.
func command(t *testing.T, manifest string, tags []pushed, current string, now time.Time) decided {
	t.Helper()
	dir := t.TempDir()
	var lines strings.Builder
	for _, p := range tags {
		fmt.Fprintf(&lines, "%s %s %s\n", p.tag, cmp.Or(p.digest, "-"), now.Add(-p.age).Format(time.RFC3339))
	}
	policyFile, tagsFile := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "tags.txt")
	for file, content := range map[string]string{policyFile: manifest, tagsFile: lines.String()} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var written bytes.Buffer
	root := newCommand()
	root.SetOut(&written)
	root.SetArgs([]string{"explain", "-f", policyFile, "--tags", tagsFile, "--current", current, "-o", "json"})
	err := root.ExecuteContext(t.Context())
	var answer explain.Answer
	if err := json.Unmarshal(written.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if status := exitStatus(err); (err == nil) != (answer.Chosen != nil) || err != nil && status != exitFailed {
		t.Errorf("chosen: %+v, status: %d (%v)", answer.Chosen, status, err)
	}
	return decided{Chosen: answer.Chosen, Reason: answer.Reason, Tags: answer.Tags}
}

// controller decides as the controller does. What it takes for the choice is what Select says; Explain must agree.
func controller(t *testing.T, manifest string, tags []pushed, current string, now time.Time) decided {
	t.Helper()
	policy := &v1alpha1.ImagePolicy{}
	if err := yaml.UnmarshalStrict([]byte(manifest), policy); err != nil {
		t.Fatal(err)
	}
	selector, err := choice.Selector(policy)
	if err != nil {
		t.Fatal(err)
	}
	in := selection.Input{Now: now, Current: selection.Reference{Tag: current}}
	names, known, clocks := []string{}, map[string]pushed{}, choice.Clocks{}
	for _, p := range slices.Backward(tags) { // In another order than the command's.
		names, known[p.tag] = append(names, p.tag), p
		clocks[selection.Reference{Tag: p.tag, Digest: p.digest}] = now.Add(-p.age)
	}
	in.Tags = selection.NewTags(names)
	look := func(_ context.Context, tag string) (selection.Fact, error) {
		return selection.Fact{Digest: known[tag].digest, Platforms: []string{"linux/amd64"}}, nil
	}
	if in, err = choice.Resolve(t.Context(), selector, in, clocks, look); err != nil {
		t.Fatal(err)
	}
	selected, explained := selector.Select(in), selector.Explain(in)
	if diff := gocmp.Diff(selected, explained.Selection); diff != "" {
		t.Errorf("-Select, +Explain:\n%s", diff)
	}
	made := decided{Reason: selected.Reason, Tags: []explain.Tag{}}
	if selected.Tag != "" {
		made.Chosen = &explain.Chosen{Tag: selected.Tag, Digest: known[selected.Tag].digest}
	}
	for _, v := range explained.Verdicts {
		made.Tags = append(made.Tags, explain.Tag{Tag: v.Tag, Verdict: v.Verdict, Reason: v.Reason})
	}
	return made
}
