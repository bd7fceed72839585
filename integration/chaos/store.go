package chaos

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"
)

// Mood is how a store behaves.
type Mood int32

// A store answers at once, after up to a second, never, or breaks off.
const (
	Well Mood = iota
	Slow
	Gone
	Broken
)

// Store is what is behind the doors: it answers everything, and the ledger is told of
// all that arrives.
type Store struct {
	Address string
	ledger  *Ledger
	mood    atomic.Int32
	server  *httptest.Server
}

// StartStore listens on loopback until it is closed.
func StartStore(l *Ledger) *Store {
	s := &Store{ledger: l}
	s.server = httptest.NewServer(http.HandlerFunc(s.answer))
	s.Address = s.server.Listener.Addr().String()
	return s
}

// Be changes how the store behaves from the next request on.
func (s *Store) Be(m Mood) { s.mood.Store(int32(m)) }

// Close waits for what is under way.
func (s *Store) Close() { s.server.Close() }

func (s *Store) answer(w http.ResponseWriter, r *http.Request) {
	s.ledger.arrive(r)
	_, err := io.Copy(io.Discard, r.Body)
	const body = "stored\n"
	switch mood := Mood(s.mood.Load()); {
	case err != nil, mood == Gone:
		panic(http.ErrAbortHandler)
	case mood == Broken:
		w.Header().Set("Content-Length", "1000000")
		_, _ = io.WriteString(w, body)
		panic(http.ErrAbortHandler)
	case mood == Slow:
		wait := time.NewTimer(time.Duration(time.Now().UnixNano() % int64(time.Second)))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
			return
		}
	}
	_, _ = io.WriteString(w, body)
}
