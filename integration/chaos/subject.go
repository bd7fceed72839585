package chaos

import (
	"fmt"
	"time"
)

// Subject is a user whose document is changed while others rely on it.
type Subject struct {
	Name string
	// Home is the door that changes it.
	Home *Door
	History
	// Change asks for a change.
	Change func(n int) *Question
	// Repeated are the answers to a change that has been made already, and is asked for
	// once more since the first answer did not come.
	Repeated []int
	// Ask is a question the answer to which depends on the change in force.
	Ask func(pick uint64) *Question
	// Is tells whether a document is that of a change; nil is for none.
	Is func(document []byte, n int) bool
}

// Question asks a door about the subject.
func (s *Subject) Question(pick uint64, d *Door) *Question {
	q := s.Ask(pick)
	q.Of = &s.History
	if d != s.Home {
		q.Lag = d.Lag
	}
	return q
}

// Kept tells whether the document is that of the last change that was acknowledged, or
// of the one that was asked for since.
func (s *Subject) Kept(document func(name string) ([]byte, error)) error {
	from := time.Now()
	found, err := document(s.Name)
	if err != nil {
		return fmt.Errorf("user %s: %w", s.Name, err)
	}
	first, last := s.Possible(from, time.Now())
	for n := first; n <= last; n++ {
		if s.Is(found, n) {
			return nil
		}
	}
	return fmt.Errorf("user %s: change %d was acknowledged and %d asked for, found is %q", s.Name, first, last, found)
}
