package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/guard/guardtest"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// server is one that guards are asked about.
type server struct {
	*redistest.Server
	client func() (rueidis.Client, error) // of the test; see ask
}

func startServer(t testing.TB, settings ...string) *server {
	t.Helper()
	return &server{Server: redistest.Start(t, settings...)}
}

// tell is ask for what must be done.
func (s *server) tell(t *testing.T, words ...string) {
	t.Helper()
	if err := s.ask(t, words...).Error(); err != nil {
		t.Fatal(err)
	}
}

// door is a client as one more front door has it.
func (s *server) door(t testing.TB) func() (rueidis.Client, error) {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Address}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return func() (rueidis.Client, error) { return client, nil }
}

// ask sends a command of words.
func (s *server) ask(t testing.TB, words ...string) rueidis.RedisResult {
	t.Helper()
	if s.client == nil {
		s.client = s.door(t)
	}
	client, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	return client.Do(t.Context(), client.B().Arbitrary(words...).Build())
}

// enough is time for an answer, on a machine that is busy.
const enough = 5 * time.Second

var prefixes atomic.Int64

// newPrefix is one under which nothing is.
func newPrefix() string { return fmt.Sprintf("{test-%d}:", prefixes.Add(1)) }

// fleet is several front doors, of which each call goes to the next.
type fleet[T any] struct {
	doors []T
	calls atomic.Uint64
}

func (f *fleet[T]) next() T { return f.doors[f.calls.Add(1)%uint64(len(f.doors))] }

type limitsOfAFleet struct{ fleet[*Limits] }

func (f *limitsOfAFleet) Begin(ctx context.Context, user, client string) (guard.Attempt, error) {
	return f.next().Begin(ctx, user, client)
}

func (f *limitsOfAFleet) SetLimit(l guard.Limit) {
	for _, door := range f.doors {
		door.SetLimit(l)
	}
}

func (f *limitsOfAFleet) Blocked(ctx context.Context) ([]guard.Block, error) {
	return f.next().Blocked(ctx)
}

func (f *limitsOfAFleet) Release(ctx context.Context, user, client string) (bool, error) {
	return f.next().Release(ctx, user, client)
}

type noncesOfAFleet struct{ fleet[*Nonces] }

func (f *noncesOfAFleet) Use(ctx context.Context, nonce string, count uint64, life time.Duration) (bool, error) {
	return f.next().Use(ctx, nonce, count, life)
}

// The rules hold over three doors, each call by the next of them, as they do in
// one process.
func TestLimitsAreSharedByAllDoors(t *testing.T) {
	s := startServer(t)
	doors := []func() (rueidis.Client, error){s.door(t), s.door(t), s.door(t)}
	guardtest.TestLimits(t, func(_ *testing.T, room int, now func() time.Time) guardtest.Limits {
		f, prefix := new(limitsOfAFleet), newPrefix()
		for _, client := range doors {
			f.doors = append(f.doors, testLimits(client, prefix, room, now))
		}
		return f
	})
}

func testLimits(client func() (rueidis.Client, error), prefix string, room int, now func() time.Time) *Limits {
	l := NewLimits(client, prefix, enough)
	l.room, l.now = room, now
	l.SetLimit(guard.DefaultLimit)
	return l
}

func TestNoncesAreSharedByAllDoors(t *testing.T) {
	s := startServer(t)
	doors := []func() (rueidis.Client, error){s.door(t), s.door(t), s.door(t)}
	guardtest.TestNonces(t, func(*testing.T) guardtest.Nonces {
		f, prefix := new(noncesOfAFleet), newPrefix()
		for _, client := range doors {
			f.doors = append(f.doors, NewNonces(client, prefix, enough))
		}
		return f
	})
}

