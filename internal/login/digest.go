package login

import (
	"crypto/md5" //nolint:gosec // RFC 7616 and CM-Well's stored form; docs/security.md says what it is worth
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// DigestAlgorithm is an algorithm of HTTP Digest, by its name in RFC 7616,
// section 6.1.
type DigestAlgorithm string

// The algorithms, without their -sess variants.
const (
	SHA256 DigestAlgorithm = "SHA-256"
	MD5    DigestAlgorithm = "MD5"
)

// ErrStale says: the answer is right, and its nonce is too old. The client
// tries again with a new one, without asking anybody.
var ErrStale = fmt.Errorf("%w: the nonce is stale", ErrRejected)

// Digest is HTTP Digest authentication, RFC 7616, with qop=auth. It does not
// offer -sess, auth-int and userhash.
type Digest struct {
	// Realm is part of every stored HA1.
	Realm string
	// Algorithms are what is offered now, strongest first.
	Algorithms func() []DigestAlgorithm
	// Accounts finds users and slows down guessing.
	Accounts *Accounts
	// Key makes and recognises nonces.
	Key func() ([]byte, error)
	// FormerKey made nonces before Key was replaced. They are stale, and it may be
	// nil or return nil.
	FormerKey func() []byte
	// Used are the nonce counts that were used.
	Used NonceCounts
	// Now is the clock.
	Now func() time.Time
}

func (d *Digest) nonces() nonces { return nonces{key: d.Key, former: d.FormerKey, now: d.Now} }

// Challenge is one value for each algorithm (RFC 7616, section 3.3), or none
// when there is no key to make a nonce with.
func (d *Digest) Challenge(stale bool) []string {
	var all []string
	for _, algorithm := range d.Algorithms() {
		nonce, opaque, err := d.nonces().issue()
		if err != nil {
			return nil
		}
		c := fmt.Sprintf(`Digest realm="%s", qop="auth", algorithm=%s, nonce="%s", opaque="%s", charset=UTF-8`, d.Realm, algorithm, nonce, opaque)
		if stale {
			c += ", stale=true"
		}
		all = append(all, c)
	}
	return all
}

// digestAnswer is a parsed Authorization header of this scheme.
type digestAnswer struct {
	username, nonce, opaque, uri, cnonce, response string
	nc                                             string
	count                                          uint64
	algorithm                                      DigestAlgorithm
}

// Authenticate checks the answer to a challenge. The uri in it must be the
// request's target, query included: it is what the client signed.
func (d *Digest) Authenticate(r *http.Request) (account.User, error) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return account.User{}, ErrNotMine
	}
	p, err := parseParams(rest)
	if err != nil {
		return account.User{}, err
	}
	a, err := d.read(p)
	if err != nil {
		return account.User{}, err
	}
	attempt, err := d.Accounts.begin(r, a.username)
	if err != nil {
		return account.User{}, err
	}
	user, err := d.verify(r, a)
	if err = attempt.settle(err); err != nil {
		return account.User{}, err
	}
	return user, nil
}

// read takes from the parameters what RFC 7616, section 3.4, requires. What is
// malformed is ErrCredentials; what is merely not offered is ErrRejected.
func (d *Digest) read(p params) (digestAnswer, error) {
	a := digestAnswer{
		nonce: p["nonce"].value, opaque: p["opaque"].value, uri: p["uri"].value,
		cnonce: p["cnonce"].value, response: p["response"].value, nc: p["nc"].value, algorithm: MD5,
	}
	var err error
	if a.username, err = username(p); err != nil {
		return digestAnswer{}, err
	}
	for _, name := range []string{"realm", "nonce", "uri", "response"} {
		if _, there := p[name]; !there {
			return digestAnswer{}, fmt.Errorf("%w: %s is missing (RFC 7616, section 3.4)", ErrCredentials, name)
		}
	}
	if named, there := p["algorithm"]; there {
		a.algorithm = DigestAlgorithm(named.value)
	}
	// Without qop there is no nonce count, and the answer could be replayed.
	if p["qop"].value != "auth" || p["realm"].value != d.Realm || p["userhash"].value == "true" || !d.offers(a.algorithm) {
		return digestAnswer{}, ErrRejected
	}
	if a.count, err = strconv.ParseUint(a.nc, 16, 64); err != nil || len(a.nc) != 8 || p["nc"].quoted || a.count == 0 {
		return digestAnswer{}, fmt.Errorf("%w: nc is 8 hexadecimal digits, and not zero (RFC 7616, section 3.4)", ErrCredentials)
	}
	if a.cnonce == "" {
		return digestAnswer{}, fmt.Errorf("%w: cnonce is missing (RFC 7616, section 3.4)", ErrCredentials)
	}
	return a, nil
}

