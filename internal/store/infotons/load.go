package infotons

import (
	"context"
	"errors"
	"strconv"
)

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
		what, epoch, load := name, s.now(), s.loadOnce
		if try >= freeLoads {
			what, load = name+" alone", s.loadAlone
		}
		read, err = fly(ctx, s, epoch, what, func(ctx context.Context) (loaded, error) { return load(ctx, name, epoch) })
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

// loadAlone loads when it is the turn to change the store, and nobody else's.
func (s *Store) loadAlone(ctx context.Context, name string, _ uint64) (loaded, error) {
	release, err := s.wait(ctx)
	if err != nil {
		return loaded{}, err
	}
	defer release()
	return s.loadOnce(ctx, name, s.now())
}

func (s *Store) loadOnce(ctx context.Context, name string, epoch uint64) (loaded, error) {
	known := s.remembered(name)
	began := s.config.Now()
	read, err := s.stable(ctx, name, known)
	if err != nil {
		return loaded{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// What was read later has been told to others already.
	if e := s.entries[name]; s.epoch != epoch || e != nil && e.readAt.After(began) {
		return loaded{state: read}, nil
	}
	s.keep(name, &entry{state: read, readAt: began, usedAt: began})
	return loaded{read, true}, nil
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
