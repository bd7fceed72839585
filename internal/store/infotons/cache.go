package infotons

import (
	"context"
	"fmt"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// entry is what is known of one user.
type entry struct {
	state  *state
	readAt time.Time // when the reading began that found it so
	usedAt time.Time
	// suspect: it may have been changed since.
	suspect bool
	// failedAt is when it could last not be read again; zero when it could.
	failedAt time.Time
}

// Principal returns the user of that name with its roles, as they were at a moment
// that is not longer ago than MaxAge; or, while the store cannot tell, than MaxStale.
func (s *Store) Principal(ctx context.Context, name string) (*account.Principal, error) {
	known, wait := s.look(name)
	if !wait {
		return known.answer()
	}
	if account.CheckName(name) != nil {
		return nil, account.ErrNotExist
	}
	read, err := s.load(ctx, name)
	if err == nil {
		return read.answer()
	}
	if last := s.lastKnown(name); last != nil && ctx.Err() == nil {
		return last.answer()
	}
	return nil, err
}

func (s *state) answer() (*account.Principal, error) {
	if s.principal == nil {
		return nil, account.ErrNotExist
	}
	return s.principal, nil
}

// look finds what can be answered with at once. Where the last reading failed, that
// is the last known state: whoever is known does not wait for a store that is down.
func (s *Store) look(name string) (known *state, wait bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[name]
	if e == nil {
		return nil, true
	}
	now := s.config.Now()
	e.usedAt = now
	age := now.Sub(e.readAt)
	if !e.suspect && age < s.config.MaxAge {
		if age > s.config.MaxAge/2 && !s.sweeping && !s.closed {
			s.sweeping = true
			go s.sweep()
		}
		return e.state, false
	}
	// After a pause without anybody asking, the store may well answer again.
	failed := now.Sub(e.failedAt)
	if failed > retryEvery+2*s.config.Timeout || !s.usable(name, e) {
		return nil, true
	}
	if failed > retryEvery {
		e.failedAt = now
		go func() { _, _ = s.load(context.Background(), name) }()
	}
	return e.state, false
}

// retryEvery is how often a user is read again who could not be read.
const retryEvery = time.Second

// usable tells whether the entry may be answered with while the store cannot tell.
// That somebody does not exist is not said because of that, but for the user whose
// document narrows what everybody may read: there was none.
func (s *Store) usable(name string, e *entry) bool {
	return s.config.Now().Sub(e.readAt) <= s.config.MaxStale && (e.state.principal != nil || name == account.Anonymous)
}

// lastKnown is the state to answer with after a reading that failed; nil for none.
func (s *Store) lastKnown(name string) *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[name]; e != nil && s.usable(name, e) {
		return e.state
	}
	return nil
}

// now is the epoch.
func (s *Store) now() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch
}

// remembered is the state that is known, nil for none.
func (s *Store) remembered(name string) *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[name]; e != nil {
		return e.state
	}
	return nil
}

// warnEvery is how often it is said that the last known state is in use.
const warnEvery = 10 * time.Second

// failed notes that a user could not be read again.
func (s *Store) failed(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[name]
	if e == nil {
		return
	}
	now := s.config.Now()
	e.failedAt = now
	if warn := s.warn.Load(); warn != nil && *warn != nil && now.Sub(s.warned) >= warnEvery {
		s.warned = now
		(*warn)(fmt.Errorf("the last known state of users is in use, for at most %s: %w", s.config.MaxStale, err))
	}
}

// keep remembers an entry, and forgets another one where there is no room. The lock
// is held.
func (s *Store) keep(name string, e *entry) {
	if _, there := s.entries[name]; !there && len(s.entries) >= s.config.CacheSize {
		s.forgetOne()
	}
	s.entries[name] = e
}

// sample is how many entries are compared to find one that was not used for long.
const sample = 16

func (s *Store) forgetOne() {
	var oldest string
	var usedAt time.Time
	compared := 0
	for name, e := range s.entries { // in no certain order
		if compared == 0 || e.usedAt.Before(usedAt) {
			oldest, usedAt = name, e.usedAt
		}
		if compared++; compared == sample {
			break
		}
	}
	delete(s.entries, oldest)
}
