package registry

import (
	"net/http"
	"strings"
)

// challenge is how a server wants to be asked (RFC 9110, section 11.6.1).
type challenge struct {
	// scheme is "basic" or "bearer"; "" for none.
	scheme string
	// realm, service and scope are those of the distribution project's token specification.
	realm, service, scope string
}

// challengeOf returns the first challenge that can be met, the zero value if there is none.
func challengeOf(header http.Header) challenge {
	for _, line := range header.Values("WWW-Authenticate") {
		for _, c := range parseChallenges(line) {
			if c.scheme == "basic" || c.scheme == "bearer" {
				return c
			}
		}
	}

	return challenge{}
}

// parseChallenges reads a WWW-Authenticate header as far as it can be read. Its challenges are separated by commas, and
// so are their parameters: what is followed by "=" is a parameter, what is followed by a space begins a challenge.
func parseChallenges(line string) []challenge {
	var found []challenge

	for rest := line; ; {
		rest = strings.TrimLeft(rest, " \t,")

		word, after := token(rest)
		if word == "" {
			return found
		}

		value, assigned := strings.CutPrefix(strings.TrimLeft(after, " \t"), "=")

		switch {
		case !assigned:
			found = append(found, challenge{scheme: strings.ToLower(word)})
			rest = after
		default:
			value, rest = parameter(value)
			if len(found) > 0 {
				found[len(found)-1].set(word, value)
			}
		}
	}
}

// set takes in a parameter.
func (c *challenge) set(key, value string) {
	switch strings.ToLower(key) {
	case "realm":
		c.realm = value
	case "service":
		c.service = value
	case "scope":
		c.scope = value
	}
}

// token cuts off what may be a scheme or a key (RFC 9110, section 5.6.2).
func token(text string) (word, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
	if end < 0 {
		return text, ""
	}

	return text[:end], text[end:]
}

// parameter cuts off a parameter's value: a quoted string (RFC 9110, section 5.6.4), or all up to the next separator.
func parameter(text string) (value, rest string) {
	text = strings.TrimLeft(text, " \t")

	if !strings.HasPrefix(text, `"`) {
		if end := strings.IndexAny(text, " \t,"); end >= 0 {
			return text[:end], text[end:]
		}

		return text, ""
	}

	var unquoted strings.Builder

	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return unquoted.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}

		unquoted.WriteByte(text[i])
	}

	return unquoted.String(), ""
}
