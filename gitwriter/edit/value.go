package edit

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxValue bounds a value in bytes; the longest image reference with tag and digest is far below it.
const maxValue = 4096

var (
	// tagPattern is the grammar of a tag, OCI distribution spec 1.1, "Pulling manifests".
	tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	// digestPattern is the grammar of a digest, OCI image spec 1.1, "Digests".
	digestPattern = regexp.MustCompile(`^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,128}$`)
	// wordPattern are values that no YAML reader takes for a number, a date or a sexagesimal: they begin with a letter.
	// None of their characters ends a plain scalar, in flow collections neither; a colon must not be the last of them.
	wordPattern = regexp.MustCompile(`^[A-Za-z](?:[A-Za-z0-9._/@:+-]*[A-Za-z0-9._/@+-])?$`)
	// floatPattern is a decimal number of YAML 1.2.2, section 10.3.2; both parsers take one out of range for a string.
	floatPattern = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$`)
	// versionPattern are versions of three numeric parts: two dots make it no number, no hyphen before them no date.
	versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(?:[-+][A-Za-z0-9.+-]*)?$`)
)

// CheckTagOrDigest says whether the value is a legal tag or digest, by the grammars of the OCI specifications. Apply itself
// writes any line of text; who writes what a registry said asks this first.
func CheckTagOrDigest(value string) error {
	if tagPattern.MatchString(value) || digestPattern.MatchString(value) {
		return nil
	}

	return &Error{
		Problem: fmt.Sprintf("%q is no legal tag or digest", shorten(value)),
		Hint:    "a tag has up to 128 letters, digits, dots, hyphens and underscores and begins with a letter, digit or underscore",
	}
}

// checkValue refuses what can't be written as one line of text.
func checkValue(e Edit) error {
	problem := ""
	switch {
	case len(e.Value) > maxValue:
		problem = fmt.Sprintf("the value is longer than %d bytes", maxValue)
	case !utf8.ValidString(e.Value):
		problem = "the value isn't valid UTF-8"
	case strings.Contains(e.Value, "{{"):
		problem = fmt.Sprintf("the value %q is a template", shorten(e.Value))
	default:
		if at := strings.IndexFunc(e.Value, isForbidden); at >= 0 {
			char, _ := utf8.DecodeRuneInString(e.Value[at:])
			problem = fmt.Sprintf("the value %q holds the control character %U", shorten(e.Value), char)
		}
	}
	if problem == "" {
		return nil
	}

	return &Error{Path: e.Path.String(), Problem: problem, Hint: "give one line of text, without control characters and {{"}
}

// isForbidden says of a character that no value may hold it: control characters, line breaks of YAML 1.1 among them; what
// turns the direction of text, so that a reviewer sees another value; and what YAML doesn't let stand in a file (YAML 1.2.2,
// section 5.1), or takes for a byte order mark.
func isForbidden(char rune) bool {
	switch {
	case unicode.IsControl(char), unicode.Is(unicode.Bidi_Control, char):
		return true
	case char == '\u2028', char == '\u2029', char == '\ufeff', char == '\ufffe', char == '\uffff':
		return true
	default:
		return false
	}
}

// isSurelyString says whether the text, written plain, is this very string for every YAML reader: 1.1, 1.2 and Helm's.
func isSurelyString(text string) bool {
	if versionPattern.MatchString(text) {
		return true
	}
	return !isWord11(text) && wordPattern.MatchString(text)
}

// isWord11 says whether the text is a boolean or null for a reader of YAML 1.1, in any case of letters.
func isWord11(text string) bool {
	if len(text) > len("false") {
		return false
	}
	switch strings.ToLower(text) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	default:
		return false
	}
}

// render writes the value in the quotes of the style that stands there.
func render(value string, style yaml.Style) string {
	switch {
	case style&yaml.SingleQuotedStyle != 0:
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case style&yaml.DoubleQuotedStyle == 0 && isSurelyString(value):
		return value
	default:
		// The value holds no control characters, so that these two are all that must be escaped.
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
}
