package login

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
)

// The values of RFC 7616, section 3.9.1.
func TestTheExampleOfTheRFC(t *testing.T) {
	const user, realm, password = "Mufasa", "http-auth@example.org", "Circle of Life"
	const nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	for algorithm, row := range map[DigestAlgorithm]struct{ ha1, want string }{
		MD5:    {account.HA1MD5(user, realm, password), "8ca523f5e9506fed4657c9700eebdbec"},
		SHA256: {account.HA1SHA256(user, realm, password), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	} {
		if got := Response(algorithm, row.ha1, nonce, "00000001", cnonce, "GET", "/dir/index.html"); got != row.want {
			t.Errorf("%s: %s, want %s", algorithm, got, row.want)
		}
	}
}

// digestUsers have hashes for both algorithms, for MD5 alone, and for none.
type digestUsers struct{}

func (digestUsers) User(_ context.Context, name string) (account.User, error) {
	u := account.User{Name: name, Revision: 3}
	switch name {
	case "ann", "root", "jon@example.org":
		u.HA1, u.HA1SHA256 = account.HA1MD5(name, "cmwell", name), account.HA1SHA256(name, "cmwell", name)
	case "old":
		u.HA1 = account.HA1MD5(name, "cmwell", name)
	case "nod2":
	case "broken":
		return account.User{}, errors.New("no connection")
	default:
		return account.User{}, account.ErrNotExist
	}
	return u, nil
}

func (digestUsers) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

// digestDoor is a scheme with a clock that the test turns.
type digestDoor struct {
	*Digest
	clock time.Time
}

func newDigestDoor() *digestDoor {
	d := &digestDoor{clock: noon}
	now := func() time.Time { return d.clock }
	accounts := &Accounts{Users: digestUsers{}, Client: func(r *http.Request) string { return r.RemoteAddr }}
	allow(accounts, 1000)
	d.Digest = &Digest{
		Realm:      "cmwell",
		Algorithms: func() []DigestAlgorithm { return []DigestAlgorithm{SHA256, MD5} },
		Accounts:   accounts,
		Key:        func() ([]byte, error) { return []byte("a derived key"), nil },
		Used:       guard.NewReplays(1000, now),
		Now:        now,
	}
	return d
}

// client answers a challenge as a browser does, with what the test changes.
type client struct {
	user, password string
	algorithm      DigestAlgorithm
	nc             string
	uri, target    string
	method         string
	swap           func(map[string]string) // changes the parameters before they are sent
	raw            string                  // sent as it is
}

func (d *digestDoor) challenge(t *testing.T, algorithm DigestAlgorithm) params {
	t.Helper()
	for _, c := range d.Challenge(false) {
		p, err := parseParams(strings.TrimPrefix(c, "Digest "))
		if err != nil {
			t.Fatal(err)
		}
		if p["algorithm"].value == string(algorithm) {
			return p
		}
	}
	t.Fatalf("%s is not offered", algorithm)
	return nil
}

func (c client) filled() client {
	if c.password == "" {
		c.password = c.user
	}
	if c.algorithm == "" {
		c.algorithm = SHA256
	}
	if c.nc == "" {
		c.nc = "00000001"
	}
	if c.target == "" {
		c.target = "/_login"
	}
	if c.uri == "" {
		c.uri = c.target
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	return c
}

// answer makes the request that answers the challenge.
func (c client) answer(challenge params) *http.Request {
	c = c.filled()
	r := httptest.NewRequest(c.method, c.target, nil)
	ha1 := account.HA1SHA256(c.user, "cmwell", c.password)
	if c.algorithm == MD5 {
		ha1 = account.HA1MD5(c.user, "cmwell", c.password)
	}
	p := map[string]string{
		"username": quote(c.user), "realm": `"cmwell"`, "uri": quote(c.uri), "algorithm": string(c.algorithm), "qop": "auth",
		"nonce": quote(challenge["nonce"].value), "opaque": quote(challenge["opaque"].value), "nc": c.nc, "cnonce": `"abc"`,
		"response": quote(Response(c.algorithm, ha1, challenge["nonce"].value, c.nc, "abc", http.MethodGet, c.uri)),
	}
	if c.swap != nil {
		c.swap(p)
	}
	var list []string
	for name, value := range p {
		list = append(list, name+"="+value)
	}
	r.Header.Set("Authorization", "Digest "+strings.Join(list, ", ")+c.raw)
	return r
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func set(name, value string) func(map[string]string) {
	return func(p map[string]string) { p[name] = value }
}

func without(names ...string) func(map[string]string) {
	return func(p map[string]string) {
		for _, name := range names {
			delete(p, name)
		}
	}
}

func TestRightAnswers(t *testing.T) {
	for why, c := range map[string]client{
		"SHA-256":                      {user: "ann"},
		"MD5":                          {user: "ann", algorithm: MD5},
		"MD5 by default":               {user: "ann", algorithm: MD5, swap: without("algorithm")},
		"a user with MD5 alone":        {user: "old", algorithm: MD5},
		"the query is in the uri":      {user: "ann", target: "/_login?exp=30d"},
		"quoted qop and algorithm":     {user: "ann", swap: func(p map[string]string) { p["qop"], p["algorithm"] = `"auth"`, `"SHA-256"` }},
		"a name in UTF-8 by username*": {user: "jon@example.org", swap: func(p map[string]string) { delete(p, "username"); p["username*"] = "UTF-8''jon%40example.org" }},
		"userhash=false":               {user: "ann", swap: set("userhash", "false")},
	} {
		d := newDigestDoor()
		algorithm := c.filled().algorithm
		u, err := d.Authenticate(c.answer(d.challenge(t, algorithm)))
		if err != nil || u.Name != c.user || u.Revision != 3 {
			t.Errorf("%s: %+v, %v", why, u, err)
		}
	}
}

func TestWrongAnswers(t *testing.T) {
	other := newDigestDoor()
	for why, row := range map[string]struct {
		c    client
		want error
	}{
		"a wrong password":                  {client{user: "ann", password: "x"}, ErrRejected},
		"an unknown user":                   {client{user: "eve"}, ErrRejected},
		"a name that nobody can have":       {client{user: "a/../b"}, ErrRejected},
		"the anonymous user":                {client{user: "anonymous"}, ErrRejected},
		"a user without hashes, empty HA1":  {client{user: "nod2", swap: emptyHA1}, ErrRejected},
		"SHA-256 for a user with MD5 alone": {client{user: "old"}, ErrRejected},
		"an answer by MD5 called SHA-256":   {client{user: "ann", algorithm: MD5, swap: set("algorithm", "SHA-256")}, ErrRejected},
		"an answer by SHA-256 called MD5":   {client{user: "ann", swap: set("algorithm", "MD5")}, ErrRejected},
		"MD5-sess":                          {client{user: "ann", swap: set("algorithm", "MD5-sess")}, ErrRejected},
		"an unknown algorithm":              {client{user: "ann", swap: set("algorithm", "SHA-512-256")}, ErrRejected},
		"no qop, as before RFC 2617":        {client{user: "ann", swap: without("qop", "nc", "cnonce")}, ErrRejected},
		"qop=auth-int":                      {client{user: "ann", swap: set("qop", "auth-int")}, ErrRejected},
		"qop in capitals":                   {client{user: "ann", swap: set("qop", "AUTH")}, ErrRejected},
		"two qops":                          {client{user: "ann", swap: set("qop", `"auth,auth-int"`)}, ErrRejected},
		"another realm":                     {client{user: "ann", swap: set("realm", `"CMWELL"`)}, ErrRejected},
		"userhash=true":                     {client{user: "ann", swap: set("userhash", "true")}, ErrRejected},
		"a uri without the query":           {client{user: "ann", target: "/_login?exp=60d", uri: "/_login"}, ErrRejected},
		"another uri":                       {client{user: "ann", uri: "/x"}, ErrRejected},
		"the uri of another host":           {client{user: "ann", uri: "http://evil/_login"}, ErrRejected},
		"another method":                    {client{user: "ann", method: http.MethodHead}, ErrRejected},
		"a nonce of another key":            {client{user: "ann", swap: set("nonce", `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`)}, ErrRejected},
		"a nonce cut short":                 {client{user: "ann", swap: set("nonce", `"AAAA"`)}, ErrRejected},
		"another nonce's opaque":            {client{user: "ann", swap: set("opaque", quote(other.challenge(t, MD5)["opaque"].value))}, ErrRejected},
		"no opaque":                         {client{user: "ann", swap: without("opaque")}, ErrRejected},
		"an empty response":                 {client{user: "ann", swap: set("response", `""`)}, ErrRejected},
		"nc of one digit":                   {client{user: "ann", nc: "1"}, ErrCredentials},
		"nc that is no number":              {client{user: "ann", nc: "0000000g"}, ErrCredentials},
		"nc zero":                           {client{user: "ann", nc: "00000000"}, ErrCredentials},
		"nc quoted":                         {client{user: "ann", swap: set("nc", `"00000001"`)}, ErrCredentials},
		"no cnonce":                         {client{user: "ann", swap: without("cnonce")}, ErrCredentials},
		"no username":                       {client{user: "ann", swap: without("username")}, ErrCredentials},
		"no nonce":                          {client{user: "ann", swap: without("nonce")}, ErrCredentials},
		"no uri":                            {client{user: "ann", swap: without("uri")}, ErrCredentials},
		"no response":                       {client{user: "ann", swap: without("response")}, ErrCredentials},
		"username and username*":            {client{user: "ann", swap: set("username*", "UTF-8''root")}, ErrCredentials},
		"username* in another charset":      {client{user: "ann", swap: func(p map[string]string) { delete(p, "username"); p["username*"] = "ISO-8859-1''ann" }}, ErrCredentials},
		"username twice":                    {client{user: "ann", raw: `, username="root"`}, ErrCredentials},
		"an open quote":                     {client{user: "ann", raw: `, x="`}, ErrCredentials},
	} {
		d := newDigestDoor()
		u, err := d.Authenticate(row.c.answer(d.challenge(t, row.c.filled().algorithm)))
		if !errors.Is(err, row.want) || errors.Is(err, ErrStale) || u.Name != "" {
			t.Errorf("%s: %+v, %v; want %v", why, u, err, row.want)
		}
	}
}

// emptyHA1 computes the answer that CM-Well takes from a user without digest2.
func emptyHA1(p map[string]string) {
	nonce := strings.Trim(p["nonce"], `"`)
	p["response"] = quote(Response(SHA256, "", nonce, p["nc"], "abc", http.MethodGet, "/_login"))
}

func TestEachNonceCountIsAcceptedOnce(t *testing.T) {
	d := newDigestDoor()
	challenge := d.challenge(t, SHA256)
	for i, row := range []struct {
		nc   string
		want error
	}{
		{"00000001", nil}, {"00000001", ErrRejected}, {"00000003", nil}, {"00000002", nil}, {"00000002", ErrRejected},
		{"00000003", ErrRejected}, {"00000043", nil}, {"00000005", nil}, {"00000003", ErrRejected}, {"000000ff", nil},
		{"00000044", ErrRejected}, {"ffffffff", nil}, {"FFFFFFFF", ErrRejected},
	} {
		_, err := d.Authenticate(client{user: "ann", nc: row.nc}.answer(challenge))
		if !errors.Is(err, row.want) {
			t.Errorf("%d: nc %s: %v, want %v", i, row.nc, err, row.want)
		}
	}
}

func TestOfManyReplaysAtOnceOneIsAccepted(t *testing.T) {
	d := newDigestDoor()
	challenge := d.challenge(t, SHA256)
	var replays sync.WaitGroup
	var accepted atomic.Int32
	for range 200 {
		replays.Go(func() {
			if _, err := d.Authenticate(client{user: "ann"}.answer(challenge)); err == nil {
				accepted.Add(1)
			}
		})
	}
	replays.Wait()
	if accepted.Load() != 1 {
		t.Errorf("%d were accepted", accepted.Load())
	}
}

func TestAStaleNonceIsSaidToBeStaleOnlyToWhoKnowsThePassword(t *testing.T) {
	d := newDigestDoor()
	old := d.challenge(t, SHA256)
	d.clock = noon.Add(nonceLife - time.Millisecond)
	if _, err := d.Authenticate(client{user: "ann"}.answer(old)); err != nil {
		t.Errorf("in time: %v", err)
	}
	d.clock = noon.Add(nonceLife)
	if _, err := d.Authenticate(client{user: "ann", nc: "00000002"}.answer(old)); !errors.Is(err, ErrStale) {
		t.Errorf("too late: %v", err)
	}
	for _, c := range []client{{user: "ann", password: "x"}, {user: "eve"}, {user: "nod2"}} {
		if _, err := d.Authenticate(c.answer(old)); !errors.Is(err, ErrRejected) || errors.Is(err, ErrStale) {
			t.Errorf("%s: %v", c.user, err)
		}
	}
	if _, err := d.Authenticate(client{user: "ann"}.answer(d.challenge(t, SHA256))); err != nil {
		t.Errorf("one retry with a new nonce: %v", err)
	}
	x := Exchange{Schemes: []Scheme{d.Digest}}
	for _, c := range x.Challenges(ErrStale) {
		if !strings.HasSuffix(c, ", stale=true") {
			t.Error(c)
		}
	}
	if c := strings.Join(x.Challenges(ErrRejected), ""); strings.Contains(c, "stale") {
		t.Error(c)
	}
	d.clock = noon.Add(-nonceLife - time.Second)
	if _, err := d.Authenticate(client{user: "ann", nc: "00000009"}.answer(old)); !errors.Is(err, ErrRejected) || errors.Is(err, ErrStale) {
		t.Errorf("a nonce from the future: %v", err)
	}
}

// Whoever has the key that was replaced can make nonces with it, and no login.
func TestANonceOfTheFormerKeyIsStale(t *testing.T) {
	d := newDigestDoor()
	old := d.challenge(t, SHA256)
	d.Key = func() ([]byte, error) { return []byte("the key that replaced it"), nil }
	if _, err := d.Authenticate(client{user: "ann"}.answer(old)); !errors.Is(err, ErrRejected) || errors.Is(err, ErrStale) {
		t.Errorf("nobody knows the former key: %v", err)
	}
	d.FormerKey = func() []byte { return []byte("a key of nobody") }
	if _, err := d.Authenticate(client{user: "ann"}.answer(old)); !errors.Is(err, ErrRejected) || errors.Is(err, ErrStale) {
		t.Errorf("the former key is another: %v", err)
	}
	d.FormerKey = func() []byte { return []byte("a derived key") }
	for _, c := range []client{{user: "ann"}, {user: "ann", nc: "00000002"}} {
		if _, err := d.Authenticate(c.answer(old)); !errors.Is(err, ErrStale) {
			t.Errorf("count %s: %v", c.nc, err)
		}
	}
	for _, c := range []client{{user: "ann", password: "x"}, {user: "eve"}, {user: "nod2"}} {
		if _, err := d.Authenticate(c.answer(old)); !errors.Is(err, ErrRejected) || errors.Is(err, ErrStale) {
			t.Errorf("%s: %v", c.user, err)
		}
	}
	if _, err := d.Authenticate(client{user: "ann"}.answer(d.challenge(t, SHA256))); err != nil {
		t.Errorf("the round after: %v", err)
	}
}

func TestChallengesAreStrongestFirstAndNeverAlike(t *testing.T) {
	d := newDigestDoor()
	c := d.Challenge(false)
	if len(c) != 2 || !strings.Contains(c[0], "algorithm=SHA-256") || !strings.Contains(c[1], "algorithm=MD5") {
		t.Errorf("%q", c)
	}
	seen := map[string]bool{}
	for range 1000 {
		nonce := d.challenge(t, MD5)["nonce"].value
		if seen[nonce] {
			t.Fatalf("%s came twice", nonce)
		}
		seen[nonce] = true
	}
}

func TestAnotherServerWithTheSameKeyKnowsTheNonce(t *testing.T) {
	a, b := newDigestDoor(), newDigestDoor()
	if _, err := b.Authenticate(client{user: "ann"}.answer(a.challenge(t, SHA256))); err != nil {
		t.Error(err)
	}
	b.Key = func() ([]byte, error) { return []byte("another key"), nil }
	if _, err := b.Authenticate(client{user: "ann"}.answer(a.challenge(t, SHA256))); !errors.Is(err, ErrRejected) {
		t.Error(err)
	}
}

func TestTheDefaultPasswordByDigestOpensNothingFromAfar(t *testing.T) {
	for _, algorithm := range []DigestAlgorithm{SHA256, MD5} {
		d := newDigestDoor()
		r := client{user: "root", algorithm: algorithm}.answer(d.challenge(t, algorithm))
		if _, err := d.Authenticate(r); !errors.Is(err, ErrDefaultPassword) {
			t.Errorf("%s: %v", algorithm, err)
		}
		r = client{user: "root", algorithm: algorithm}.answer(d.challenge(t, algorithm))
		r.RemoteAddr, r.Host = "127.0.0.1:5", "localhost"
		if _, err := d.Authenticate(r); err != nil {
			t.Errorf("%s from this machine: %v", algorithm, err)
		}
	}
}

func TestABrokenStoreIsNoRejection(t *testing.T) {
	d := newDigestDoor()
	if _, err := d.Authenticate(client{user: "broken"}.answer(d.challenge(t, SHA256))); err == nil || errors.Is(err, ErrRejected) {
		t.Error(err)
	}
	d.Key = func() ([]byte, error) { return nil, errors.New("no key") }
	if _, err := d.Authenticate(client{user: "ann"}.answer(params{"nonce": {}, "opaque": {}})); err == nil || errors.Is(err, ErrRejected) {
		t.Error(err)
	}
	if c := d.Challenge(false); c != nil {
		t.Errorf("challenges without a key: %q", c)
	}
}

// The decoy was made for unknown names alone, and half as long as a stored HA1: a
// rank test over 500 pairs told them apart.
func TestAnUnknownNameCostsDigestWhatAKnownOneDoes(t *testing.T) {
	d := newDigestDoor()
	made := 0
	key := d.Key
	d.Key = func() ([]byte, error) { made++; return key() }
	for _, algorithm := range []DigestAlgorithm{SHA256, MD5} {
		challenge := d.challenge(t, algorithm)
		var costs []int
		for _, name := range []string{"ann", "eve", "no such name"} {
			made = 0
			if _, err := d.Authenticate(client{user: name, password: "wrong", algorithm: algorithm}.answer(challenge)); !errors.Is(err, ErrRejected) {
				t.Fatalf("%s: %v", name, err)
			}
			costs = append(costs, made)
		}
		if costs[0] != costs[1] || costs[0] != costs[2] {
			t.Errorf("%s: the key is used %d times for who exists, and %d for others", algorithm, costs[0], costs[1:])
		}
		decoy, err := d.decoy(digestAnswer{username: "eve", algorithm: algorithm})
		if err != nil || len(decoy) != len(algorithm.hash("")) {
			t.Errorf("%s: the decoy is %q, %v", algorithm, decoy, err)
		}
	}
}

func FuzzDigest(f *testing.F) {
	d := newDigestDoor()
	f.Add(`username="ann", realm="cmwell", nonce="x", uri="/", response="y", qop=auth, nc=00000001, cnonce="z"`)
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest(http.MethodGet, "/_login", nil)
		r.Header["Authorization"] = []string{"Digest " + s}
		if u, err := d.Authenticate(r); err == nil || u.Name != "" {
			t.Fatalf("%q logs in as %+v", s, u)
		}
	})
}
