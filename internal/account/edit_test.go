package account

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The example of RFC 7616, section 3.9.1, in its own words.
func TestHA1OfTheRFC(t *testing.T) {
	const user, realm, password = "Mufasa", "http-auth@example.org", "Circle of Life"
	if got := HA1MD5(user, realm, password); got != "3d78807defe7de2157e2b0b6573a855f" {
		t.Errorf("MD5: %s", got)
	}
	if got := HA1SHA256(user, realm, password); got != "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232" {
		t.Errorf("SHA-256: %s", got)
	}
}

func TestANewPasswordMakesTokensInvalid(t *testing.T) {
	u := User{Name: "ann", Revision: 7}
	fields, err := SetPassword(u, Argon2id, "cmwell", "new") // quicker than bcrypt under the race detector
	if err != nil {
		t.Fatal(err)
	}
	hash, _ := fields["digest"].(string)
	if !new(Passwords).Match(User{PasswordHash: hash}, "new") {
		t.Errorf("digest: %s", hash)
	}
	delete(fields, "digest")
	if want := (Fields{"rev": int64(8), "digest2": HA1MD5("ann", "cmwell", "new"), "digest2_sha256": HA1SHA256("ann", "cmwell", "new")}); !maps.Equal(fields, want) {
		t.Errorf("%v, want %v", fields, want)
	}
}

func TestPasswordsThatCannotBeSet(t *testing.T) {
	for _, password := range []string{"", strings.Repeat("x", 73)} {
		if fields, err := SetPassword(User{}, Bcrypt, "cmwell", password); !errors.Is(err, ErrPassword) || fields != nil {
			t.Errorf("%d bytes: %v, %v", len(password), fields, err)
		}
	}
}

// Wrapped, rev would come by the values of tokens that are dead.
func TestRevEndsAndDoesNotWrap(t *testing.T) {
	if fields, err := Revoke(User{Revision: maxRevision - 1}); err != nil || fields["rev"] != int64(maxRevision) {
		t.Errorf("%v, %v", fields, err)
	}
	u := User{Name: "ann", Revision: maxRevision}
	if fields, err := Revoke(u); err == nil || fields != nil || !strings.Contains(err.Error(), "9007199254740991") {
		t.Errorf("%v, %v", fields, err)
	}
	if fields, err := SetPassword(u, Bcrypt, "cmwell", "new"); err == nil || fields != nil {
		t.Errorf("%v, %v", fields, err)
	}
}

func TestUpgradesAreOfWhatIsMissingOrWeaker(t *testing.T) {
	md5, sha := HA1MD5("ann", "cmwell", "right"), HA1SHA256("ann", "cmwell", "right")
	weak, good := Shape{Cost: 4}.decoy(), Shape{Cost: 12}.decoy()
	for _, row := range []struct {
		why    string
		user   User
		scheme Scheme
		fields []string
	}{
		{"nothing is missing", User{PasswordHash: good, HA1: md5, HA1SHA256: sha}, Bcrypt, nil},
		{"the hash is weaker", User{PasswordHash: weak, HA1: md5, HA1SHA256: sha}, Bcrypt, []string{"digest"}},
		{"the hash is of another scheme", User{PasswordHash: good, HA1: md5, HA1SHA256: sha}, Argon2id, []string{"digest"}},
		{"digest2 is missing", User{PasswordHash: good, HA1SHA256: sha}, Bcrypt, []string{"digest2"}},
		{"digest2_sha256 is missing", User{PasswordHash: good, HA1: md5}, Bcrypt, []string{"digest2_sha256"}},
		{"digest was changed by hand", User{PasswordHash: good, HA1: HA1MD5("ann", "cmwell", "former"), HA1SHA256: HA1SHA256("ann", "cmwell", "former")}, Bcrypt, []string{"digest2", "digest2_sha256"}},
		{"the realm was changed", User{PasswordHash: good, HA1: HA1MD5("ann", "other", "right"), HA1SHA256: sha}, Bcrypt, []string{"digest2"}},
		{"everything", User{PasswordHash: weak}, Bcrypt, []string{"digest", "digest2", "digest2_sha256"}},
		{"there is no password", User{}, Bcrypt, nil},
	} {
		row.user.Name = "ann"
		fields, err := Upgrade(row.user, row.scheme, "cmwell", "right")
		if got := slices.Sorted(maps.Keys(fields)); err != nil || !slices.Equal(got, row.fields) {
			t.Errorf("%s: %v, %v; want %v", row.why, got, err, row.fields)
		}
		if Upgradable(row.user, row.scheme, "cmwell", "right") != (len(row.fields) > 0) {
			t.Errorf("%s: Upgradable says otherwise", row.why)
		}
		if hash, changed := fields["digest"].(string); changed && (row.scheme.Weaker(hash) || checkHash(hash) != nil) {
			t.Errorf("%s: the hash is %s", row.why, hash)
		}
		if ha1, changed := fields["digest2"]; changed && ha1 != HA1MD5("ann", "cmwell", "right") {
			t.Errorf("%s: digest2 is %s", row.why, ha1)
		}
		if ha1, changed := fields["digest2_sha256"]; changed && ha1 != HA1SHA256("ann", "cmwell", "right") {
			t.Errorf("%s: digest2_sha256 is %s", row.why, ha1)
		}
	}
}

func TestOnlyFieldsOfAUserAreTaken(t *testing.T) {
	for _, name := range userFields {
		if err := (Fields{name: nil}).Check(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "Rev", "digest3", "name", "quota"} {
		if err := (Fields{"rev": 1, name: nil}).Check(); err == nil || !strings.Contains(err.Error(), "digest2_sha256, email") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
