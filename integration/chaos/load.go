package chaos

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Door is one that is asked.
type Door struct {
	Name, Address string
	// Subjects are those of its users who are changed meanwhile.
	Subjects []*Subject
	// Lag is how old what it knows of a change at another door may be.
	Lag time.Duration
}

// Kind makes questions of one kind for a door.
type Kind struct {
	Name   string
	Weight int // how many of them there are for one of weight 1
	Make   func(r *rand.Rand, d *Door) *Question
}

// Load asks doors, and changes their subjects, until it is told to end.
type Load struct {
	Ledger *Ledger
	Doors  []*Door
	Kinds  []Kind
	// Askers ask each door at the same time; Pace is from one question of theirs to
	// the next, and four times that from one change of a subject to the next.
	Askers int
	Pace   time.Duration
	Seed   uint64
}

// Run returns when over is closed and all that was asked is answered. It closes ready
// when every connection has been used: one that is new when its server is reloaded may
// be closed with the first request on it.
func (l *Load) Run(over <-chan struct{}, ready chan<- struct{}) {
	var all, first sync.WaitGroup
	defer all.Wait()
	defer func() { first.Wait(); close(ready) }()
	changed := map[*Subject]bool{}
	for i, d := range l.Doors {
		for j := range l.Askers {
			r := rand.New(rand.NewPCG(l.Seed, uint64(i*l.Askers+j))) //nolint:gosec // what is random is to be repeated
			// In what is calm all speak HTTP/2: there a server that goes away says which
			// requests it will not answer, and with HTTP/1.1 they are lost.
			first.Add(1)
			all.Go(func() { l.askOn(over, d, r, l.Ledger.Calm || j%2 == 0, sync.OnceFunc(first.Done)) })
		}
		for _, s := range d.Subjects {
			if !changed[s] {
				changed[s] = true
				first.Add(1)
				all.Go(func() { l.change(over, s, sync.OnceFunc(first.Done)) })
			}
		}
	}
}

func (l *Load) askOn(over <-chan struct{}, d *Door, r *rand.Rand, http2 bool, answered func()) {
	defer answered()
	client := newClient(l.Ledger.Bound, http2)
	defer client.CloseIdleConnections()
	var deck []Kind
	for _, k := range l.Kinds {
		for range k.Weight {
			deck = append(deck, k)
		}
	}
	pace := time.NewTicker(l.Pace)
	defer pace.Stop()
	for {
		select {
		case <-over:
			return
		case <-pace.C:
		}
		k := deck[r.IntN(len(deck))]
		if q := k.Make(r, d); q != nil {
			q.Kind = k.Name
			_, _ = l.put(client, d, q) // the ledger has what came of it
			answered()
		}
	}
}

// newClient speaks HTTP/2 with prior knowledge, or HTTP/1.1.
func newClient(bound time.Duration, http2 bool) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	return &http.Client{
		Transport: transport, Timeout: 2 * bound,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// put asks one question, and returns the status of a whole answer.
func (l *Load) put(client *http.Client, d *Door, q *Question) (int, error) {
	q.Door = d.Name
	number := l.Ledger.begin(q)
	status, err := send(client, d.Address, q, number)
	l.Ledger.end(number, status, err)
	return status, err
}

func send(client *http.Client, address string, q *Question, number int) (int, error) {
	r, err := http.NewRequestWithContext(context.Background(), q.Method, "http://"+address+q.Target, strings.NewReader(q.Body))
	if err != nil {
		return 0, err
	}
	for name, values := range q.Header {
		r.Header[name] = values
	}
	r.Header.Set(Mark, strconv.Itoa(number))
	got, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer got.Body.Close()
	if _, err := io.Copy(io.Discard, got.Body); err != nil {
		return 0, fmt.Errorf("the body of an answer %d: %w", got.StatusCode, err)
	}
	return got.StatusCode, nil
}

// change changes a subject again and again. What was not acknowledged is put again.
func (l *Load) change(over <-chan struct{}, s *Subject, answered func()) {
	defer answered()
	client := newClient(l.Ledger.Bound, true)
	defer client.CloseIdleConnections()
	pace := time.NewTicker(4 * l.Pace)
	defer pace.Stop()
	for {
		n, uncertain := s.Begin(), false
		for {
			q := s.Change(n)
			q.Kind, q.Own, q.Owes = "change of "+s.Name, true, Always(http.StatusOK)
			if uncertain {
				q.Excused = s.Repeated
			}
			status, err := l.put(client, s.Home, q)
			answered()
			if err == nil && (status == http.StatusOK || uncertain && slices.Contains(s.Repeated, status)) {
				s.Acknowledge()
				break
			}
			uncertain = true
			if !wait(over, pace.C) {
				return
			}
		}
		if !wait(over, pace.C) {
			return
		}
	}
}

// wait returns false when it is over.
func wait(over <-chan struct{}, tick <-chan time.Time) bool {
	select {
	case <-over:
		return false
	case <-tick:
		return true
	}
}
