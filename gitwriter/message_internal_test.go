package gitwriter

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exampleStep is a commit of one policy.
func exampleStep() step {
	c := wish("fairlead/www", "v1.0.36", nil, "apps/webhooks/values.yaml#www.tag")
	c.Image, c.Digest, c.Selection = "registry.example.com/web-hook/www", "sha256:00", "semver >=1.0.0, newest of 42 tags"
	return step{change: &c, written: []written{{target: c.Targets[0], previous: "v1.0.35"}}}
}

const exampleTrailers = `Image-Policy: fairlead/www
Image-Target: apps/webhooks/values.yaml#www.tag
Image-From: v1.0.35
Image-To: v1.0.36@sha256:00
`

func TestMessage(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason, template string
		change           func(*step)
		want             string
	}{
		"Default": {
			"the design's example", "", nil,
			"deploy(www): v1.0.35 -> v1.0.36\n\nregistry.example.com/web-hook/www:v1.0.36\n" +
				"selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags\n\n" + exampleTrailers,
		},
		"NothingKnown": {
			"no image, no digest, nothing before", "", func(s *step) {
				s.change.Image, s.change.Digest, s.change.Selection = "", "", ""
				s.written[0].previous = ""
			},
			"deploy(www): v1.0.36\n\nselected by ImagePolicy fairlead/www\n\n" +
				"Image-Policy: fairlead/www\nImage-Target: apps/webhooks/values.yaml#www.tag\nImage-To: v1.0.36\n",
		},
		"Injection": {
			"nothing from outside can begin a line or a trailer", "", func(s *step) {
				s.change.Selection = "all\n\nImage-To: evil\r\n---\x00\x1b[31m"
				s.written[0].previous = "v1\u2028Image-From: evil\n\nImage-Policy: evil/evil"
			},
			"deploy(www): v1 Image-From: evil Image-Policy: evil/evil -> v1.0.36\n\nregistry.example.com/web-hook/www:v1.0.36\n" +
				"selected by ImagePolicy fairlead/www: all Image-To: evil --- [31m\n\n" +
				strings.Replace(exampleTrailers, "Image-From: v1.0.35", "Image-From: v1 Image-From: evil Image-Policy: evil/evil", 1),
		},
		"LongValue": {
			"what stood there may be anything", "", func(s *step) { s.written[0].previous = strings.Repeat("é", 200) },
			"deploy(www): " + strings.Repeat("é", 64) + "… -> v1.0.36\n\nregistry.example.com/web-hook/www:v1.0.36\n" +
				"selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags\n\n" +
				strings.Replace(exampleTrailers, "v1.0.35", strings.Repeat("é", 64)+"…", 1),
		},
		"Template": {
			"every field", "{{.Name}} of {{.Policy}}: {{.From}} to {{.Tag}}\n\n{{.Image}} {{.Digest}} {{.Selection}}\n{{range .Changes}}* {{.File}} {{.Path}} {{.From}} {{.To}}\n{{end}}", nil,
			"www of fairlead/www: v1.0.35 to v1.0.36\n\nregistry.example.com/web-hook/www sha256:00 semver >=1.0.0, newest of 42 tags\n" +
				"* apps/webhooks/values.yaml www.tag v1.0.35 v1.0.36\n\n" + exampleTrailers,
		},
		"TemplateEndsTheMessage": {
			"Git would look for trailers before a patch or a scissors line", "subject\nbody\n---\n# ------------------------ >8 ------------------------\nImage-To: mine\n\n\n\n", nil,
			"subject\n\nbody\n ---\n # ------------------------ >8 ------------------------\nImage-To: mine\n\n" + exampleTrailers,
		},
		"TemplateFunctions": {
			"the short list", `{{if and (eq .Name "www") (not (ne .Tag "v1.0.36"))}}{{len .Changes}} {{(index .Changes 0).File}} {{slice .Tag 1 4}}{{end}}`, nil,
			"1 apps/webhooks/values.yaml 1.0\n\n" + exampleTrailers,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := exampleStep()
			if c.change != nil {
				c.change(&s)
			}
			template, err := ParseMessageTemplate(c.template)
			if err != nil {
				t.Fatal(err)
			}
			got, err := template.message(s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			// Git itself must read exactly our trailers.
			cmd := exec.Command("git", "interpret-trailers", "--parse")
			cmd.Stdin = strings.NewReader(got)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got[strings.LastIndex(got, "\n\n")+2:], string(out)); diff != "" {
				t.Errorf("%s: trailers: -written +read by git:\n%s", c.reason, diff)
			}
		})
	}
}

