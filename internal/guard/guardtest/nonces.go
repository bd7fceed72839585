package guardtest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNonces tests what remembers nonce counts. found makes a new one for each call.
func TestNonces(t *testing.T, found func(*testing.T) Nonces) {
	t.Run("EachCountIsUsedOnce", func(t *testing.T) { eachCountOnce(t, found(t)) })
	t.Run("NoncesAreCountedApart", func(t *testing.T) { countedApart(t, found(t)) })
	t.Run("OfManyAtOnceOneIsTheFirst", func(t *testing.T) { manyAtOnce(t, found(t)) })
	t.Run("CountsAtOnceAreAllAccepted", func(t *testing.T) { countsAtOnce(t, found(t)) })
}

func use(t *testing.T, n Nonces, nonce string, count uint64) bool {
	t.Helper()
	first, err := n.Use(t.Context(), nonce, count, time.Minute)
	if err != nil {
		t.Error(err)
	}
	return first
}

func eachCountOnce(t *testing.T, n Nonces) {
	for i, row := range []struct {
		count uint64
		first bool
	}{
		{1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {3, false},
		{67, true}, {4, true}, {4, false}, {3, false}, // 64 apart is too late
		{68, true}, {66, true}, {4, false}, {5, true}, {67, false},
		{255, true}, {68, false}, {192, true}, {191, false},
		{0xffffffff, true}, {0xffffffff, false}, {0xfffffffe, true}, {256, false},
	} {
		if got := use(t, n, "nonce", row.count); got != row.first {
			t.Errorf("%d: count %d: %v, want %v", i, row.count, got, row.first)
		}
	}
}

func countedApart(t *testing.T, n Nonces) {
	for _, nonce := range []string{"a", "b", "A", "a_-", "a b"} {
		if !use(t, n, nonce, 1) || use(t, n, nonce, 1) {
			t.Errorf("nonce %q is not counted by itself", nonce)
		}
	}
}

func manyAtOnce(t *testing.T, n Nonces) {
	var replays sync.WaitGroup
	var accepted atomic.Int32
	for range 200 {
		replays.Go(func() {
			if use(t, n, "nonce", 1) {
				accepted.Add(1)
			}
		})
	}
	replays.Wait()
	if accepted.Load() != 1 {
		t.Errorf("%d were accepted", accepted.Load())
	}
}

func countsAtOnce(t *testing.T, n Nonces) {
	var everybody sync.WaitGroup
	for count := range uint64(64) {
		everybody.Go(func() {
			for nonce := range 4 {
				if !use(t, n, fmt.Sprint(nonce), count+1) {
					t.Errorf("count %d is refused", count+1)
				}
			}
		})
	}
	everybody.Wait()
}
