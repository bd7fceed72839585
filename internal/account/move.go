package account

import "context"

// What a store offers, beside its documents, to who moves users from one store to
// another.

// Floored is Documents with a floor that can be asked for and raised: below it no
// rev of a new user may be, see FloorAfter. Users that move without it leave
// behind what keeps the tokens of deleted users dead.
type Floored interface {
	Documents
	// Floor is 0 where nobody was ever deleted.
	Floor(ctx context.Context) (int64, error)
	// RaiseFloor makes the floor at least this one, durably.
	RaiseFloor(ctx context.Context, floor int64) error
}

// Posted is a document that is to be stored.
type Posted struct {
	Kind     Kind
	Name     string
	Document []byte
}

// Filler is Documents that store many at once in less time than one by one.
type Filler interface {
	Documents
	// Fill does what Put does for each document. No two are of one kind and name.
	// After an error some of them may be stored.
	Fill(ctx context.Context, documents []Posted) error
}
