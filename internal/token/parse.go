package token

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxLength is the number of bytes above which a token is refused unread.
const MaxLength = 8 << 10

// parsed is a token whose header was read and nothing else. Its slices are parts of the
// scratch that it was read with, and those of its header hold until more is read with that.
type parsed struct {
	keys      []member // of which it can be, by a header that needs no reading
	known     bool     // it has such a header
	header    header   // what another one says
	signed    []byte   // header and claims as they were sent
	claims    []byte   // as they were sent
	signature []byte   // as it was sent
}

// claimSet is what counts of the claims, however they were read. Its times are
// numbers as they were sent: see instant.
type claimSet struct {
	subject   []byte
	expires   int64
	revision  int64
	notBefore int64
}

// always is the notBefore of claims without nbf.
const always = math.MinInt64

// maxCheap is the length in bytes up to which a token is read without
// allocation, as Verify promises. The longest name of a user makes one of about
// 320, with HS512 and a kid 400.
const maxCheap = 512

// scratch is the memory in which a token is read: on the stack of who verifies
// it. A token longer than maxCheap gets more from the heap.
type scratch struct {
	known  *headers // that need no reading; may be nil
	text   [maxCheap]byte
	claims [maxCheap * 3 / 4]byte
}

// parse takes a token apart and reads its header strictly. Two readers of the same
// bytes must never see two tokens, so whatever has a second reading is malformed: other
// alphabets of base64, spare bits, duplicate or case-folded names. What else there is,
// a stranger may have written: it is read when the signature is known to be right.
func (s *scratch) parse(raw string) (parsed, error) {
	if len(raw) > MaxLength {
		return parsed{}, fmt.Errorf("%w: %d bytes, at most %d are accepted", ErrMalformed, len(raw), MaxLength)
	}
	first := strings.IndexByte(raw, '.')
	if first <= 0 {
		return parsed{}, errParts
	}
	if !s.known.near(first) {
		return parsed{}, errLongHeader
	}
	text := append(s.text[:0], raw...)
	head := text[:first]
	body, sig := cut(text[first+1:])
	if len(body) == 0 || len(sig) == 0 || bytes.IndexByte(sig, '.') >= 0 {
		return parsed{}, errParts
	}
	t := parsed{signed: text[:len(head)+1+len(body)], claims: body, signature: sig}
	if t.keys, t.known = s.known.keys(head); t.known {
		return t, nil
	}
	headJSON, err := decode(s.claims[:0], head, errHeader)
	if err != nil {
		return parsed{}, err
	}
	plain := false
	if t.header, plain = scanHeader(headJSON); !plain {
		// A copy: what the JSON package is given leaves the stack, and the scratch with it.
		if t.header, err = parseHeader(bytes.Clone(headJSON)); err != nil {
			return parsed{}, err
		}
	}
	return t, nil
}

// read reads the claims as strictly.
func (s *scratch) read(t *parsed) (claimSet, error) {
	text, err := decode(s.claims[:0], t.claims, errClaims)
	if err != nil {
		return claimSet{}, err
	}
	if claims, ok := scanClaims(text); ok {
		return claims, nil
	}
	return parseClaims(bytes.Clone(text)) // a copy, as in parse
}

// cut is bytes.Cut at a dot, without its search for more than one byte.
func cut(s []byte) (before, after []byte) {
	if i := bytes.IndexByte(s, '.'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, nil
}

// misshapen says what is wrong with the form of a token, as far as that shows without
// reading it and in the memory at hand; nil when nothing is.
func (s *scratch) misshapen(t *parsed) error {
	if err := s.misspelt(t.claims, errClaims); err != nil {
		return err
	}
	return s.misspelt(t.signature, errSignature)
}

func (s *scratch) misspelt(text []byte, wrong error) error {
	if canonical.DecodedLen(len(text)) > len(s.claims) {
		return nil
	}
	_, err := decode(s.claims[:0], text, wrong)
	return err
}

// canonical refuses padding and set bits that carry no data.
var canonical = base64.RawURLEncoding.Strict()

// The usual ways to be malformed. They are made once, so that whoever sends many such
// tokens has no more work done than for good ones.
var (
	errParts     = fmt.Errorf("%w: a token has three parts, separated by dots", ErrMalformed)
	errHeader    = fmt.Errorf("%w: header is not canonical base64url", ErrMalformed)
	errClaims    = fmt.Errorf("%w: claims are not canonical base64url", ErrMalformed)
	errSignature = fmt.Errorf("%w: signature is not canonical base64url", ErrMalformed)

	errLongHeader = fmt.Errorf("%w: header is longer than any that is accepted here", ErrMalformed)
)

// decode appends to dst what s stands for, or returns the error that says it is wrong.
func decode(dst, s []byte, wrong error) ([]byte, error) {
	b, err := canonical.AppendDecode(dst, s)
	// The decoder skips line breaks, which then are missing in the sum.
	if err != nil || canonical.EncodedLen(len(b)-len(dst)) != len(s) {
		return nil, wrong
	}
	return b, nil
}

// parseClaims reads every acceptable form of the claims. It says what is
// accepted; scanClaims only says it sooner.
func parseClaims(b []byte) (claimSet, error) {
	var c struct {
		Sub jsontext.Value `json:"sub"`
		Exp jsontext.Value `json:"exp"`
		Rev jsontext.Value `json:"rev"`
		Nbf jsontext.Value `json:"nbf"`
		Iat jsontext.Value `json:"iat"`
	}
	if err := json.Unmarshal(b, &c); err != nil || len(b) == 0 || b[0] != '{' {
		return claimSet{}, fmt.Errorf("%w: claims are not one JSON object with distinct names", ErrMalformed)
	}
	var subject string
	if c.Sub.Kind() != '"' || json.Unmarshal(c.Sub, &subject) != nil || subject == "" {
		return claimSet{}, fmt.Errorf("%w: sub is required and is a string", ErrMalformed)
	}
	exp, err := integer("exp", c.Exp)
	if err != nil {
		return claimSet{}, err
	}
	t := claimSet{subject: []byte(subject), expires: exp, notBefore: always}
	if c.Rev != nil {
		if t.revision, err = integer("rev", c.Rev); err != nil {
			return claimSet{}, err
		}
	}
	if c.Nbf != nil {
		if t.notBefore, err = integer("nbf", c.Nbf); err != nil {
			return claimSet{}, err
		}
	}
	if c.Iat != nil {
		if _, err := integer("iat", c.Iat); err != nil {
			return claimSet{}, err
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
