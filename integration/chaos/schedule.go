package chaos

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"time"
)

// Seed is CHAOS_SEED of the environment, or another one each time.
func Seed() (uint64, error) {
	value := os.Getenv("CHAOS_SEED")
	if value == "" {
		return uint64(time.Now().UnixNano()) % 1_000_000, nil
	}
	seed, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("CHAOS_SEED is %q; a whole number is accepted", value)
	}
	return seed, nil
}

// Lane is what strikes one part, one after the other: of two lanes at the same time.
// The seed decides the order, and how long each lasts.
type Lane struct {
	Name    string
	Seed    uint64
	Strikes []string // names of what strikes
}

// Run has all strike at least once, in an order of its own for each round, and goes
// on until it is over. strike returns how to end what it began.
func (l Lane) Run(over <-chan struct{}, longest time.Duration, strike func(name string) (end func())) {
	l.run(over, longest, strike, func(d time.Duration) { <-time.After(d) })
}

func (l Lane) run(over <-chan struct{}, longest time.Duration, strike func(name string) (end func()), hold func(time.Duration)) {
	for round := range l.rounds() {
		for i, name := range round.order {
			end := strike(name)
			hold(longest/4 + time.Duration(round.shares[i]*float64(longest)*3/4))
			end()
			hold(longest / 3)
			if round.number > 0 && isOver(over) {
				return
			}
		}
		if isOver(over) {
			return
		}
	}
}

func isOver(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// round is one deal of all that can strike.
type round struct {
	number int
	order  []string
	shares []float64 // of the longest time
}

func (l Lane) rounds() func(yield func(round) bool) {
	name := fnv.New64a()
	_, _ = name.Write([]byte(l.Name))                // it never fails
	r := rand.New(rand.NewPCG(l.Seed, name.Sum64())) //nolint:gosec // what is random is to be repeated
	return func(yield func(round) bool) {
		for n := 0; ; n++ {
			next := round{number: n}
			for _, i := range r.Perm(len(l.Strikes)) {
				next.order, next.shares = append(next.order, l.Strikes[i]), append(next.shares, r.Float64())
			}
			if !yield(next) {
				return
			}
		}
	}
}
