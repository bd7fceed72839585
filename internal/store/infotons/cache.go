package infotons

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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

// loaded is a state that was read. It is current unless something was changed while
// it was: then it may be of before or after the change.
type loaded struct {
	state   *state
	current bool
}

// How often a user is loaded until nothing is changed meanwhile, and after which
// time it waits for the turn to change the store, so that this process does not.
const (
	loads     = 4
	freeLoads = 2
)

// load reads a user with its roles now, and remembers them. Whoever gets a state that
// is not current could be told of an older one later, so it is read anew.
func (s *Store) load(ctx context.Context, name string) (*state, error) {
	var read loaded
	var err error
	for try := range loads {
		what, alone := name, try >= freeLoads
		if alone {
			what += " alone"
		}
		read, err = fly(ctx, s, s.now(), what, func(ctx context.Context) (loaded, error) { return s.loadOnce(ctx, name, alone) })
		if err == nil && read.current {
			return read.state, nil
		}
		if err != nil && !errors.Is(err, errRestless) {
			break
		}
	}
	if err != nil && ctx.Err() == nil {
		s.failed(name, err)
	}
	return read.state, err
}

func (s *Store) loadOnce(ctx context.Context, name string, alone bool) (loaded, error) {
	if alone {
		release, err := s.wait(ctx)
		if err != nil {
			return loaded{}, err
		}
		defer release()
	}
	known, epoch := s.remembered(name), s.now()
	began := s.config.Now()
	read, err := s.stable(ctx, name, known)
	if err != nil {
		return loaded{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch != epoch {
		return loaded{state: read}, nil
	}
	s.keep(name, &entry{state: read, readAt: began, usedAt: began})
	return loaded{read, true}, nil
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

// User returns the user of that name as the store has it now, so that whoever logs in
// is known as well as whoever does not exist, and after the same time. While the
// store cannot tell, it is the last known state.
func (s *Store) User(ctx context.Context, name string) (account.User, error) {
	known := s.remembered(name)
	document, err := s.read(ctx, account.Users, name, known)
	if err == nil || errors.Is(err, account.ErrNotExist) {
		s.compare(name, document, err)
	}
	if errors.Is(err, account.ErrNotExist) {
		return account.User{}, account.ErrNotExist
	}
	var user account.User
	if err == nil {
		user, err = account.ParseUser(name, document)
	}
	if err == nil {
		s.saw(user)
		return user, nil
	}
	if last := s.lastKnown(name); last != nil && last.principal != nil && ctx.Err() == nil {
		return last.principal.User, nil
	}
	return account.User{}, err
}

// compare finds out that a user is not any more what is remembered: a token that is
// given for the new rev must be good at once.
func (s *Store) compare(name string, document []byte, err error) {
	path, _ := pathOf(account.Users, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[name]; e != nil {
		if was, ok := e.state.of(path); !ok || was != partOf(path, document, err) {
			e.suspect = true
		}
	}
}

// Role returns the role of that name as the store has it now.
func (s *Store) Role(ctx context.Context, name string) (account.Role, error) {
	document, err := s.read(ctx, account.Roles, name, nil)
	if err != nil {
		return account.Role{}, err
	}
	role, err := account.ParseRole(name, document)
	if err != nil {
		return account.Role{}, fmt.Errorf("users infotons: %w", err)
	}
	return role, nil
}

// Document returns the document as the store has it now.
func (s *Store) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	return s.read(ctx, kind, name, nil)
}

// read reads one document now. Whoever asks for the same meanwhile waits for the same
// answer.
func (s *Store) read(ctx context.Context, kind account.Kind, name string, known *state) ([]byte, error) {
	path, err := pathOf(kind, name)
	if err != nil {
		return nil, err
	}
	return fly(ctx, s, s.now(), path, func(ctx context.Context) ([]byte, error) { return s.document(ctx, path, known) })
}

// fly has do called once for all who want the same in the same epoch: after a change a
// call begins that can see it.
func fly[T any](ctx context.Context, s *Store, epoch uint64, what string, do func(context.Context) (T, error)) (T, error) {
	flight := s.flights.DoChan(strconv.FormatUint(epoch, 10)+" "+what, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readings*s.config.Timeout)
		defer cancel()
		return do(ctx)
	})
	var none T
	select {
	case landed := <-flight:
		if result, ok := landed.Val.(T); ok && landed.Err == nil {
			return result, nil
		}
		return none, landed.Err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
