package login

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// ErrNoCredentials says: the request carries no credentials that any scheme offers.
var ErrNoCredentials = errors.New("login: no credentials")

// ErrDefaultPassword says: right, but the default password opens nothing from there.
// To a client it is the same as ErrRejected.
var ErrDefaultPassword = fmt.Errorf("%w: the default password of root is accepted from this machine only", ErrRejected)

// Exchange gives tokens for credentials. The zero Exchange knows no scheme and
// so logs nobody in.
type Exchange struct {
	// Schemes are asked in this order; the first whose credentials are there decides.
	Schemes []Scheme
	// Keys sign the tokens.
	Keys *token.Keys
	// Expiry is how long a token lives unless the request says otherwise.
	Expiry time.Duration
	// MaxExpiry is the longest life a request may ask for.
	MaxExpiry time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Grant is a successful login.
type Grant struct {
	Token   string
	User    account.User
	Expires time.Time
}

// Login answers one request for a token. Errors wrap ErrExpiry, ErrCredentials,
// ErrNoCredentials or ErrRejected; any other means that the front door cannot
// tell. What is wrong with the request is found before any password is hashed.
func (x *Exchange) Login(r *http.Request) (Grant, error) {
	return x.exchange(r, func() (account.User, error) { return x.authenticate(r) })
}

// LoginWith is Login for a name and a password that came in a body.
func (x *Exchange) LoginWith(r *http.Request, accounts *Accounts, name, password string) (Grant, error) {
	return x.exchange(r, func() (account.User, error) { return accounts.Check(r, name, password) })
}

func (x *Exchange) exchange(r *http.Request, authenticate func() (account.User, error)) (Grant, error) {
	life, err := expiryQuery(r.URL.RawQuery, x.Expiry, x.MaxExpiry)
	if err != nil {
		return Grant{}, err
	}
	user, err := authenticate()
	if err != nil {
		return Grant{}, err
	}
	expires := x.Now().Add(life)
	signed, err := x.Keys.Sign(token.Claims{Subject: user.Name, Expires: expires, Revision: user.Revision})
	if err != nil {
		return Grant{}, fmt.Errorf("signing: %w", err)
	}
	return Grant{Token: signed, User: user, Expires: expires}, nil
}

func (x *Exchange) authenticate(r *http.Request) (account.User, error) {
	// Two Authorization lines are two identities; which one counts would
	// depend on who reads.
	if len(r.Header["Authorization"]) > 1 {
		return account.User{}, fmt.Errorf("%w: more than one Authorization header", ErrCredentials)
	}
	for _, s := range x.Schemes {
		user, err := s.Authenticate(r)
		if !errors.Is(err, ErrNotMine) {
			return user, err
		}
	}
	return account.User{}, ErrNoCredentials
}

// Challenges are the WWW-Authenticate values of all schemes, in their order,
// for an answer to the error of Login.
func (x *Exchange) Challenges(err error) []string {
	var all []string
	for _, s := range x.Schemes {
		all = append(all, s.Challenge(errors.Is(err, ErrStale))...)
	}
	return all
}
