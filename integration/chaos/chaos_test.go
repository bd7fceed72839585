package chaos

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func complaintsOf(l *Ledger) string {
	first, _ := l.Complaints()
	return strings.Join(first, "; ")
}

func TestOnlyChangesThatCanHaveBeenInForceArePossible(t *testing.T) {
	var h History
	moments := []time.Time{time.Now().Add(-time.Second)}
	mark := func() {
		time.Sleep(time.Millisecond)
		moments = append(moments, time.Now())
		time.Sleep(time.Millisecond)
	}
	h.Begin() // 1
	mark()
	h.Acknowledge()
	mark()
	h.Begin() // 2
	mark()
	for _, row := range []struct{ from, to, first, last int }{
		{0, 0, 0, 0}, {0, 1, 0, 1}, {1, 1, 0, 1}, {1, 2, 0, 1}, {2, 2, 1, 1}, {2, 3, 1, 2}, {0, 3, 0, 2}, {3, 3, 1, 2},
	} {
		if first, last := h.Possible(moments[row.from], moments[row.to]); first != row.first || last != row.last {
			t.Errorf("from %d to %d: %d to %d, want %d to %d", row.from, row.to, first, last, row.first, row.last)
		}
	}
}

// toggled is a question that is allowed while the change is even.
func toggled(h *History) *Question {
	return &Question{Kind: "toggled", Method: http.MethodPut, Target: "/x", As: "ann", Of: h, Owes: func(n int) int { return []int{200, 403}[n%2] }}
}

func TestAWrongAnswerIsFound(t *testing.T) {
	broken := errors.New("reset")
	for _, row := range []struct {
		what    string
		changes func(*History)
		status  int
		err     error
		calm    bool
		says    string // empty when all is well
	}{
		{"allowed", func(*History) {}, 200, nil, true, ""},
		{"allowed and refused", func(*History) {}, 403, nil, false, "answered 403, owed [200]"},
		{"refused and allowed", func(h *History) { h.Begin(); h.Acknowledge() }, 200, nil, false, "answered 200, owed [403]"},
		{"being changed, and still allowed", func(h *History) { h.Begin() }, 200, nil, true, ""},
		{"being changed, and refused already", func(h *History) { h.Begin() }, 403, nil, true, ""},
		{"being changed, and neither", func(h *History) { h.Begin() }, 401, nil, false, "answered 401, owed [200 403]"},
		{"unavailable while something is broken", func(*History) {}, 503, nil, false, ""},
		{"unavailable while nothing is", func(*History) {}, 503, nil, true, "although nothing is broken"},
		{"an error of the door's own", func(*History) {}, 500, nil, false, "answered 500"},
		{"no answer while something is broken", func(*History) {}, 0, broken, false, ""},
		{"no answer while nothing is", func(*History) {}, 0, broken, true, "no answer: reset"},
	} {
		l, h := &Ledger{Bound: time.Minute, Calm: row.calm}, new(History)
		row.changes(h)
		l.end(l.begin(toggled(h)), row.status, row.err)
		if got := complaintsOf(l); (row.says == "") != (got == "") || !strings.Contains(got, row.says) {
			t.Errorf("%s: %q, want %q", row.what, got, row.says)
		}
	}
	late := &Ledger{}
	late.end(late.begin(toggled(new(History))), 200, nil)
	if got := complaintsOf(late); !strings.Contains(got, "it took") {
		t.Errorf("an answer that took too long: %q", got)
	}
}

func TestWhatShouldNotHaveReachedTheStoreIsFound(t *testing.T) {
	for _, row := range []struct {
		what string
		sent func(*http.Request) // what is otherwise
		says string
	}{
		{"what was asked", func(*http.Request) {}, ""},
		{"another method", func(r *http.Request) { r.Method = "DELETE" }, "the store was sent DELETE /x"},
		{"another path", func(r *http.Request) { r.RequestURI = "/y" }, "the store was sent PUT /y"},
		{"as nobody", func(r *http.Request) { r.Header.Del("X-CM-Well-User") }, `comes from [], and not from "ann"`},
		{"as another", func(r *http.Request) { r.Header.Set("X-CM-Well-User", "adm") }, `comes from ["adm"]`},
		{"a question that nobody asked", func(r *http.Request) { r.Header.Set(Mark, "7") }, "nobody waits for"},
		{"what is answered already", func(r *http.Request) { r.Header.Set(Mark, "4") }, "nobody waits for"},
		{"a request without a mark", func(r *http.Request) { r.Header.Del(Mark) }, "nobody waits for"},
		{"what was refused", func(r *http.Request) { r.Header.Set(Mark, "2") }, "it reached the store"},
		{"what the door serves itself", func(r *http.Request) { r.Header.Set(Mark, "3") }, "it reached the store"},
	} {
		l := &Ledger{}
		refused, own := toggled(nil), toggled(nil)
		refused.Owes, own.Own = Always(403), true
		for _, q := range []*Question{toggled(nil), refused, own} {
			l.begin(q)
		}
		l.end(l.begin(toggled(nil)), 200, nil)
		l.complaints = nil // that it took too long
		r := httptest.NewRequest("PUT", "/x", nil)
		r.Header.Set(Mark, "1")
		r.Header.Set("X-CM-Well-User", "ann")
		row.sent(r)
		l.arrive(r)
		if got := complaintsOf(l); (row.says == "") != (got == "") || !strings.Contains(got, row.says) {
			t.Errorf("%s: %q, want %q", row.what, got, row.says)
		}
	}
	twice := &Ledger{}
	twice.begin(toggled(nil))
	for range 2 {
		r := httptest.NewRequest("PUT", "/x", nil)
		r.Header.Set(Mark, "1")
		r.Header.Set("X-CM-Well-User", "ann")
		twice.arrive(r)
	}
	if got := complaintsOf(twice); !strings.Contains(got, "twice") {
		t.Errorf("a write that came twice: %q", got)
	}
}

func TestAChangeThatWasLostIsFound(t *testing.T) {
	s := &Subject{Name: "zoe", Is: func(document []byte, n int) bool { return string(document) == fmt.Sprint(n) }}
	found := ""
	kept := func() error { return s.Kept(func(string) ([]byte, error) { return []byte(found), nil }) }
	s.Begin()
	s.Acknowledge()
	s.Begin()
	for document, well := range map[string]bool{"0": false, "1": true, "2": true, "3": false, "": false} {
		if found = document; (kept() == nil) != well {
			t.Errorf("document %q: %v", document, kept())
		}
	}
}

func TestASeedGivesTheSameStrikesAndAnotherGivesOthers(t *testing.T) {
	play := func(seed uint64) (said []string) {
		over, left := make(chan struct{}), 20
		l := Lane{Name: "a lane", Seed: seed, Strikes: []string{"a", "b", "c", "d"}}
		l.run(over, time.Second, func(name string) func() {
			if left--; left == 0 {
				close(over)
			}
			return func() { said = append(said, name) }
		}, func(d time.Duration) { said = append(said, d.String()) })
		return said
	}
	one, again, other := fmt.Sprint(play(1)), fmt.Sprint(play(1)), fmt.Sprint(play(2))
	if one != again || one == other {
		t.Errorf("seed 1: %s\nand again: %s\nseed 2: %s", one, again, other)
	}
	over := make(chan struct{})
	close(over)
	struck := map[string]int{}
	Lane{Strikes: []string{"a", "b"}}.run(over, 0, func(name string) func() { struck[name]++; return func() {} }, func(time.Duration) {})
	if fmt.Sprint(struck) != "map[a:1 b:1]" {
		t.Errorf("when the time is over at once: %v", struck)
	}
}
