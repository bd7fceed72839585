package account

import (
	"errors"
	"strings"
	"testing"
)

const (
	someHash  = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"
	otherHash = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W7"
)

func TestTheRevOfAPostedUser(t *testing.T) {
	md5, sha := strings.Repeat("0", md5Digits), strings.Repeat("0", sha256Digits)
	hashed := User{Name: "ann", Revision: 7, PasswordHash: someHash, HA1: md5, HA1SHA256: sha}
	with := func(rev int64, change func(*User)) User {
		u := hashed
		u.Revision = rev
		if change != nil {
			change(&u)
		}
		return u
	}
	digest := func(u *User) { u.PasswordHash = otherHash }
	for _, row := range []struct {
		why            string
		posted, stored User
		floor, want    int64
	}{
		{"a new user", User{Name: "ann"}, User{}, 0, 0},
		{"a new user with a rev", User{Name: "ann", Revision: 5}, User{}, 0, 5},
		{"a new user after others were deleted", User{Name: "ann"}, User{}, 9, 9},
		{"a new user with a password begins at the floor too", with(0, nil), User{}, 9, 9},
		{"a new user above the floor", with(20, nil), User{}, 9, 20},
		{"no rev: the stored one stays", with(0, nil), hashed, 0, 7},
		{"a lower one does not count", with(6, nil), hashed, 0, 7},
		{"the same", with(7, nil), hashed, 0, 7},
		{"a higher one is taken", with(8, nil), hashed, 0, 8},
		{"what was deleted concerns nobody else", with(0, nil), hashed, 9, 7},
		{"another digest", with(0, digest), hashed, 0, 8},
		{"another digest, while others were deleted", with(0, digest), hashed, 9, 8},
		{"a document from before the first login by Basic", with(0, func(u *User) { u.HA1, u.HA1SHA256 = "", "" }), hashed, 0, 7},
		{"another digest with the stored rev", with(7, digest), hashed, 0, 8},
		{"another digest with a higher rev", with(30, digest), hashed, 9, 30},
		{"another digest2", with(0, func(u *User) { u.HA1 = "1" + md5[1:] }), hashed, 0, 8},
		{"another digest2_sha256", with(0, func(u *User) { u.HA1SHA256 = "1" + sha[1:] }), hashed, 0, 8},
		{"the password is taken away", User{Name: "ann"}, hashed, 0, 8},
		{"the first password", hashed, User{Name: "ann", Revision: 7}, 0, 8},
		{"the greatest rev, posted", with(maxRevision, nil), hashed, 0, maxRevision},
		{"the greatest rev, stored", with(0, nil), with(maxRevision, nil), 0, maxRevision},
	} {
		if got, err := Revision(row.posted, row.stored, row.floor); err != nil || got != row.want {
			t.Errorf("%s: %d, %v; want %d", row.why, got, err, row.want)
		}
	}
	if got, err := Revision(with(maxRevision, digest), with(maxRevision, nil), 0); !errors.Is(err, ErrDocument) || got != 0 || !strings.Contains(err.Error(), "above 9007199254740991") {
		t.Errorf("another password at the greatest rev: %d, %v", got, err)
	}
}

func TestANewDigestLeavesNothingOfTheFormerPassword(t *testing.T) {
	old, other, sha := strings.Repeat("0", 32), strings.Repeat("1", 32), strings.Repeat("0", 64)
	stored := User{Name: "ann", Revision: 7, PasswordHash: someHash, HA1: old, HA1SHA256: sha}
	for _, row := range []struct{ why, posted, kept string }{
		{"the former hashes go", `{"digest":"` + otherHash + `","digest2":"` + old + `","digest2_sha256":"` + sha + `"}`, `{"digest":"` + otherHash + `","rev":8}`},
		{"new ones stay", `{"digest":"` + otherHash + `","digest2":"` + other + `"}`, `{"digest":"` + otherHash + `","digest2":"` + other + `","rev":8}`},
		{"with the same digest they stay", `{"digest":"` + someHash + `","digest2":"` + old + `","rev":7}`, `{"digest":"` + someHash + `","digest2":"` + old + `","rev":7}`},
		{"without any digest they go too", `{"digest2":"` + old + `"}`, `{"rev":8}`},
	} {
		if got, err := Kept(Users, "ann", []byte(row.posted), stored, 0); err != nil || string(got) != row.kept {
			t.Errorf("%s: %s, %v; want %s", row.why, got, err, row.kept)
		}
	}
}

