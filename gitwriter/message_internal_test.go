package gitwriter

import (
	"errors"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// exampleStep is a commit of one policy.
func exampleStep() step {
	c := wish("fairlead/www", "v1.0.36", nil, "apps/webhooks/values.yaml#www.tag")
	c.Image, c.Digest, c.Selection = "registry.example.com/web-hook/www", "sha256:00", "semver >=1.0.0, newest of 42 tags"
	return step{change: &c, written: []written{{target: c.Targets[0], previous: []string{"v1.0.35"}, changed: []int{0}}}}
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
				s.written[0].previous = []string{""}
			},
			"deploy(www): v1.0.36\n\nselected by ImagePolicy fairlead/www\n\n" +
				"Image-Policy: fairlead/www\nImage-Target: apps/webhooks/values.yaml#www.tag\nImage-To: v1.0.36\n",
		},
		"Seen": {
			"since when the tag is known", "", func(s *step) {
				s.change.Seen = time.Date(2026, 11, 20, 9, 0, 0, 999, time.FixedZone("", 3600))
			},
			"deploy(www): v1.0.35 -> v1.0.36\n\nregistry.example.com/web-hook/www:v1.0.36\n" +
				"selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags\n\n" + exampleTrailers + "Image-Seen: 2026-11-20T08:00:00Z\n",
		},
		"Injection": {
			"nothing from outside can begin a line or a trailer", "", func(s *step) {
				s.change.Selection = "all\n\nImage-To: evil\r\n---\x00\x1b[31m"
				s.written[0].previous = []string{"v1\u2028Image-From: evil\n\nImage-Policy: evil/evil"}
			},
			"deploy(www): v1 Image-From: evil Image-Policy: evil/evil -> v1.0.36\n\nregistry.example.com/web-hook/www:v1.0.36\n" +
				"selected by ImagePolicy fairlead/www: all Image-To: evil --- [31m\n\n" +
				strings.Replace(exampleTrailers, "Image-From: v1.0.35", "Image-From: v1 Image-From: evil Image-Policy: evil/evil", 1),
		},
		"LongValue": {
			"what stood there may be anything", "", func(s *step) { s.written[0].previous = []string{strings.Repeat("é", 200)} },
			"deploy(www): " + strings.Repeat("é", 128) + "… -> v1.0.36\n\nregistry.example.com/web-hook/www:v1.0.36\n" +
				"selected by ImagePolicy fairlead/www: semver >=1.0.0, newest of 42 tags\n\n" +
				strings.Replace(exampleTrailers, "v1.0.35", strings.Repeat("é", 128)+"…", 1),
		},
		"Template": {
			"every field", "{{.Name}} of {{.Policy}} in {{.Application}}: {{.From}} to {{.To}}\n\n{{.Image}} {{.Tag}} {{.Digest}} {{.Reason}}\n{{range .Changes}}* {{.File}} {{.Path}} {{.Application}} {{.Part}} {{.From}} {{.To}} {{.Digest}} {{.Reason}}\n{{end}}",
			func(s *step) { s.written[0].target.Application = "webhooks" },
			"www of fairlead/www in webhooks: v1.0.35 to v1.0.36\n\nregistry.example.com/web-hook/www v1.0.36 sha256:00 semver >=1.0.0, newest of 42 tags\n" +
				"* apps/webhooks/values.yaml www.tag webhooks tag v1.0.35 v1.0.36 sha256:00 semver >=1.0.0, newest of 42 tags\n\n" + exampleTrailers,
		},
		"SeveralApplications": {
			"each of them once", "{{.Application}}", func(s *step) {
				for _, application := range []string{"", "b", "b", "a\nImage-To: evil"} {
					w := s.written[0]
					w.target.Application = application
					s.written = append(s.written, w)
				}
				s.written = s.written[1:]
			},
			"b, a Image-To: evil\n\n" + strings.Replace(exampleTrailers, "Image-From", strings.Repeat("Image-Target: apps/webhooks/values.yaml#www.tag\n", 3)+"Image-From", 1),
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
			checkTrailers(t, got)
		})
	}
}

