package login

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Accounts check a name and a password, for every scheme that is sent both.
type Accounts struct {
	// Users is where accounts are found.
	Users account.Store
	// Passwords compare them.
	Passwords *account.Passwords
	// DefaultRoot says from where root may log in with the default password.
	DefaultRoot RootPolicy
}

// check finds the user and compares the password. The same work is done
// whatever happens, so that neither bytes nor time tell who exists.
func (a *Accounts) check(r *http.Request, name, password string) (account.User, error) {
	user := account.User{}
	if account.CheckName(name) == nil && name != account.Anonymous {
		found, err := a.Users.User(r.Context(), name)
		if err != nil && !errors.Is(err, account.ErrNotExist) {
			return account.User{}, fmt.Errorf("looking up the user: %w", err)
		}
		if err == nil {
			user = found
		}
	}
	if !a.Passwords.Match(user, password) {
		return account.User{}, ErrRejected
	}
	if user.Name == account.Root && password == account.RootPassword && !a.DefaultRoot.allows(r) {
		return account.User{}, ErrDefaultPassword
	}
	return user, nil
}

// RootPolicy says from where root may log in while its password is the default.
type RootPolicy uint8

const (
	// RootFromThisMachine means that peer and Host are loopback, and no proxy stands between.
	RootFromThisMachine RootPolicy = iota
	// RootFromNowhere means that the default password opens nothing.
	RootFromNowhere
	// UnsafeRootFromAnywhere means that whoever knows CM-Well's documents may log in.
	UnsafeRootFromAnywhere
)

func (p RootPolicy) allows(r *http.Request) bool {
	switch p {
	case UnsafeRootFromAnywhere:
		return true
	case RootFromThisMachine:
		return fromThisMachine(r)
	}
	return false
}
