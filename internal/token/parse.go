package token

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxLength is the number of bytes above which a token is refused unread.
const MaxLength = 8 << 10

// Algorithm is the only one that is signed with and accepted: HMAC with
// SHA-256, RFC 7518, section 3.2.
const Algorithm = "HS256"

// parsed is a token whose form is right and whose signature nobody has looked at.
type parsed struct {
	signed    string // header and claims as they were sent
	signature []byte
	claims    Claims
	notBefore time.Time
}

// parse reads a token strictly. Two readers of the same bytes must never see
// two tokens, so whatever has a second reading is malformed: other alphabets
// of base64, spare bits, duplicate or case-folded names, numbers with a point.
func parse(raw string) (parsed, error) {
	if len(raw) > MaxLength {
		return parsed{}, fmt.Errorf("%w: %d bytes, at most %d are accepted", ErrMalformed, len(raw), MaxLength)
	}
	head, rest, ok := strings.Cut(raw, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || head == "" || body == "" || sig == "" || strings.Contains(sig, ".") {
		return parsed{}, fmt.Errorf("%w: a token has three parts, separated by dots", ErrMalformed)
	}
	headJSON, err := decode("header", head)
	if err != nil {
		return parsed{}, err
	}
	bodyJSON, err := decode("claims", body)
	if err != nil {
		return parsed{}, err
	}
	signature, err := decode("signature", sig)
	if err != nil {
		return parsed{}, err
	}
	if err := parseHeader(headJSON); err != nil {
		return parsed{}, err
	}
	t, err := parseClaims(bodyJSON)
	if err != nil {
		return parsed{}, err
	}
	t.signed, t.signature = raw[:len(head)+1+len(body)], signature
	return t, nil
}

func decode(part, s string) ([]byte, error) {
	// The decoder skips line breaks, so they must be refused before it runs.
	if strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("%w: line break in the %s", ErrMalformed, part)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not canonical base64url", ErrMalformed, part)
	}
	return b, nil
}

func parseHeader(b []byte) error {
	var h struct {
		Alg jsontext.Value `json:"alg"`
		Typ jsontext.Value `json:"typ"`
		Kid jsontext.Value `json:"kid"`
	}
	// jku, jwk, x5u, x5c would let the sender choose the key, crit, b64 and zip
	// change what the bytes mean: a token that carries any of them is refused.
	if err := json.Unmarshal(b, &h, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%w: header is not an object of alg, typ and kid", ErrMalformed)
	}
	if string(h.Alg) != `"`+Algorithm+`"` {
		return fmt.Errorf("%w: only %s is accepted", ErrAlgorithm, Algorithm)
	}
	if h.Typ != nil && string(h.Typ) != `"JWT"` {
		return fmt.Errorf("%w: typ is not JWT", ErrMalformed)
	}
	if h.Kid != nil {
		return fmt.Errorf("%w: the keys here have no names, so no kid is accepted", ErrUnknownKey)
	}
	return nil
}

func parseClaims(b []byte) (parsed, error) {
	var c struct {
		Sub jsontext.Value `json:"sub"`
		Exp jsontext.Value `json:"exp"`
		Rev jsontext.Value `json:"rev"`
		Nbf jsontext.Value `json:"nbf"`
		Iat jsontext.Value `json:"iat"`
	}
	if err := json.Unmarshal(b, &c); err != nil || len(b) == 0 || b[0] != '{' {
		return parsed{}, fmt.Errorf("%w: claims are not one JSON object with distinct names", ErrMalformed)
	}
	var t parsed
	if c.Sub.Kind() != '"' || json.Unmarshal(c.Sub, &t.claims.Subject) != nil || t.claims.Subject == "" {
		return parsed{}, fmt.Errorf("%w: sub is required and is a string", ErrMalformed)
	}
	exp, err := integer("exp", c.Exp)
	if err != nil {
		return parsed{}, err
	}
	t.claims.Expires = instant(exp)
	if c.Rev != nil {
		if t.claims.Revision, err = integer("rev", c.Rev); err != nil {
			return parsed{}, err
		}
	}
	if c.Nbf != nil {
		nbf, err := integer("nbf", c.Nbf)
		if err != nil {
			return parsed{}, err
		}
		t.notBefore = instant(nbf)
	}
	if c.Iat != nil {
		if _, err := integer("iat", c.Iat); err != nil {
			return parsed{}, err
		}
	}
	return t, nil
}

func integer(name string, v jsontext.Value) (int64, error) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	// strconv takes -0, which no writer of whole numbers writes.
	if err != nil || string(v) == "-0" {
		return 0, fmt.Errorf("%w: %s is required to be a whole number", ErrMalformed, name)
	}
	return n, nil
}
