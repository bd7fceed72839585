package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// document is all the keys in a storage, oldest first. Functions on it change
// nothing but it, and are given the time.
type document struct {
	Version int `json:"version"`
	// Derive is what other keys are derived from; FormerDerive is what it was
	// before it was replaced.
	Derive       token.Secret `json:"derive"`
	FormerDerive token.Secret `json:"former_derive,omitempty"`
	Keys         []entry      `json:"keys"`
}

const version = 1

// entry is one key.
type entry struct {
	// ID is the thumbprint of a private key, and random for a secret.
	ID        string          `json:"id"`
	Algorithm token.Algorithm `json:"algorithm"`
	// Material is what token.Generate made.
	Material token.Secret `json:"material"`
	// Unnamed is a secret whose tokens carry no kid, as CM-Well writes them: the
	// first one.
	Unnamed bool `json:"unnamed,omitempty"`

	Created   time.Time `json:"created"`
	SignsFrom time.Time `json:"signs_from"`
	// LongestLife is the longest that any server lets a token of the key live.
	LongestLife int64 `json:"longest_life_seconds"`
	// Retired is when another key took over, and SafeToDrop when every token of
	// this one has expired. Both are zero until then.
	Retired    time.Time `json:"retired,omitzero"`
	SafeToDrop time.Time `json:"safe_to_drop,omitzero"`

	// Key is Material, ready to work. As an exported field it does not print.
	Key token.Key `json:"-"`
}

// errDamaged says: what is in the storage is no document of keys.
var errDamaged = errors.New("damaged: a JSON document of keys, version 1, is accepted, or the 64 hexadecimal digits of a single key")

// parse reads a document. The single key that earlier versions kept is one
// without a name, and without all that only a document can tell.
func parse(b []byte) (document, error) {
	if secret, err := hex.DecodeString(string(bytes.TrimSpace(b))); err == nil && len(secret) == token.MinSecret {
		return document{Keys: []entry{{Algorithm: token.HS256, Material: secret, Unnamed: true, Key: token.Secret(secret)}}}, nil
	}
	var d document
	if err := json.Unmarshal(b, &d, json.RejectUnknownMembers(true)); err != nil || d.Version != version || len(d.Derive) < token.MinSecret {
		return document{}, errDamaged // the parser's error could quote a key
	}
	seen := map[string]bool{}
	for i := range d.Keys {
		e := &d.Keys[i]
		var err error
		if e.Key, err = token.Restore(e.Algorithm, e.Material); err != nil {
			return document{}, fmt.Errorf("%w: key %d: %w", errDamaged, i+1, err)
		}
		if e.ID == "" || seen[e.ID] || e.Created.IsZero() || e.SignsFrom.IsZero() || e.LongestLife <= 0 || e.Retired.IsZero() != e.SafeToDrop.IsZero() {
			return document{}, fmt.Errorf("%w: key %d lacks something or is there twice", errDamaged, i+1)
		}
		seen[e.ID] = true
	}
	for _, a := range d.algorithms() {
		if last := d.last(a); !last.Retired.IsZero() {
			return document{}, fmt.Errorf("%w: the newest key of %s is retired", errDamaged, a)
		}
	}
	return d, nil
}

func (d document) write() ([]byte, error) {
	return json.Marshal(d, jsontext.WithIndent("\t"))
}

// newEntry makes a key. A private key is called by its thumbprint; a name
// computed from a secret would tell something of it.
func newEntry(a token.Algorithm, now, signsFrom time.Time, longestLife int64) (entry, error) {
	material, err := token.Generate(a)
	if err != nil {
		return entry{}, fmt.Errorf("making a key for %s: %w", a, err)
	}
	e := entry{ID: randomID(), Algorithm: a, Material: material, Created: now, SignsFrom: signsFrom, LongestLife: longestLife}
	if e.Key, err = token.Restore(a, material); err != nil {
		return entry{}, fmt.Errorf("making a key for %s: %w", a, err)
	}
	if private, ok := e.Key.(*token.Private); ok {
		e.ID = private.ID()
	}
	return e, nil
}

// randomID is 80 random bits.
func randomID() string { return rand.Text()[:16] }

func randomSecret() token.Secret {
	b := make(token.Secret, token.MinSecret)
	_, _ = rand.Read(b) // it never fails: crypto/rand
	return b
}
