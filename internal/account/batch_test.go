package account

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/bcrypt"
)

func TestABatchIsOfOneCostAlone(t *testing.T) {
	nobody, unreadable := User{}, User{PasswordHash: "$2a$31$"}
	four, five, six, argon := hashed(t, "x", Shape{Cost: 4}), hashed(t, "x", Shape{Cost: 5}), hashed(t, "x", Shape{Cost: 6}), hashed(t, "x", small)
	for _, row := range []struct {
		why    string
		among  []Shape
		tries  []User
		joined int
	}{
		{"nobody and nobody", []Shape{{Cost: 5}}, []User{nobody, nobody}, 2},
		{"users with one cost", []Shape{{Cost: 5}, {Cost: 5}}, []User{five, five}, 2},
		{"where some have a cheaper hash", []Shape{{Cost: 4}, {Cost: 5}}, []User{five, five, nobody}, 1},
		{"where some have a dearer hash", []Shape{{Cost: 5}, {Cost: 4}}, []User{four, four, nobody}, 1},
		{"one of them, nobody, and one whose hash is none", []Shape{{Cost: 5}}, []User{five, nobody, unreadable}, 3},
		{"nobody before them", []Shape{{Cost: 5}}, []User{unreadable, nobody, five}, 3},
		{"where no hash is known", nil, []User{nobody, nobody}, 2},
		{"a fifth", []Shape{{Cost: 5}}, []User{nobody, five, nobody, five, nobody}, 4},
		{"a cheaper hash, of which nobody knew", []Shape{{Cost: 5}}, []User{five, four, five}, 2},
		{"a cheaper hash before others", []Shape{{Cost: 5}}, []User{four, four, five}, 1},
		{"a dearer hash, of which nobody knew", []Shape{{Cost: 5}}, []User{five, six, nobody}, 2},
		{"a dearer hash before others", []Shape{{Cost: 5}}, []User{six, nobody, six}, 1},
		{"argon2id, of which nobody knew", []Shape{{Cost: 5}}, []User{nobody, argon, nobody}, 2},
		{"argon2id before others", []Shape{{Cost: 5}}, []User{argon, nobody}, 1},
		{"where some have argon2id too", []Shape{{Cost: 5}, small}, []User{five, five, nobody}, 1},
		{"where all have argon2id", []Shape{small}, []User{nobody, nobody, argon}, 1},
	} {
		b := worth(row.among...).Batch()
		joined := 0
		for i, u := range row.tries {
			full := b.Full()
			switch took := b.Add(u, "wrong"); {
			case took && full:
				t.Errorf("%s: number %d is taken into a full batch", row.why, i+1)
			case took:
				joined++
			}
		}
		if joined != row.joined {
			t.Errorf("%s: %d in one batch, want %d", row.why, joined, row.joined)
		}
	}
}

// Of four, one or all but one are right; where the wrong ones are by people, by
// nobody, and too long.
func TestTheRightPasswordInABatchIsFound(t *testing.T) {
	cost := Shape{Cost: 4}
	longest := strings.Repeat("x", maxBcrypt)
	ann, bob := hashed(t, "right", cost), hashed(t, longest, cost)
	wrong := []attempt{{ann, "wrong"}, {User{}, "right"}, {bob, longest + "y"}, {ann, ""}}
	for place := range bcrypt.Lanes {
		among := slices.Clone(wrong)
		among[place] = attempt{ann, "right"}
		for width := place + 1; width <= bcrypt.Lanes; width++ {
			p := worth(cost)
			got := matchTogether(t, p, among[:width])
			want := make([]bool, width)
			want[place] = true
			if !slices.Equal(got, want) || p.Spent() != int64(width)<<4 || p.Runs() != 0 {
				t.Errorf("number %d of %d is right: %v, after %d rounds", place+1, width, got, p.Spent())
			}
		}
		rest := []attempt{{ann, "right"}, {bob, longest}, {ann, "right"}, {bob, longest}}
		rest[place] = wrong[place]
		for i, right := range matchTogether(t, worth(cost), rest) {
			if right != (i != place) {
				t.Errorf("all but number %d are right: number %d is not answered so", place+1, i+1)
			}
		}
	}
}

func matchTogether(t *testing.T, p *Passwords, all []attempt) []bool {
	t.Helper()
	b := p.Batch()
	for _, a := range all {
		if !b.Add(a.user, a.password) {
			t.Fatalf("%q is not taken", a.user.PasswordHash)
		}
	}
	return b.Match(nil)
}

// In a batch too, whatever is wrong is the same work.
func TestEveryFailureInABatchCostsTheSame(t *testing.T) {
	cost := Shape{Cost: 5}
	for why, failing := range failures(t, []Shape{cost}) {
		for place := range 3 {
			p, among := worth(cost), slices.Repeat([]attempt{{User{}, "x"}}, 3)
			among[place] = failing
			b := matchTogether(t, p, among)
			if slices.Contains(b, true) || p.Spent() != 3<<5 || p.Runs() != 0 {
				t.Errorf("%s, in place %d: %v, %d rounds and %d runs", why, place+1, b, p.Spent(), p.Runs())
			}
		}
	}
}

// What became known meanwhile counts for the next batch: this one has been put
// together by what was known when it began.
func TestABatchIsWorthWhatItWasWhenItBegan(t *testing.T) {
	p := worth(Shape{Cost: 4})
	b := p.Batch()
	p.SetShapes([]Shape{{Cost: 6}, small})
	for i := range bcrypt.Lanes {
		if !b.Add(User{}, fmt.Sprint(i)) {
			t.Fatal("not taken")
		}
	}
	if b.Match(nil); p.Spent() != bcrypt.Lanes<<4 || p.Runs() != 0 {
		t.Errorf("%d rounds and %d runs", p.Spent(), p.Runs())
	}
	if p.Match(User{}, "x"); p.Spent() != bcrypt.Lanes<<4+1<<6 || p.Runs() != 1 {
		t.Errorf("then %d rounds and %d runs", p.Spent(), p.Runs())
	}
}