// Nothing is told to the limits of the time but by Redis.
func TestTheTimeIsRedisOwn(t *testing.T) {
	s := startServer(t)
	l := NewLimits(s.door(t), newPrefix(), enough)
	l.SetLimit(guard.Limit{Failures: 1, Window: time.Hour})
	a, err := l.Begin(t.Context(), "ann", "192.0.2.1")
	if err == nil {
		err = a.End(t.Context(), guard.Failed)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Begin(t.Context(), "ann", "192.0.2.1")
	var throttled *guard.ThrottledError
	if !errors.As(err, &throttled) || throttled.RetryAfter < 3*time.Minute || throttled.RetryAfter > 4*time.Minute {
		t.Errorf("%v", err)
	}
	blocks, err := l.Blocked(t.Context())
	if err != nil || len(blocks) != 1 || time.Until(blocks[0].Until).Round(time.Minute) != 4*time.Minute {
		t.Errorf("%v, %v", blocks, err)
	}
}

// What is written goes by itself, and there is never more than there is room for.
func TestWhatLimitsTakeUpIsBounded(t *testing.T) {
	s := startServer(t)
	const room = 50
	prefix := newPrefix()
	l := testLimits(s.door(t), prefix, room, nil)
	for i := range 10 * room {
		a, err := l.Begin(t.Context(), fmt.Sprintf("user-%d", i), "192.0.2.1")
		if err == nil {
			err = a.End(t.Context(), guard.Outcome(i%10/9)) // every tenth succeeds
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	window, longest, usual := 15*time.Minute, time.Hour, guard.UsualFor
	for key, row := range map[string]struct {
		size string
		most int64
		life time.Duration
	}{
		"limit:pairs":           {"HLEN", room, window + longest},
		"limit:pairs:names":     {"SCARD", room, window + longest},
		"limit:users":           {"HLEN", room, window + longest},
		"limit:users:names":     {"SCARD", room, window + longest},
		"limit:usual:user-9":    {"HLEN", 1, usual},
		"limit:usual:user-8":    {"HLEN", 0, 0},
		"limit:something:else:": {"HLEN", 0, 0},
	} {
		size, err := s.ask(t, row.size, prefix+key).AsInt64()
		if err != nil || size > row.most || row.most > 0 && size == 0 {
			t.Errorf("%s has %d entries, %v; want 1 to %d", key, size, err, row.most)
		}
		life, err := s.ask(t, "PTTL", prefix+key).AsInt64()
		if got := time.Duration(life) * time.Millisecond; err != nil || row.life > 0 && (got > row.life || got < row.life-time.Minute) {
			t.Errorf("%s is gone in %s, %v; want %s", key, got, err, row.life)
		}
	}
	keys, err := s.ask(t, "KEYS", "*").AsStrSlice()
	if err != nil || len(keys) != 4+room {
		t.Errorf("%d keys, %v: %v", len(keys), err, keys)
	}
}

// What says nothing any more goes while others come, and a door with a shorter
// window does not take away what one with a longer window remembers.
func TestWhatIsForgottenGoesBeforeItsTime(t *testing.T) {
	s := startServer(t)
	prefix, clock := newPrefix(), time.Now()
	l := testLimits(s.door(t), prefix, 1000, func() time.Time { return clock })
	fail := func(user string) {
		t.Helper()
		a, err := l.Begin(t.Context(), user, "192.0.2.1")
		if err == nil {
			err = a.End(t.Context(), guard.Failed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		fail(fmt.Sprintf("old-%d", i))
	}
	clock = clock.Add(15 * time.Minute)
	for i := range 100 {
		fail(fmt.Sprintf("new-%d", i))
	}
	for key, size := range map[string]string{"limit:pairs": "HLEN", "limit:pairs:names": "SCARD", "limit:users": "HLEN", "limit:users:names": "SCARD"} {
		if n, err := s.ask(t, size, prefix+key).AsInt64(); err != nil || n < 100 || n > 110 {
			t.Errorf("of %s %d are left, %v; want 100 or little more", key, n, err)
		}
	}
	l.SetLimit(guard.Limit{Failures: 10, Window: time.Minute})
	fail("brief")
	if life, err := s.ask(t, "PTTL", prefix+"limit:pairs").AsInt64(); err != nil || life < time.Hour.Milliseconds() {
		t.Errorf("all is gone in %d ms, %v", life, err)
	}
}

// A nonce is remembered for as long as a door whose clock is behind may take it.
func TestANonceIsForgottenAfterItsLife(t *testing.T) {
	s := startServer(t)
	prefix := newPrefix()
	n := NewNonces(s.door(t), prefix, enough)
	for _, row := range []struct {
		count uint64
		life  time.Duration
		want  time.Duration
	}{{1, time.Minute, 6 * time.Minute}, {2, 3 * time.Minute, 8 * time.Minute}, {3, time.Minute, 8 * time.Minute}} {
		if first, err := n.Use(t.Context(), "nonce", row.count, row.life); err != nil || !first {
			t.Fatal(first, err)
		}
		life, err := s.ask(t, "PTTL", prefix+"nonce:nonce").AsInt64()
		if got := (time.Duration(life) * time.Millisecond).Round(time.Minute); err != nil || got != row.want {
			t.Errorf("after count %d it is forgotten in %s, %v; want %s", row.count, got, err, row.want)
		}
	}
	for count := range uint64(300) {
		_, err := n.Use(t.Context(), "nonce", count+4, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
	}
	if size, err := s.ask(t, "ZCARD", prefix+"nonce:nonce").AsInt64(); err != nil || size != guard.NonceWindow {
		t.Errorf("%d counts are kept, %v; want %d", size, err, guard.NonceWindow)
	}
}

// What Redis cannot tell is an error: never a yes, and never a no that would be
// held against somebody.
func TestWhatRedisCannotTellIsAnError(t *testing.T) {
	for why, damage := range map[string]func(*testing.T, *server, string){
		"it is gone":         func(_ *testing.T, s *server, _ string) { s.Kill() },
		"it does not answer": func(t *testing.T, s *server, _ string) { s.Freeze(t) },
		"it asks for a password": func(t *testing.T, s *server, _ string) {
			s.tell(t, "CONFIG", "SET", "requirepass", "x")
			s.tell(t, "CLIENT", "KILL", "TYPE", "normal")
		},
		"it is full":      func(t *testing.T, s *server, _ string) { s.tell(t, "CONFIG", "SET", "maxmemory", "1") },
		"it is a replica": func(t *testing.T, s *server, _ string) { s.tell(t, "REPLICAOF", "127.0.0.1", "1") },
		"keys are of another type": func(t *testing.T, s *server, prefix string) {
			s.tell(t, "SET", prefix+"limit:pairs", "x")
			s.tell(t, "SET", prefix+"nonce:nonce", "x")
		},
		"a tally is none": func(t *testing.T, s *server, prefix string) {
			s.tell(t, "HSET", prefix+"limit:pairs", "ann 192.0.2.1", "9 0 x", "bob 192.0.2.1", "")
			s.tell(t, "SET", prefix+"nonce:nonce", "x")
		},
	} {
		t.Run(why, func(t *testing.T) {
			s := startServer(t)
			prefix := newPrefix()
			l, n := NewLimits(s.door(t), prefix, enough), NewNonces(s.door(t), prefix, enough)
			bob, err := l.Begin(t.Context(), "bob", "192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			damage(t, s, prefix)
			l.scripts.timeout, n.scripts.timeout = 300*time.Millisecond, 300*time.Millisecond
			if _, err := l.Begin(t.Context(), "ann", "192.0.2.1"); err == nil || errors.Is(err, guard.ErrThrottled) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("asking whether a login is allowed: %v", err)
			}
			if err := bob.End(t.Context(), guard.Failed); err == nil {
				t.Error("a failure that is not counted is no error")
			}
			if first, err := n.Use(t.Context(), "nonce", 1, time.Minute); first || err == nil {
				t.Errorf("using a nonce: %v, %v", first, err)
			}
			if why == "it is full" || why == "it is a replica" {
				return // it may be read, and have something taken out
			}
			if blocks, err := l.Blocked(t.Context()); blocks != nil || err == nil {
				t.Errorf("listing: %v, %v", blocks, err)
			}
			if found, err := l.Release(t.Context(), "ann", "192.0.2.1"); found || err == nil {
				t.Errorf("releasing: %v, %v", found, err)
			}
		})
	}
}

func TestWithoutAClientNothingIsKnown(t *testing.T) {
	none := errors.New("not connected yet")
	client := func() (rueidis.Client, error) { return nil, none }
	if _, err := NewLimits(client, newPrefix(), enough).Begin(t.Context(), "ann", "192.0.2.1"); !errors.Is(err, none) {
		t.Errorf("asking whether a login is allowed: %v", err)
	}
	if first, err := NewNonces(client, newPrefix(), enough).Use(t.Context(), "nonce", 1, time.Minute); first || !errors.Is(err, none) {
		t.Errorf("using a nonce: %v, %v", first, err)
	}
}

// everything asks for all that limits and nonces are for.
func everything(t *testing.T, client func() (rueidis.Client, error), prefix string) {
	t.Helper()
	l, n := NewLimits(client, prefix, enough), NewNonces(client, prefix, enough)
	logIn := func(from string, came guard.Outcome) {
		t.Helper()
		a, err := l.Begin(t.Context(), "ann", from)
		if err == nil {
			err = a.End(t.Context(), came)
		}
		if err != nil {
			t.Error(err)
		}
	}
	for _, came := range []guard.Outcome{guard.Failed, guard.Abandoned, guard.Succeeded, guard.Failed} {
		logIn("192.0.2.1", came)
	}
	for i := range guard.MaxUsual + 1 {
		logIn(fmt.Sprintf("198.51.100.%d", i), guard.Succeeded)
	}
	if blocks, err := l.Blocked(t.Context()); err != nil || len(blocks) > 0 {
		t.Errorf("listing: %v, %v", blocks, err)
	}
	if found, err := l.Release(t.Context(), "ann", "192.0.2.1"); err != nil || !found {
		t.Errorf("releasing: %v, %v", found, err)
	}
	if first, err := n.Use(t.Context(), "nonce", 1, time.Minute); err != nil || !first {
		t.Errorf("using a nonce: %v, %v", first, err)
	}
}

// In a cluster a script may touch the keys of one slot only.
func TestACluster(t *testing.T) {
	s := startServer(t, "--cluster-enabled", "yes")
	s.tell(t, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	for begun := time.Now(); s.ask(t, "SET", "x", "x").Error() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the cluster does not serve")
		}
	}
	everything(t, s.door(t), newPrefix())
}

// A client that goes away leaves no attempt without an end.
func TestWhoGoesAwayIsCountedNevertheless(t *testing.T) {
	s := startServer(t)
	l, n := NewLimits(s.door(t), newPrefix(), enough), NewNonces(s.door(t), newPrefix(), enough)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 10 {
		a, err := l.Begin(gone, "ann", "192.0.2.1")
		if err == nil {
			err = a.End(gone, guard.Failed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Begin(gone, "ann", "192.0.2.1"); !errors.Is(err, guard.ErrThrottled) {
		t.Errorf("%v", err)
	}
	if first, err := n.Use(gone, "nonce", 1, time.Minute); !first || err != nil {
		t.Errorf("%v, %v", first, err)
	}
}

// Two doors race for one answer to a challenge.
func TestOfTwoHundredReplaysAtTwoDoorsOneIsAccepted(t *testing.T) {
	s := startServer(t)
	prefix := newPrefix()
	doors := []*Nonces{NewNonces(s.door(t), prefix, enough), NewNonces(s.door(t), prefix, enough)}
	for round := range 5 {
		var replays sync.WaitGroup
		var accepted atomic.Int32
		for i := range 200 {
			replays.Go(func() {
				first, err := doors[i%2].Use(t.Context(), fmt.Sprint("nonce", round), 1, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if first {
					accepted.Add(1)
				}
			})
		}
		replays.Wait()
		if accepted.Load() != 1 {
			t.Errorf("%d were accepted", accepted.Load())
		}
	}
}
