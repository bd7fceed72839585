package account

import (
	"strings"
	"testing"
)

// The vectors of the reference implementation, for "password" and "somesalt".
const vector = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

func TestHashesOfTheReferenceImplementationMatch(t *testing.T) {
	for _, hash := range []string{
		vector,
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
	} {
		p := worth(small)
		if err := checkHash(hash); err != nil || !p.Match(User{PasswordHash: hash}, "password") || p.Match(User{PasswordHash: hash}, "Password") {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

func TestHashesThatAreNotTaken(t *testing.T) {
	argon := func(parameters, salt, sum string) string {
		return "$argon2id$v=19$" + parameters + "$" + salt + "$" + sum
	}
	const salt, sum = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	const bcrypted = "7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"
	for _, row := range []struct{ hash, says string }{
		{"secret", "6 characters that are no such hash found; a bcrypt hash of 60"},
		{"$2x$10$" + bcrypted, "a bcrypt hash of 60"},
		{"$2a$10$" + bcrypted + "\n", "61 characters"},
		{"$2a$10$" + bcrypted[1:] + "=", "a bcrypt hash of 60"},
		{"$2a$+9$" + bcrypted, "a bcrypt hash of 60"},
		{"$2a$10 " + bcrypted, "a bcrypt hash of 60"},
		{"$2a$31$" + bcrypted, "a bcrypt hash with cost 31 found; 4 to 16"},
		{"$2a$03$" + bcrypted, "a bcrypt hash with cost 03 found; 4 to 16"},
		{"$2a$17$" + bcrypted, "a bcrypt hash with cost 17 found; 4 to 16"},
		{"$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + sum, "a bcrypt hash of 60"},
		{"$argon2id$m=256,t=2,p=1$" + salt + "$" + sum, "a malformed argon2id hash"},
		{"$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + sum, "another version"},
		{argon("m=7,t=2,p=1", salt, sum), "m=7,t=2,p=1 found; m from 8"},
		{argon("m=262145,t=2,p=1", salt, sum), "to 262144"},
		{argon("m=-256,t=2,p=1", salt, sum), "m=-256"},
		{argon("m=31,t=2,p=4", salt, sum), "at least 8*p"},
		{argon("m=256,t=0,p=1", salt, sum), "t=0"},
		{argon("m=256,t=17,p=1", salt, sum), "t from 1 to 16"},
		{argon("m=256,t=2,p=0", salt, sum), "p=0"},
		{argon("m=256,t=2,p=17", salt, sum), "p from 1 to 16"},
		{argon("m=256,t=2,p=257", salt, sum), "p from 1 to 16"},
		{argon("m=99999999999999999999,t=2,p=1", salt, sum), "a malformed argon2id hash"},
		{argon("t=2,m=256,p=1", salt, sum), "a malformed argon2id hash"},
		{argon("m=0256,t=2,p=1", salt, sum), "a malformed argon2id hash"},
		{argon("m=+256,t=2,p=1", salt, sum), "a malformed argon2id hash"},
		{argon("m=256,t=2,p=1,keyid=x", salt, sum), "a malformed argon2id hash"},
		{argon("m=256,t=2,p=1", salt+"=", sum), "a malformed argon2id hash"},
		{argon("m=256,t=2,p=1", salt, sum+"\n"), "a malformed argon2id hash"},
		{argon("m=256,t=2,p=1", salt[:10]+"R", sum), "a malformed argon2id hash"}, // bits behind the last byte
		{argon("m=256,t=2,p=1", salt, strings.ReplaceAll(sum, "/", "_")), "a malformed argon2id hash"},
		{argon("m=256,t=2,p=1", salt, sum+"$"), "a malformed argon2id hash"},
		{argon("m=256,t=2,p=1", "", sum), "a salt of 0 bytes found; 8 to 64"},
		{argon("m=256,t=2,p=1", "c29tZXNhbA", sum), "a salt of 7 bytes found; 8 to 64"},
		{argon("m=256,t=2,p=1", strings.Repeat("AAAA", 22), sum), "a salt of 66 bytes"},
		{argon("m=256,t=2,p=1", salt, strings.Repeat("AAAA", 5)), "a hash of 15 bytes found; 16 to 64"},
		{argon("m=256,t=2,p=1", salt, strings.Repeat("AAAA", 22)), "a hash of 66 bytes"},
	} {
		err := checkHash(row.hash)
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s\n  says %v\n  should say %s", row.hash, err, row.says)
		}
		if err != nil && (strings.Contains(err.Error(), salt) || strings.Contains(err.Error(), "7EqJtq98") || strings.Contains(err.Error(), "nf65")) {
			t.Errorf("the error shows a hash: %v", err)
		}
		if s, ok := (User{PasswordHash: row.hash}).Shape(); ok || s != (Shape{}) {
			t.Errorf("%s has the shape %+v", row.hash, s)
		}
	}
}

func TestTheEndsOfWhatIsAccepted(t *testing.T) {
	for _, s := range []Shape{{Cost: minCost}, {Cost: maxCost}, {Memory: 8, Time: 1, Threads: 1}, {Memory: 128, Time: 16, Threads: 16}, {Memory: 256 << 10, Time: 16, Threads: 16}} {
		u := User{PasswordHash: s.decoy()}
		if got, ok := u.Shape(); !ok || got != s || !s.accepted() {
			t.Errorf("%+v reads as %+v, %v", s, got, checkHash(u.PasswordHash))
		}
	}
}
