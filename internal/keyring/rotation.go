package keyring

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// Settle is how long a new key is known before it signs. Every server reads the
// storage more often than that. A copy of the public keys that is no older has
// the key of every token.
const Settle = 5 * time.Second

const (
	// margin is how much longer than the last token a key is kept: a server may
	// hear late that another key has taken over.
	margin = time.Minute
	// maxKeys is how many keys of one algorithm there may be.
	maxKeys = 128
)

// ErrFull says: so many keys are there that another one would have to push out
// one with tokens that are still valid.
var ErrFull = errors.New("keyring: too many keys")

// algorithms are those that there are keys for.
func (d document) algorithms() (all []token.Algorithm) {
	for _, e := range d.Keys {
		if !slices.Contains(all, e.Algorithm) {
			all = append(all, e.Algorithm)
		}
	}
	return all
}

// last is the newest key of an algorithm; nil when there is none.
func (d document) last(a token.Algorithm) *entry {
	for i := len(d.Keys) - 1; i >= 0; i-- {
		if d.Keys[i].Algorithm == a {
			return &d.Keys[i]
		}
	}
	return nil
}

// signing is the key that signs: the newest whose time has come. The order of
// the keys says which is newer, since the clocks of servers differ.
func (d document) signing(a token.Algorithm, now time.Time) *entry {
	var found *entry
	for i := range d.Keys {
		e := &d.Keys[i]
		if e.Algorithm == a && (found == nil || !now.Before(e.SignsFrom)) {
			found = e
		}
	}
	return found
}

// isOver tells whether every token of the key has expired, by this clock.
func (e *entry) isOver(now time.Time) bool {
	return !e.SafeToDrop.IsZero() && !now.Before(e.SafeToDrop)
}

// ensure sees to it that there is a key of the algorithm, and that every key that
// may sign is known to sign tokens that live so long. It tells whether anything
// was missing.
func (d *document) ensure(a token.Algorithm, life time.Duration, now time.Time) (changed bool, err error) {
	seconds := int64((life + time.Second - 1) / time.Second)
	if d.Version == 0 {
		d.Version, d.Derive, changed = version, randomSecret(), true
	}
	if d.last(a) == nil {
		e, err := newEntry(a, now, now, seconds)
		if err != nil {
			return false, err
		}
		e.Unnamed = a.Symmetric()
		d.Keys = append(d.Keys, e)
		changed = true
	}
	for i := range d.Keys {
		e := &d.Keys[i]
		if e.ID == "" { // the single key of an earlier version
			e.ID, e.Created, e.SignsFrom, e.LongestLife, changed = randomID(), now, now, seconds, true
		}
		if e.Algorithm == a && e.LongestLife < seconds && (e.Retired.IsZero() || now.Before(e.Retired)) {
			e.LongestLife, changed = seconds, true
			if !e.Retired.IsZero() {
				e.retire(e.Retired)
			}
		}
	}
	return changed, nil
}

func (e *entry) retire(when time.Time) {
	e.Retired = when
	e.SafeToDrop = when.Add(time.Duration(e.LongestLife)*time.Second + margin)
}

// rotate makes a new key for every algorithm. It signs a moment later, and those
// before it verify until their tokens have expired; with dropOld they are gone,
// and so is what other keys were derived from.
func (d *document) rotate(now time.Time, dropOld bool) error {
	signsFrom := now.Add(Settle)
	var made []entry
	for _, a := range d.algorithms() {
		if dropOld {
			signsFrom = now
		} else if err := d.hasRoom(a); err != nil {
			return err
		}
		e, err := newEntry(a, now, signsFrom, d.last(a).LongestLife)
		if err != nil {
			return err
		}
		made = append(made, e)
	}
	if dropOld {
		d.Keys = made
		d.FormerDerive, d.Derive = d.Derive, randomSecret()
		return nil
	}
	for i := range d.Keys {
		if d.Keys[i].Retired.IsZero() {
			d.Keys[i].retire(signsFrom)
		}
	}
	d.Keys = append(d.Keys, made...)
	return nil
}

func (d *document) hasRoom(a token.Algorithm) error {
	var room time.Time // when there will be some
	count := 0
	for _, e := range d.Keys {
		if e.Algorithm != a {
			continue
		}
		if count++; count == 1 || !e.SafeToDrop.IsZero() && e.SafeToDrop.Before(room) {
			room = e.SafeToDrop
		}
	}
	if count < maxKeys {
		return nil
	}
	return fmt.Errorf("%w: %d of %s found, at most %d are accepted; the next one is safe to drop at %s, or drop all old ones now",
		ErrFull, count, a, maxKeys, room.UTC().Format(time.RFC3339))
}

// tidy drops the keys whose tokens have all expired, and tells whether there were any.
func (d *document) tidy(now time.Time) bool {
	before := len(d.Keys)
	d.Keys = slices.DeleteFunc(slices.Clone(d.Keys), func(e entry) bool { return e.isOver(now) })
	return len(d.Keys) < before
}

// Set is the keys that work for one algorithm at a time.
type Set struct {
	// Signing signs.
	Signing token.Key
	// Accept verify besides.
	Accept []token.Key
	// Derive and FormerDerive are those of token.Config.
	Derive, FormerDerive token.Secret
}

// set is the keys that work now, and a text that differs when they do.
func (d document) set(a token.Algorithm, now time.Time) (s Set, same string) {
	signing := d.signing(a, now)
	if signing == nil {
		return Set{}, ""
	}
	s = Set{Signing: signing.named(), Derive: d.Derive, FormerDerive: d.FormerDerive}
	same = signing.ID + " signs"
	for i := range d.Keys {
		e := &d.Keys[i]
		if e.Algorithm == a && e != signing && !e.isOver(now) {
			s.Accept = append(s.Accept, e.named())
			same += ", " + e.ID
		}
	}
	return s, same
}

func (e *entry) named() token.Key {
	if e.Unnamed {
		return e.Key
	}
	return token.Named{ID: e.ID, Key: e.Key}
}
