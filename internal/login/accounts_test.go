package login

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
)

// desk is a store of one user that can be edited.
type desk struct {
	user   account.User
	edits  []account.Fields
	broken error
}

func (d *desk) User(_ context.Context, name string) (account.User, error) {
	if name != d.user.Name {
		return account.User{}, account.ErrNotExist
	}
	return d.user, nil
}

func (*desk) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

func (d *desk) Edit(_ context.Context, _ string, change func(account.User) (account.Fields, error)) (account.User, error) {
	if d.broken != nil {
		return account.User{}, d.broken
	}
	fields, err := change(d.user)
	if err == nil {
		d.edits = append(d.edits, fields)
	}
	return d.user, err
}

func newDesk(t *testing.T, cost int) (*desk, *Accounts) {
	t.Helper()
	hash, err := account.HashPassword("right", cost)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{user: account.User{Name: "ann", PasswordHash: hash, Revision: 7}}
	_, a := exchange(t, d)
	a.Editor, a.Realm = d, "cmwell"
	return d, a
}

func TestARightPasswordBringsWhatTheDocumentLacks(t *testing.T) {
	d, a := newDesk(t, 4)
	if _, err := a.Check(request("/_login"), "ann", "right"); err != nil {
		t.Fatal(err)
	}
	if len(d.edits) != 1 {
		t.Fatalf("%d edits", len(d.edits))
	}
	fields := d.edits[0]
	if fields["digest2"] != account.HA1MD5("ann", "cmwell", "right") || fields["digest2_sha256"] != account.HA1SHA256("ann", "cmwell", "right") || fields["digest"] == nil {
		t.Errorf("%v", fields)
	}
	if _, touched := fields["rev"]; touched {
		t.Error("a better hash must not end tokens")
	}
	d.user.HA1, d.user.HA1SHA256 = account.HA1MD5("ann", "cmwell", "right"), account.HA1SHA256("ann", "cmwell", "right")
	if d.user.PasswordHash, _ = account.HashPassword("right", account.DefaultCost); a.Editor != nil {
		if _, err := a.Check(request("/_login"), "ann", "right"); err != nil || len(d.edits) != 1 {
			t.Errorf("nothing was lacking: %v, %v", d.edits, err)
		}
	}
}

func TestAWrongPasswordBringsNothing(t *testing.T) {
	d, a := newDesk(t, 4)
	if _, err := a.Check(request("/_login"), "ann", "wrong"); !errors.Is(err, ErrRejected) || len(d.edits) != 0 {
		t.Errorf("%v, %v", d.edits, err)
	}
}

func TestAnUpgradeThatFailsDoesNotSpoilTheLogin(t *testing.T) {
	d, a := newDesk(t, 4)
	d.broken = errors.New("disk full")
	var told error
	a.Warn = func(err error) { told = err }
	if u, err := a.Check(request("/_login"), "ann", "right"); err != nil || u.Name != "ann" || !errors.Is(told, d.broken) {
		t.Errorf("%v, %v, told %v", u, err, told)
	}
}

func TestChangingAPassword(t *testing.T) {
	d, a := newDesk(t, 12)
	d.user.HA1, d.user.HA1SHA256 = account.HA1MD5("ann", "cmwell", "right"), account.HA1SHA256("ann", "cmwell", "right")
	if err := a.ChangePassword(request("/_auth"), "ann", "wrong", "next"); !errors.Is(err, ErrRejected) || len(d.edits) != 0 {
		t.Errorf("with the wrong password: %v", err)
	}
	if err := a.ChangePassword(request("/_auth"), "ann", "right", ""); !errors.Is(err, account.ErrPassword) || len(d.edits) != 0 {
		t.Errorf("to an empty one: %v", err)
	}
	if err := a.ChangePassword(request("/_auth"), "ann", "right", "next"); err != nil || len(d.edits) != 1 {
		t.Fatalf("%v, %v", d.edits, err)
	}
	if f := d.edits[0]; f["rev"] != int64(8) || f["digest2"] != account.HA1MD5("ann", "cmwell", "next") || f["digest"] == d.user.PasswordHash {
		t.Errorf("%v", f)
	}
	a.Editor = nil
	if err := a.ChangePassword(request("/_auth"), "ann", "right", "next"); !errors.Is(err, account.ErrReadOnly) {
		t.Errorf("where users cannot be written: %v", err)
	}
}

