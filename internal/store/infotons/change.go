package infotons

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// visibleWithin is how long a change is waited for: CM-Well takes it into a queue,
// says so, and does it then.
const visibleWithin = 10 * time.Second

// errOvertaken says: another front door, or whoever else writes to the store, has
// changed the same document at the same time.
var errOvertaken = errors.New("it was changed by somebody else at the same time; look at it and try again")

// Put stores the document; see account.Documents. When it returns, the store shows
// the document. One that is larger than what is read is not accepted.
func (s *Store) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	return s.Replace(ctx, kind, name, func([]byte) ([]byte, error) { return document, nil })
}

// Replace is Put of what next makes of the document that is there; of nil where there
// is none.
func (s *Store) Replace(ctx context.Context, kind account.Kind, name string, next func([]byte) ([]byte, error)) error {
	return s.change(ctx, kind, name, func(path string) error {
		there, err := s.client.certain(ctx, path)
		if err != nil {
			return err
		}
		document, err := next(bytes.Clone(there))
		if err != nil {
			return err
		}
		kept, err := s.kept(ctx, kind, name, document, there)
		if err != nil {
			return err
		}
		return s.write(ctx, path, there, kept)
	})
}

// kept is the document as it is to be stored in place of the one that is there.
func (s *Store) kept(ctx context.Context, kind account.Kind, name string, document, there []byte) ([]byte, error) {
	var stored account.User
	var floor int64
	var err error
	switch {
	case kind != account.Users:
	case there != nil:
		stored, err = account.ParseUser(name, there)
	default:
		floor, err = s.Floor(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("users infotons: what is there: %w", err)
	}
	kept, err := account.Kept(kind, name, document, stored, floor)
	if err != nil {
		return nil, err
	}
	if quoted, err := jsontext.AppendQuote(nil, kept); err != nil || len(quoted) > maxAnswer/2 {
		return nil, fmt.Errorf("%w: %s %s: it would have %d bytes in CM-Well's JSON; at most %d are accepted", account.ErrDocument, kind.Singular(), name, len(quoted), maxAnswer/2)
	}
	return kept, nil
}

// Delete removes the document, and raises the floor before for a user's; see
// account.Documents. When it returns, the store does not show it any more.
func (s *Store) Delete(ctx context.Context, kind account.Kind, name string) error {
	return s.change(ctx, kind, name, func(path string) error {
		there, err := s.client.certain(ctx, path)
		if err != nil {
			return err
		}
		if there == nil {
			return account.ErrNotExist
		}
		if kind == account.Users {
			user, err := account.ParseUser(name, there)
			if err != nil {
				return fmt.Errorf("users infotons: what is there: %w", err)
			}
			if err := s.raiseFloor(ctx, func(floor int64) (int64, error) { return account.FloorAfter(user, floor) }); err != nil {
				return err
			}
		}
		return s.write(ctx, path, there, nil)
	})
}

// Edit changes one user; see account.Editor. Where somebody else has changed the user
// at the same time, that is an error, and change is not called again.
func (s *Store) Edit(ctx context.Context, name string, change func(account.User) (account.Fields, error)) (account.User, error) {
	if account.CheckName(name) != nil {
		return account.User{}, account.ErrNotExist
	}
	var edited account.User
	err := s.change(ctx, account.Users, name, func(path string) error {
		there, err := s.client.certain(ctx, path)
		if err != nil {
			return err
		}
		if there == nil {
			return account.ErrNotExist
		}
		user, err := account.ParseUser(name, there)
		if err != nil {
			return fmt.Errorf("users infotons: what is there: %w", err)
		}
		fields, err := change(user)
		if err != nil {
			return err
		}
		changed, err := fields.In(there)
		if err == nil {
			edited, err = account.ParseUser(name, changed)
		}
		if err != nil {
			return fmt.Errorf("users infotons: %w", err)
		}
		return s.write(ctx, path, there, changed)
	})
	if err != nil {
		return account.User{}, err
	}
	return edited, nil
}

// change has do change a document when it is its turn, and sees to it that nothing
// that is remembered outlives the change.
func (s *Store) change(ctx context.Context, kind account.Kind, name string, do func(path string) error) error {
	folder, err := folderOf(kind)
	if err != nil {
		return err
	}
	if err := account.CheckName(name); err != nil {
		return fmt.Errorf("%w: %s %w", account.ErrDocument, kind.Singular(), err)
	}
	path := folder + "/" + name
	release, err := s.wait(ctx)
	if err != nil {
		return err
	}
	defer release()
	err = do(path)
	s.changed(path, err)
	return err
}

// wait takes the turn to change the store.
func (s *Store) wait(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-s.turn:
		return func() { s.turn <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// changed forgets whoever the document is a part of. After an error nobody knows
// what the store has done: they are looked at again, and forgotten only then.
func (s *Store) changed(path string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	for name, e := range s.entries {
		if _, part := e.state.of(path); !part {
			continue
		}
		if err != nil {
			e.suspect = true
			continue
		}
		delete(s.entries, name)
	}
}

// write puts the document in the place of the one that is there, or deletes that one
// for nil. It returns when the store shows it, and has gone on showing it for a
// while: who read the former document before this was there may be about to write.
func (s *Store) write(ctx context.Context, path string, there, wanted []byte) error {
	if bytes.Equal(there, wanted) && (there == nil) == (wanted == nil) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// What is sent is sent: whoever asked may go away, and it has to be known what
	// became of it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), visibleWithin)
	defer cancel()
	var err error
	if wanted == nil {
		err = s.client.remove(ctx, path)
	} else {
		err = s.client.put(ctx, path, wanted)
	}
	if err != nil {
		return err
	}
	if err := s.awaitShown(ctx, path, there, wanted); err != nil {
		return fmt.Errorf("users infotons: %s: %w", path, err)
	}
	return nil
}

func (s *Store) awaitShown(ctx context.Context, path string, before, wanted []byte) error {
	settled := false
	for pause := time.Millisecond; ; pause = min(2*pause, visibleWithin/40) {
		shown, err := s.client.get(ctx, path)
		gone := errors.Is(err, account.ErrNotExist)
		switch {
		case err != nil && !gone:
			return fmt.Errorf("it was sent, and whether it is there is not known: %w", err)
		case gone == (wanted == nil) && bytes.Equal(shown, wanted):
			if settled {
				return nil
			}
			settled, pause = true, s.config.Settle
		case settled || gone != (before == nil) || !bytes.Equal(shown, before):
			return errOvertaken
		}
		if err := sleep(ctx, pause); err != nil {
			return errors.New("it was sent, and the store does not show it yet")
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
