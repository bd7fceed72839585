package main

import (
	"math"
	"slices"
	"time"
)

// compareRanks is how likely two samples of the same differ at least as much as these
// do, and whether the first is the slower: Mann and Whitney's test, by its normal
// approximation, with ties.
func compareRanks(a, b []time.Duration) (p float64, slower bool) {
	all := slices.Concat(a, b)
	slices.Sort(all)
	n, m := float64(len(a)), float64(len(b))
	ties := 0.0
	ranks := map[time.Duration]float64{}
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to] == all[from] {
			to++
		}
		t := float64(to - from)
		ties += t*t*t - t
		ranks[all[from]] = float64(from+to+1) / 2 // those that are alike share their ranks
		from = to
	}
	sum := 0.0
	for _, x := range a {
		sum += ranks[x]
	}
	u, mean := sum-n*(n+1)/2, n*m/2
	deviation := math.Sqrt(n * m / 12 * (n + m + 1 - ties/((n+m)*(n+m-1))))
	if deviation == 0 {
		return 1, false // all are alike
	}
	return math.Erfc(math.Abs(u-mean) / deviation / math.Sqrt2), u > mean
}
