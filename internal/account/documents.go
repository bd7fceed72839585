package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account/splice"
)

// ErrDocument says: a document is not accepted as that of a user or role of this
// name. The error around it tells the field, what was found and what is accepted.
var ErrDocument = errors.New("account: document is not accepted")

// Kind is what a document describes. The zero Kind is none.
type Kind uint8

// What documents describe.
const (
	Users Kind = iota + 1
	Roles
)

// String is "users" or "roles".
func (k Kind) String() string {
	switch k {
	case Users:
		return "users"
	case Roles:
		return "roles"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Singular is "user" or "role".
func (k Kind) Singular() string {
	switch k {
	case Users:
		return "user"
	case Roles:
		return "role"
	}
	return k.String()
}

// Documents is a Store whose whole documents can be read and replaced.
type Documents interface {
	Store
	// Names are those of all users, or of all roles, sorted.
	Names(ctx context.Context, kind Kind) ([]string, error)
	// Document returns the document as it is kept, or ErrNotExist. It holds the
	// hashes of passwords.
	Document(ctx context.Context, kind Kind, name string) ([]byte, error)
	// Put stores the document whole and durably, in place of the one that is there:
	// as Kept makes it. A document that Kept does not accept is an error that wraps
	// ErrDocument, and after an error everything is as it was.
	Put(ctx context.Context, kind Kind, name string, document []byte) error
	// Delete removes the document durably. ErrNotExist is the error when there is
	// none. Of a deleted user, FloorAfter stays.
	Delete(ctx context.Context, kind Kind, name string) error
}

// Kept is the document as a store keeps it: the posted one with the rev that
// Revision gives, to the byte the same when that is its own. For users, stored is
// who has the name so far, the zero User for nobody, and floor is what deleted
// users have left. Roles have neither. What ParseUser or ParseRole refuse is an
// error that wraps ErrDocument.
func Kept(kind Kind, name string, document []byte, stored User, floor int64) ([]byte, error) {
	document = bytes.Trim(document, " \t\r\n")
	switch kind {
	case Users:
		return keptUser(name, document, stored, floor)
	case Roles:
		if _, err := ParseRole(name, document); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDocument, err)
		}
		return document, nil
	}
	return nil, fmt.Errorf("account: %s found; users and roles have documents", kind)
}

func keptUser(name string, document []byte, stored User, floor int64) ([]byte, error) {
	posted, err := ParseUser(name, document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	rev, err := Revision(posted, stored, floor)
	if err != nil {
		return nil, err
	}
	if rev == posted.Revision {
		return document, nil
	}
	return splice.Members(document, map[string]jsontext.Value{"rev": strconv.AppendInt(nil, rev, 10)})
}

// Revision is the rev of a posted user when it is stored, so that no token lives
// again and none outlives its password. It is never below the posted rev, the
// stored user's and the floor, and above the last two when a hash of the password
// is another one. The zero User is stored for nobody: a new user begins at the
// floor. A rev above the greatest there is is an error that wraps ErrDocument.
func Revision(posted, stored User, floor int64) (int64, error) {
	least := max(stored.Revision, floor)
	if stored.Name != "" && !samePassword(posted, stored) {
		// Beyond it, readers of JSON round. Beginning again would revive old tokens.
		if least >= maxRevision {
			return 0, fmt.Errorf("%w: user %s: another password needs a rev above %d, and there is none", ErrDocument, posted.Name, least)
		}
		least++
	}
	return max(posted.Revision, least), nil
}

func samePassword(a, b User) bool {
	return a.PasswordHash == b.PasswordHash && a.HA1 == b.HA1 && a.HA1SHA256 == b.HA1SHA256
}

// FloorAfter is the floor below which no rev of a new user may be, after a user is
// deleted: one number for all names, greater than the rev of every user that ever
// was deleted. Where there is none, the error wraps ErrDocument, and the user must
// stay; without password, roles and paths it can do nothing.
func FloorAfter(deleted User, floor int64) (int64, error) {
	if deleted.Revision >= maxRevision {
		return 0, fmt.Errorf("%w: user %s has rev %d, and a new user of the name could have none above it: take its password, roles, operations and paths instead", ErrDocument, deleted.Name, deleted.Revision)
	}
	return max(floor, deleted.Revision+1), nil
}

// CheckFloor accepts what FloorAfter gives, and 0 for a store of which nobody was
// deleted.
func CheckFloor(floor int64) error {
	if floor < 0 || floor > maxRevision {
		return fmt.Errorf("%d found; a whole number from 0 to %d is accepted", floor, int64(maxRevision))
	}
	return nil
}
