package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
)

// Accounts find users and check passwords, for every way of logging in. They
// slow down guessing, and confine hashing. All fields but Editor and Warn are
// required.
type Accounts struct {
	// Users is where accounts are found.
	Users account.Store
	// Editor stores better hashes at a login that proves the password; nil where
	// users cannot be written.
	Editor account.Editor
	// Scheme hashes new passwords.
	Scheme account.Scheme
	// Realm is part of what is stored for Digest.
	Realm string
	// Passwords compare them.
	Passwords *account.Passwords
	// Hashing confines the comparing.
	Hashing *Hashing
	// Limits slow down guessing.
	Limits Limiter
	// Client is the address of who sends a request.
	Client func(*http.Request) string
	// DefaultRoot says from where root may log in with the default password.
	DefaultRoot RootPolicy
	// Warn is told of what went wrong beside a login that succeeds.
	Warn func(error)

	flights flights
}

// try is one attempt at a name, from its start to its outcome.
type try struct {
	attempt guard.Attempt
	request *http.Request
}

// begin counts a try before its outcome is known, so that many at once do not
// pass the limit together.
func (a *Accounts) begin(r *http.Request, name string) (try, error) {
	started, err := a.Limits.Begin(r.Context(), name, a.Client(r))
	if err != nil && !errors.Is(err, guard.ErrThrottled) {
		err = fmt.Errorf("%w: %w", ErrUnguarded, err)
	}
	return try{started, r}, err
}

// settle tells the limits what came of the try, and returns the error of the
// try, or that it could not be told: a failure that is not counted is not
// answered. A fault of ours, or a nonce that was merely old, is not held against
// the client.
func (t try) settle(err error) error {
	came := guard.Failed
	switch {
	case err == nil:
		came = guard.Succeeded
	case errors.Is(err, ErrStale) || !errors.Is(err, ErrRejected):
		came = guard.Abandoned
	}
	// The client may have gone away: its guess counts.
	if untold := t.attempt.End(context.WithoutCancel(t.request.Context()), came); untold != nil {
		return fmt.Errorf("%w: %w", ErrUnguarded, untold)
	}
	return err
}

// find looks a user up. The zero User stands for a name that does not exist, or
// cannot: what follows is to take the same way for all.
func (a *Accounts) find(r *http.Request, name string) (account.User, error) {
	if account.CheckName(name) != nil || name == account.Anonymous {
		return account.User{}, nil
	}
	user, err := a.Users.User(r.Context(), name)
	if errors.Is(err, account.ErrNotExist) {
		return account.User{}, nil
	}
	if err != nil {
		return account.User{}, fmt.Errorf("looking up the user: %w", err)
	}
	return user, nil
}

// Check returns the user of that name when the password is right, and
// ErrRejected when it is not. The same work is done whatever is wrong, so that
// neither bytes nor time tell who exists. It may wait for its turn at hashing:
// ErrBusy, ErrUnguarded and guard.ErrThrottled mean that nothing was checked, or
// that nothing is known of it.
func (a *Accounts) Check(r *http.Request, name, password string) (account.User, error) {
	// Two requests from one address are not identical when only one of them may
	// use the default password.
	from := fmt.Sprint(a.DefaultRoot.allows(r), " ", a.Client(r))
	same := a.Hashing.fingerprint(name, from, password)
	return a.flights.do(r.Context(), same, func() (account.User, error) { return a.attempt(r, name, password) })
}

func (a *Accounts) attempt(r *http.Request, name, password string) (account.User, error) {
	started, err := a.begin(r, name)
	if err != nil {
		return account.User{}, err
	}
	user, err := a.match(r, name, password)
	if err == nil && user.Name == account.Root && password == account.RootPassword && !a.DefaultRoot.allows(r) {
		// Counted like any other failure and at the same cost, or the limit or the
		// time would tell which password was right.
		err = ErrDefaultPassword
	}
	if err = started.settle(err); err != nil {
		return account.User{}, err
	}
	return user, nil
}

func (a *Accounts) match(r *http.Request, name, password string) (account.User, error) {
	user, err := a.find(r, name)
	if err != nil {
		return account.User{}, err
	}
	right, err := a.Hashing.Match(r.Context(), a.Passwords, user, name, password)
	if err != nil {
		return account.User{}, err
	}
	if !right {
		return account.User{}, ErrRejected
	}
	a.upgrade(r.Context(), user, password)
	return user, nil
}

// ErrOvertaken says: the user changed while a better hash was made for it.
var ErrOvertaken = errors.New("login: the user has changed meanwhile")

// upgrade stores what the user's document lacks, while the password is at hand:
// a stronger hash, and the hashes that Digest needs. A failure of it is told,
// and does not spoil the login.
func (a *Accounts) upgrade(ctx context.Context, user account.User, password string) {
	if a.Editor == nil || !account.Upgradable(user, a.Scheme, a.Realm, password) {
		return
	}
	fields, err := a.hashed(ctx, func() (account.Fields, error) { return account.Upgrade(user, a.Scheme, a.Realm, password) })
	if err == nil && len(fields) > 0 {
		_, err = a.Editor.Edit(ctx, user.Name, func(now account.User) (account.Fields, error) {
			if now.PasswordHash != user.PasswordHash {
				return nil, ErrOvertaken
			}
			return fields, nil
		})
	}
	if err != nil && a.Warn != nil {
		a.Warn(fmt.Errorf("storing better hashes for %s: %w", user.Name, err))
	}
}

// hashed makes fields of a document that need hashing, when it is their turn.
func (a *Accounts) hashed(ctx context.Context, fill func() (account.Fields, error)) (fields account.Fields, err error) {
	if waited := a.Hashing.Do(ctx, func() { fields, err = fill() }); waited != nil {
		return nil, waited
	}
	return fields, err
}

// ChangePassword sets a new password for the user whose current one is given,
// and raises its revision: every token it has is dead. It is a login attempt
// like any other, and limited as one.
func (a *Accounts) ChangePassword(r *http.Request, name, current, next string) error {
	if a.Editor == nil {
		return account.ErrReadOnly
	}
	user, err := a.Check(r, name, current)
	if err != nil {
		return err
	}
	fields, err := a.hashed(r.Context(), func() (account.Fields, error) { return account.SetPassword(user, a.Scheme, a.Realm, next) })
	if err != nil {
		return err
	}
	_, err = a.Editor.Edit(r.Context(), name, func(now account.User) (account.Fields, error) {
		if now.Revision != user.Revision {
			return nil, ErrOvertaken
		}
		return fields, nil
	})
	return err
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
		return FromThisMachine(r)
	}
	return false
}
