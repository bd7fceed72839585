package login

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
)

func TestTheDefaultPasswordOfRootIsKnownByWhatDigestKeeps(t *testing.T) {
	d := newDigestDoor()
	md5, sha256 := account.HA1MD5("root", "cmwell", "root"), account.HA1SHA256("root", "cmwell", "root")
	for _, row := range []struct {
		user account.User
		want bool
	}{
		{account.User{Name: "root", HA1: md5, HA1SHA256: sha256}, true},
		{account.User{Name: "root", HA1: md5}, true},
		{account.User{Name: "root", HA1SHA256: sha256}, true},
		{account.User{Name: "root", HA1: md5, HA1SHA256: account.HA1SHA256("root", "cmwell", "other")}, true},
		{account.User{Name: "root", HA1: account.HA1MD5("root", "cmwell", "other"), HA1SHA256: sha256}, true},
		{account.User{Name: "root", HA1: account.HA1MD5("root", "cmwell", "other"), HA1SHA256: account.HA1SHA256("root", "cmwell", "other")}, false},
		{account.User{Name: "root"}, false},
		{account.User{Name: "ann", HA1: md5, HA1SHA256: sha256}, false},
	} {
		if got := d.isDefaultRoot(row.user); got != row.want {
			t.Errorf("%+v is root with the default password: %v", row.user, got)
		}
	}
}

