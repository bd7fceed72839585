package main

import (
	"slices"
	"testing"
)

func TestNobodyHasTwoTurnsInARow(t *testing.T) {
	inTurn := []int{0, 1, 2}
	first := map[int]int{}
	for range 600 {
		last := inTurn[2]
		reorder(inTurn)
		if inTurn[0] == last {
			t.Fatalf("%d has the last turn and the next one", last)
		}
		first[inTurn[0]]++
		if sorted := slices.Sorted(slices.Values(inTurn)); !slices.Equal(sorted, []int{0, 1, 2}) {
			t.Fatalf("the turns are of %v", inTurn)
		}
	}
	for i := range inTurn {
		if first[i] < 100 {
			t.Errorf("%d had the first turn %d times of 600", i, first[i])
		}
	}
	alone := []int{0}
	if reorder(alone); alone[0] != 0 {
		t.Errorf("alone, the turns are of %v", alone)
	}
}
