package token

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Unverified is what a token says of itself, for people to read. Nobody has looked
// at its signature: anybody can write such a thing, and nothing is to be decided by it.
type Unverified struct {
	// Header and Claims are its JSON as it stands there.
	Header, Claims jsontext.Value
	// Wrong says why it is not accepted, whatever signed it; nil when its form is right.
	Wrong error
	// UnverifiedClaims are read from a token whose form is right.
	UnverifiedClaims Claims
	// NotBefore is the nbf claim; zero when there is none.
	NotBefore time.Time
}

// Inspect reads a token without verifying it. What does not even hold a header and
// claims in JSON is ErrMalformed.
func Inspect(raw string) (Unverified, error) {
	var u Unverified
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) < 2 || len(raw) > MaxLength {
		return Unverified{}, fmt.Errorf("%w: a token has three parts, separated by dots, and at most %d bytes", ErrMalformed, MaxLength)
	}
	for i, into := range []*jsontext.Value{&u.Header, &u.Claims} {
		text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
		if *into = text; err != nil || !into.IsValid(jsontext.AllowDuplicateNames(true)) {
			return Unverified{}, fmt.Errorf("%w: its first two parts are not base64url of JSON", ErrMalformed)
		}
	}
	var memory scratch
	t, err := memory.parse(raw)
	known := t.header.isKnown()
	if err == nil {
		err = memory.misshapen(&t)
	}
	var claims claimSet
	if err == nil {
		claims, err = memory.read(&t)
	}
	if err == nil {
		err = known
	}
	if err != nil {
		u.Wrong = err
		return u, nil
	}
	u.UnverifiedClaims = Claims{Subject: string(claims.subject), Expires: instant(claims.expires), Revision: claims.revision}
	if claims.notBefore != always {
		u.NotBefore = instant(claims.notBefore)
	}
	return u, nil
}

// isKnown refuses a header whose algorithm no Keys accept.
func (h *header) isKnown() error {
	if _, err := ParseAlgorithm(string(h.algorithm)); err == nil {
		return nil
	}
	return fmt.Errorf("%w: HS256, HS512, ES256, RS256 and EdDSA are known", ErrAlgorithm)
}