func TestAnAlgorithmThatIsNotOfferedIsNotTaken(t *testing.T) {
	d := newDigestDoor()
	challenge := d.challenge(t, MD5)
	d.Algorithms = func() []DigestAlgorithm { return []DigestAlgorithm{SHA256} }
	if u, err := d.Authenticate(client{user: "ann", algorithm: MD5}.answer(challenge)); !errors.Is(err, ErrRejected) || u.Name != "" {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := d.Authenticate(client{user: "ann", algorithm: SHA256}.answer(d.challenge(t, SHA256))); err != nil {
		t.Errorf("the offered one: %v", err)
	}
}

func TestOthersMayHaveThePasswordOfRoot(t *testing.T) {
	x, _ := exchange(t, users{"ann": "root", "root": "root"})
	if g, err := x.Login(request("/_login", basic("ann", "root"))); err != nil || g.User.Name != "ann" {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := x.Login(request("/_login", basic("root", "root"))); !errors.Is(err, ErrDefaultPassword) {
		t.Errorf("root from elsewhere: %v", err)
	}
}

func TestWhoIsThrottledIsNotToldThatLimitsAreOutOfReach(t *testing.T) {
	_, a := exchange(t, everybody)
	a.Limits = &told{begin: guard.ErrThrottled}
	if _, err := a.Check(request("/_login"), "ann", "a:b:c"); !errors.Is(err, guard.ErrThrottled) || errors.Is(err, ErrUnguarded) {
		t.Error(err)
	}
}

// unasked is a store that must not be asked.
type unasked struct{ t *testing.T }

func (s unasked) User(_ context.Context, name string) (account.User, error) {
	s.t.Errorf("%q was looked up", name)
	return account.User{Name: name}, nil
}

func (unasked) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

func TestNamesThatNobodyCanHaveAreNotLookedUp(t *testing.T) {
	_, a := exchange(t, unasked{t})
	for _, name := range []string{"", "no/body", "..", account.Anonymous} {
		if _, err := a.Check(request("/_login"), name, "x"); !errors.Is(err, ErrRejected) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// overtaken is an editor that finds another user than the one that logged in.
type overtaken struct {
	*desk
	found account.User
}

func (e overtaken) Edit(_ context.Context, _ string, change func(account.User) (account.Fields, error)) (account.User, error) {
	_, err := change(e.found)
	return e.found, err
}

func TestAUserThatHasChangedMeanwhileIsNotChanged(t *testing.T) {
	d, a := newDesk(t, 4)
	var warned error
	a.Warn = func(err error) { warned = err }
	other := d.user
	other.PasswordHash = "another"
	a.Editor = overtaken{d, other}
	if _, err := a.Check(request("/_login"), "ann", "right"); err != nil || !errors.Is(warned, ErrOvertaken) {
		t.Errorf("another hash: %v, warned of %v", err, warned)
	}
	other = d.user
	other.Revision++
	a.Editor = overtaken{d, other}
	if err := a.ChangePassword(request("/_auth"), "ann", "right", "next"); !errors.Is(err, ErrOvertaken) {
		t.Errorf("another revision: %v", err)
	}
}

func TestOnlyAnUpgradeThatFailsIsWarnedOf(t *testing.T) {
	d, a := newDesk(t, 4)
	a.Warn = func(err error) { t.Errorf("warned of %v", err) }
	if _, err := a.Check(request("/_login"), "ann", "right"); err != nil {
		t.Error(err)
	}
	d.broken, a.Warn = errGone, nil
	if _, err := a.Check(request("/_login"), "ann", "right"); err != nil {
		t.Errorf("with nobody to warn: %v", err)
	}
}

func TestWhatWasNotHashedIsNotStored(t *testing.T) {
	_, a := newDesk(t, 4)
	gone, leave := context.WithCancel(t.Context())
	leave()
	fields, err := a.hashed(gone, func() (account.Fields, error) { return account.Fields{"rev": 1}, nil })
	if !errors.Is(err, context.Canceled) || fields != nil {
		t.Errorf("%v, %v", fields, err)
	}
}

func TestALineBreakInBasicIsMalformed(t *testing.T) {
	x, _ := exchange(t, everybody)
	good := basic("ann", "a:b:c")
	for _, end := range []string{"\n", "\r"} {
		if _, err := x.Login(request("/_login", good[:12]+end+good[12:])); !errors.Is(err, ErrCredentials) {
			t.Errorf("%q: %v", end, err)
		}
	}
}

func TestDigestLeavesOtherSchemesAlone(t *testing.T) {
	d := newDigestDoor()
	if _, err := d.Authenticate(request("/_login", basic("ann", "ann"))); !errors.Is(err, ErrNotMine) {
		t.Error(err)
	}
	if _, err := d.Authenticate(request("/_login", "Digest realm=a, realm=b")); !errors.Is(err, ErrCredentials) || !strings.Contains(err.Error(), "given twice") {
		t.Error(err)
	}
}

// The key is asked for twice, for the nonce and for the decoy.
func TestAKeyThatFailsOnceIsNeitherALoginNorARejection(t *testing.T) {
	for failing := 1; failing <= 2; failing++ {
		d := newDigestDoor()
		r := client{user: "ann"}.answer(d.challenge(t, SHA256))
		key, asked := d.Key, 0
		d.Key = func() ([]byte, error) {
			if asked++; asked == failing {
				return nil, errGone
			}
			return key()
		}
		if u, err := d.Authenticate(r); !errors.Is(err, errGone) || errors.Is(err, ErrRejected) || u.Name != "" {
			t.Errorf("failing at %d: %+v, %v", failing, u, err)
		}
	}
}

func TestWithoutAFormerKeyItsNoncesAreForged(t *testing.T) {
	now := func() time.Time { return noon }
	nobody := func() []byte { return nil }
	nonce, opaque, err := nonces{key: func() ([]byte, error) { return nil, nil }, now: now}.issue()
	if err != nil {
		t.Fatal(err)
	}
	state, _, err := nonces{key: func() ([]byte, error) { return []byte("a derived key"), nil }, former: nobody, now: now}.check(nonce, opaque)
	if state != nonceForged || err != nil {
		t.Errorf("state %d, %v", state, err)
	}
}

func TestEdgesOfDurations(t *testing.T) {
	if got, err := ParseExpiry("3d\ufffd5h", 60*day); err != nil || got != 3*day+5*time.Hour {
		t.Errorf("the replacement character separates like any other: %v, %v", got, err)
	}
	if got := Period(30 * time.Second); got != "30s" {
		t.Errorf("less than a minute: %s", got)
	}
}

func TestWhoWaitsForAnIdenticalCheckHasItsAnswerUnlessItWasGivenUp(t *testing.T) {
	for _, row := range []struct {
		first error
		anew  bool
	}{
		{nil, false}, {ErrRejected, false}, {ErrBusy, false}, {context.Canceled, true}, {context.DeadlineExceeded, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			var f flights
			release, anew := make(chan struct{}), false
			go func() {
				_, _ = f.do(t.Context(), fingerprint{}, func() (account.User, error) { <-release; return account.User{}, row.first })
			}()
			synctest.Wait()
			second := make(chan error, 1)
			go func() {
				_, err := f.do(t.Context(), fingerprint{}, func() (account.User, error) { anew = true; return account.User{}, nil })
				second <- err
			}()
			synctest.Wait()
			close(release)
			if err := <-second; anew != row.anew || !anew && !errors.Is(err, row.first) {
				t.Errorf("after %v: %v, checked anew %v", row.first, err, anew)
			}
		})
	}
}

func TestWhoIsGoneIsNotToldThatTheLineIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(0)
		gone, leave := context.WithCancel(context.Background())
		leave()
		if err := h.Do(gone, func() { t.Error("it was run") }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		release()
	})
}

func TestWhoLeavesTheLineGivesNobodyAWorkerThatIsNotFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(2)
		ran := false
		go func() { _ = h.Do(context.Background(), func() { ran = true }) }()
		synctest.Wait()
		ctx, leave := context.WithCancel(context.Background())
		go func() { _ = h.Do(ctx, func() { t.Error("it was run") }) }()
		synctest.Wait()
		leave()
		synctest.Wait()
		if ran || h.Waiting() != 1 {
			t.Errorf("the first in line ran: %v; %d wait", ran, h.Waiting())
		}
		release()
	})
}

func TestEdgesOfBodies(t *testing.T) {
	for why, row := range map[string]struct {
		body  io.Reader
		names []string
		want  error
	}{
		"larger than the server takes": {http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(`{"a":"b"}`)), 3), nil, ErrBodySize},
		"null, and nothing asked for":  {strings.NewReader("null"), nil, ErrBody},
		"null for a password":          {strings.NewReader(`{"password":null}`), []string{"password"}, ErrBody},
	} {
		if got, err := ReadStrings(row.body, row.names...); !errors.Is(err, row.want) || got != nil {
			t.Errorf("%s: %v, %v; want %v", why, got, err, row.want)
		}
	}
}

func TestEdgesOfParameters(t *testing.T) {
	for _, s := range []string{"a b", "a=\"\\\x00\"", "a=\"\x7f\""} {
		if p, err := parseParams(s); !errors.Is(err, ErrCredentials) || p != nil {
			t.Errorf("%q: %v, %v", s, p, err)
		}
	}
}
