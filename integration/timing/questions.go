package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// people has one user, ann.
type people map[string]account.User

func (p people) User(_ context.Context, name string) (account.User, error) {
	if u, ok := p[name]; ok {
		return u, nil
	}
	return account.User{}, account.ErrNotExist
}

func (people) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

func questions() ([]question, error) {
	// A cheap hash: the less it takes, the more the rest would show.
	const cost = 4
	hash, err := account.HashPassword("right", cost)
	if err != nil {
		return nil, err
	}
	ann := account.User{Name: "ann", PasswordHash: hash, HA1: account.HA1MD5("ann", "cmwell", "right"), HA1SHA256: account.HA1SHA256("ann", "cmwell", "right")}
	key := []byte(rand.Text())
	passwords := new(account.Passwords)
	passwords.SetShapes([]account.Shape{{Cost: cost}})
	throttle := guard.NewThrottle(1000, time.Now)
	throttle.SetLimit(guard.Limit{Failures: 1 << 30, Window: time.Hour})
	accounts := &login.Accounts{
		Users: people{"ann": ann}, Realm: "cmwell", Passwords: passwords, Hashing: login.NewHashing(1, 8),
		Limits: throttle, Client: func(*http.Request) string { return "192.0.2.1" },
	}
	basic := &login.Basic{Realm: "cmwell", Accounts: accounts}
	digest := &login.Digest{
		Realm: "cmwell", Algorithms: func() []login.DigestAlgorithm { return []login.DigestAlgorithm{login.SHA256} }, Accounts: accounts,
		Key: func() ([]byte, error) { return key, nil }, Used: guard.NewReplays(1000, time.Now), Now: time.Now,
	}
	all := []question{
		{"login by Basic", "unknown user", "wrong password", 1, [2]func() error{
			rejected(basic, basicLogin("eve", "wrong")), rejected(basic, basicLogin("ann", "wrong"))}},
		{"login by Digest", "unknown user", "wrong password", 50, [2]func() error{
			rejected(digest, digestLogin(digest, "eve")), rejected(digest, digestLogin(digest, "ann"))}},
	}
	return append(all, signatures()...), nil
}

// rejected is a login that must not succeed.
func rejected(s login.Scheme, r *http.Request) func() error {
	return func() error {
		if _, err := s.Authenticate(r); !errors.Is(err, login.ErrRejected) {
			return fmt.Errorf("the login should be rejected: %w", err)
		}
		return nil
	}
}

func request(authorization string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, "http://door/_login", nil) //nolint:noctx // it goes nowhere
	if err != nil {
		panic(err)
	}
	r.RequestURI, r.RemoteAddr = "/_login", "192.0.2.1:1"
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func basicLogin(name, password string) *http.Request {
	r := request("")
	r.SetBasicAuth(name, password)
	return r
}

// digestLogin answers a challenge with a response that is wrong for everybody.
func digestLogin(d *login.Digest, name string) *http.Request {
	challenge := d.Challenge(false)[0]
	taken := func(parameter string) string {
		_, rest, _ := strings.Cut(challenge, parameter+`="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	return request(fmt.Sprintf(`Digest username="%s", realm="cmwell", uri="/_login", algorithm=SHA-256, qop=auth, nonce="%s", opaque="%s", nc=00000001, cnonce="abc", response="%064d"`,
		name, taken("nonce"), taken("opaque"), 0))
}

// signatures asks whether a token is refused sooner when the first letter of its
// signature is wrong than when the last one is.
func signatures() (all []question) {
	keys := new(token.Keys)
	now := time.Now()
	if err := keys.Use(token.Config{Signing: token.Secret(rand.Text() + rand.Text())}); err != nil {
		panic(err)
	}
	raw, err := keys.Sign(token.Claims{Subject: "ann", Expires: now.Add(time.Hour)})
	if err != nil {
		panic(err)
	}
	dot := strings.LastIndexByte(raw, '.') + 1
	changed := func(at int) func() error {
		letter := "A"
		if raw[at] == 'A' {
			letter = "E" // the last letter of 32 bytes has two bits that must be none
		}
		wrong := raw[:at] + letter + raw[at+1:]
		return func() error {
			if _, err := keys.Verify(wrong, now); !errors.Is(err, token.ErrSignature) {
				return fmt.Errorf("the signature is wrong: %w", err)
			}
			return nil
		}
	}
	return []question{{"signature of a token", "first letter wrong", "last letter wrong", 200, [2]func() error{changed(dot), changed(len(raw) - 1)}}}
}
