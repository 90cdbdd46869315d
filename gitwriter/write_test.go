package gitwriter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneChangeIsOneCommit(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	r := write(t, m, change(t, "www", "v1.0.36"))
	s.checkSound()
	if diff := cmp.Diff(values("v1.0.36", "v2.0.0", "v3.0.0"), s.git("show", "main:"+valuesFile)+"\n"); diff != "" {
		t.Errorf("values.yaml: -want +got:\n%s", diff)
	}
	want := `deploy(www): v1.0.35 -> v1.0.36

registry.example.com/web-hook/www:v1.0.36
selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags

Image-Policy: fairlead/www
Image-Target: apps/webhooks/values.yaml#www.tag
Image-From: v1.0.35
Image-To: v1.0.36@sha256:abababababababababababababababababababababababababababababababab`
	if diff := cmp.Diff(want, s.git("log", "-1", "--format=%B", "main")); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(s.git("rev-parse", "main"), r.Head.Revision); diff != "" {
		t.Errorf("head: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{kindFetch, kindInfoReceive, kindPush}, s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
}
