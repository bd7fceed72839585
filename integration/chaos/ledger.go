package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Mark is the header with the number of a question, by which the store knows it.
const Mark = "X-Chaos-Question"

// outcomes are what can come of a question, besides a wrong answer.
const (
	asOwed      = "as owed"
	putOff      = "put off"     // excused, such as 429
	unavailable = "unavailable" // 502, 503, 504
	unanswered  = "unanswered"  // the connection broke
)

// Ledger holds what was asked against what was answered and what has arrived at the
// store. It is safe for concurrent use.
type Ledger struct {
	// Bound is how long an answer may take.
	Bound time.Duration
	// Calm says that nothing breaks: then all questions get the answer that is owed.
	Calm bool

	mu         sync.Mutex
	number     int                       // of the last question
	asked      map[int]*asked            // what is not answered
	outcomes   map[string]map[string]int // by kind
	slowest    map[string]time.Duration  // by kind
	arrived    int
	writes     int // of those that arrived
	complaints []string
	complained int
}

type asked struct {
	*Question
	at      time.Time
	arrived bool
}

// most is how many complaints are kept in full.
const most = 20

// Complain notes that something is wrong.
func (l *Ledger) Complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complain(format, args...)
}

func (l *Ledger) complain(format string, args ...any) {
	if l.complained++; len(l.complaints) < most {
		l.complaints = append(l.complaints, fmt.Sprintf(format, args...))
	}
}

// Complaints are the first of what was wrong, and how much there was.
func (l *Ledger) Complaints() (first []string, all int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.complaints), l.complained
}

// begin notes a question before it is sent.
func (l *Ledger) begin(q *Question) (number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == nil {
		l.asked, l.outcomes, l.slowest = map[int]*asked{}, map[string]map[string]int{}, map[string]time.Duration{}
	}
	l.number++
	l.asked[l.number] = &asked{Question: q, at: time.Now()}
	return l.number
}

// end notes what was answered; err is for an answer that did not come, or not whole.
func (l *Ledger) end(number, status int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q, now := l.asked[number], time.Now()
	took := now.Sub(q.at)
	if err == nil {
		delete(l.asked, number) // nothing of it is under way any more
	}
	if l.outcomes[q.Kind] == nil {
		l.outcomes[q.Kind] = map[string]int{}
	}
	l.slowest[q.Kind] = max(l.slowest[q.Kind], took)
	if took > l.Bound {
		l.complain("%s: it took %v until %d, %v", q, took, status, err)
	}
	what := l.judge(q, status, err, now)
	l.outcomes[q.Kind][what]++
}

// judge tells what came of a question, and complains of what should not have.
func (l *Ledger) judge(q *asked, status int, err error, now time.Time) string {
	excused := slices.Contains(q.Excused, status)
	switch {
	case err != nil:
		if l.Calm {
			l.complain("%s: no answer: %v", q, err)
		}
		return unanswered
	case slices.Contains(q.owed(q.at, now), status):
		return asOwed
	case slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status):
		if l.Calm && !excused {
			l.complain("%s: answered %d although nothing is broken", q, status)
		}
		return unavailable
	case excused:
		return putOff
	}
	l.complain("%s: answered %d, owed %d", q, status, q.owed(q.at, now))
	return "wrong"
}

// arrive holds what the store was sent against what was asked.
func (l *Ledger) arrive(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived++
	write := r.Method != http.MethodGet && r.Method != http.MethodHead
	if write {
		l.writes++
	}
	number, err := strconv.Atoi(r.Header.Get(Mark))
	q := l.asked[number]
	if err != nil || q == nil {
		l.complain("the store was sent %s %s, which nobody waits for", r.Method, r.RequestURI)
		return
	}
	switch as := r.Header.Values("X-CM-Well-User"); {
	case q.Own || !slices.Contains(q.owed(q.at, time.Now()), http.StatusOK):
		l.complain("%s: it reached the store", q)
	case r.Method != q.Method || r.RequestURI != q.Target:
		l.complain("%s: the store was sent %s %s", q, r.Method, r.RequestURI)
	case q.As == "" && len(as) > 0 || q.As != "" && !slices.Equal(as, []string{q.As}):
		l.complain("%s: the store was told that it comes from %q, and not from %q", q, as, q.As)
	case write && q.arrived:
		l.complain("%s: it reached the store twice", q)
	}
	q.arrived = true
}
