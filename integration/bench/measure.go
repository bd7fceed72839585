package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// window is when a measurement counts. What began within it is awaited until
// the deadline.
type window struct{ from, until, deadline time.Time }

func (w window) holds(t time.Time) bool { return !t.Before(w.from) && t.Before(w.until) }

// sample is what was seen in one window or more.
type sample struct {
	span time.Duration // of all windows
	// latencies are of the reads that began within a window, whenever they ended:
	// what waits the longest must not be left out.
	latencies []time.Duration
	answered  int // reads that were answered within a window
	failed    int // reads that were not answered with the page
	failure   error

	flood  time.Duration   // how long logins were sent
	logins map[int]answers // by status; 0 is no answer
}

// answers are all that logins got of one status. With 200 at once, a slow machine
// answers few before the flood ends, and most of them after it.
type answers struct {
	count int
	late  time.Duration // how long after the flood's end the last of them came
}

// join puts another sample to this one. What is late adds up when the other was
// taken after this one; of two that were taken together, the later counts.
func (s *sample) join(other sample, after bool) {
	s.span += other.span
	s.flood += other.flood
	s.latencies = append(s.latencies, other.latencies...)
	s.answered += other.answered
	s.failed += other.failed
	if s.failure == nil {
		s.failure = other.failure
	}
	for status, more := range other.logins {
		if s.logins == nil {
			s.logins = map[int]answers{}
		}
		known := s.logins[status]
		late := max(known.late, more.late)
		if after {
			late = known.late + more.late
		}
		s.logins[status] = answers{known.count + more.count, late}
	}
}

// check tells why a sample is no measurement.
func (s *sample) check(name string, flooded bool) error {
	name += ", " + phase(flooded)
	switch {
	case s.failed > 0:
		return fmt.Errorf("%s: %d reads failed, for example: %w", name, s.failed, s.failure)
	case s.answered == 0 || len(s.latencies) == 0:
		return fmt.Errorf("%s: no read was answered", name)
	}
	rejected := 0
	for status, got := range s.logins {
		if status >= 200 && status < 400 {
			return fmt.Errorf("%s: %d wrong passwords were answered %d, so that was no login", name, got.count, status)
		}
		if status == 401 {
			rejected = got.count
		}
	}
	if flooded && rejected == 0 {
		return fmt.Errorf("%s: no login was answered 401, so there was no flood", name)
	}
	return nil
}

// measure adds one window to the target's sample. When it returns, every login
// has been answered or given up, so that the next measurement begins in peace.
func (p plan) measure(ctx context.Context, t *target, flooded bool) {
	start := time.Now()
	w := window{from: start.Add(warmUp), until: start.Add(warmUp + p.span())}
	w.deadline = w.until.Add(grace)
	into, logins := &t.quiet, 0
	if flooded {
		into, logins = &t.flooded, p.logins
	}
	seen := make([]sample, p.readers+logins)
	var all sync.WaitGroup
	for i := range p.readers {
		// Room for more reads than one connection was seen to get, so that recording allocates nothing.
		room := make([]time.Duration, 0, 4000*p.seconds)
		all.Go(func() { seen[i] = read(ctx, t.address, w, room) })
	}
	for i := range logins {
		all.Go(func() { seen[p.readers+i] = t.logIn(ctx, w, p.patience) })
	}
	all.Wait()
	sum := sample{span: p.span(), flood: w.until.Sub(start)}
	for _, s := range seen {
		sum.join(s, false)
	}
	into.join(sum, true)
}

// read asks for the page again and again, on one connection.
func read(ctx context.Context, address string, w window, room []time.Duration) sample {
	s := sample{latencies: room}
	l := line{address: address, deadline: w.deadline}
	defer l.hangUp()
	request := []byte("GET " + page + " HTTP/1.1\r\nHost: bench\r\n\r\n")
	for begin := time.Now(); begin.Before(w.until) && ctx.Err() == nil; {
		got, err := l.ask(ctx, request)
		end := time.Now()
		switch {
		case err != nil || got != thePage:
			s.failed++
			if err == nil {
				err = fmt.Errorf("the answer was %d with %d bytes", got.status, got.size)
			}
			s.failure = err
			pause(ctx, retryAfter)
		default:
			if w.holds(begin) {
				s.latencies = append(s.latencies, end.Sub(begin))
			}
			if w.holds(end) {
				s.answered++
			}
		}
		begin = time.Now()
	}
	return s
}
