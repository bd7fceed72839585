package admin

import (
	"fmt"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

func (e *Endpoint) doors(r *request, _ account.User, _ permission.Operation) (any, error) {
	if _, err := r.parameters(); err != nil {
		return nil, err
	}
	doors, err := e.Console.Doors()
	return map[string][]Door{"doors": doors}, err
}

func (e *Endpoint) keys(r *request, _ account.User, _ permission.Operation) (any, error) {
	_, err := r.parameters()
	return map[string]any{"keys": e.Console.Keys()}, err
}

// rotate makes new keys. By drop_old, which is "true" or "false", the old ones are
// dead at once.
func (e *Endpoint) rotate(r *request, _ account.User, _ permission.Operation) (any, error) {
	body, err := e.ReadBody(r.Body, "drop_old")
	if err != nil {
		return nil, err
	}
	drop := body["drop_old"]
	if drop != "true" && drop != "false" {
		return nil, fmt.Errorf("%w: drop_old %.20q found; true and false are accepted", ErrParameters, drop)
	}
	if drop == "true" {
		r.doing = "rotate-keys, dropping the old ones"
	}
	if err := e.Console.Rotate(r.Context(), drop == "true"); err != nil {
		return nil, err
	}
	return map[string]any{"keys": e.Console.Keys()}, nil
}

func (e *Endpoint) lint(r *request, user account.User, _ permission.Operation) (any, error) {
	if _, err := r.parameters(); err != nil {
		return nil, err
	}
	if err := e.allowed(r, user, permission.Read, "/meta/auth"); err != nil {
		return nil, err
	}
	return e.Console.Operator.Lint(r.Context())
}

func (e *Endpoint) lockouts(r *request, _ account.User, _ permission.Operation) (any, error) {
	if _, err := r.parameters(); err != nil {
		return nil, err
	}
	all, err := e.Console.Operator.Lockouts(r.Context())
	return map[string][]Lockout{"lockouts": all}, err
}

func (e *Endpoint) recent(r *request, _ account.User, _ permission.Operation) (any, error) {
	given, err := r.parameters("after")
	if err != nil {
		return nil, err
	}
	after, err := number(given, "after", 0)
	return e.Console.Recent(uint64(after)), err
}

// release opens a user to a client again; to all when the client is empty.
func (e *Endpoint) release(r *request, _ account.User, _ permission.Operation) (any, error) {
	body, err := e.about(r, "release", "client")
	if err != nil {
		return nil, err
	}
	released, err := e.Console.Operator.Release(r.Context(), body["user"], body["client"])
	return map[string]int{"released": released}, err
}

// resetPassword gives a user a random password, which is shown this once.
func (e *Endpoint) resetPassword(r *request, user account.User, _ permission.Operation) (any, error) {
	body, err := e.about(r, "set the password of")
	if err != nil {
		return nil, err
	}
	if err := e.allowed(r, user, permission.Write, "/meta/auth/users/"+body["user"]); err != nil {
		return nil, err
	}
	password := e.Console.NewPassword()
	rev, err := e.Console.Operator.SetPassword(r.Context(), body["user"], password)
	return struct {
		Password string `json:"password"`
		Rev      int64  `json:"rev"`
	}{password, rev}, err
}

func (e *Endpoint) revoke(r *request, user account.User, _ permission.Operation) (any, error) {
	body, err := e.about(r, "revoke the tokens of")
	if err != nil {
		return nil, err
	}
	if err := e.allowed(r, user, permission.Write, "/meta/auth/users/"+body["user"]); err != nil {
		return nil, err
	}
	rev, err := e.Console.Operator.Revoke(r.Context(), body["user"])
	return map[string]int64{"rev": rev}, err
}

func (e *Endpoint) seen(r *request, _ account.User, _ permission.Operation) (any, error) {
	given, err := r.parameters("user")
	if err != nil {
		return nil, err
	}
	if err := (place{account.Users, given["user"]}).check(); err != nil {
		return nil, err
	}
	tokens, within := e.Console.Seen(given["user"])
	return struct {
		User   string `json:"user"`
		Tokens int    `json:"tokens"`
		Within string `json:"within"`
	}{given["user"], tokens, within}, nil
}

// consolePage is how many users or roles a page lists unless limit says otherwise.
const consolePage = 100

// survey lists users or roles whose names hold the text in find.
func survey(kind account.Kind) run {
	return func(e *Endpoint, r *request, user account.User, _ permission.Operation) (any, error) {
		given, err := r.parameters("find", "after", "limit")
		if err != nil {
			return nil, err
		}
		if err := e.allowed(r, user, permission.Read, "/meta/auth/"+kind.String()); err != nil {
			return nil, err
		}
		limit, err := number(given, "limit", consolePage)
		if err != nil {
			return nil, err
		}
		return e.Console.Operator.Search(r.Context(), kind, given["find"], given["after"], limit)
	}
}

func (e *Endpoint) writers(r *request, user account.User, _ permission.Operation) (any, error) {
	if _, err := r.parameters(); err != nil {
		return nil, err
	}
	if err := e.allowed(r, user, permission.Read, "/meta/auth"); err != nil {
		return nil, err
	}
	return e.Console.Operator.Writers(r.Context(), e.Console.MayWrite)
}
