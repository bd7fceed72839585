package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// window is when a measurement counts. What began within it is awaited until
// the deadline.
type window struct{ from, until, deadline time.Time }

func (w window) holds(t time.Time) bool { return !t.Before(w.from) && t.Before(w.until) }

// sample is what was seen in one window or more.
type sample struct {
	span time.Duration // of all windows
	// latencies are of the requests that began within a window, whenever they ended:
	// what waits the longest must not be left out.
	latencies []time.Duration
	answered  int // requests that were answered within a window
	failed    int // requests that were not answered as they should be
	failure   error
	spent     spent // by the server, where that was looked at

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
	s.spent.time += other.spent.time
	s.spent.on += other.spent.on
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
	switch {
	case s.failed > 0:
		return fmt.Errorf("%s: %d requests failed, for example: %w", name, s.failed, s.failure)
	case !flooded && (s.answered == 0 || len(s.latencies) == 0): // a flood may leave nothing of the reads
		return fmt.Errorf("%s: no request was answered", name)
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

// measureFlood adds one window to the target's sample. When it returns, every
// login has been answered or given up, so that the next measurement begins in
// peace.
func (p plan) measureFlood(ctx context.Context, t *target, flooded bool) {
	start := time.Now()
	w := windowAfter(start, warmUp, time.Duration(p.floodSeconds)*time.Second)
	into, logins := &t.quiet, 0
	if flooded {
		into, logins = &t.flooded, p.logins
	}
	seen := make([]sample, logins)
	var all sync.WaitGroup
	for i := range logins {
		all.Go(func() { seen[i] = t.logIn(ctx, w, p.patience) })
	}
	lines := linesTo(t.address, p.connections)
	sum := askAtOnce(ctx, lines, aRead, w, new(atomic.Int64))
	all.Wait()
	hangUp(lines)
	sum.flood = w.until.Sub(start)
	for _, s := range seen {
		sum.join(s, false)
	}
	into.join(sum, true)
}

func windowAfter(start time.Time, warmUp, length time.Duration) window {
	w := window{from: start.Add(warmUp)}
	w.until = w.from.Add(length)
	w.deadline = w.until.Add(grace)
	return w
}

// exchange is a request, and what is its answer.
type exchange struct {
	request []byte
	serves  func(answer) bool
}

var aRead = exchange{
	request: []byte("GET " + page + " HTTP/1.1\r\n" + likeCurl + "\r\n"),
	serves:  func(got answer) bool { return got == thePage },
}

// askAtOnce asks on all lines until the window ends. It adds to answers as they come.
func askAtOnce(ctx context.Context, lines []*line, what exchange, w window, answers *atomic.Int64) sample {
	seen := make([]sample, len(lines))
	var all sync.WaitGroup
	for i, l := range lines {
		l.deadline = w.deadline
		// Room for more than one connection was seen to get, so that recording allocates nothing.
		room := make([]time.Duration, 0, int(4000*w.until.Sub(w.from).Seconds()))
		all.Go(func() { seen[i] = l.askAgain(ctx, what, w, room, answers) })
	}
	all.Wait()
	sum := sample{span: w.until.Sub(w.from)}
	for _, s := range seen {
		sum.join(s, false)
	}
	return sum
}

// askAgain asks for the same again and again.
func (l *line) askAgain(ctx context.Context, what exchange, w window, room []time.Duration, answers *atomic.Int64) sample {
	s := sample{latencies: room}
	for begin := time.Now(); begin.Before(w.until) && ctx.Err() == nil; {
		got, err := l.ask(ctx, what.request)
		end := time.Now()
		switch {
		case err != nil || !what.serves(got):
			s.failed++
			if err == nil {
				err = fmt.Errorf("the answer was %d with %d bytes", got.status, got.size)
			}
			s.failure = err
			pause(ctx, retryAfter)
		default:
			answers.Add(1)
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
