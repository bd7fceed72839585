package redis

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// durable is how a server is run that forgets nothing.
var durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

// knows tells whether the store finds the user, with this rev.
func (s *Store) knows(t testing.TB, name string, rev int64) bool {
	t.Helper()
	p, err := s.Principal(t.Context(), name)
	return err == nil && p.User.Revision == rev
}

// learn has the store know the users for certain. Of a change that was made just now
// it may be told while it asks, and not keep what it is answered.
func (s *Store) learn(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		redistest.Eventually(t, name+" is known", func() bool {
			if _, err := s.Principal(t.Context(), name); err != nil && !errors.Is(err, account.ErrNotExist) {
				t.Fatal(err)
			}
			_, certain := s.view.known(name)
			return certain
		})
	}
}

// answersCounts asks by each connection of the pool.
func (s *Store) answersCounts(t testing.TB) {
	t.Helper()
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := c.Do(t.Context(), c.B().Exists().Key(s.Prefix()+"users").Build()).Error(); err != nil {
			t.Errorf("a count: %v", err)
		}
	}
}

// wantClosed finds that nothing is known of these names, and that it is said so.
func (s *Store) wantClosed(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if p, err := s.Principal(t.Context(), name); err == nil || errors.Is(err, account.ErrNotExist) || p != nil {
			t.Errorf("Principal %s: %v, %v", name, p, err)
		}
	}
}

// wantNoChanges finds that nothing can be changed, and that nobody can log in.
func (s *Store) wantNoChanges(t testing.TB, name string) {
	t.Helper()
	_, edited := s.Edit(t.Context(), name, account.Revoke)
	_, found := s.User(t.Context(), name)
	for what, err := range map[string]error{
		"Put":    s.Put(t.Context(), account.Users, name, []byte(`{"rev":99}`)),
		"Delete": s.Delete(t.Context(), account.Users, name),
		"Edit":   edited, "User": found,
		"Reload": s.Reload(),
	} {
		if err == nil || errors.Is(err, account.ErrNotExist) || errors.Is(err, account.ErrDocument) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if c, err := s.Client(); c != nil || err == nil {
		t.Errorf("Client: %v, %v", c, err)
	}
}

// troubles are what can become of a server, and of the way to it, and how it ends.
var troubles = map[string]struct {
	begin, end func(*testing.T, *redistest.Server, *redistest.Proxy)
	says       string
}{
	"killed":       {func(_ *testing.T, s *redistest.Server, _ *redistest.Proxy) { s.Kill() }, func(t *testing.T, s *redistest.Server, _ *redistest.Proxy) { s.Run(t) }, ""},
	"stopped":      {func(_ *testing.T, s *redistest.Server, _ *redistest.Proxy) { s.Stop() }, func(t *testing.T, s *redistest.Server, _ *redistest.Proxy) { s.Run(t) }, ""},
	"frozen":       {func(t *testing.T, s *redistest.Server, _ *redistest.Proxy) { s.Freeze(t) }, func(t *testing.T, s *redistest.Server, _ *redistest.Proxy) { s.Thaw(t) }, "no answer within 1s"},
	"parted":       {func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) { p.Pause() }, func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) { p.Resume() }, "no answer within 1s"},
	"no Redis":     {says("HTTP/1.1 400 Bad Request\r\n\r\n"), saysNothing, "answer not understood"},
	"too much":     {says("$100000000000\r\n"), saysNothing, "answer not understood"},
	"too often":    {says("+OK\r\n+OK\r\n+OK\r\n"), saysNothing, ""},
	"loading":      {says("-LOADING Redis is loading the dataset in memory\r\n"), saysNothing, ""},
	"master gone":  {says("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n"), saysNothing, "MASTERDOWN"},
	"not let in":   {says("-NOAUTH Authentication required.\r\n"), saysNothing, "NOAUTH"},
	"busy":         {says("-BUSY Redis is busy running a script.\r\n"), saysNothing, "BUSY"},
	"another type": {says("*1\r\n:1\r\n"), saysNothing, ""},
}

func says(answer string) func(*testing.T, *redistest.Server, *redistest.Proxy) {
	return func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) { p.Answer([]byte(answer)) }
}

func saysNothing(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) { p.Resume(); p.Cut() }

