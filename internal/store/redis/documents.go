package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// page is how many names are asked for at once: a list of a million would have
// everybody else wait for it.
const page = 1000

// Names are those of all users or roles, sorted. What changes while they are asked
// for may be among them or not.
func (s *Store) Names(ctx context.Context, kind account.Kind) ([]string, error) {
	return s.NamesAfter(ctx, kind, "", math.MaxInt)
}

// NamesAfter are the first of them behind a name; see account.Pager.
func (s *Store) NamesAfter(ctx context.Context, kind account.Kind, after string, most int) ([]string, error) {
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	c, err := s.reached()
	if err != nil {
		return nil, err
	}
	var names []string
	for from := "(" + after; ; {
		some, err := s.namesFrom(ctx, c, kind, from, min(most-len(names), page))
		if err != nil {
			return nil, err
		}
		names = append(names, some...)
		if len(some) < page || len(names) >= most {
			return names, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from = "(" + some[len(some)-1]
	}
}

func (s *Store) namesFrom(ctx context.Context, c rueidis.Client, kind account.Kind, from string, most int) ([]string, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	names, err := c.Do(ctx, c.B().Zrangebylex().Key(s.keys.names(kind)).Min(from).Max("+").Limit(0, int64(most)).Build()).AsStrSlice()
	if err != nil {
		return nil, s.failed(err)
	}
	return names, nil
}

// Document returns the document as it is in Redis now, or account.ErrNotExist.
func (s *Store) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	if account.CheckName(name) != nil {
		return nil, account.ErrNotExist
	}
	c, err := s.reached()
	if err != nil {
		return nil, err
	}
	found, err := s.read(ctx, c, s.keys.of(kind, name))
	if err != nil {
		return nil, err
	}
	if found[0] == "" {
		return nil, account.ErrNotExist
	}
	return []byte(found[0]), nil
}

// kept is what a change of one document depends on.
type kept struct {
	document string // empty for none
	user     account.User
	floor    int64
}

// Put stores a document; see account.Documents. One of more than MaxDocument bytes
// is an error that wraps account.ErrDocument. Of this change as of all others: when
// Redis does not answer any more, that is an error, and it may have been made.
func (s *Store) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	return s.Replace(ctx, kind, name, func([]byte) ([]byte, error) { return document, nil })
}

// Replace stores what next makes of the document that is there; see
// account.Replacer.
func (s *Store) Replace(ctx context.Context, kind account.Kind, name string, next func([]byte) ([]byte, error)) error {
	if err := checkKind(kind); err != nil {
		return err
	}
	// Refused here, a name is no part of a key.
	if err := account.CheckName(name); err != nil {
		return fmt.Errorf("%w: %s %w", account.ErrDocument, kind.Singular(), err)
	}
	return s.change(ctx, kind, name, func(now kept, to *step) error {
		var there []byte
		if now.document != "" {
			there = []byte(now.document)
		}
		document, err := next(there)
		if err != nil {
			return err
		}
		after, err := account.Kept(kind, name, document, now.user, now.floor)
		if err != nil {
			return err
		}
		if kind == account.Users && now.document == "" {
			to.floor = strconv.FormatInt(now.floor, 10)
		}
		to.after = string(after)
		return checkSize(kind, name, to.after)
	})
}

func checkSize(kind account.Kind, name, document string) error {
	if len(document) > MaxDocument {
		return fmt.Errorf("%w: %s %s: %d bytes found; at most %d are accepted", account.ErrDocument, kind.Singular(), name, len(document), MaxDocument)
	}
	return nil
}

// Delete removes a document, and of a user raises the floor; see account.Documents.
func (s *Store) Delete(ctx context.Context, kind account.Kind, name string) error {
	if err := checkKind(kind); err != nil {
		return err
	}
	if err := account.CheckName(name); err != nil {
		return fmt.Errorf("%w: %s %w", account.ErrDocument, kind.Singular(), err)
	}
	return s.change(ctx, kind, name, func(now kept, next *step) error {
		if now.document == "" {
			return account.ErrNotExist
		}
		if kind == account.Roles {
			return nil
		}
		raised, err := account.FloorAfter(now.user, now.floor)
		if err != nil {
			return err
		}
		next.floor, next.raised = strconv.FormatInt(now.floor, 10), strconv.FormatInt(raised, 10)
		return nil
	})
}

// Edit changes one user, and nothing else in its document, to the byte; see
// account.Editor.
func (s *Store) Edit(ctx context.Context, name string, change func(account.User) (account.Fields, error)) (account.User, error) {
	if account.CheckName(name) != nil {
		return account.User{}, account.ErrNotExist
	}
	var after account.User
	err := s.change(ctx, account.Users, name, func(now kept, next *step) error {
		if now.document == "" {
			return account.ErrNotExist
		}
		fields, err := change(now.user)
		if err != nil {
			return err
		}
		edited := []byte(now.document)
		if len(fields) > 0 {
			if edited, err = fields.In(edited); err != nil {
				return err
			}
		}
		next.after = string(edited)
		if after, err = account.ParseUser(name, edited); err != nil {
			return err
		}
		return checkSize(account.Users, name, next.after)
	})
	if err != nil {
		return account.User{}, err
	}
	return after, nil
}

// change reads what is kept, has decide say what becomes of it, and makes that, until
// nobody was quicker. What decide leaves as it is, is not written.
func (s *Store) change(ctx context.Context, kind account.Kind, name string, decide func(kept, *step) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := s.reached()
		if err != nil {
			return err
		}
		now, err := s.keptNow(ctx, c, kind, name)
		if err != nil {
			return err
		}
		next := step{kind: kind, name: name, before: now.document}
		if err := decide(now, &next); err != nil {
			return err
		}
		if next.after == next.before {
			return nil
		}
		if kind == account.Users {
			after, err := parsed(name, next.after)
			if err != nil {
				return err
			}
			next.shapes = shapesBetween(now.user, after)
		}
		made, err := s.make(ctx, c, next, rand.Text())
		// After an error it may have been made nevertheless.
		s.view.changed(kind, name)
		if err != nil {
			return err
		}
		if made {
			s.reshape(ctx, c, len(next.shapes) > 0)
			return nil
		}
	}
}

// reshape reads the shapes after a change that moved them. What was changed stays
// so though that should fail.
func (s *Store) reshape(ctx context.Context, c rueidis.Client, moved bool) {
	if moved && s.readShapes(ctx, c) != nil {
		s.unshaped.Store(true)
		s.wake()
	}
}

func (s *Store) keptNow(ctx context.Context, c rueidis.Client, kind account.Kind, name string) (kept, error) {
	found, err := s.read(ctx, c, s.keys.of(kind, name), s.keys.floor())
	if err != nil {
		return kept{}, err
	}
	now := kept{document: found[0]}
	if now.floor, err = s.floorOf(found[1]); err != nil {
		return kept{}, err
	}
	if kind == account.Users {
		now.user, err = parsed(name, now.document)
	}
	return now, err
}

// parsed is the user of a document, the zero User for none.
func parsed(name, document string) (account.User, error) {
	if document == "" {
		return account.User{}, nil
	}
	user, err := account.ParseUser(name, []byte(document))
	if err != nil {
		return account.User{}, fmt.Errorf("%w: %w", errUnsound, err)
	}
	return user, nil
}
