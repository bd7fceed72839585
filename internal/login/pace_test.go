package login

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestHowLongABatchRests(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct {
		name    string
		company int
		steps   []time.Duration
		alone   int // so many steps while nobody waits
		rests   []time.Duration
	}{
		{"four, and nobody waits", 4, []time.Duration{3 * ms, 3 * ms}, 2, []time.Duration{0, 0}},
		{"four take three and a third of one's time", 4, []time.Duration{3 * ms, 3 * ms, 3 * ms}, 0, []time.Duration{7 * ms, 7 * ms, 7 * ms}},
		{"two take one and two thirds", 2, []time.Duration{3 * ms, 3 * ms}, 0, []time.Duration{2 * ms, 2 * ms}},
		{"one never rests", 1, []time.Duration{3 * ms, 3 * ms}, 0, []time.Duration{0, 0}},
		{"a step that was disturbed has rested", 4, []time.Duration{3 * ms, 9 * ms, 3 * ms}, 0, []time.Duration{7 * ms, 1 * ms, 7 * ms}},
		{"what was disturbed for long is not made up for", 4, []time.Duration{3 * ms, 30 * ms, 3 * ms}, 0, []time.Duration{7 * ms, 0, 0}},
		{"a quicker step shows what was disturbed", 4, []time.Duration{6 * ms, 3 * ms}, 0, []time.Duration{14 * ms, 0}},
		{"others come in the middle", 4, []time.Duration{3 * ms, 3 * ms, 3 * ms}, 1, []time.Duration{0, 7 * ms, 7 * ms}},
		{"the quickest step may have been before others came", 4, []time.Duration{3 * ms, 6 * ms}, 1, []time.Duration{0, 4 * ms}},
	} {
		now := time.Unix(1000, 0)
		p := &pace{company: row.company, last: now}
		var rests []time.Duration
		for i, step := range row.steps {
			now = now.Add(step)
			rest := p.ahead(now, i >= row.alone)
			rests = append(rests, rest.Round(time.Microsecond))
			now = now.Add(rest)
			p.last = now
		}
		if !slices.Equal(rests, row.rests) {
			t.Errorf("%s: it rests %v, want %v", row.name, rests, row.rests)
		}
	}
}

func TestARestIsNoPartOfTheNextStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := occupied(1)
		go func() { _ = h.Do(t.Context(), func() {}) }()
		synctest.Wait()
		p := &pace{company: 4, last: time.Now()}
		var rests []time.Duration
		for _, step := range []time.Duration{6 * time.Millisecond, 3 * time.Millisecond} {
			time.Sleep(step)
			ended := time.Now()
			h.rest(p)
			rests = append(rests, time.Since(ended))
		}
		if want := []time.Duration{14 * time.Millisecond, 0}; !slices.Equal(rests, want) {
			t.Errorf("it rests %v, want %v", rests, want)
		}
		release()
	})
}

func TestABatchRestsOnlyWhileOthersWait(t *testing.T) {
	h, begun, release, answers := NewHashing(1, 10), make(chan bool), make(chan bool), make(chan error)
	go func() { answers <- h.Do(t.Context(), func() { close(begun); <-release }) }()
	<-begun
	waited := map[int]int{} // how many waited while a batch rested, and how often
	h.sleep = func(time.Duration) { waited[h.Waiting()]++ }
	passwords := cheap()
	for i := range 6 {
		go func() {
			_, err := h.Match(t.Context(), passwords, account.User{}, fmt.Sprint(i), "wrong")
			answers <- err
		}()
	}
	for deadline := time.Now().Add(time.Minute); h.Waiting() < 6; {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait", h.Waiting())
		}
		time.Sleep(time.Millisecond)
	}
	close(release)
	for range 7 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if waited[2] == 0 || len(waited) != 1 {
		t.Errorf("rests, by how many waited: %v; four are hashed while two wait, and then those", waited)
	}
}