// Whatever becomes of Redis: who is known goes on, nobody else is let in or told not
// to exist, nothing is changed; and when it is back, what is so there holds here.
func TestWhateverBecomesOfRedis(t *testing.T) {
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, durable...)
			proxy := redistest.StartProxy(t, server.Address)
			s := open(t, optionsFor(proxy.Address), Home{})
			put(t, s, account.Roles, "Editor", `{"operations":["Overwrite"]}`)
			put(t, s, account.Users, "ann", `{"rev":3,"roles":["Editor","Gone"]}`)
			put(t, s, account.Users, "bob", `{"rev":5}`)
			s.learn(t, "ann", account.Anonymous)
			s.answersCounts(t)

			trouble.begin(t, server, proxy)
			begun := time.Now()
			redistest.Eventually(t, "it is noticed", func() bool { _, why := s.State(); return why != nil })
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("it was noticed after %s", took)
			}
			// What was under way may end in another way before.
			redistest.Eventually(t, "it says "+trouble.says, func() bool {
				_, why := s.State()
				return why != nil && strings.Contains(why.Error(), trouble.says)
			})
			if p, err := s.Principal(t.Context(), "ann"); err != nil || p.User.Revision != 3 || len(p.Rules.Roles) != 1 {
				t.Errorf("who is known: %v, %v", p, err)
			}
			if _, err := s.Principal(t.Context(), account.Anonymous); !errors.Is(err, account.ErrNotExist) {
				t.Errorf("who is known not to be there: %v", err)
			}
			s.wantClosed(t, "bob", "eve")
			s.wantNoChanges(t, "ann")

			trouble.end(t, server, proxy)
			redistest.Eventually(t, "it is over", func() bool { _, why := s.State(); return why == nil })
			if !s.knows(t, "ann", 3) || !s.knows(t, "bob", 5) {
				t.Error("users are lost")
			}
			put(t, s, account.Users, "ann", `{"rev":4}`)
			if !s.knows(t, "ann", 4) {
				t.Error("what is changed does not hold")
			}
			s.answersCounts(t)
		})
	}
}

// A network parts one door from Redis, and on another door a token is revoked.
func TestAPartedDoorCloses(t *testing.T) {
	server := redistest.Start(t, durable...)
	proxy := redistest.StartProxy(t, server.Address)
	near := open(t, optionsFor(server.Address), Home{})
	options := optionsFor(proxy.Address)
	options.MaxStale = 3 * time.Second
	parted := open(t, options, Home{})
	put(t, near, account.Users, "ann", `{"rev":3}`)
	put(t, near, account.Users, "bob", `{"rev":3}`)
	parted.learn(t, "ann", "bob")
	proxy.Pause()
	begun := time.Now()
	if _, err := near.Edit(t.Context(), "ann", account.Revoke); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "the door knows that it does not know", func() bool { _, why := parted.State(); return why != nil })
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it knows after %s", took)
	}
	if !parted.knows(t, "ann", 3) {
		t.Error("a known user does not go on")
	}
	redistest.Eventually(t, "the door closes", func() bool { _, err := parted.Principal(t.Context(), "ann"); return err != nil })
	if took := time.Since(begun); took > options.MaxStale+time.Second {
		t.Errorf("it closes after %s", took)
	}
	parted.wantClosed(t, "ann", "bob", account.Anonymous)
	proxy.Resume()
	redistest.Eventually(t, "the door hears again", func() bool { _, why := parted.State(); return why == nil })
	if !parted.knows(t, "ann", 4) || !parted.knows(t, "bob", 3) {
		t.Error("what was revoked is not")
	}
}

// With max_stale 0, nothing is known that is not known for certain.
func TestNothingIsKnownLongerThanMaxStale(t *testing.T) {
	server := redistest.Start(t)
	options := optionsFor(server.Address)
	options.MaxStale = 0
	s := open(t, options, Home{})
	put(t, s, account.Users, "ann", `{}`)
	s.learn(t, "ann")
	server.Kill()
	redistest.Eventually(t, "it is noticed", func() bool { _, why := s.State(); return why != nil })
	s.wantClosed(t, "ann")
}

func TestWhoWasNotKnownBeforeTheConnectionEndedIsNotKnownAfter(t *testing.T) {
	server := redistest.Start(t, durable...)
	proxy := redistest.StartProxy(t, server.Address)
	s, other := open(t, optionsFor(proxy.Address), Home{}), open(t, optionsFor(server.Address), Home{})
	put(t, s, account.Users, "ann", `{"rev":1}`)
	for rev := int64(1); rev < 6; rev++ {
		if !s.knows(t, "ann", rev) {
			t.Fatalf("rev %d is not known", rev)
		}
		proxy.Cut() // what is changed now, nobody is told
		put(t, other, account.Users, "ann", fmt.Sprintf(`{"rev":%d}`, rev+1))
		redistest.Eventually(t, "the change is seen", func() bool { return s.knows(t, "ann", rev+1) })
	}
}
