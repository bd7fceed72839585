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
// Revision gives, and without hashes of the former password where digest is a new
// one; to the byte the same when nothing of that is to be done. For users, stored is
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
	edits := formerHA1(posted, stored)
	if rev != posted.Revision {
		edits["rev"] = strconv.AppendInt(nil, rev, 10)
	}
	if len(edits) == 0 {
		return document, nil
	}
	return splice.Members(document, edits)
}

// formerHA1 takes out the hashes for HTTP Digest that are left of the former
// password: whoever puts a new digest into a document that was fetched means the
// old password to open nothing any more.
func formerHA1(posted, stored User) map[string]jsontext.Value {
	edits := map[string]jsontext.Value{}
	if posted.PasswordHash == stored.PasswordHash {
		return edits
	}
	if posted.HA1 != "" && posted.HA1 == stored.HA1 {
		edits["digest2"] = nil
	}
	if posted.HA1SHA256 != "" && posted.HA1SHA256 == stored.HA1SHA256 {
		edits["digest2_sha256"] = nil
	}
	return edits
}

// Revision is the rev of a posted user when it is stored, so that no token lives
// again and none outlives its password. It is never below the posted rev and the
// stored user's, above that when the password is another one, and for a new user,
// whose stored is the zero User, not below the floor. A rev above the greatest
// there is is an error that wraps ErrDocument.
func Revision(posted, stored User, floor int64) (int64, error) {
	if stored.Name == "" {
		return max(posted.Revision, floor), nil
	}
	least := stored.Revision
	if anotherPassword(posted, stored) {
		// Beyond it, readers of JSON round. Beginning again would revive old tokens.
		if least >= maxRevision {
			return 0, fmt.Errorf("%w: user %s: another password needs a rev above %d, and there is none", ErrDocument, posted.Name, least)
		}
		least++
	}
	return max(posted.Revision, least), nil
}

// anotherPassword: who posts a document that was made before the user's first
// login leaves out the hashes for HTTP Digest, which were added then.
func anotherPassword(posted, stored User) bool {
	return posted.PasswordHash != stored.PasswordHash ||
		posted.HA1 != "" && posted.HA1 != stored.HA1 || posted.HA1SHA256 != "" && posted.HA1SHA256 != stored.HA1SHA256
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
