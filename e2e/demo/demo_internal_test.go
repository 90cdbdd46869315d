package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDemo runs the demo as a pipe sees it: to the end of the journey.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute) // the tools may have to be built
	defer cancel()
	var words bytes.Buffer
	if err := demo(ctx, &printer{out: &words}, false); err != nil {
		t.Fatalf("%v\n%s", err, words.String())
	}
	// The journey, with its times; the Deployment changes while the Application is synced, so either may be seen first.
	for _, step := range []string{
		`\+0\.000 s  pushed     127\.0\.0\.1:\d+/web-hook/www:v1\.0\.36\n`,
		`\+\d\.\d{3} s  selected   ImagePolicy www: v1\.0\.36, semver >=1\.0\.0, newest of 2 tags\n`,
		`\+\d\.\d{3} s  committed  git show --stat [0-9a-f]{12}\n`,
		` deploy\(www\): v1\.0\.35 -> v1\.0\.36\n`,
		` apps/webhooks/values\.yaml \| 2 \+-\n`,
		` -  tag: v1\.0\.35   # the site\n +\+  tag: v1\.0\.36   # the site\n`,
		`\+\d\.\d{3} s  updated    Deployment www: image 127\.0\.0\.1:\d+/web-hook/www:v1\.0\.36\n`,
		`\+\d\.\d{3} s  synced     Application webhooks: Synced to [0-9a-f]{12}\n`,
		`\+\d\.\d{3} s  replaced   2 of 2 pods run v1\.0\.36: www-\S+, www-\S+\n`,
		`\nStopped; nothing is left behind\.\n$`,
	} {
		if !regexp.MustCompile(step).MatchString(words.String()) {
			t.Errorf("%s isn't there", step)
		}
	}
	if t.Failed() {
		t.Log(words.String())
	}
	if strings.Contains(words.String(), "\x1b") {
		t.Error("colours, but this is no terminal")
	}
}

func TestPushCommandRefuses(t *testing.T) {
	t.Parallel()
	const registry = "-registry=http://user:secret@127.0.0.1:1"
	cases := map[string]struct {
		args []string
		want string
	}{
		"no registry":    {[]string{"www:v1"}, "push needs -registry with the URL that the demo printed"},
		"no credentials": {[]string{"-registry=http://127.0.0.1:1", "www:v1"}, "push needs -registry with the URL that the demo printed"},
		"no image":       {[]string{registry}, "push needs one NAME:TAG, such as www:v1.0.37"},
		"no tag":         {[]string{registry, "www"}, `"www" is no NAME:TAG, such as www:v1.0.37`},
		"unknown flag":   {[]string{"-force"}, "flag provided but not defined: -force"},
	}
	for reason, c := range cases {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			err := pushCommand(t.Context(), &printer{out: &bytes.Buffer{}}, c.args)
			if err == nil {
				t.Fatal("want an error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChangedLines(t *testing.T) {
	t.Parallel()
	patch := "diff --git a/v.yaml b/v.yaml\n--- a/v.yaml\n+++ b/v.yaml\n@@ -1 +1 @@ www:\n-  tag: v1\n+  tag: v2\n"
	if diff := cmp.Diff("-  tag: v1\n+  tag: v2\n", changedLines(patch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
