package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// party waits while the only worker is at work, in a bubble. Then it is served one turn
// after another, and tells who was answered in which.
type party struct {
	h       *Hashing
	release func()
	turn    chan struct{}

	mu       sync.Mutex
	answered []string
}

func newParty(queue int) *party {
	p := &party{turn: make(chan struct{})}
	p.h, p.release = occupied(queue)
	p.h.Observe(func(time.Duration) { <-p.turn })
	return p
}

// login is one that waits; what it finds is its name, and "right" or an error.
func (p *party) login(ctx context.Context, passwords *account.Passwords, u account.User, name, password string) {
	go func() {
		right, err := p.h.Match(ctx, passwords, u, name, password)
		if right {
			name += " right"
		}
		p.answer(name, err)
	}()
	synctest.Wait()
}

// work is other work that waits.
func (p *party) work(name string) {
	go func() { p.answer(name, p.h.Do(context.Background(), func() {})) }()
	synctest.Wait()
}

func (p *party) answer(name string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		name += fmt.Sprintf(" (%v)", err)
	}
	p.answered = append(p.answered, name)
}

// next is who has been answered since it was asked last.
func (p *party) next() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.answered)
	all := strings.Join(p.answered, ", ")
	p.answered = nil
	return all
}

// turns serves all, and tells who was answered in each turn.
func (p *party) turns() (all []string) {
	p.release()
	for synctest.Wait(); p.h.working > 0; synctest.Wait() {
		p.turn <- struct{}{}
		if who := p.next(); who != "" {
			all = append(all, who)
		}
	}
	return all
}

func expectTurns(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the turns are %q, want %q", got, want)
	}
}

func TestAWorkerTakesUpToFourWhoWait(t *testing.T) {
	p, ann := cheap(), hashedUser(t, "ann", "right")
	synctest.Test(t, func(t *testing.T) {
		waiting := newParty(10)
		for i := range 10 {
			name, u, password := fmt.Sprint(i), account.User{}, "wrong"
			switch i {
			case 2:
				u = ann
			case 5:
				u, password = ann, "right"
			case 7:
				password = strings.Repeat("x", 73)
			}
			waiting.login(t.Context(), p, u, name, password)
		}
		expectTurns(t, waiting.turns(), "0, 1, 2, 3", "4, 5 right, 6, 7", "8, 9")
		if p.Spent() != 10*oneRound || waiting.h.Waiting() != 0 || len(waiting.h.checks) != 0 {
			t.Errorf("%d rounds, %d wait, %d checks", p.Spent(), waiting.h.Waiting(), len(waiting.h.checks))
		}
	})
}

// Nobody is kept waiting for company.
func TestAFreeWorkerBeginsAtOnce(t *testing.T) {
	p := cheap()
	synctest.Test(t, func(t *testing.T) {
		h := NewHashing(2, 10)
		begun, gate := 0, make(chan struct{})
		h.Observe(func(time.Duration) { begun++; <-gate })
		for i := range 5 {
			go func() { _, _ = h.Match(context.Background(), p, account.User{}, fmt.Sprint(i), "x") }()
			synctest.Wait()
		}
		if begun != 2 || h.Waiting() != 3 || p.Spent() != 2*oneRound {
			t.Errorf("%d have begun and %d wait after %d rounds", begun, h.Waiting(), p.Spent())
		}
		gate <- struct{}{}
		synctest.Wait()
		if begun != 3 || h.Waiting() != 0 || h.working != 2 || p.Spent() != 5*oneRound {
			t.Errorf("then %d have begun, %d wait and %d work after %d rounds", begun, h.Waiting(), h.working, p.Spent())
		}
		close(gate)
	})
}

// Who cannot be matched with the first keeps the place in the line, and others go past
// only to share the turn that has come anyway.
func TestAMixedLineServesAll(t *testing.T) {
	of := func(shapes ...account.Shape) *account.Passwords {
		p := new(account.Passwords)
		p.SetShapes(shapes)
		return p
	}
	argon := account.Shape{Memory: 16, Time: 1, Threads: 1}
	cheap, dear, both, another := of(account.Shape{Cost: 4}), of(account.Shape{Cost: 5}), of(account.Shape{Cost: 4}, argon), of(account.Shape{Cost: 4})
	ann, nobody := hashedUser(t, "ann", "right"), account.User{}
	synctest.Test(t, func(t *testing.T) {
		waiting := newParty(20)
		ctx := t.Context()
		waiting.login(ctx, both, ann, "a, argon2id beside", "right")
		waiting.login(ctx, cheap, nobody, "b", "wrong")
		waiting.work("c, work")
		waiting.login(ctx, dear, ann, "d, a cheap hash among dear ones", "right")
		waiting.login(ctx, both, nobody, "e, argon2id beside", "wrong")
		waiting.login(ctx, cheap, ann, "f", "right")
		waiting.login(ctx, dear, nobody, "g, dear", "wrong")
		waiting.login(ctx, another, ann, "h, another door's", "right")
		waiting.login(ctx, cheap, ann, "i", "wrong")
		waiting.login(ctx, dear, nobody, "j, dear", "wrong")
		expectTurns(t, waiting.turns(),
			"a, argon2id beside right",
			"b, f right, i",
			"c, work",
			"d, a cheap hash among dear ones right",
			"e, argon2id beside",
			"g, dear, j, dear",
			"h, another door's right")
		if cheap.Spent() != 3<<4 || dear.Spent() != 1<<4+2<<5 || both.Spent() != 2<<4 || both.Runs() != 1 || another.Spent() != 1<<4 {
			t.Errorf("%d, %d, %d and %d rounds, %d runs", cheap.Spent(), dear.Spent(), both.Spent(), another.Spent(), both.Runs())
		}
	})
}

