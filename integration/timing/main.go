// Command timing tells whether time betrays what an answer does not: whether a user
// exists, and how much of a signature is right. Each question is asked in pairs, in an
// order by chance, and the times are compared by their ranks (Mann and Whitney's U).
//
//	go run ./integration/timing [-pairs 500]
//
// It measures the packages themselves, without a network that would hide a
// difference. One in a hundred comparisons of the same thing looks like a difference,
// and so a question fails when the same one of the two is the slower twice in a row.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

var pairs = flag.Int("pairs", 500, "pairs for each question")

// question is two things that must take the same time. Each is done so often for one
// sample that the clock can tell.
type question struct {
	name, one, other string
	often            int
	do               [2]func() error
}

// unlikely is how seldom two samples of the same differ as much as they do.
const unlikely = 0.01

func main() {
	flag.Parse()
	asked, err := questions()
	if err == nil {
		err = compare(asked)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func compare(asked []question) error {
	var betrayed []string
	for _, q := range asked {
		was := false
		for again := range 2 {
			samples, err := q.sample(*pairs)
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			p, slower := compareRanks(samples[0], samples[1])
			fmt.Printf("%-22s %-28s %10v   %-28s %10v   p = %.3f\n", q.name, q.one, median(samples[0]), q.other, median(samples[1]), p)
			if p >= unlikely {
				break
			}
			if again > 0 && slower == was {
				betrayed = append(betrayed, q.name)
			}
			was = slower
		}
	}
	if len(betrayed) > 0 {
		return fmt.Errorf("time tells two things apart, twice in a row: %q", betrayed)
	}
	fmt.Printf("%d questions, %d pairs each: no difference\n", len(asked), *pairs)
	return nil
}

// sample takes the times of pairs, after some that do not count.
func (q question) sample(n int) (times [2][]time.Duration, err error) {
	for i := range n + n/10 {
		first := rand.IntN(2) //nolint:gosec // an order, no secret
		for _, which := range []int{first, 1 - first} {
			began := time.Now()
			for range q.often {
				if err := q.do[which](); err != nil {
					return times, err
				}
			}
			if took := time.Since(began); i >= n/10 {
				times[which] = append(times[which], took/time.Duration(q.often))
			}
		}
	}
	return times, nil
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
