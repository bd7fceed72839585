package login

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// oneRound is what a comparison of a cheap password spends.
const oneRound = 1 << 4

// occupied has one worker, which is at work until release is called. Tests with
// it run in a bubble, which also fails when a goroutine is left behind.
func occupied(queue int) (h *Hashing, release func()) {
	h = NewHashing(1, queue)
	gate := make(chan struct{})
	go func() { _ = h.Do(context.Background(), func() { <-gate }) }()
	synctest.Wait()
	return h, sync.OnceFunc(func() { close(gate) })
}

func hashedUser(t *testing.T, name, password string) account.User {
	t.Helper()
	u, err := users{name: password}.User(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestNoMoreThanTheWorkersWorkAtOnce(t *testing.T) {
	for _, row := range []struct{ workers, resized, queue, atWork, waiting, busy int }{
		{1, 1, 100, 1, 19, 0},
		{3, 3, 100, 3, 17, 0},
		{0, 0, 100, 1, 19, 0},
		{3, 3, 5, 3, 5, 12},
		{3, 3, 0, 3, 0, 17},
		{3, 3, -1, 3, 0, 17},
		{3, 5, 100, 5, 15, 0},
		{3, 1, 100, 3, 17, 0}, // who is at work stays so
	} {
		synctest.Test(t, func(t *testing.T) {
			h := NewHashing(row.workers, row.queue)
			gate := make(chan struct{})
			var mu sync.Mutex
			var atWork, done, busy int
			count := func(n *int, by int) {
				mu.Lock()
				defer mu.Unlock()
				*n += by
			}
			for range 20 {
				go func() {
					err := h.Do(context.Background(), func() {
						count(&atWork, 1)
						<-gate
						count(&atWork, -1)
						count(&done, 1)
					})
					if errors.Is(err, ErrBusy) {
						count(&busy, 1)
					}
				}()
			}
			synctest.Wait()
			h.Resize(row.resized, row.queue)
			synctest.Wait()
			if atWork != row.atWork || h.Waiting() != row.waiting || busy != row.busy {
				t.Errorf("%+v: %d work, %d wait, %d were sent away", row, atWork, h.Waiting(), busy)
			}
			for range row.atWork {
				gate <- struct{}{}
			}
			synctest.Wait()
			if workers := min(max(row.resized, 1), row.waiting); atWork != workers {
				t.Errorf("%+v: of those who waited, %d work; want %d", row, atWork, workers)
			}
			close(gate)
			synctest.Wait()
			if done != row.atWork+row.waiting || h.Waiting() != 0 || h.working != 0 {
				t.Errorf("%+v: %d done, %d wait, %d work", row, done, h.Waiting(), h.working)
			}
		})
	}
}

func TestThoseWhoWaitAreServedInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(10)
		var order []int
		for i := range 10 {
			go func() { _ = h.Do(context.Background(), func() { order = append(order, i) }) }()
			synctest.Wait()
		}
		release()
		synctest.Wait()
		if fmt.Sprint(order) != "[0 1 2 3 4 5 6 7 8 9]" {
			t.Error(order)
		}
	})
}

func TestAClientThatGoesAwayFreesItsPlace(t *testing.T) {
	p, u := cheap(), hashedUser(t, "ann", "right")
	for how, wait := range map[string]func(*Hashing, context.Context) error{
		"work":  func(h *Hashing, ctx context.Context) error { return h.Do(ctx, func() { t.Error("it was run") }) },
		"match": func(h *Hashing, ctx context.Context) error { _, err := h.Match(ctx, p, u, "ann", "right"); return err },
	} {
		synctest.Test(t, func(t *testing.T) {
			h, release := occupied(1)
			ctx, cancel := context.WithCancel(context.Background())
			left := make(chan error, 1)
			go func() { left <- wait(h, ctx) }()
			synctest.Wait()
			if err := h.Do(context.Background(), func() { t.Error("it had no place") }); !errors.Is(err, ErrBusy) {
				t.Errorf("%s: the queue is full, and %v", how, err)
			}
			cancel()
			if err := <-left; !errors.Is(err, context.Canceled) || h.Waiting() != 0 {
				t.Errorf("%s: %v, %d wait", how, err, h.Waiting())
			}
			if err := wait(h, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: who is gone already got %v", how, err)
			}
			ran := false
			go func() { _ = h.Do(context.Background(), func() { ran = true }) }()
			synctest.Wait()
			release()
			synctest.Wait()
			if err := wait(h, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: while nobody works, who is gone got %v", how, err)
			}
			synctest.Wait()
			if !ran || len(h.checks) != 0 || p.Spent() != 0 {
				t.Errorf("%s: the place was taken %v, %d checks, %d rounds", how, ran, len(h.checks), p.Spent())
			}
		})
	}
}

func TestWhoseTurnComesTooLateGivesItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(1)
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error, 1)
		go func() { left <- h.Do(ctx, func() { t.Error("it was run") }) }()
		synctest.Wait()
		h.mu.Lock()
		cancel()
		h.workers = 2
		h.admit()
		h.mu.Unlock()
		if err := <-left; !errors.Is(err, context.Canceled) || h.working != 1 || h.Waiting() != 0 {
			t.Errorf("%v, %d work, %d wait", err, h.working, h.Waiting())
		}
		release()
	})
}

// tried is what several logins at once found.
type tried struct {
	right, wrong, busy int
	rounds             int64
	waiting            int
}

