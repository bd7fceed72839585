package token

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Key is what Keys work with: a Secret, a *Private or a *Public key, or one of
// these with a name.
type Key interface {
	// member makes the key ready, when it is one for the algorithm.
	member(a Algorithm, allowShort bool) (member, error)
}

// Named is a key all of whose tokens carry the ID as their kid. One that carries
// none is not tried with it.
type Named struct {
	ID  string
	Key Key
}

func (n Named) member(a Algorithm, allowShort bool) (member, error) {
	if n.Key == nil || n.ID == "" {
		return member{}, fmt.Errorf("%w: a name without a key, or a key without a name", ErrKey)
	}
	m, err := n.Key.member(a, allowShort)
	m.id, m.named = n.ID, true
	return m, err
}

// member is a key at work in a ring.
type member struct {
	id    string // what kid calls it; empty for a Secret without a name
	named bool   // a token without kid is not its

	mac    macKey  // verifies HS256 and HS512
	public *Public // verifies the others
	signer any     // what signs; nil when nothing here may
	seed   Secret  // what other keys are derived from
}

// ring is the keys of one Config. It does not change.
type ring struct {
	algorithm Algorithm
	signing   member
	header    map[string]any // of new tokens
	unit      Unit
	derive    Secret
	former    Secret
	published jwkSet
	set       []byte // published, as it is sent
	names     *names

	// unnamed are tried with a token that carries no kid; byID are for one that
	// does.
	unnamed []member
	byID    map[string][]member
	headers headers
}

// headers say which keys a token can be of, by the bytes of its header, encoded. The
// usual one is that of new tokens, and looked for first.
type headers struct {
	usual     string
	usualKeys []member
	all       map[string][]member
}

// keys are those that such a token can be of, when its header is among these.
func (h *headers) keys(head []byte) (keys []member, known bool) {
	if h == nil {
		return nil, false
	}
	if string(head) == h.usual {
		return h.usualKeys, true
	}
	keys, known = h.all[string(head)]
	return keys, known
}

// maxHeader is the length in bytes, encoded, up to which a header is read in any case.
const maxHeader = 256

// near tells whether a header of that length, encoded, can be another spelling of one of
// these, for which twice the length is room enough. Anybody can have a header read, and
// the longer it is, the longer that takes.
func (h *headers) near(length int) bool {
	if h == nil || length <= maxHeader {
		return true
	}
	for known := range h.all {
		if length <= 2*len(known) {
			return true
		}
	}
	return false
}

func newRing(c Config) (*ring, error) {
	if c.Signing == nil {
		c.Signing = Secret(nil)
	}
	signing, err := c.Signing.member(c.Algorithm, c.UnsafeShortSecrets)
	if err == nil && signing.signer == nil {
		err = fmt.Errorf("%w: a public key cannot sign", ErrKey)
	}
	if err != nil {
		return nil, fmt.Errorf("signing_key: %w", err)
	}
	accepted, err := c.accepted()
	if err != nil {
		return nil, err
	}
	r := &ring{
		algorithm: c.Algorithm, signing: signing, header: headerOf(c.Algorithm, signing), unit: c.Unit,
		derive: c.Derive, former: c.FormerDerive, names: newNames(),
		byID: map[string][]member{}, headers: headers{all: map[string][]member{}},
	}
	if r.derive == nil {
		r.derive = signing.seed
	}
	for _, m := range append([]member{signing}, accepted...) {
		if err := r.add(m); err != nil {
			return nil, err
		}
	}
	for _, header := range plainHeaders {
		r.headers.all[canonical.EncodeToString([]byte(strings.ReplaceAll(header, "{alg}", r.algorithm.String())))] = r.unnamed
	}
	if r.headers.usual, err = encodedHeader(r.header); err != nil {
		return nil, err
	}
	r.headers.usualKeys = r.headers.all[r.headers.usual]
	if len(r.published.Keys) > 0 {
		r.set, err = json.Marshal(r.published)
	}
	return r, err
}

func (c Config) accepted() ([]member, error) {
	var all []member
	for i, key := range c.Accept {
		if key == nil {
			key = Secret(nil)
		}
		m, err := key.member(c.Algorithm, c.UnsafeShortSecrets)
		if err != nil {
			return nil, fmt.Errorf("accept_key %d: %w", i+1, err)
		}
		all = append(all, m)
	}
	return all, nil
}

func (r *ring) add(m member) error {
	if same := r.byID[m.id]; m.id != "" && same != nil {
		if m.named && same[0].named {
			return fmt.Errorf("%w: two keys have the name %s", ErrKey, m.id)
		}
		return nil // a thumbprint: it is there already
	}
	if m.public != nil {
		published := m.public.jwk
		published.ID = m.id
		r.published.Keys = append(r.published.Keys, published)
	}
	if !m.named {
		r.unnamed = append(r.unnamed, m)
	}
	if m.id == "" {
		return nil
	}
	r.byID[m.id] = []member{m}
	header, err := encodedHeader(headerOf(r.algorithm, m))
	r.headers.all[header] = r.byID[m.id]
	return err
}

// plainHeaders are those that CM-Well and the usual libraries write when they
// name no key.
var plainHeaders = []string{`{"alg":"{alg}","typ":"JWT"}`, `{"typ":"JWT","alg":"{alg}"}`, `{"alg":"{alg}"}`}

// headerOf is the header of tokens that m signs: CM-Well's, and kid where there is one.
func headerOf(a Algorithm, m member) map[string]any {
	header := map[string]any{"alg": a.String(), "typ": "JWT"}
	if m.id != "" {
		header["kid"] = m.id
	}
	return header
}

func encodedHeader(header map[string]any) (string, error) {
	signed, err := (&jwt.Token{Header: header, Claims: wireClaims{}}).SigningString()
	encoded, _, _ := strings.Cut(signed, ".")
	return encoded, err
}

// sign writes a token.
func (r *ring) sign(c wireClaims) (string, error) {
	unsigned, err := (&jwt.Token{Header: r.header, Claims: c}).SigningString()
	if err != nil {
		return "", err
	}
	signature, err := methods[r.algorithm].Sign(unsigned, r.signing.signer)
	if err != nil {
		return "", err
	}
	if r.algorithm == ES256 {
		lowerS(signature)
	}
	return unsigned + "." + canonical.EncodeToString(signature), nil
}

// choose returns the keys of which a token with this header can be. When it names
// none, those without a name are tried.
func (r *ring) choose(h *header) ([]member, error) {
	if string(h.algorithm) != r.algorithm.String() {
		return nil, ErrAlgorithm
	}
	if !h.named {
		return r.unnamed, nil
	}
	keys, known := r.byID[string(h.id)]
	if !known {
		return nil, ErrUnknownKey
	}
	return keys, nil
}

// signed tells whether one of the keys that the token may be of has signed it.
func (r *ring) signed(t *parsed) bool {
	if !r.algorithm.Symmetric() {
		return r.signedPrivately(t)
	}
	for i := range t.keys {
		if t.keys[i].mac.made(t.signature, t.signed) {
			return true
		}
	}
	return false
}

func (r *ring) signedPrivately(t *parsed) bool {
	signature, err := decode(nil, t.signature, errSignature)
	if err != nil {
		return false
	}
	signed := string(t.signed) // what the library is given leaves the stack, and the scratch with it
	for i := range t.keys {
		if t.keys[i].public.verifies(signed, signature, t.keys[i].signer != nil) {
			return true
		}
	}
	return false
}
