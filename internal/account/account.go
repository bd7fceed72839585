// Package account is about the users of a store behind the front door: who
// they are, what they may do, and how a password is checked. A user is an
// application; it is described by a document in CM-Well's format.
package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

var (
	// ErrNotExist says: there is no user or role of this name. Every other error of a
	// Store means that the store is broken and the answer unknown.
	ErrNotExist = errors.New("account: does not exist")
	// ErrReadOnly says: the store finds users and cannot change them.
	ErrReadOnly = errors.New("account: users cannot be changed here")
)

// Anonymous is the name of the user whose document, where it exists, narrows
// what requests without a token may read. It never logs in.
const Anonymous = "anonymous"

// The user that exists when a store is used for the first time, as CM-Well
// documents it, and the password that everybody knows until it is changed.
const (
	Root         = "root"
	RootPassword = "root"
)

// User is one account. The zero User has no password and no permission.
type User struct {
	Name string
	// Paths are the user's own entries.
	Paths []permission.Entry
	// Roles are names of roles, in the order of the document.
	Roles []string
	// Operations are the user's own, without those of the roles.
	Operations permission.Operation
	// Revision is CM-Well's rev. A token with another one is dead.
	Revision int64
	// PasswordHash is the document's digest: bcrypt or argon2id of the password;
	// empty when there is none.
	PasswordHash string
	// HA1 is the document's digest2, for HTTP Digest: MD5(user:realm:password) in
	// hexadecimal; empty when there is none.
	HA1 string
	// HA1SHA256 is the document's digest2_sha256: the same with SHA-256.
	HA1SHA256 string
	// Email, First and Last are for people.
	Email, First, Last string
}

// Role is a set of entries and operations that users share by its name.
type Role struct {
	Name       string
	Paths      []permission.Entry
	Operations permission.Operation

	// index is that of Paths as ParseRole read them: one for all users of the role.
	index *permission.Index
}

// Store finds users and roles.
type Store interface {
	// User returns the user of that name, ErrNotExist when there is none, and
	// any other error when the store cannot tell.
	User(ctx context.Context, name string) (User, error)
	// Role returns the role of that name, with the same errors.
	Role(ctx context.Context, name string) (Role, error)
}

// Editor is a Store that can also change its users.
type Editor interface {
	Store
	// Edit changes one user, durably. It calls change with the user as it is at that
	// moment, and once more each time that another door changes the user before the
	// edit is made: the last call counts, and no other Edit comes between. An error of
	// change leaves everything as it was and is returned as it is, and so does a result
	// that is not a user document. Fields that change does not name stay as they are,
	// also those that nobody here knows; no fields, and nothing is written. What comes
	// back is the user after the edit; with an error, which is ErrNotExist when there
	// is no such user, the zero User.
	Edit(ctx context.Context, name string, change func(User) (Fields, error)) (User, error)
}

// MaxName is the greatest length of a name, in bytes.
const MaxName = 128

// CheckName accepts 1 to 128 of A-Z a-z 0-9 . _ @ -, other than "." and "..".
// Names end up in file names, headers and keys: nothing else can get there.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName || name == "." || name == ".." || !ofNames(name) {
		return fmt.Errorf("name %.140q found; 1 to %d of A-Z a-z 0-9 . _ @ - are accepted", name, MaxName)
	}
	return nil
}

func ofNames(s string) bool {
	for i := range len(s) {
		if !nameByte[s[i]] {
			return false
		}
	}
	return true
}

var nameByte = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") {
		t[c] = true
	}
	return t
}()
