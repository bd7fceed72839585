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
	invalid            error // why the token that is there does not count
}

func (v visitor) known() bool { return v.Principal != nil }

// visitor finds the token and its user. An invalid token is no error here: in
// development it makes its bearer anonymous.
func (k *Keeper) visitor(r *http.Request) (visitor, error) {
	raw, source, found, err := k.present(r)
	if err != nil {
		return visitor{}, &Refusal{Reason: err}
	}
	if !found {
		return visitor{}, nil
	}
	claims, err := k.Keys.Verify(raw, k.Now())
	if errors.Is(err, token.ErrNoKey) {
		return visitor{}, err
	}
	if err != nil {
		return visitor{invalid: err}, nil
	}
	// A name that no user can have never reaches the store, a log or an answer.
	if account.CheckName(claims.Subject) != nil || claims.Subject == account.Anonymous {
		return visitor{invalid: token.ErrMalformed}, nil
	}
	who, err := account.Resolve(r.Context(), k.Users, claims.Subject)
	switch {
	case errors.Is(err, account.ErrNotExist):
		return visitor{invalid: &Refusal{Reason: ErrUnknownUser, User: claims.Subject}}, nil
	case err != nil:
		return visitor{}, fmt.Errorf("gate: looking up user %s: %w", claims.Subject, err)
	case who.User.Revision != claims.Revision:
		return visitor{invalid: &Refusal{Reason: ErrRevoked, User: who.User.Name}}, nil
	}
	return visitor{Principal: who, token: raw, source: source}, nil
}

// Identify returns the user of the request's token, with the operations of its
// roles too, for what the front door serves itself. Its errors are those of Check.
func (k *Keeper) Identify(r *http.Request) (account.User, permission.Operation, error) {
	own := Pass{Write: true}
	v, err := k.visitor(r)
	if err != nil {
		return account.User{}, 0, completed(err, own)
	}
	if !v.known() {
		return account.User{}, 0, completed(refused(cmp.Or(v.invalid, ErrNoToken)), own)
	}
	if v.source.kind == InCookie && crossSite(r) {
		own.User = v.User.Name
		return account.User{}, 0, completed(&Refusal{Reason: ErrCrossSite}, own)
	}
	return v.User, v.Operations, nil
}

// present returns the one token of the request. The same token in two places
// is one; an empty value is a token that is not valid.
func (k *Keeper) present(r *http.Request) (raw string, from Source, found bool, err error) {
	for _, s := range k.Sources {
		if s.kind == InBearer && len(r.Header["Authorization"]) > 1 {
			return "", Source{}, false, ErrTwoTokens // which line counts depends on who reads
		}
		for _, value := range s.tokens(r) {
			if found && value != raw {
				return "", Source{}, false, ErrTwoTokens
			}
			if !found {
				raw, from, found = value, s, true
			}
		}
	}
	return raw, from, found, nil
}