func TestTheFloorThatDeletedUsersLeave(t *testing.T) {
	for _, row := range []struct{ rev, floor, want int64 }{{0, 0, 1}, {5, 0, 6}, {5, 6, 6}, {5, 9, 9}, {9, 9, 10}, {maxRevision - 1, 3, maxRevision}} {
		if got, err := FloorAfter(User{Name: "ann", Revision: row.rev}, row.floor); err != nil || got != row.want {
			t.Errorf("rev %d deleted, floor %d: %d, %v; want %d", row.rev, row.floor, got, err, row.want)
		}
	}
	if got, err := FloorAfter(User{Name: "ann", Revision: maxRevision}, 3); !errors.Is(err, ErrDocument) || got != 0 {
		t.Errorf("no rev is above the greatest: %d, %v", got, err)
	}
	for floor, good := range map[int64]bool{-1: false, 0: true, maxRevision: true, maxRevision + 1: false} {
		if err := CheckFloor(floor); (err == nil) != good {
			t.Errorf("floor %d: %v", floor, err)
		}
	}
}

func TestOnlyRevChangesInADocumentThatIsKept(t *testing.T) {
	stored := User{Name: "ann", Revision: 7, PasswordHash: someHash}
	for _, row := range []struct{ why, posted, kept string }{
		{"it is as it should be", `{"rev" : 7,  "digest":"` + someHash + `", "quota":{"rev":1.50}}`, ""},
		{"white space around it goes", "\n\t {\"rev\":8,\"digest\":\"" + someHash + "\"}\r\n", `{"rev":8,"digest":"` + someHash + `"}`},
		{"rev is lower", `{"quota":{"rev":1.50}, "rev": 3 ,"digest":"` + someHash + `"}`, `{"quota":{"rev":1.50}, "rev": 7 ,"digest":"` + someHash + `"}`},
		{"rev is absent", `{"digest":"` + someHash + `"}`, `{"digest":"` + someHash + `","rev":7}`},
		{"rev is null", `{"rev":null,"digest":"` + someHash + `"}`, `{"rev":7,"digest":"` + someHash + `"}`},
		{"rev is in escapes", `{"\u0072ev":1,"digest":"` + someHash + `"}`, `{"\u0072ev":7,"digest":"` + someHash + `"}`},
		{"the password is another", `{"rev":7,"digest":"` + otherHash + `"}`, `{"rev":8,"digest":"` + otherHash + `"}`},
	} {
		if row.kept == "" {
			row.kept = row.posted
		}
		if got, err := Kept(Users, "ann", []byte(row.posted), stored, 0); err != nil || string(got) != row.kept {
			t.Errorf("%s: %s, %v; want %s", row.why, got, err, row.kept)
		}
	}
	const role = `{"operations":["Overwrite"], "rev":"kept as it is"}`
	if got, err := Kept(Roles, "Editor", []byte(role), User{}, 9); err != nil || string(got) != role {
		t.Errorf("a role: %s, %v", got, err)
	}
}

func TestDocumentsThatAreNotKept(t *testing.T) {
	for _, row := range []struct {
		kind                 Kind
		name, document, says string
	}{
		{Users, "ann", `{"rev":-1}`, "account: document is not accepted: user ann: rev -1 found; a whole number"},
		{Users, "a/b", `{}`, `user name "a/b"`},
		{Roles, "..", `{}`, `role name ".."`},
		{Users, "ann", `{"operations":[],"operations":["Admin"]}`, "given twice"},
		{Users, "ann", `{"digest":"` + someHash + `x"}`, "digest: 61 characters"},
		{Roles, "Editor", `[]`, "role Editor: no JSON object found"},
	} {
		got, err := Kept(row.kind, row.name, []byte(row.document), User{}, 0)
		if !errors.Is(err, ErrDocument) || got != nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), someHash) {
			t.Errorf("%s %s: %s, %v; should say %s", row.kind, row.document, got, err, row.says)
		}
	}
	if got, err := Kept(0, "ann", []byte(`{}`), User{}, 0); err == nil || got != nil {
		t.Errorf("a document of no kind: %s, %v", got, err)
	}
}

func TestKindsHaveNames(t *testing.T) {
	for kind, want := range map[Kind]string{Users: "users user", Roles: "roles role", 0: "kind 0 kind 0"} {
		if got := kind.String() + " " + kind.Singular(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
