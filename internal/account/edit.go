package account

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account/splice"
)

// Fields are changes of a user document: the names of its fields, and their new
// values as JSON has them. Nil removes a field.
type Fields map[string]any

// Check refuses names that are not of a user document.
func (f Fields) Check() error {
	for name := range f {
		if !slices.Contains(userFields, name) {
			return fmt.Errorf("account: field %.140q found; %s are accepted", name, strings.Join(userFields, ", "))
		}
	}
	return nil
}

// In is the document with these changes and no other, to the byte.
func (f Fields) In(document []byte) ([]byte, error) {
	members, err := f.Members()
	if err != nil {
		return nil, err
	}
	return splice.Members(document, members)
}

// Members are the fields as JSON has them, nil for those that are to be removed.
// What Check refuses is an error.
func (f Fields) Members() (map[string]jsontext.Value, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	members := make(map[string]jsontext.Value, len(f))
	for name, value := range f {
		members[name] = nil
		if value == nil {
			continue
		}
		b, err := json.Marshal(value, json.Deterministic(true))
		if err != nil {
			// The error could hold the value, which may be a hash.
			return nil, fmt.Errorf("field %s: a %T found, which cannot be written in JSON", name, value)
		}
		members[name] = b
	}
	return members, nil
}

// SetPassword gives the user a password, and makes every token of the user
// invalid. A password that the scheme does not take is an error that wraps
// ErrPassword.
func SetPassword(u User, scheme Scheme, realm, password string) (Fields, error) {
	fields, err := Revoke(u)
	if err != nil {
		return nil, err
	}
	hash, err := scheme.Hash(password)
	if err != nil {
		return nil, err
	}
	fields["digest"] = hash
	fields["digest2"] = HA1MD5(u.Name, realm, password)
	fields["digest2_sha256"] = HA1SHA256(u.Name, realm, password)
	return fields, nil
}

// Revoke makes every token of the user invalid.
func Revoke(u User) (Fields, error) {
	// Beyond it, readers of JSON round. Beginning again would revive old tokens.
	if u.Revision >= maxRevision {
		return nil, fmt.Errorf("account: user %s has rev %d, and there is none above it", u.Name, u.Revision)
	}
	return Fields{"rev": u.Revision + 1}, nil
}

// Upgradable tells whether Upgrade would change anything.
func Upgradable(u User, scheme Scheme, realm, password string) bool {
	// Without a hash no password has been proven, and none must become valid.
	return u.PasswordHash != "" && (scheme.Weaker(u.PasswordHash) ||
		u.HA1 != HA1MD5(u.Name, realm, password) || u.HA1SHA256 != HA1SHA256(u.Name, realm, password))
}

// Upgrade stores what the user's document lacks while its password is at hand: a
// hash of the scheme where there is a weaker one, and the hashes for HTTP Digest
// where there are none, or those of another password or realm: who edits digest
// by hand forgets them, and the former password would go on being right. The
// password must have been found right. Tokens stay valid. There are no Fields
// when nothing is to be done.
func Upgrade(u User, scheme Scheme, realm, password string) (Fields, error) {
	fields := Fields{}
	if !Upgradable(u, scheme, realm, password) {
		return fields, nil
	}
	if scheme.Weaker(u.PasswordHash) {
		hash, err := scheme.Hash(password)
		if err != nil {
			return nil, err
		}
		fields["digest"] = hash
	}
	if ha1 := HA1MD5(u.Name, realm, password); u.HA1 != ha1 {
		fields["digest2"] = ha1
	}
	if ha1 := HA1SHA256(u.Name, realm, password); u.HA1SHA256 != ha1 {
		fields["digest2_sha256"] = ha1
	}
	return fields, nil
}
