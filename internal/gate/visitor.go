package gate

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// visitor is who a request comes from.
type visitor struct {
	*account.Principal // nil for nobody
	token              string
	source             Source
	invalid            *Refusal // of the token that is there and does not count
	claims             string   // the user that it names, if it is verified
}

func (v *visitor) known() bool { return v.Principal != nil }

// visitor finds the token and its user. An invalid token is no error here: in
// development it makes its bearer anonymous.
func (k *Keeper) visitor(r *http.Request, v *visitor) error {
	raw, source, err := k.present(r)
	if err != nil {
		return &Refusal{Reason: err}
	}
	if source == nil {
		return nil
	}
	claims, err := k.Keys.Verify(raw, k.Now())
	if errors.Is(err, token.ErrNoKey) {
		return err
	}
	if err != nil {
		v.invalid = invalidFor(err)
		return nil
	}
	// A name that no user can have never reaches the store, a log or an answer.
	if account.CheckName(claims.Subject) != nil || claims.Subject == account.Anonymous {
		v.invalid = invalidFor(token.ErrMalformed)
		return nil
	}
	who, err := account.Resolve(r.Context(), k.Users, claims.Subject)
	switch {
	case missing(err):
		v.invalid, v.claims = &Refusal{Reason: ErrUnknownUser, User: claims.Subject}, claims.Subject
	case err != nil:
		return fmt.Errorf("gate: looking up user %s: %w", claims.Subject, err)
	case who.User.Revision != claims.Revision:
		v.invalid, v.claims = revoked, who.User.Name
	default:
		v.Principal, v.token, v.source = who, raw, *source
	}
	return nil
}

// refused is what a visitor hears who is not known and would have to be.
func (v *visitor) refused() *Refusal { return cmp.Or(v.invalid, noToken) }

// named is who asks, or who a token says that does not count.
func (v *visitor) named() string {
	if v.known() {
		return v.User.Name
	}
	return v.claims
}

// missing tells whether an error of the store says that there is no such user.
// Every read without a token asks for one who seldom is there, and most stores
// return the error as it is.
func missing(err error) bool {
	return err == account.ErrNotExist || errors.Is(err, account.ErrNotExist) //nolint:errorlint // the quick way first
}

// Identify returns the user of the request's token, with the operations of its
// roles too, for what the front door serves itself. Its errors are those of Check.
func (k *Keeper) Identify(r *http.Request) (account.User, permission.Operation, error) {
	return k.identify(r, false)
}

// IdentifyByHeader is Identify for what no link and no page of another site may ask
// for: the token counts in a header only, where a browser puts none by itself.
func (k *Keeper) IdentifyByHeader(r *http.Request) (account.User, permission.Operation, error) {
	return k.identify(r, true)
}

func (k *Keeper) identify(r *http.Request, byHeader bool) (account.User, permission.Operation, error) {
	var v visitor
	if err := k.visitor(r, &v); err != nil {
		return account.User{}, 0, err
	}
	if !v.known() {
		return account.User{}, 0, v.refused()
	}
	if byHeader && (v.source.kind == InCookie || v.source.kind == InQuery) {
		return account.User{}, 0, &Refusal{Reason: ErrNotInHeader}
	}
	if v.source.kind == InCookie && crossSite(r) {
		return account.User{}, 0, &Refusal{Reason: ErrCrossSite}
	}
	return v.User, v.Operations, nil
}

// present returns the one token of the request and its place, or nil when there
// is none. The same token in two places is one; an empty value is a token that is
// not valid.
func (k *Keeper) present(r *http.Request) (raw string, from *Source, err error) {
	for i := range k.Sources {
		s := &k.Sources[i]
		if s.kind == InBearer && len(r.Header["Authorization"]) > 1 {
			return "", nil, ErrTwoTokens // which line counts depends on who reads
		}
		for _, value := range s.tokens(r) {
			if from != nil && value != raw {
				return "", nil, ErrTwoTokens
			}
			if from == nil {
				raw, from = value, s
			}
		}
	}
	return raw, from, nil
}
