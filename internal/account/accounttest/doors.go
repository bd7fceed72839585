package accounttest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// soon is how long a test waits for what is promised within a second: a machine
// that is busy with other things is no broken promise.
const soon = 10 * time.Second

// eventually waits until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > soon {
			t.Fatalf("after %s it is not so that %s", soon, what)
		}
	}
}

// A role is changed first and then its user, each to the next number: who sees a
// user that is ahead of its role has seen two states.
func oneState(t *testing.T, s scene) {
	const rounds = 50
	entry := func(kind string, n int) string {
		return fmt.Sprintf(`"paths":[{"id":"/%s/%d","sign":"+","permissions":"r"}]`, kind, n)
	}
	step := func(n int) error {
		return errors.Join(
			s.Put(t.Context(), account.Roles, "Editor", []byte("{"+entry("role", n)+"}")),
			s.Put(t.Context(), account.Users, "ann", []byte(`{"roles":["Gone","Editor"],`+entry("user", n)+"}")))
	}
	if err := step(0); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for last := 0; ; {
				p, err := s.Principal(t.Context(), "ann")
				var user, role int
				if err == nil {
					_, err = fmt.Sscanf(p.Rules.Own[0].String()+" "+p.Rules.Roles[0].Entries[0].String(), "+ /user/%d r + /role/%d r", &user, &role)
				}
				if err != nil || user < last || role < user || role > user+1 {
					t.Errorf("user %d after %d, role %d, %v", user, last, role, err)
					return
				}
				last = user
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for n := range rounds {
		if err := step(n + 1); err != nil {
			t.Error(err)
		}
	}
	close(over)
	readers.Wait()
}

func anotherDoorSees(t *testing.T, s scene) {
	other := s.home.Open(t)
	s.put(t, account.Roles, "Editor", `{}`)
	for i, document := range []string{`{"rev":1}`, `{"rev":2,"roles":["Editor"]}`, `{"rev":3}`} {
		s.put(t, account.Users, "ann", document)
		eventually(t, document+" is seen", func() bool {
			p, err := other.Principal(t.Context(), "ann")
			return err == nil && p.User.Revision == int64(i+1) && len(p.Rules.Roles) == i%2
		})
	}
	if _, err := other.Edit(t.Context(), "ann", account.Revoke); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a revocation through the other door is seen", func() bool {
		u, err := s.User(t.Context(), "ann")
		return err == nil && u.Revision == 4
	})
	s.put(t, account.Users, "ann", `{"roles":["Editor"]}`)
	eventually(t, "the role is given", func() bool {
		p, err := other.Principal(t.Context(), "ann")
		return err == nil && len(p.Rules.Roles) == 1 && p.Operations == 0
	})
	s.put(t, account.Roles, "Editor", `{"operations":["Overwrite"]}`)
	eventually(t, "what the role gives is seen in its user", func() bool {
		p, err := other.Principal(t.Context(), "ann")
		return err == nil && p.Operations.String() == "Overwrite"
	})
	s.delete(t, account.Roles, "Editor")
	eventually(t, "what the role gave is gone", func() bool {
		p, err := other.Principal(t.Context(), "ann")
		return err == nil && p.Operations == 0
	})
	s.delete(t, account.Users, "ann")
	eventually(t, "the user is gone", func() bool {
		_, err := other.Principal(t.Context(), "ann")
		return errors.Is(err, account.ErrNotExist)
	})
	s.put(t, account.Users, "ann", `{}`)
	eventually(t, "the user who was unknown a moment ago is known, with no rev of before", func() bool {
		u, err := other.User(t.Context(), "ann")
		return err == nil && u.Revision == 5
	})
}

func changesThroughTwoDoors(t *testing.T, s scene) {
	s.changedAtOnce(t, s.Store, s.home.Open(t))
}