func username(p params) (string, error) {
	plain, there := p["username"]
	ext, extThere := p["username*"]
	switch {
	case there && extThere:
		return "", fmt.Errorf("%w: both username and username* (RFC 7616, section 3.4)", ErrCredentials)
	case extThere:
		return extended(ext)
	case !there:
		return "", fmt.Errorf("%w: username is missing (RFC 7616, section 3.4)", ErrCredentials)
	}
	return plain.value, nil
}

func (d *Digest) offers(algorithm DigestAlgorithm) bool {
	for _, offered := range d.Algorithms() {
		if algorithm == offered {
			return true
		}
	}
	return false
}

// verify compares the response with the one that the stored HA1 gives. Whoever
// has no HA1 for the algorithm is compared with a value that nobody can know.
func (d *Digest) verify(r *http.Request, a digestAnswer) (account.User, error) {
	state, expires, err := d.nonces().check(a.nonce, a.opaque)
	if err != nil {
		return account.User{}, fmt.Errorf("checking a nonce: %w", err)
	}
	user, err := d.Accounts.find(r, a.username)
	if err != nil {
		return account.User{}, err
	}
	// The decoy is made for everybody, as long as a stored HA1: the time that it takes
	// would tell who has none.
	ha1, err := d.decoy(a)
	if err != nil {
		return account.User{}, err
	}
	stored := user.HA1
	if a.algorithm == SHA256 {
		stored = user.HA1SHA256
	}
	known := stored != ""
	if known {
		ha1 = stored
	}
	want := Response(a.algorithm, ha1, a.nonce, a.nc, a.cnonce, r.Method, a.uri)
	right := subtle.ConstantTimeCompare([]byte(want), []byte(a.response)) == 1
	switch {
	case !right || !known || state == nonceForged || a.uri != r.RequestURI:
		return account.User{}, ErrRejected
	case state == nonceStale:
		return account.User{}, ErrStale
	case d.isDefaultRoot(user) && !d.Accounts.DefaultRoot.allows(r):
		// Before the nonce is looked up: that takes a while, and would tell.
		return account.User{}, ErrDefaultPassword
	}
	first, err := d.Used.Use(r.Context(), a.nonce, a.count, expires.Sub(d.Now()))
	switch {
	case err != nil:
		return account.User{}, fmt.Errorf("%w: %w", ErrUnguarded, err)
	case !first:
		return account.User{}, ErrRejected
	}
	return user, nil
}

func (d *Digest) decoy(a digestAnswer) (string, error) {
	key, err := d.Key()
	if err != nil {
		return "", err
	}
	return a.algorithm.hash(string(mac(key, "decoy", []byte(a.username)))), nil
}

func (d *Digest) isDefaultRoot(u account.User) bool {
	return u.Name == account.Root && (u.HA1 != "" && u.HA1 == account.HA1MD5(account.Root, d.Realm, account.RootPassword) ||
		u.HA1SHA256 != "" && u.HA1SHA256 == account.HA1SHA256(account.Root, d.Realm, account.RootPassword))
}

// Response is the response of RFC 7616, section 3.4.1, for qop=auth, from the
// hexadecimal HA1 of a user.
func Response(algorithm DigestAlgorithm, ha1, nonce, nc, cnonce, method, uri string) string {
	ha2 := algorithm.hash(method + ":" + uri)
	return algorithm.hash(strings.Join([]string{ha1, nonce, nc, cnonce, "auth", ha2}, ":"))
}

func (a DigestAlgorithm) hash(s string) string {
	if a == SHA256 {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	sum := md5.Sum([]byte(s)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}
