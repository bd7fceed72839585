package keyring

import (
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// Info is what may be told of a key.
type Info struct {
	ID        string          `json:"id"`
	Algorithm token.Algorithm `json:"algorithm"`
	Created   time.Time       `json:"created,omitzero"`
	SignsFrom time.Time       `json:"signsFrom,omitzero"`
	// RetiredAt is when another key took over or will; zero when none is to.
	RetiredAt time.Time `json:"retiredAt,omitzero"`
	// SafeToDropAt is when every token of a retired key has expired.
	SafeToDropAt time.Time `json:"safeToDropAt,omitzero"`
	State        State     `json:"state"`
}

// State is what a key is good for now.
type State string

// The states in which keys are.
const (
	// Next verifies already, and will sign in a moment.
	Next State = "next"
	// Signing signs and verifies.
	Signing State = "signing"
	// Verifying verifies the tokens that it once signed, or those of others.
	Verifying State = "verifying"
	// Over verifies nothing any more, and is about to be dropped.
	Over State = "over"
)

func (d document) list(now time.Time) []Info {
	all := make([]Info, 0, len(d.Keys))
	for i := range d.Keys {
		e := &d.Keys[i]
		state := Verifying
		switch {
		case e == d.signing(e.Algorithm, now):
			state = Signing
		case e.isOver(now):
			state = Over
		case e.Retired.IsZero():
			state = Next
		}
		all = append(all, Info{
			ID: e.ID, Algorithm: e.Algorithm, Created: e.Created, SignsFrom: e.SignsFrom,
			RetiredAt: e.Retired, SafeToDropAt: e.SafeToDrop, State: state,
		})
	}
	return all
}
