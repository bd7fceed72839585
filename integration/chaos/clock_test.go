package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// steps are how far a clock may be set, either way, at once.
var steps = []time.Duration{time.Millisecond, time.Second, 4 * time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour, 400 * 24 * time.Hour}

// person is the one user of these tests.
type person struct{ is account.User }

func (p person) User(_ context.Context, name string) (account.User, error) {
	if name != p.is.Name {
		return account.User{}, account.ErrNotExist
	}
	return p.is, nil
}

func (person) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

// clockwork is a door's gate and its Digest login, with one clock that the test sets.
type clockwork struct {
	now    time.Time
	keys   *token.Keys
	keeper *gate.Keeper
	digest *login.Digest
}

func newClockwork(t *testing.T) *clockwork {
	t.Helper()
	ann, err := account.ParseUser("ann", []byte(`{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}],"digest2":"`+account.HA1MD5("ann", "cmwell", "secret")+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	c := &clockwork{now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), keys: new(token.Keys)}
	if err := c.keys.Use(token.Config{Signing: token.Secret("a secret of the tests, 32 bytes or more")}); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return c.now }
	c.keeper = &gate.Keeper{
		Sources: []gate.Source{gate.NewSource(gate.InHeader, gate.TokenHeader)}, Keys: c.keys, Users: person{ann},
		Protected: permission.Protect(), IdentityHeader: "X-Cm-Well-User", Now: clock,
	}
	c.digest = &login.Digest{
		Realm: "cmwell", Algorithms: func() []login.DigestAlgorithm { return []login.DigestAlgorithm{login.MD5} },
		Accounts: &login.Accounts{Users: person{ann}, Passwords: new(account.Passwords), Hashing: login.NewHashing(1, 1),
			Limits: guard.NewThrottle(1000, clock), Client: func(*http.Request) string { return "a client" }},
		Key: func() ([]byte, error) { return []byte("a derived key"), nil }, Used: guard.NewReplays(100_000, clock), Now: clock,
	}
	return c
}

// answered is a request with the answer to a challenge of now.
func (c *clockwork) answered(t *testing.T) *http.Request {
	t.Helper()
	parts := regexp.MustCompile(`nonce="([^"]+)", opaque="([^"]+)"`).FindStringSubmatch(c.digest.Challenge(false)[0])
	if parts == nil {
		t.Fatal("there is no challenge")
	}
	r := httptest.NewRequest(http.MethodGet, "/_login", nil)
	r.Header.Set("Authorization", fmt.Sprintf(`Digest username="ann", realm="cmwell", uri="/_login", algorithm=MD5, qop=auth, nonce="%s", opaque="%s", nc=00000001, cnonce="abc", response="%s"`,
		parts[1], parts[2], login.Response(login.MD5, account.HA1MD5("ann", "cmwell", "secret"), parts[1], "00000001", "abc", http.MethodGet, "/_login")))
	return r
}

// Wherever the clock is set: a token is taken before its end and at no other time, and an
// answer to a challenge opens once, within five minutes of its issue.
func TestNoStepOfTheClockLetsAnybodyIn(t *testing.T) {
	seed, err := Seed()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	c := newClockwork(t)
	type held struct {
		raw     string
		expires time.Time
	}
	type challenged struct {
		request *http.Request
		issued  time.Time
		used    bool
	}
	var tokens []held
	var answers []challenged
	taken, refused, opened, replayed := 0, 0, 0, 0
	const set = 5000
	for range set {
		far := 3 // seldom, or nothing would ever be fresh
		if r.IntN(10) == 0 {
			far = len(steps)
		}
		step := time.Duration(float64(steps[r.IntN(far)]) * r.Float64())
		if r.IntN(2) == 0 {
			step = -step
		}
		c.now = c.now.Add(step)

		expires := c.now.Add(steps[r.IntN(len(steps))]).Truncate(time.Millisecond)
		raw, err := c.keys.Sign(token.Claims{Subject: "ann", Expires: expires})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, held{raw, expires})
		h := tokens[r.IntN(len(tokens))]
		w := httptest.NewRequest(http.MethodPut, "/x", nil)
		w.Header.Set(gate.TokenHeader, h.raw)
		_, err = c.keeper.Check(w)
		if (err == nil) != c.now.Before(h.expires) {
			t.Fatalf("seed %d: at %v a token that ends at %v: %v", seed, c.now, h.expires, err)
		}
		if err == nil {
			taken++
		} else {
			refused++
		}

		answers = append(answers, challenged{request: c.answered(t), issued: c.now.Truncate(time.Millisecond)})
		a := &answers[max(0, len(answers)-1-r.IntN(20))]
		_, err = c.digest.Authenticate(a.request)
		age := c.now.Sub(a.issued)
		fresh := age >= -5*time.Minute && age < 5*time.Minute
		switch {
		case err == nil && (a.used || !fresh):
			t.Fatalf("seed %d: at %v the answer to a challenge of %v opens; used before: %v", seed, c.now, a.issued, a.used)
		case err != nil && !a.used && fresh && !errors.Is(err, guard.ErrThrottled):
			t.Fatalf("seed %d: at %v the answer to a challenge of %v: %v", seed, c.now, a.issued, err)
		case err == nil:
			a.used = true
			opened++
		default:
			replayed++
		}
	}
	t.Logf("seed %d: %d steps of the clock; tokens: %d taken, %d refused; answers: %d opened, %d refused", seed, set, taken, refused, opened, replayed)
	if min(taken, refused, opened, replayed) < set/20 {
		t.Error("too few to mean anything")
	}
}

// Ten wrong passwords, and then the clock is set back: nothing more is tried.
func TestAClockThatIsSetBackFreesNoGuesser(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	throttle := guard.NewThrottle(1000, func() time.Time { return now })
	tried := 0
	for range 200 {
		attempt, err := throttle.Begin(t.Context(), "ann", "a client")
		if err == nil {
			tried++
			_ = attempt.End(t.Context(), guard.Failed)
		}
		now = now.Add(-steps[tried%3])
	}
	if tried != guard.DefaultLimit.Failures {
		t.Errorf("%d passwords were tried, the limit is %d", tried, guard.DefaultLimit.Failures)
	}
}