// Seen or not: who changes a user changes it as it is by now.
func changeBeginsWithTheLast(t *testing.T, s scene) {
	doors := []scene{s, {s.home.Open(t), s.home}}
	for i := range 10 {
		here, there := doors[i%2], doors[1-i%2]
		here.put(t, account.Users, "ann", fmt.Sprintf(`{"rev":%d}`, 100*i+50))
		u, err := there.Edit(t.Context(), "ann", account.Revoke)
		if err != nil || u.Revision != int64(100*i+51) {
			t.Fatalf("Edit after a Put through another door: rev %d, %v; want %d", u.Revision, err, 100*i+51)
		}
		here.delete(t, account.Users, "ann")
		there.put(t, account.Users, "ann", `{}`)
		there.rev(t, "ann", int64(100*i+52))
	}
}

// A store that tells nobody is not asked to.
func followersAreTold(t *testing.T, s scene) {
	other := s.home.Open(t)
	follower, ok := other.(account.Followed)
	if !ok {
		return
	}
	var mu sync.Mutex
	var last account.Change
	var warned []string
	calls := 0
	stop := follower.Follow(func(c account.Change) {
		mu.Lock()
		defer mu.Unlock()
		last, warned, calls = c, append(warned, c.Warnings...), calls+1
	})
	told := func(what string, so func() bool) {
		t.Helper()
		eventually(t, "it is told "+what, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return so()
		})
	}
	if calls != 1 || len(last.Shapes) > 0 || len(warned) > 0 || last.Trouble != nil {
		t.Errorf("of a store with nobody in it, %d calls told %+v", calls, last)
	}
	s.put(t, account.Users, "ann", `{"digest":"`+someHash+`"}`)
	told("of a new hash", func() bool { return len(last.Shapes) == 1 && last.Shapes[0].Cost == 10 })
	s.put(t, account.Users, "bob", `{"roles":["Gone"],"digest":"`+someHash+`"}`)
	told("of a role that is missing", func() bool { return strings.Contains(strings.Join(warned, "\n"), "user bob: the role Gone") })
	s.delete(t, account.Users, "ann")
	s.delete(t, account.Users, "bob")
	told("that no hash is left", func() bool { return len(last.Shapes) == 0 })
	stop()
	before := calls
	s.put(t, account.Users, "ann", `{"rev":9000}`)
	eventually(t, "the change is seen", func() bool {
		u, err := other.User(t.Context(), "ann")
		return err == nil && u.Revision == 9000
	})
	if calls != before {
		t.Error("it is told after it has asked not to be")
	}
}

// Whoever was known may be known for a while longer, as he was last. Nobody is told
// that somebody does not exist because of it, and nothing is changed.
func brokenIsNotAbsent(t *testing.T, s scene) {
	s.put(t, account.Users, "ann", `{"rev":3,"roles":["Editor"]}`)
	s.put(t, account.Roles, "Editor", `{}`)
	if _, err := s.Principal(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	s.home.Break(t)
	if u, err := s.User(t.Context(), "ann"); errors.Is(err, account.ErrNotExist) || err == nil && u.Revision != 3 || err != nil && u.Name != "" {
		t.Errorf("a known user: %+v, %v", u, err)
	}
	if p, err := s.Principal(t.Context(), "ann"); errors.Is(err, account.ErrNotExist) || err == nil && (p.User.Revision != 3 || len(p.Rules.Roles) != 1) || err != nil && p != nil {
		t.Errorf("a known user with its roles: %+v, %v", p, err)
	}
	if u, err := s.User(t.Context(), "bob"); err == nil || u.Name != "" {
		t.Errorf("an unknown user: %+v, %v", u, err)
	}
	edited, editing := s.Edit(t.Context(), "ann", account.Revoke)
	if edited.Name != "" {
		t.Errorf("a user after an edit that cannot be: %+v", edited)
	}
	for what, err := range map[string]error{
		"Edit":   editing,
		"Put":    s.Put(t.Context(), account.Users, "bob", []byte(`{}`)),
		"Delete": s.Delete(t.Context(), account.Users, "ann"),
	} {
		if err == nil || errors.Is(err, account.ErrNotExist) || errors.Is(err, account.ErrDocument) || strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
