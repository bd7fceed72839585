package login

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
)

var errGone = errors.New("no connection")

// told is a limiter that can be out of reach, and says what it was told.
type told struct {
	begin, end error
	ends       []guard.Outcome
	endedIn    context.Context
}

func (l *told) Begin(context.Context, string, string) (guard.Attempt, error) {
	if l.begin != nil {
		return guard.Attempt{}, l.begin
	}
	return guard.NewAttempt(func(ctx context.Context, came guard.Outcome) error {
		l.ends, l.endedIn = append(l.ends, came), ctx
		return l.end
	}), nil
}

// deaf are nonce counts that nobody can look up.
type deaf struct{}

func (deaf) Use(context.Context, string, uint64, time.Duration) (bool, error) {
	return true, errGone
}

// What cannot be counted is not decided: neither the right password nor the
// wrong one gets an answer, and before the count is known nothing is hashed.
func TestWithoutLimitsNothingIsDecided(t *testing.T) {
	for why, row := range map[string]struct {
		limits told
		rounds int64
	}{
		"limits out of reach at the beginning": {told{begin: errGone}, 0},
		"limits out of reach at the end":       {told{end: errGone}, 16},
	} {
		for _, password := range []string{"a:b:c", "wrong"} {
			x, a := exchange(t, everybody)
			limits := row.limits
			a.Limits = &limits
			grant, err := x.Login(request("/_login", basic("ann", password)))
			if !errors.Is(err, ErrUnguarded) || !errors.Is(err, errGone) || errors.Is(err, ErrRejected) || grant.Token != "" {
				t.Errorf("%s, %s: %+v, %v", why, password, grant, err)
			}
			if got := a.Passwords.Spent(); got != row.rounds {
				t.Errorf("%s, %s: %d rounds of hashing, want %d", why, password, got, row.rounds)
			}
		}
	}
}

func TestWithoutLimitsOrNoncesNoDigestIsDecided(t *testing.T) {
	for why, without := range map[string]func(*Digest){
		"limits out of reach at the beginning": func(d *Digest) { d.Accounts.Limits = &told{begin: errGone} },
		"limits out of reach at the end":       func(d *Digest) { d.Accounts.Limits = &told{end: errGone} },
		"nonces out of reach":                  func(d *Digest) { d.Used = deaf{} },
	} {
		d := newDigestDoor()
		without(d.Digest)
		u, err := d.Authenticate(client{user: "ann"}.answer(d.challenge(t, SHA256)))
		if !errors.Is(err, ErrUnguarded) || !errors.Is(err, errGone) || errors.Is(err, ErrRejected) || u.Name != "" {
			t.Errorf("%s: %+v, %v", why, u, err)
		}
	}
}

func TestEveryAttemptHasOneEnd(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for why, row := range map[string]struct {
		user, password string
		ctx            context.Context
		want           guard.Outcome
	}{
		"a right password":            {"ann", "a:b:c", t.Context(), guard.Succeeded},
		"a wrong password":            {"ann", "wrong", t.Context(), guard.Failed},
		"nobody":                      {"eve", "wrong", t.Context(), guard.Failed},
		"a name that cannot be":       {"no/body", "wrong", t.Context(), guard.Failed},
		"a broken store":              {"broken", "x", t.Context(), guard.Abandoned},
		"a client that went away":     {"ann", "a:b:c", gone, guard.Abandoned},
		"the default password, afar":  {account.Root, account.RootPassword, t.Context(), guard.Failed},
		"another password, from afar": {account.Root, "wrong", t.Context(), guard.Failed},
	} {
		_, a := exchange(t, everybody)
		limits := new(told)
		a.Limits = limits
		_, _ = a.Check(request("/_login").WithContext(row.ctx), row.user, row.password)
		if len(limits.ends) != 1 || limits.ends[0] != row.want || limits.endedIn.Err() != nil {
			t.Errorf("%s: the ends are %v, want %v, told in a context that is over: %v", why, limits.ends, row.want, limits.endedIn.Err())
		}
	}
}

func TestEveryDigestHasOneEnd(t *testing.T) {
	for why, row := range map[string]struct {
		c    client
		late time.Duration
		want guard.Outcome
	}{
		"a right answer":         {client{user: "ann"}, 0, guard.Succeeded},
		"a wrong answer":         {client{user: "ann", password: "wrong"}, 0, guard.Failed},
		"a right answer, late":   {client{user: "ann"}, nonceLife, guard.Abandoned},
		"a wrong answer, late":   {client{user: "ann", password: "wrong"}, nonceLife, guard.Failed},
		"the default password":   {client{user: "root"}, 0, guard.Failed},
		"what cannot be told of": {client{user: "broken"}, 0, guard.Abandoned},
	} {
		d := newDigestDoor()
		limits := new(told)
		d.Accounts.Limits = limits
		r := row.c.answer(d.challenge(t, SHA256))
		d.clock = d.clock.Add(row.late)
		_, _ = d.Authenticate(r)
		if len(limits.ends) != 1 || limits.ends[0] != row.want {
			t.Errorf("%s: the ends are %v, want %v", why, limits.ends, row.want)
		}
	}
}

// Two requests from one address of which one may use the default password are
// not the same, though they come at once.
func TestTheDefaultPasswordIsNotShared(t *testing.T) {
	x, a := exchange(t, everybody)
	afar, here := request("/_login", basic("root", "root")), request("/_login", basic("root", "root"))
	afar.RemoteAddr, afar.Host = "127.0.0.1:5", "data.example.org"
	here.RemoteAddr, here.Host = "127.0.0.1:5", "localhost"
	held, release := make(chan struct{}), make(chan struct{})
	go func() { _ = a.Hashing.Do(t.Context(), func() { close(held); <-release }) }()
	<-held
	came := make(chan struct{}, 10)
	a.Client = func(r *http.Request) string {
		came <- struct{}{}
		return r.RemoteAddr
	}
	got := map[*http.Request]chan error{afar: make(chan error, 1), here: make(chan error, 1)}
	for r, err := range got {
		go func() {
			_, failed := x.Login(r)
			err <- failed
		}()
		<-came
	}
	close(release)
	if err := <-got[here]; err != nil {
		t.Errorf("here: %v", err)
	}
	if err := <-got[afar]; !errors.Is(err, ErrDefaultPassword) {
		t.Errorf("from afar: %v", err)
	}
}
