package gate

import "net/http"

// sight is what one look over the names in a header tells, for the decision and for
// Prepare. The zero sight tells Prepare nothing.
type sight struct {
	lasts    bool // until Prepare
	asksMore bool // of some field
	withheld int  // fields that Prepare takes out, and the verified token, which may stay
}

// look goes over the header once. What the operator declares is asked for after it, of
// code that is not ours and could write fields.
func (k *Keeper) look(h http.Header) sight {
	s := sight{lasts: k.Reads == nil && k.Writes == nil}
	for name := range h {
		s.asksMore = s.asksMore || asksMore(name)
		if k.withholds(h, name) {
			s.withheld++
		}
	}
	return s
}

// asksMore tells that a field asks for more than the request line does: for another
// method, an upgrade, a destination or a compiler. Names of other lengths are none of
// those, in any spelling.
func asksMore(name string) bool {
	switch len(name) {
	case len("Upgrade"), len("Destination"), len("X-Compile-To"):
		return name == "Upgrade" || name == "Destination" || name == "X-Compile-To"
	case len("X-Http-Method-Override"), len("X-Http-Method"), len("X-Method-Override"):
		return among(overrideHeaders, name)
	}
	return false
}

// withholds tells whether the store may not see a field as the client wrote it.
func (k *Keeper) withholds(h http.Header, name string) bool {
	return k.reserved(name) || among(rewriting, name) || tunnels(h, name)
}

// reserved tells whether a store could take the header for the identity or for
// a token. Some make one letter of all that are neither letters nor digits, so
// all spellings count.
func (k *Keeper) reserved(name string) bool {
	if same(name, TokenHeader) || same(name, TokenHeader2) || k.IdentityHeader != "" && same(name, k.IdentityHeader) {
		return true
	}
	for _, s := range k.Sources {
		if s.kind == InHeader && same(name, s.name) {
			return true
		}
	}
	return false
}

// same tells whether two names are one in some spelling. Most differ in length.
func same(a, b string) bool { return len(a) == len(b) && (a == b || sameLetters(a, b)) }

//go:noinline // so that same is inlined
func sameLetters(a, b string) bool {
	for i := range len(a) {
		if fold(a[i]) != fold(b[i]) {
			return false
		}
	}
	return true
}

func fold(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		return c
	}
	return '-'
}

// among tells whether one of the names is this one, in whatever spelling.
func among(names []string, name string) bool {
	for _, n := range names {
		if same(n, name) {
			return true
		}
	}
	return false
}

// rewriting are headers by which some servers take another path than the
// target's. The decision was about the target.
var rewriting = []string{"X-Original-Url", "X-Rewrite-Url"}

// tunnels tells whether the header asks for another protocol than a websocket. A
// store that answers 101 gets a tunnel past this door: through h2c, TLS and
// whatever comes, requests would reach it unseen.
func tunnels(h http.Header, name string) bool {
	return name == "Http2-Settings" || name == "Upgrade" && !upgrades(h)
}