// TestMessageOfParts: the subject tells the old image from the new one in as few words as that takes.
func TestMessageOfParts(t *testing.T) {
	t.Parallel()
	const repository = "registry.example.com/www"
	w := func(target Target, previous []string, changed ...int) written {
		return written{target: target, previous: previous, changed: changed}
	}
	tagAndDigest := parts("a.yaml", "tag:www.tag=v1.0.36", "digest:www.digest="+digestB)
	digest := parts("a.yaml", "digest:www.digest="+digestB)
	image := parts("a.yaml", "image:www.image="+repository+":v1.0.36")
	cases := map[string]struct {
		reason  string
		written []written
		subject string
		targets []string
		from    []string
	}{
		"TagAndDigest": {
			"tags say it",
			[]written{w(tagAndDigest, []string{"v1.0.35", digestA}, 0, 1)},
			"v1.0.35 -> v1.0.36",
			[]string{"a.yaml#www.tag", "a.yaml#www.digest"},
			[]string{"v1.0.35@" + digestA},
		},
		"TagStays": {
			"a mutable tag moves by its digest",
			[]written{w(tagAndDigest, []string{"v1.0.36", digestA}, 1)},
			"v1.0.36 sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb",
			[]string{"a.yaml#www.digest"},
			[]string{"v1.0.36@" + digestA},
		},
		"DigestIsNew": {
			"nothing stood where the digest goes",
			[]written{w(tagAndDigest, []string{"v1.0.36", ""}, 1)},
			"v1.0.36 sha256:bbbbbbbbbbbb",
			[]string{"a.yaml#www.digest"},
			[]string{"v1.0.36"},
		},
		"TagIsNew": {
			"only a digest stood there",
			[]written{w(tagAndDigest, []string{"", digestA}, 0, 1)},
			"sha256:aaaaaaaaaaaa -> v1.0.36",
			[]string{"a.yaml#www.tag", "a.yaml#www.digest"},
			[]string{digestA},
		},
		"DigestAlone": {
			"Git doesn't say which tag it was",
			[]written{w(digest, []string{digestA}, 0)},
			"v1.0.36 sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb",
			[]string{"a.yaml#www.digest"},
			[]string{digestA},
		},
		"Image": {
			"tags say it",
			[]written{w(image, []string{repository + ":v1.0.35"}, 0)},
			"v1.0.35 -> v1.0.36",
			[]string{"a.yaml#www.image"},
			[]string{"v1.0.35"},
		},
		"ImageWithoutTag": {
			"nothing said which one it was",
			[]written{w(image, []string{"localhost:5000/www"}, 0)},
			"v1.0.36",
			[]string{"a.yaml#www.image"},
			nil,
		},
		"ImageLosesItsDigest": {
			"the tag stays, and the digest goes",
			[]written{w(image, []string{repository + ":v1.0.36@" + digestA}, 0)},
			"v1.0.36@sha256:aaaaaaaaaaaa -> v1.0.36",
			[]string{"a.yaml#www.image"},
			[]string{"v1.0.36@" + digestA},
		},
		"ImageMoves": {
			"the same tag of another repository",
			[]written{w(image, []string{"old.example.com/www:v1.0.36"}, 0)},
			"v1.0.36 old.example.com/www -> registry.example.com/www",
			[]string{"a.yaml#www.image"},
			[]string{"v1.0.36"},
		},
		"RepositoryAlone": {
			"there is nothing else to tell",
			[]written{w(parts("a.yaml", "repository:www.repository="+repository), []string{"old.example.com/www"}, 0)},
			"v1.0.36 old.example.com/www -> registry.example.com/www",
			[]string{"a.yaml#www.repository"},
			nil,
		},
		"AnotherSpelling": {
			"a number becomes a string",
			[]written{w(parts("a.yaml", "tag:www.tag=v1.0.36"), []string{"v1.0.36"}, 0)},
			"v1.0.36 -> v1.0.36",
			[]string{"a.yaml#www.tag"},
			[]string{"v1.0.36"},
		},
		"SeveralTargets": {
			"what differs in different ways comes to the tag; each value has its own line",
			[]written{
				w(tagAndDigest, []string{"v1.0.35", digestA}, 0, 1),
				w(parts("b.yaml", "digest:digest="+digestB), []string{digestA}, 0),
				w(parts("c.yaml", "tag:tag=v1.0.36"), []string{""}, 0),
			},
			"v1.0.35, sha256:aaaaaaaaaaaa -> v1.0.36",
			[]string{"a.yaml#www.tag", "a.yaml#www.digest", "b.yaml#digest", "c.yaml#tag"},
			[]string{"v1.0.35@" + digestA, "v1.0.35@" + digestA, digestA, ""},
		},
		"SeveralDigests": {
			"all differ in the same way",
			[]written{w(digest, []string{digestA}, 0), w(parts("b.yaml", "digest:digest="+digestB), []string{"sha256:c"}, 0)},
			"v1.0.36 sha256:aaaaaaaaaaaa, sha256:c -> sha256:bbbbbbbbbbbb",
			[]string{"a.yaml#www.digest", "b.yaml#digest"},
			[]string{digestA, "sha256:c"},
		},
		"Hostile": {
			"what stood there may be anything",
			[]written{w(tagAndDigest, []string{"v1.0.36", "x\n\nImage-To: evil@é:" + strings.Repeat("é", 20) + "\x00"}, 0, 1)},
			"v1.0.36 x Image-To: evil@é:éééé -> sha256:bbbbbbbbbbbb",
			[]string{"a.yaml#www.tag", "a.yaml#www.digest"},
			[]string{"v1.0.36@x Image-To: evil@é:" + strings.Repeat("é", 20)},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := step{change: &Change{Policy: "fairlead/www", Tag: "v1.0.36", Digest: digestB}, written: c.written}
			got, err := (*MessageTemplate)(nil).message(s)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"deploy(www): " + c.subject, "", "selected by ImagePolicy fairlead/www", "", "Image-Policy: fairlead/www"}
			for _, target := range c.targets {
				want = append(want, "Image-Target: "+target)
			}
			for _, from := range c.from {
				want = append(want, strings.TrimSpace("Image-From: "+from))
			}
			want = append(want, "Image-To: v1.0.36@"+digestB, "")
			if diff := cmp.Diff(strings.Join(want, "\n"), got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			checkTrailers(t, got)
		})
	}
}

