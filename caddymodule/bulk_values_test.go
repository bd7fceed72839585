package caddymodule

import (
	"runtime"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

func TestAllFrontDoorsJudgeBodiesOnHalfTheProcessors(t *testing.T) {
	var all [2]settings
	for i := range all {
		var err error
		if all[i], err = new(Handler).resolve(caddy.NewReplacer()); err != nil {
			t.Fatal(err)
		}
	}
	turns, half := all[0].bulk.Turns, int64(max(1, runtime.GOMAXPROCS(0)/2))
	if turns != all[1].bulk.Turns {
		t.Error("each front door has turns of its own")
	}
	if !turns.TryAcquire(half) {
		t.Fatalf("there are not %d turns", half)
	}
	defer turns.Release(half)
	if turns.TryAcquire(1) {
		t.Errorf("there are more than %d turns", half)
	}
}
