package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// Cheap shapes, so that the tests are quick.
var (
	small = Shape{Memory: 16, Time: 1, Threads: 1}
	large = Shape{Memory: 64, Time: 2, Threads: 2}
)

func worth(shapes ...Shape) *Passwords {
	p := new(Passwords)
	p.SetShapes(shapes)
	return p
}

func hashed(t *testing.T, password string, s Shape) User {
	t.Helper()
	hash, err := "", error(nil)
	if s.Cost > 0 {
		hash, err = HashPassword(password, s.Cost)
	} else {
		hash, err = hashArgon2id(password, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return User{Name: "ann", PasswordHash: hash}
}

// Whatever is wrong, the answer is no and the work is the same.
func TestEveryFailedPasswordCostsTheSame(t *testing.T) {
	for _, row := range []struct {
		among  string
		shapes []Shape
		rounds int64
		runs   int64
	}{
		{"bcrypt alone", []Shape{{Cost: 7}, {Cost: 4}}, 1 << 7, 0},
		{"argon2id alone", []Shape{small}, 0, 1},
		{"both", []Shape{small, {Cost: 5}, large, {Cost: 7}, small}, 1 << 7, 2},
	} {
		for why, attempt := range failures(t, row.shapes) {
			p := worth(row.shapes...)
			if p.Match(attempt.user, attempt.password) {
				t.Errorf("%s, %s: matches", row.among, why)
			}
			if p.Spent() != row.rounds || p.Runs() != row.runs {
				t.Errorf("%s, %s: %d rounds and %d runs, want %d and %d", row.among, why, p.Spent(), p.Runs(), row.rounds, row.runs)
			}
		}
	}
}

type attempt struct {
	user     User
	password string
}

// failures are all that can be wrong where hashes have these shapes.
func failures(t *testing.T, shapes []Shape) map[string]attempt {
	all := map[string]attempt{
		"no such user":                         {User{}, "right"},
		"no such user, overlong":               {User{}, strings.Repeat("x", 1<<20)},
		"no hash":                              {User{Name: "ann"}, ""},
		"a hash that nobody accepts":           {User{PasswordHash: "$2a$31$"}, "right"},
		"an argon2id hash that nobody accepts": {User{PasswordHash: "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}, "right"},
	}
	for _, s := range shapes {
		longest := strings.Repeat("x", MaxPassword)
		if s.Cost > 0 {
			longest = longest[:maxBcrypt]
		}
		all[fmt.Sprintf("a wrong password for %+v", s)] = attempt{hashed(t, "right", s), "wrong"}
		all[fmt.Sprintf("no password for %+v", s)] = attempt{hashed(t, "right", s), ""}
		all[fmt.Sprintf("the right password with something behind for %+v", s)] = attempt{hashed(t, longest, s), longest + "y"}
		all[fmt.Sprintf("an extremely long password for %+v", s)] = attempt{hashed(t, longest, s), longest + strings.Repeat("y", 1<<20)}
	}
	return all
}

func TestWithoutHashesAFailureIsWorthANewOne(t *testing.T) {
	for _, row := range []struct {
		scheme       Scheme
		rounds, runs int64
	}{{Bcrypt, 1 << DefaultCost, 0}, {Argon2id, 0, 1}} {
		untold, told := &Passwords{Scheme: row.scheme}, &Passwords{Scheme: row.scheme}
		told.SetShapes([]Shape{{}, {Cost: 31}, {Memory: 1 << 30, Time: 1, Threads: 1}}) // none that a document may have
		for _, p := range []*Passwords{untold, told} {
			if p.Match(User{}, "x") || p.Spent() != row.rounds || p.Runs() != row.runs {
				t.Errorf("%s: %d rounds and %d runs, want %d and %d", row.scheme, p.Spent(), p.Runs(), row.rounds, row.runs)
			}
		}
	}
}

func TestTheFourDearestShapesAreKept(t *testing.T) {
	var shapes []Shape
	for i := 1; i <= 6; i++ {
		shapes = append(shapes, Shape{Memory: 16 * i, Time: 2, Threads: 1})
	}
	want := []Shape{shapes[5], shapes[4], shapes[3], shapes[2]}
	if f := failureOf(shapes); !slices.Equal(f.argon2id, want) {
		t.Errorf("%+v, want %+v", f.argon2id, want)
	}
	for why, u := range map[string]User{"nobody": {}, "one whose shape is kept": hashed(t, "x", shapes[3]), "one whose shape is not": hashed(t, "x", shapes[0])} {
		if p := worth(shapes...); p.Match(u, "wrong") || p.Runs() != maxArgon2id {
			t.Errorf("%s: %d runs, want %d", why, p.Runs(), maxArgon2id)
		}
	}
}

func TestTheRightPasswordMatches(t *testing.T) {
	p := worth()
	for _, s := range []Shape{{Cost: 4}, small, large} {
		longest := maxBcrypt
		if s.Cost == 0 {
			longest = MaxPassword
		}
		for _, password := range []string{"right", "with:colon", "pässwörd", strings.Repeat("x", longest)} {
			if !p.Match(hashed(t, password, s), password) {
				t.Errorf("%+v: %.20q does not match", s, password)
			}
		}
	}
	for _, minor := range []string{"$2b$", "$2y$"} {
		u := hashed(t, "right", Shape{Cost: 4})
		u.PasswordHash = strings.Replace(u.PasswordHash, "$2a$", minor, 1)
		if !p.Match(u, "right") {
			t.Errorf("%s does not match", minor)
		}
	}
}

func TestNothingBehindTheRightPasswordMatches(t *testing.T) {
	for _, s := range []Shape{{Cost: 4}, small} {
		for _, length := range []int{1, maxBcrypt, MaxPassword} {
			if s.Cost > 0 && length > maxBcrypt {
				continue
			}
			password := strings.Repeat("x", length)
			if worth(s).Match(hashed(t, password, s), password+"x") {
				t.Errorf("%+v: %d bytes and one more match", s, length)
			}
		}
	}
}

// A decoy that is refused at sight would be quicker than a hash.
func TestADecoyIsAHashLikeAnyOther(t *testing.T) {
	for _, s := range []Shape{{Cost: 4}, {Cost: DefaultCost}, {Cost: maxCost}, small, large, newArgon2id} {
		if err := checkHash(s.decoy()); err != nil {
			t.Errorf("%s: %v", s.decoy(), err)
		}
		if h, err := parseArgon2id(s.decoy()); s.Cost == 0 && (err != nil || len(h.salt) != newSalt || len(h.sum) != newSum) {
			t.Errorf("%s is not as a new hash: %v", s.decoy(), err)
		}
	}
	if err := bcrypt.CompareHashAndPassword([]byte(bcryptDecoy(4)), []byte("x")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		t.Errorf("bcrypt refuses the decoy before the work is done: %v", err)
	}
}
