package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// How long keep waits after a failure, at first and at last.
const (
	shortPause = 50 * time.Millisecond
	longPause  = time.Second
)

// errLost is why when the connection ends on which changes are heard of, or Redis
// was emptied.
var errLost = errors.New("redis: the connection was lost")

// keep looks for Redis and listens to it, until the store is closed.
func (s *Store) keep() {
	defer close(s.ended)
	pause := shortPause
	for {
		begun := time.Now()
		err := s.listen()
		if s.life.Err() != nil {
			s.view.end(errClosed)
			s.hangUp()
			return
		}
		s.view.end(err)
		s.outages.Note(err)
		why := strings.TrimPrefix(err.Error(), "redis: ")
		s.tell(fmt.Sprintf("users redis %s: %s; users who are known here are known for %s, all others are answered 503", s.where(), why, s.options.MaxStale))
		s.looked()
		if time.Since(begun) > longPause {
			pause = shortPause
		}
		select {
		case <-s.life.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}

// tell warns of what was not told last.
func (s *Store) tell(sentence string) {
	if warn := s.home.Load().Warn; warn != nil && sentence != s.said {
		warn(sentence)
	}
	s.said = sentence
}

// listen is one session. It returns why it ended.
func (s *Store) listen() error {
	c, err := s.dial()
	if err != nil {
		return err
	}
	losses := s.view.lossesSoFar()
	if err := s.greet(c); err != nil {
		return err
	}
	asked, err := s.hear(c)
	if err != nil {
		return err
	}
	if !s.view.begin(losses, asked) {
		return errLost
	}
	s.begun()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-s.life.Done():
			return s.life.Err()
		case <-s.nudge:
		case <-ticker.C:
		}
		if s.view.session.Load() == nil {
			return s.view.why()
		}
		asked, err := s.hear(c)
		if err != nil {
			return err
		}
		s.view.heard(asked)
		if s.unshaped.Swap(false) {
			if err := s.readShapes(s.life, c); err != nil {
				return err
			}
		}
	}
}

// hear makes sure that Redis is there and the one that was used, and tells when it
// asked.
func (s *Store) hear(c rueidis.Client) (asked int64, err error) {
	asked = s.view.now()
	identity, err := s.heartbeat(s.life, c)
	if err == nil {
		err = s.adopt(identity)
	}
	return asked, err
}

// begun tells that Redis was found.
func (s *Store) begun() {
	if s.said != "" {
		s.tell(fmt.Sprintf("users redis %s: reached", s.where()))
	}
	s.outages.Note(nil)
	s.looked()
}

// looked has nobody wait any more.
func (s *Store) looked() {
	select {
	case <-s.tried:
	default:
		close(s.tried)
	}
}

// heartbeat asks for the identity of the store: of a key with our prefix, so that a
// cluster has it asked where the users are, and a server that is still loading says
// so.
func (s *Store) heartbeat(ctx context.Context, c rueidis.Client) (identity string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	identity, err = c.Do(ctx, c.B().Get().Key(s.keys.used()).Build()).ToString()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	if err != nil {
		return "", s.failed(err)
	}
	return identity, nil
}

// greet finds out whether this is the store that was used, and makes the first user
// of a new one.
func (s *Store) greet(c rueidis.Client) error {
	identity, err := s.heartbeat(s.life, c)
	if err != nil {
		return err
	}
	if err := s.inspect(c); err != nil {
		return err
	}
	if err := s.remember(); err != nil {
		return err
	}
	if identity == "" && s.identity == "" {
		if identity, err = s.found(c); err != nil {
			return err
		}
	}
	if err := s.adopt(identity); err != nil {
		return err
	}
	return s.readShapes(s.life, c)
}

// remember gets the identity of the store that this door has used.
func (s *Store) remember() error {
	home := s.home.Load()
	if s.identity != "" || home.Known == nil {
		return nil
	}
	known, err := home.Known(s.life)
	if err != nil {
		return fmt.Errorf("redis: looking up which store was used: %w", err)
	}
	s.identity = known
	return nil
}

// adopt accepts the store that was used, and any when none was. One that is empty or
// another one must not be taken for it: its users would be gone, and a fresh root
// would be there for whoever comes first.
func (s *Store) adopt(identity string) error {
	home := s.home.Load()
	switch {
	case identity == s.identity:
		return nil
	case identity == "":
		err := fmt.Errorf("redis: it was used before and is empty: restore it, or %s to begin anew", home.Lost)
		return &account.Trouble{Reason: "Redis has lost its users", Err: err}
	case s.identity != "":
		err := fmt.Errorf("redis: it is not the one that was used before: restore that, or %s to begin anew", home.Lost)
		return &account.Trouble{Reason: "Redis is not the one that was used before", Err: err}
	}
	if home.Note != nil {
		if err := home.Note(s.life, identity); err != nil {
			return fmt.Errorf("redis: noting which store is used: %w", err)
		}
	}
	s.identity = identity
	return nil
}

// found gives a store that nobody used its first user, and returns its identity:
// that of the door that was first, and none where nobody is wanted.
func (s *Store) found(c rueidis.Client) (identity string, err error) {
	home := s.home.Load()
	if home.Root == nil {
		return "", nil
	}
	document, err := home.Root(s.life)
	if err != nil {
		return "", err
	}
	root, err := account.ParseUser(account.Root, document)
	if err != nil {
		return "", err
	}
	change := step{kind: account.Users, name: account.Root, after: string(document), first: true, shapes: shapesBetween(account.User{}, root)}
	made, err := s.make(s.life, c, change, rand.Text())
	if err != nil {
		return "", err
	}
	if made && home.Warn != nil {
		home.Warn("users redis " + s.where() + " is new: user root has the password root")
	}
	return s.heartbeat(s.life, c)
}