func TestGuessingEndsInAThrottle(t *testing.T) {
	x, a := exchange(t, everybody)
	allow(a, 3)
	for i, want := range []error{ErrRejected, ErrRejected, ErrRejected, guard.ErrThrottled, guard.ErrThrottled} {
		spent := a.Passwords.Spent()
		_, err := x.Login(request("/_login", basic("ann", "guess")))
		if !errors.Is(err, want) {
			t.Errorf("guess %d: %v, want %v", i+1, err, want)
		}
		if errors.Is(want, guard.ErrThrottled) && a.Passwords.Spent() != spent {
			t.Errorf("guess %d was hashed", i+1)
		}
	}
	if _, err := x.Login(request("/_login", basic("ann", "a:b:c"))); !errors.Is(err, guard.ErrThrottled) {
		t.Errorf("the right password within the block: %v", err)
	}
	elsewhere := request("/_login", basic("ann", "a:b:c"))
	elsewhere.RemoteAddr = "192.0.2.99:1"
	a.Client = func(r *http.Request) string { return r.RemoteAddr }
	if _, err := x.Login(elsewhere); err != nil {
		t.Errorf("the right password from elsewhere: %v", err)
	}
	for range 3 {
		_, _ = x.Login(request("/_login", basic("nobody", "guess")))
	}
	if _, err := x.Login(request("/_login", basic("nobody", "guess"))); !errors.Is(err, guard.ErrThrottled) {
		t.Errorf("a name that does not exist is treated alike: %v", err)
	}
}

// An application that starts fifty workers at once logs in fifty times.
func TestIdenticalLoginsAtOnceAreOneAttempt(t *testing.T) {
	x, a := exchange(t, everybody)
	allow(a, 2)
	var workers sync.WaitGroup
	held, release := make(chan struct{}), make(chan struct{})
	go func() { _ = a.Hashing.Do(t.Context(), func() { close(held); <-release }) }()
	<-held // nobody is checked before all have come
	for range 50 {
		workers.Go(func() {
			if _, err := x.Login(request("/_login", basic("ann", "a:b:c"))); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	workers.Wait()
	if got := a.Passwords.Spent(); got > 50<<4 {
		t.Errorf("%d rounds of hashing", got)
	}
}

func TestTheNextInLineChecksAnewWhenTheFirstGoesAway(t *testing.T) {
	_, a := exchange(t, everybody)
	held, release := make(chan struct{}), make(chan struct{})
	go func() { _ = a.Hashing.Do(t.Context(), func() { close(held); <-release }) }()
	<-held
	gone, leave := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := a.Check(request("/_login").WithContext(gone), "ann", "a:b:c")
		first <- err
	}()
	for a.Hashing.Waiting() == 0 {
		runtime.Gosched()
	}
	second := make(chan error)
	go func() {
		_, err := a.Check(request("/_login"), "ann", "a:b:c")
		second <- err
	}()
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who went away: %v", err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Errorf("who stayed: %v", err)
	}
}

func TestMalformedCredentialsAreNoGuesses(t *testing.T) {
	x, a := exchange(t, everybody)
	allow(a, 1)
	for range 5 {
		if _, err := x.Login(request("/_login", "Basic %%%")); !errors.Is(err, ErrCredentials) {
			t.Error(err)
		}
		if _, err := x.Login(request("/_login", basic("broken", "x"))); errors.Is(err, guard.ErrThrottled) {
			t.Error("a fault of ours is held against the client")
		}
	}
	if _, err := x.Login(request("/_login", basic("ann", "a:b:c"))); err != nil {
		t.Error(err)
	}
}
