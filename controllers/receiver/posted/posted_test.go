package posted_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

const secret, body = "a secret", `{"a": "payload"}`

func mac256() string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func mac1() string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func TestVerifiers(t *testing.T) {
	t.Parallel()
	hub, plain := posted.SignedSHA256("sha256=", "X-Signature"), posted.SignedSHA256("", "X-First", "X-Second")
	cases := map[string]struct {
		reason  string
		verify  posted.Verifier
		headers map[string]string
		token   string
		want    bool
	}{
		"Signed":        {reason: "behind its prefix", verify: hub, headers: map[string]string{"X-Signature": "sha256=" + mac256()}, want: true},
		"NoPrefix":      {reason: "the prefix says the hash", verify: hub, headers: map[string]string{"X-Signature": mac256()}},
		"OtherPrefix":   {reason: "another hash isn't taken", verify: hub, headers: map[string]string{"X-Signature": "sha1=" + mac1()}},
		"Second":        {reason: "the header that was sent", verify: plain, headers: map[string]string{"X-Second": mac256()}, want: true},
		"FirstCounts":   {reason: "of two, the first", verify: plain, headers: map[string]string{"X-First": mac1(), "X-Second": mac256()}},
		"NoHex":         {reason: "no signature at all", verify: plain, headers: map[string]string{"X-First": "zz"}},
		"Empty":         {reason: "no header", verify: plain},
		"Cut":           {reason: "the beginning of what is right", verify: plain, headers: map[string]string{"X-First": mac256()[:62]}},
		"SHA1":          {reason: "for the one provider that has nothing else", verify: posted.SignedSHA1("X-Old"), headers: map[string]string{"X-Old": mac1()}, want: true},
		"Sent":          {reason: "the secret itself", verify: posted.SentIn("X-Token"), headers: map[string]string{"X-Token": secret}, want: true},
		"SentOther":     {reason: "another one", verify: posted.SentIn("X-Token"), headers: map[string]string{"X-Token": secret + " "}},
		"SentBearer":    {reason: "a scheme is for one header", verify: posted.SentIn("X-Token"), headers: map[string]string{"X-Token": "Bearer " + secret}},
		"Authorization": {reason: "as consoles write it", verify: posted.SentIn(posted.HeaderAuthorization), headers: map[string]string{"Authorization": "bearer  " + secret}, want: true},
		"InURL":         {reason: "the last segment", verify: posted.InURL, token: secret, want: true},
		"NotInURL":      {reason: "nor any other", verify: posted.InURL, token: "a"},
		"AnyOf":         {reason: "one of several is enough", verify: posted.AnyOf(posted.SentIn("X-Token"), posted.InURL), token: secret, want: true},
		"NoneOf":        {reason: "one must be", verify: posted.AnyOf(posted.SentIn("X-Token"), posted.InURL), token: "x"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := posted.Request{Body: []byte(body), Token: tc.token, Header: func(name string) string { return tc.headers[name] }}
			if got := tc.verify([]byte(secret), request); got != tc.want {
				t.Errorf("%s: want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	want := &posted.Error{Status: 401, Problem: "the request isn't verified: the header X must hold the token"}
	if diff := cmp.Diff(want, posted.Unverified("the header X must hold the token")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := posted.Unreadable("gitea").Error(); got != "the body isn't the JSON that gitea sends" {
		t.Errorf("got %q", got)
	}
}
