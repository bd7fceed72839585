package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func sampled(random *rand.Rand, n int, shift time.Duration) []time.Duration {
	var all []time.Duration
	for range n {
		all = append(all, shift+time.Duration(random.NormFloat64()*100+1000))
	}
	return all
}

func TestRanksTellAShiftAndNothingElse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alike := 0
	for range 1000 {
		if p, _ := compareRanks(sampled(random, 500, 0), sampled(random, 500, 0)); p < unlikely {
			alike++
		}
	}
	if alike < 1 || alike > 25 {
		t.Errorf("of 1000 pairs of the same, %d are found to differ; about 10 should be", alike)
	}
	if p, slower := compareRanks(sampled(random, 500, 0), sampled(random, 500, 30)); p >= unlikely || slower {
		t.Errorf("a third of the deviation is not seen: p = %v, and the first is the slower: %v", p, slower)
	}
	if p, slower := compareRanks(sampled(random, 500, 30), sampled(random, 500, 0)); p >= unlikely || !slower {
		t.Errorf("the other way round: p = %v, and the first is the slower: %v", p, slower)
	}
	if p, _ := compareRanks([]time.Duration{1, 1, 1}, []time.Duration{1, 1, 1}); p != 1 {
		t.Errorf("of what is all alike, p = %v", p)
	}
	// Of 1 to 3 and 4 to 6, U is 0: z is 4.5 by the root of 5.25.
	if p, _ := compareRanks([]time.Duration{1, 2, 3}, []time.Duration{4, 5, 6}); math.Abs(p-0.0495) > 0.0005 {
		t.Errorf("p = %v", p)
	}
}
