// Package migrate takes users and roles from one store to another: byte for byte, and
// so that no token lives again that was dead.
package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Stores are where users come from and where they go.
type Stores struct {
	From, To account.Documents
	// Progress is told how much of a step is done.
	Progress func(step string, done, of int)
}

// Change is what becomes of one document.
type Change struct {
	Kind account.Kind
	Name string
	// Raised is the rev that the user gets where it is another than before: its tokens
	// are dead then. Zero where it stays.
	Raised int64
	// Refused says why the document is not accepted; empty when it is.
	Refused string
}

// Plan is how two stores differ. Lists are of roles first, each sorted by name.
type Plan struct {
	// Added are missing in the store that is written to, Changed are others there.
	Added, Changed []Change
	// OnlyThere are in the store that is written to alone, and stay.
	OnlyThere []Change
	// Refused are documents that no store accepts.
	Refused []Change
	// Same is how many of users and roles need nothing.
	Same map[account.Kind]int
	// Floor is what deleted users have left in the store that is read, where the other
	// has a lower one; zero where it need not be raised.
	Floor int64
}

// Kinds in the order in which they move: a user that comes before its roles would for
// a moment be without what they deny.
var kinds = []account.Kind{account.Roles, account.Users}

// Compare finds out what is to be done, and changes nothing.
func (s Stores) Compare(ctx context.Context) (*Plan, error) {
	p := &Plan{Same: map[account.Kind]int{}}
	there, err := s.floors(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		names, err := s.From.Names(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("listing %s to take: %w", kind, err)
		}
		for i, name := range names {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := s.compare(ctx, p, kind, name, there); err != nil {
				return nil, fmt.Errorf("%s %s: %w", kind.Singular(), name, err)
			}
			s.Progress("comparing "+kind.String(), i+1, len(names))
		}
		others, err := s.To.Names(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("listing %s that are there: %w", kind, err)
		}
		for _, name := range others {
			if _, both := slices.BinarySearch(names, name); !both {
				p.OnlyThere = append(p.OnlyThere, Change{Kind: kind, Name: name})
			}
		}
	}
	return p, nil
}

// floors returns that of the store that is written to.
func (s Stores) floors(ctx context.Context, p *Plan) (int64, error) {
	var from, to int64
	var err error
	source, known := s.From.(account.Floored)
	if known {
		if from, err = source.Floor(ctx); err != nil {
			return 0, err
		}
	}
	target, keeps := s.To.(account.Floored)
	if keeps {
		if to, err = target.Floor(ctx); err != nil {
			return 0, err
		}
	}
	if from > to {
		if !keeps {
			return 0, errors.New("migrate: users were deleted, and the store that is written to cannot remember with which rev: their tokens could live again")
		}
		p.Floor = from
	}
	return to, nil
}

func (s Stores) compare(ctx context.Context, p *Plan, kind account.Kind, name string, floor int64) error {
	document, err := s.From.Document(ctx, kind, name)
	if errors.Is(err, account.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	c := Change{Kind: kind, Name: name}
	there, err := s.To.Document(ctx, kind, name)
	if err != nil && !errors.Is(err, account.ErrNotExist) {
		return err
	}
	var stored account.User
	if err == nil && kind == account.Users {
		if stored, err = account.ParseUser(name, there); err != nil {
			return err
		}
	}
	kept, refused := account.Kept(kind, name, document, stored, floor)
	switch {
	case errors.Is(refused, account.ErrDocument):
		c.Refused = strings.TrimPrefix(refused.Error(), account.ErrDocument.Error()+": ")
		p.Refused = append(p.Refused, c)
		return nil
	case refused != nil:
		return refused
	case there != nil && bytes.Equal(kept, there):
		p.Same[kind]++
		return nil
	}
	if kind == account.Users {
		if c.Raised, err = raised(name, document, kept); err != nil {
			return err
		}
	}
	if there == nil {
		p.Added = append(p.Added, c)
	} else {
		p.Changed = append(p.Changed, c)
	}
	return nil
}

// raised is the rev of the user as it is kept, where it is not the one that it had.
func raised(name string, document, kept []byte) (int64, error) {
	before, err := account.ParseUser(name, document)
	if err != nil {
		return 0, err
	}
	after, err := account.ParseUser(name, kept)
	if err != nil || after.Revision == before.Revision {
		return 0, err
	}
	return after.Revision, nil
}

// Nothing tells whether all that is to be taken is there.
func (p *Plan) Nothing() bool {
	return len(p.Added)+len(p.Changed) == 0 && p.Floor == 0
}

// batch is how many documents are stored in one step.
const batch = 10_000

// Apply does what the plan says. Roles go first, so that no user is for a moment
// without what they deny, and the floor last, lest it raise the rev of users that
// are only on their way. After an error, or when ctx ends, what was stored stays:
// Compare says what is left to be done. Documents that are refused keep everything
// from being stored.
func (s Stores) Apply(ctx context.Context, p *Plan) error {
	if len(p.Refused) > 0 {
		return fmt.Errorf("migrate: %d documents are not accepted: nothing was stored", len(p.Refused))
	}
	moving := slices.Concat(p.Added, p.Changed)
	slices.SortStableFunc(moving, func(a, b Change) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
	done := 0
	for part := range slices.Chunk(moving, batch) {
		var documents []account.Posted
		for _, c := range part {
			document, err := s.From.Document(ctx, c.Kind, c.Name)
			if errors.Is(err, account.ErrNotExist) {
				continue // deleted meanwhile
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w", c.Kind.Singular(), c.Name, err)
			}
			documents = append(documents, account.Posted{Kind: c.Kind, Name: c.Name, Document: document})
		}
		if err := s.store(ctx, documents, done, len(moving)); err != nil {
			return err
		}
		done += len(part)
		s.Progress("storing", done, len(moving))
	}
	if target, ok := s.To.(account.Floored); ok && p.Floor > 0 {
		return target.RaiseFloor(ctx, p.Floor)
	}
	return nil
}

// store fills the other store: at once where it can, else one by one.
func (s Stores) store(ctx context.Context, documents []account.Posted, done, of int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f, ok := s.To.(account.Filler); ok {
		return f.Fill(ctx, documents)
	}
	for i, d := range documents {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.To.Put(ctx, d.Kind, d.Name, d.Document); err != nil {
			return fmt.Errorf("%s %s: %w", d.Kind.Singular(), d.Name, err)
		}
		s.Progress("storing", done+i+1, of)
	}
	return nil
}