// checkTrailers has Git itself read the last paragraph. It writes a blank where a value is empty.
func checkTrailers(t *testing.T, message string) {
	t.Helper()
	cmd := exec.Command("git", "interpret-trailers", "--parse")
	cmd.Stdin = strings.NewReader(message)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(message[strings.LastIndex(message, "\n\n")+2:], strings.ReplaceAll(string(out), ": \n", ":\n")); diff != "" {
		t.Errorf("trailers: -written +read by git:\n%s", diff)
	}
}

func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reason, template, want string }{
		"Syntax":         {"it doesn't parse", "{{.Tag", "commit message template: line 1, column 1: unclosed action"},
		"UnknownField":   {"it would fail at the first commit", "{{.Sha}}", "commit message template: line 1, column 3: <.Sha>: can't evaluate field Sha"},
		"Printf":         {"a width makes any amount of text", `{{printf "%1000000d" 1}}`, "commit message template: line 1, column 1: function \"printf\" not defined"},
		"Call":           {"it isn't on the list", "{{call .Tag}}", "commit message template: line 1, column 1: function \"call\" not defined"},
		"RangeInt":       {"it could run for ever", "{{range 1000000000}}x{{end}}", "commit message template: line 1, column 9: range is only possible over .Changes, and not inside another range"},
		"RangeNested":    {"it could run for long", "x\n{{range .Changes}}{{range $.Changes}}x{{end}}{{end}}", "commit message template: line 2, column 27: range is only possible over .Changes, and not inside another range"},
		"RangeInElse":    {"hidden in a branch", "{{if .Tag}}{{else}}{{range 9}}{{end}}{{end}}", "commit message template: line 1, column 28: range is only possible over .Changes, and not inside another range"},
		"Define":         {"it could call itself", `{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`, "commit message template: it must have text, and define no other templates"},
		"TemplateItself": {"it could call itself", `{{template "message"}}`, "commit message template: line 1, column 12: it must not call templates"},
		"TooLong":        {"sources are bounded", strings.Repeat("x", maxTemplate+1), "commit message template: it is longer than 8192 bytes"},
		"Later":          {"the place is that of the action", "{{.Name}}\n\né {{.Tag}} {{ .Tag | html }}", "commit message template: line 3, column 12: function \"html\" not defined"},
		"LaterField":     {"the place is that of the field", "{{.Name}}\n\né {{.Tag}} {{ $.Sha }}", "commit message template: line 3, column 16: <$.Sha>: can't evaluate field Sha"},
		"FieldOfChange":  {"in a loop as well", "{{range .Changes}}\n{{.Author}}{{end}}", "commit message template: line 2, column 3: <.Author>: can't evaluate field Author"},
		"Unended":        {"it isn't complete", "{{if .Tag}}\nx", "commit message template: line 2, column 2: it ends inside an if, with or range: each of them needs an {{end}}"},
		"Unopened":       {"it ends twice", "x {{end}}\n{{end}}", "commit message template: line 1, column 3: unexpected {{end}}"},
		"UnclosedLater":  {"what is on another line", "{{.Tag}}\n{{.Name\n\n", "commit message template: line 2, column 1: unclosed action started at line 2"},
		"LiteralBraces":  {"braces in a string end nothing", "{{\"}}\"}} {{printf}}", "commit message template: line 1, column 10: function \"printf\" not defined"},
		"OutOfRange":     {"what fails when it is executed", "{{slice .Tag 5 4}}", "commit message template: line 1, column 3: <slice .Tag 5 4>: error calling slice: invalid slice index: 5 > 4"},
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
	f.Add("{{.Tag}}", "v1", "sha256:00", "a b")
	f.Add("a\n---\nb", "x\ny", "a:é\x00", "\x00")
	f.Fuzz(func(t *testing.T, source, previous, digest, selection string) {
		template, err := ParseMessageTemplate(source)
		if err != nil {
			return
		}
		s := exampleStep()
		s.change.Selection = selection
		target := &s.written[0].target
		target.Values = append(target.Values, parts("", "digest:www.digest=sha256:00", "image:www.image=www:v1").Values...)
		s.written[0].previous, s.written[0].changed = []string{previous, digest, previous + digest}, []int{0, 1, 2}
		got, err := template.message(s)
		if err != nil {
			return
		}
		last := got[strings.LastIndex(got, "\n\n")+2:]
		if !strings.HasPrefix(last, "Image-Policy: fairlead/www\nImage-Target: ") || !strings.HasSuffix(last, "Image-To: v1.0.36@sha256:00\n") ||
			strings.Count(last, "\n") > 6 {
			t.Errorf("trailers: %q", last)
		}
		if strings.ContainsAny(got, "\x00\r") || strings.HasPrefix(got, "\n") || !utf8.ValidString(got) {
			t.Errorf("message: %q", got)
		}
	})
}

// TestTemplateFieldsAreDocumented holds the tables of docs/configrepository.md and what a template sees together.
func TestTemplateFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/configrepository.md")
	if err != nil {
		t.Fatal(err)
	}
	for heading, shown := range map[string]reflect.Type{
		"| field | holds |":             reflect.TypeFor[MessageData](),
		"| field of a change | holds |": reflect.TypeFor[MessageChange](),
	} {
		var documented []string
		_, table, _ := strings.Cut(string(text), "\n"+heading+"\n")
		table, _, _ = strings.Cut(table, "\n\n")
		for line := range strings.Lines(table) {
			fields, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
			for field := range strings.SplitSeq(fields, ",") {
				if name, ok := strings.CutPrefix(strings.Trim(field, " `"), "."); ok {
					documented = append(documented, name)
				}
			}
		}
		var fields []string
		for field := range shown.Fields() {
			fields = append(fields, field.Name)
		}
		if diff := cmp.Diff(fields, documented); diff != "" {
			t.Errorf("the fields of %s, and those in the table %q: -code +document:\n%s", shown, heading, diff)
		}
	}
}
