package token

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// header is what counts of a header whose form is right. Whether its algorithm
// and its key are accepted is for a ring to say.
type header struct {
	algorithm []byte // as it is spelled
	id        []byte // the kid
	named     bool   // there is one
}

var (
	errNoHeader = fmt.Errorf("%w: header is not an object of alg, typ and kid", ErrMalformed)
	errType     = fmt.Errorf("%w: typ is not JWT", ErrMalformed)
	errKid      = fmt.Errorf("%w: kid is not a string", ErrMalformed)
)

// parseHeader reads a header in other forms than the plain one, which scanHeader reads
// sooner and alike.
func parseHeader(b []byte) (header, error) {
	// Nothing that is accepted holds lists or further objects, and what holds many takes
	// long to read. That a kid may hold these signs, in the plain form only, is the price.
	if bytes.IndexByte(b, '[') >= 0 || bytes.Count(b, []byte("{")) > 1 {
		return header{}, errNoHeader
	}
	var h struct {
		Alg jsontext.Value `json:"alg"`
		Typ jsontext.Value `json:"typ"`
		Kid jsontext.Value `json:"kid"`
	}
	// jku, jwk, x5u, x5c would let the sender choose the key, crit, b64 and zip
	// change what the bytes mean: a token that carries any of them is refused.
	if err := json.Unmarshal(b, &h, json.RejectUnknownMembers(true)); err != nil {
		return header{}, errNoHeader
	}
	if h.Typ != nil && string(h.Typ) != `"JWT"` {
		return header{}, errType
	}
	read := header{named: h.Kid != nil}
	if h.Alg.Kind() == '"' {
		read.algorithm = h.Alg[1 : len(h.Alg)-1]
	}
	if read.named {
		var id string
		if h.Kid.Kind() != '"' || json.Unmarshal(h.Kid, &id) != nil {
			return header{}, errKid
		}
		read.id = []byte(id)
	}
	return read, nil
}

// scanHeader reads a header in the plain form that programs write, without allocation:
// one object without white space, of alg, typ and kid in any order, each at most once, whose
// strings are ASCII without escapes. It never refuses: false means that the header has
// another form, and that parseHeader decides. What it accepts, parseHeader accepts with
// the same result, unless a kid holds [ or {. The result is made of parts of b.
func scanHeader(b []byte) (header, bool) {
	const alg, typ, kid = 1, 2, 4
	s := scanner{b: b}
	if !s.take('{') {
		return header{}, false
	}
	var h header
	for there := 0; ; {
		member, ok := 0, false
		switch {
		case s.literal(`"alg":`):
			member = alg
			h.algorithm, ok = s.text()
		case s.literal(`"typ":`):
			member, ok = typ, s.literal(`"JWT"`)
		case s.literal(`"kid":`):
			member = kid
			h.id, h.named = s.text()
			ok = h.named
		}
		if !ok || there&member != 0 {
			return header{}, false
		}
		there |= member
		if s.take('}') {
			return h, s.at == len(b)
		}
		if !s.take(',') {
			return header{}, false
		}
	}
}
