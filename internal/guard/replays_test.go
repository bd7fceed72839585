package guard

import (
	"fmt"
	"testing"
	"time"
)

func TestReplaysAreBounded(t *testing.T) {
	clock := noon
	r := NewReplays(10, func() time.Time { return clock })
	use := func(nonce string) bool {
		first, err := r.Use(t.Context(), nonce, 1, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	for i := range 10 {
		if !use(fmt.Sprint(i)) {
			t.Fatal(i)
		}
	}
	if use("one too many") {
		t.Error("there was no place left")
	}
	clock = clock.Add(time.Minute)
	if !use("later") || len(r.seen) != 1 {
		t.Errorf("the expired ones were not forgotten: %d", len(r.seen))
	}
}
