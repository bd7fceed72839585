// Package chaos asks front doors without a pause while something breaks, and knows
// how each request must be answered. It tells three things apart: an answer that is
// owed, one that nobody could be given at the time, and one that is wrong. What is
// behind the doors is a store of its own, which holds each request that arrives
// against what was asked.
package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Question is a request of which it is known how it must be answered.
type Question struct {
	Kind, Door           string
	Method, Target, Body string
	Header               http.Header
	// As is who the store must be told that it comes from; empty for nobody.
	As string
	// Of is what the answer depends on; nil when it depends on nothing.
	Of *History
	// Lag is how old the state may be that the answer is of.
	Lag time.Duration
	// Owes is the status when that change is in force; 200 of what is not Own means
	// that the request may reach the store.
	Owes func(change int) int
	// Own is what the door serves itself: the store never sees it.
	Own bool
	// Excused are what may be answered instead at any time, such as 429 to a login.
	Excused []int
}

// Always is Owes of what depends on nothing.
func Always(status int) func(int) int { return func(int) int { return status } }

// owed are the answers that are right for some state in force between the two.
func (q *Question) owed(from, to time.Time) []int {
	if q.Of == nil {
		return []int{q.Owes(0)}
	}
	var all []int
	for first, last := q.Of.Possible(from.Add(-q.Lag), to); first <= last; first++ {
		if status := q.Owes(first); !slices.Contains(all, status) {
			all = append(all, status)
		}
	}
	return all
}

func (q *Question) String() string {
	return fmt.Sprintf("%s at the door %s: %s %s", q.Kind, q.Door, q.Method, q.Target)
}