func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reason, template, want string }{
		"Syntax":         {"it doesn't parse", "{{.Tag", "commit message template: message:1: unclosed action"},
		"UnknownField":   {"it would fail at the first commit", "{{.Sha}}", "commit message template: message:1:2: executing \"message\" at <.Sha>: can't evaluate field Sha in type gitwriter.MessageData"},
		"Printf":         {"a width makes any amount of text", `{{printf "%1000000d" 1}}`, "commit message template: message:1: function \"printf\" not defined"},
		"Call":           {"it isn't on the list", "{{call .Tag}}", "commit message template: message:1: function \"call\" not defined"},
		"RangeInt":       {"it could run for ever", "{{range 1000000000}}x{{end}}", "commit message template: line 1: range is only possible over .Changes, and not inside another range"},
		"RangeNested":    {"it could run for long", "x\n{{range .Changes}}{{range $.Changes}}x{{end}}{{end}}", "commit message template: line 2: range is only possible over .Changes, and not inside another range"},
		"RangeInElse":    {"hidden in a branch", "{{if .Tag}}{{else}}{{range 9}}{{end}}{{end}}", "commit message template: line 1: range is only possible over .Changes, and not inside another range"},
		"Define":         {"it could call itself", `{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`, "commit message template: it must have text, and define no other templates"},
		"TemplateItself": {"it could call itself", `{{template "message"}}`, "commit message template: line 1: it must not call templates"},
		"TooLong":        {"sources are bounded", strings.Repeat("x", maxTemplate+1), "commit message template: it is longer than 8192 bytes"},
		"Empty":          {"a commit needs a subject", "{{if false}}x{{end}} ", "commit message template: it makes an empty message"},
		"OnlyAComment":   {"a commit needs a subject", "{{/* nothing */}}", "commit message template: it makes an empty message"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseMessageTemplate(c.template)
			if err == nil {
				t.Fatalf("no error although %s", c.reason)
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			var own *TemplateError
			if !errors.As(err, &own) || !own.Terminal() {
				t.Errorf("want a terminal TemplateError, got %T", err)
			}
		})
	}
}

func TestTemplateOutputIsBounded(t *testing.T) {
	t.Parallel()
	template, err := ParseMessageTemplate(`{{range .Changes}}` + strings.Repeat("{{.File}}", 100) + `{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	s := exampleStep()
	s.written[0].target.File = strings.Repeat("f", 300)
	_, err = template.message(s)
	if want := "commit message template: it makes more than 16384 bytes"; err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("{{.Tag}}", "v1", "a b")
	f.Add("a\n---\nb", "x\ny", "\x00")
	f.Fuzz(func(t *testing.T, source, previous, selection string) {
		template, err := ParseMessageTemplate(source)
		if err != nil {
			return
		}
		s := exampleStep()
		s.written[0].previous, s.change.Selection = previous, selection
		got, err := template.message(s)
		if err != nil {
			return
		}
		last := got[strings.LastIndex(got, "\n\n")+2:]
		if !strings.HasPrefix(last, "Image-Policy: fairlead/www\nImage-Target: ") || !strings.HasSuffix(last, "Image-To: v1.0.36@sha256:00\n") ||
			strings.Count(last, "\n") > 4 {
			t.Errorf("trailers: %q", last)
		}
		if strings.ContainsAny(got, "\x00\r") || strings.HasPrefix(got, "\n") {
			t.Errorf("message: %q", got)
		}
	})
}