// What a failure is worth may change while logins wait.
func TestWhoIsMatchedTogetherIsDecidedWhenTheTurnComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting, p := newParty(10), cheap()
		for i := range 3 {
			waiting.login(t.Context(), p, account.User{}, fmt.Sprint(i), "x")
		}
		p.SetShapes([]account.Shape{{Cost: 5}, {Memory: 16, Time: 1, Threads: 1}})
		expectTurns(t, waiting.turns(), "0", "1", "2")
		if p.Spent() != 3<<5 || p.Runs() != 3 {
			t.Errorf("%d rounds and %d runs", p.Spent(), p.Runs())
		}
	})
}

func TestWhoLeavesTheLineIsNotMatched(t *testing.T) {
	p := cheap()
	synctest.Test(t, func(t *testing.T) {
		waiting := newParty(3)
		ctx, leave := context.WithCancel(t.Context())
		for i, of := range []context.Context{t.Context(), ctx, t.Context()} {
			waiting.login(of, p, account.User{}, fmt.Sprint(i), "x")
		}
		leave()
		if who := waiting.next(); who != "1 (context canceled)" || waiting.h.Waiting() != 2 {
			t.Errorf("%s has left, and %d wait", who, waiting.h.Waiting())
		}
		waiting.login(t.Context(), p, account.User{}, "3", "x") // on the place that is free now
		expectTurns(t, waiting.turns(), "0, 2, 3")
		if p.Spent() != 3*oneRound {
			t.Errorf("%d rounds", p.Spent())
		}
	})
}

func TestWhoLeavesABatchLeavesItToTheOthers(t *testing.T) {
	p, ann := cheap(), hashedUser(t, "ann", "right")
	synctest.Test(t, func(t *testing.T) {
		waiting := newParty(10)
		ctx, leave := context.WithCancel(t.Context())
		for i, of := range []context.Context{ctx, t.Context(), ctx} {
			waiting.login(of, p, ann, fmt.Sprint(i), "right")
		}
		waiting.release()
		waiting.turn <- struct{}{}
		synctest.Wait() // the batch is at work
		leave()
		if who := waiting.next(); who != "0 (context canceled), 2 (context canceled)" || waiting.h.Waiting() != 0 || len(waiting.h.checks) != 3 {
			t.Errorf("%s have left, %d wait, %d checks", who, waiting.h.Waiting(), len(waiting.h.checks))
		}
		waiting.login(t.Context(), p, ann, "0", "right") // who comes back has the use of it
		expectTurns(t, waiting.turns(), "0 right, 1 right")
		if p.Spent() != 3*oneRound || len(waiting.h.checks) != 0 {
			t.Errorf("%d rounds, %d checks", p.Spent(), len(waiting.h.checks))
		}
	})
}

// Of a batch, too, only what was right is remembered.
func TestARightPasswordOfABatchIsRemembered(t *testing.T) {
	p, ann := cheap(), hashedUser(t, "ann", "right")
	synctest.Test(t, func(t *testing.T) {
		waiting := newParty(10)
		waiting.h.SetCache(time.Minute, time.Now)
		for _, password := range []string{"wrong", "right", "Right"} {
			waiting.login(t.Context(), p, ann, "ann", password)
		}
		expectTurns(t, waiting.turns(), "ann, ann, ann right")
		if _, found := waiting.h.verified[waiting.h.fingerprint("ann", ann.PasswordHash, "right")]; !found || len(waiting.h.verified) != 1 {
			t.Errorf("%d are remembered, the right one too: %v", len(waiting.h.verified), found)
		}
	})
}

// Everybody at once, for the race detector: all get their own answers.
func TestAFloodIsAnsweredRightly(t *testing.T) {
	p, ann := cheap(), hashedUser(t, "ann", "right")
	synctest.Test(t, func(t *testing.T) {
		h := NewHashing(2, 20)
		for i := range 60 {
			go func() {
				u, name, want := account.User{}, fmt.Sprint(i), i%3 == 0
				if want {
					u = ann
				}
				if right, err := h.Match(t.Context(), p, u, name, "right"); err == nil && right != want || err != nil && (right || !errors.Is(err, ErrBusy)) {
					t.Errorf("number %d: %v, %v", i, right, err)
				}
			}()
		}
		synctest.Wait()
		if h.working != 0 || h.Waiting() != 0 || len(h.checks) != 0 || p.Spent() < 22*oneRound {
			t.Errorf("%d work, %d wait, %d checks, after %d rounds", h.working, h.Waiting(), len(h.checks), p.Spent())
		}
	})
}

// The metric counts passwords, and how long a login waits for the own.
func TestEachOfABatchIsTimed(t *testing.T) {
	p := cheap()
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(10)
		times := 0
		h.Observe(func(time.Duration) { times++ })
		for i := range 3 {
			go func() { _, _ = h.Match(context.Background(), p, account.User{}, fmt.Sprint(i), "x") }()
		}
		synctest.Wait()
		release()
		synctest.Wait()
		if times != 1+3 {
			t.Errorf("timed %d times", times)
		}
	})
}