// together sends logins while the only worker is at work, and then lets it go on.
func together(t *testing.T, queue int, logins []login) (found tried) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(queue)
		p := cheap()
		var mu sync.Mutex
		for _, l := range logins {
			go func() {
				right, err := h.Match(context.Background(), p, l.user, l.name, l.password)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, ErrBusy) && !right:
					found.busy++
				case err != nil:
					t.Error(err)
				case right:
					found.right++
				default:
					found.wrong++
				}
			}()
		}
		synctest.Wait()
		found.waiting = h.Waiting()
		release()
		synctest.Wait()
		found.rounds = p.Spent() / oneRound
		if len(h.checks) != 0 || h.working != 0 {
			t.Errorf("%d checks and %d workers are left", len(h.checks), h.working)
		}
	})
	return found
}

type login struct {
	user           account.User
	name, password string
}

func TestIdenticalLoginsAtOnceHashOnce(t *testing.T) {
	ann, other := hashedUser(t, "ann", "right"), hashedUser(t, "ann", "right")
	hundred := func(logins ...login) (all []login) {
		for range 100 / len(logins) {
			all = append(all, logins...)
		}
		return all
	}
	nobody := account.User{}
	for _, row := range []struct {
		why    string
		logins []login
		queue  int
		want   tried
	}{
		{"the right password", hundred(login{ann, "ann", "right"}), 64, tried{right: 100, rounds: 1, waiting: 1}},
		{"a wrong password", hundred(login{ann, "ann", "wrong"}), 64, tried{wrong: 100, rounds: 1, waiting: 1}},
		{"an unknown user", hundred(login{nobody, "eve", "right"}), 64, tried{wrong: 100, rounds: 1, waiting: 1}},
		{"two passwords", hundred(login{ann, "ann", "right"}, login{ann, "ann", "wrong"}), 64, tried{right: 50, wrong: 50, rounds: 2, waiting: 2}},
		{"two unknown users", hundred(login{nobody, "eve", "x"}, login{nobody, "mallory", "x"}), 64, tried{wrong: 100, rounds: 2, waiting: 2}},
		{"two names with one hash", hundred(login{ann, "ann", "right"}, login{ann, "bob", "right"}), 64, tried{right: 100, rounds: 2, waiting: 2}},
		{"one name with two hashes", hundred(login{ann, "ann", "right"}, login{other, "ann", "right"}), 64, tried{right: 100, rounds: 2, waiting: 2}},
		{"a name that ends as a password begins", hundred(login{nobody, "an", "nx"}, login{nobody, "ann", "x"}), 64, tried{wrong: 100, rounds: 2, waiting: 2}},
		{"a password that begins as the hash", hundred(login{account.User{PasswordHash: "x"}, "ann", ""}, login{nobody, "ann", "x"}), 64, tried{wrong: 100, rounds: 2, waiting: 2}},
		{"a full queue", hundred(login{ann, "ann", "right"}), 0, tried{busy: 100}},
	} {
		if got := together(t, row.queue, row.logins); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.why, got, row.want)
		}
	}
}

func TestWhoLeavesASharedCheckLeavesItToTheOthers(t *testing.T) {
	p, u := cheap(), hashedUser(t, "ann", "right")
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(1)
		ctx, cancel := context.WithCancel(context.Background())
		first, second := make(chan error, 1), make(chan bool, 1)
		go func() { _, err := h.Match(ctx, p, u, "ann", "right"); first <- err }()
		synctest.Wait()
		go func() {
			right, err := h.Match(context.Background(), p, u, "ann", "right")
			second <- right && err == nil
		}()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) || h.Waiting() != 1 {
			t.Errorf("the first: %v, %d wait", err, h.Waiting())
		}
		release()
		if !<-second || p.Spent() != oneRound {
			t.Errorf("the second found nothing, after %d rounds", p.Spent())
		}
	})
}

// What has begun cannot be stopped: whoever comes meanwhile has the use of it.
func TestWorkThatHasBegunGoesOnWhenAllHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, p, gate := NewHashing(1, 0), cheap(), make(chan struct{})
		h.Observe(func(time.Duration) { <-gate }) // the answer is not known before
		u := hashedUser(t, "ann", "right")
		begin := func() *check {
			c, _, err := h.join(&check{same: h.fingerprint("ann", "", "right"), passwords: p, user: u, password: "right"})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		first := begin()
		synctest.Wait()
		h.part(first)
		if second := begin(); second != first {
			t.Error("it began again")
		}
		close(gate)
		<-first.done
		if !first.right || p.Spent() != oneRound {
			t.Errorf("%v after %d rounds", first.right, p.Spent())
		}
	})
}

func TestWorkIsTimedWithoutTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(5)
		took := make(chan time.Duration, 3)
		h.Observe(func(d time.Duration) { took <- d })
		go func() { _ = h.Do(context.Background(), func() { time.Sleep(2 * time.Second) }) }()
		time.Sleep(time.Second)
		release()
		if first, second := <-took, <-took; first != time.Second || second != 2*time.Second {
			t.Errorf("work took %v and %v, want 1s and 2s", first, second)
		}
		if right, err := h.Match(t.Context(), &account.Passwords{}, hashedUser(t, "ann", "secret"), "ann", "secret"); !right || err != nil {
			t.Errorf("got %v %v", right, err)
		}
		<-took
	})
}
