package bcrypt

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	oracle "golang.org/x/crypto/bcrypt"
)

// hashed is a hash by golang.org/x/crypto/bcrypt, with a salt of its own. That package
// makes none of more than 72 bytes.
func hashed(t testing.TB, password string, cost int) string {
	t.Helper()
	hash, err := oracle.GenerateFromPassword([]byte(password[:min(len(password), 72)]), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// Those with which crypt_blowfish, which most systems have, tests itself.
func TestPublishedHashesMatch(t *testing.T) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, row := range []Try{
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
		{"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""},
		{"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", letters + "0123456789"},
		{"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", letters + "0123456789chars after 72 are ignored"},
		{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
		{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
		{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
		{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6", strings.Repeat("\xaa", 72) + "chars after 72 are ignored as usual"},
		{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy", strings.Repeat("\xaa\x55", 36)},
		{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe", strings.Repeat("\x55\xaa\xff", 24)},
	} {
		right, err := Match(nil, row, Try{row.Hash, "x" + row.Password})
		if err != nil || !right[0] || right[1] {
			t.Errorf("%s: %v, %v", row.Hash, right, err)
		}
		if right, err := Match(nil, row); err != nil || !right[0] {
			t.Errorf("%s alone: %v, %v", row.Hash, right, err)
		}
	}
}

// Passwords of any bytes and length, in any number, against hashes by another
// implementation, of which half are those of the password.
func TestAnswersAreThoseOfTheReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() string {
		password := make([]byte, random.IntN(100))
		for i := range password {
			password[i] = byte(random.Uint32())
		}
		return string(password)
	}
	for n := range 24 {
		tries := make([]Try, 1+n%Lanes)
		for i := range tries {
			password := some()
			tries[i] = Try{hashed(t, password, minCost), password}
			if random.IntN(2) == 0 {
				tries[i].Password = some()
			}
		}
		agrees(t, tries)
	}
}

// agrees matches all at once, and each by golang.org/x/crypto/bcrypt.
func agrees(t *testing.T, tries []Try) {
	t.Helper()
	got, err := Match(nil, tries...)
	if err != nil || len(got) != len(tries) {
		t.Fatalf("%q: %v, %v", tries, got, err)
	}
	for i, try := range tries {
		if want := oracle.CompareHashAndPassword([]byte(try.Hash), []byte(try.Password)) == nil; got[i] != want {
			t.Errorf("%q, number %d of %d: %v, want %v", try, i, len(tries), got[i], want)
		}
	}
}

func TestEachOfABatchIsAnsweredByItself(t *testing.T) {
	hash, another := hashed(t, "right", minCost), hashed(t, "right", minCost)
	for width := 1; width <= Lanes; width++ {
		for place := range width {
			var wrong, right []Try
			for i := range width {
				wrong, right = append(wrong, Try{hash, "wrong"}), append(right, Try{another, "right"})
				if i == place {
					wrong[i].Password, right[i].Password = "right", "wrong"
				}
			}
			yes, err := Match(nil, wrong...)
			no, err2 := Match(nil, right...)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			for i := range width {
				if yes[i] != (i == place) || no[i] != (i != place) {
					t.Errorf("%d of %d: the one right password gives %v, the one wrong %v", place, width, yes, no)
				}
			}
		}
	}
}

func TestTriesThatAreRefused(t *testing.T) {
	hash := hashed(t, "right", minCost)
	good := Try{hash, "right"}
	with := func(at int, text string) Try { return Try{hash[:at] + text + hash[at+len(text):], "right"} }
	for why, row := range map[string]struct {
		tries []Try
		says  string
	}{
		"none":                     {nil, "bcrypt: 0 tries found; 1 to 4 are accepted"},
		"too many":                 {[]Try{good, good, good, good, good}, "bcrypt: 5 tries found; 1 to 4 are accepted"},
		"no hash":                  {[]Try{{"", "right"}}, ""},
		"a hash that ends early":   {[]Try{{hash[:59], "right"}}, ""},
		"a longer one":             {[]Try{{hash + ".", "right"}}, ""},
		"another algorithm":        {[]Try{with(1, "3")}, ""},
		"another version":          {[]Try{with(2, "x")}, ""},
		"no version":               {[]Try{{"$2$" + hash[4:] + ".", "right"}}, ""},
		"a cost that is no number": {[]Try{with(4, "+9")}, ""},
		"no end of the version":    {[]Try{with(3, ".")}, ""},
		"no end of the cost":       {[]Try{with(6, ".")}, ""},
		"a digit of other base64":  {[]Try{with(10, "+")}, ""},
		"a line break":             {[]Try{with(59, "\n")}, ""},
		"a cost below":             {[]Try{with(4, "03")}, "bcrypt: cost 3 found; 4 to 31 are accepted"},
		"a cost above":             {[]Try{with(4, "32")}, "bcrypt: cost 32 found; 4 to 31 are accepted"},
		"no work at all":           {[]Try{with(4, "00"), with(4, "00")}, "bcrypt: cost 0 found; 4 to 31 are accepted"},
		"a cost that overflows":    {[]Try{with(4, "64")}, "bcrypt: cost 64 found; 4 to 31 are accepted"},
		"two costs":                {[]Try{good, good, good, with(4, "05")}, "bcrypt: costs 4 and 5 found; one for all tries is accepted"},
		"one of two is malformed":  {[]Try{good, with(1, "3")}, ""},
	} {
		right, err := Match(nil, row.tries...)
		if err == nil || right != nil {
			t.Errorf("%s: %v, %v", why, right, err)
			continue
		}
		if malformed := errors.Is(err, ErrHash); malformed != (row.says == "") || !malformed && err.Error() != row.says {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// Two bits of the last digit stand for nothing. Where they are not as bcrypt writes
// them, the text is no hash of any password; in the salt they are as good as others.
func TestBitsThatStandForNothing(t *testing.T) {
	hash := hashed(t, "right", minCost)
	for _, at := range []int{sumAt - 1, length - 1} {
		digit := strings.IndexByte(digits, hash[at])
		agrees(t, []Try{{hash[:at] + digits[digit^1:][:1] + hash[at+1:], "right"}, {hash, "right"}})
	}
}

func TestOthersRunMeanwhile(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const cost = 6
	for width := range Lanes {
		tries := make([]Try, 1+width)
		for i := range tries {
			tries[i] = Try{hashed(t, "right", cost), "right"}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = Match(nil, tries...)
		}()
		turns := 0
		for running := true; running; turns++ {
			select {
			case <-done:
				running = false
			default:
				runtime.Gosched()
			}
		}
		if least := 1 << cost / roundsAtATime; turns < least {
			t.Errorf("during %d hashes, others had %d turns, want at least %d", len(tries), turns, least)
		}
	}
}

func TestItRestsAfterEachStep(t *testing.T) {
	for cost := minCost; cost < minCost+3; cost++ {
		rests := 0
		if _, err := Match(func() { rests++ }, Try{hashed(t, "right", cost), "right"}); err != nil || rests != 1<<cost/roundsAtATime {
			t.Errorf("cost %d: %d rests, %v; want %d", cost, rests, err, 1<<cost/roundsAtATime)
		}
	}
}

// Whatever is taken for a hash, the answer is that of golang.org/x/crypto/bcrypt,
// beside three tries with one that is right.
func FuzzMatch(f *testing.F) {
	for _, password := range []string{"", "right", "a\x00a", strings.Repeat("\xff", 72), strings.Repeat("x", 100)} {
		f.Add(hashed(f, password, minCost), password, "other", uint8(1))
	}
	f.Add("$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3", "", uint8(3))
	f.Add("$2a$32$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "", "", uint8(0))
	f.Fuzz(func(t *testing.T, hash, password, other string, place uint8) {
		cost, err := Cost(hash)
		if err != nil || cost < minCost || cost > maxCost {
			if right, refused := Match(nil, Try{hash, password}); refused == nil || right != nil {
				t.Fatalf("%q: %v, %v", hash, right, refused)
			}
			if _, refused := oracle.Cost([]byte(hash)); err == nil && refused == nil {
				t.Fatalf("%q is a hash to others, of cost %d", hash, cost)
			}
			return
		}
		if cost > minCost+1 {
			return // a matter of time alone
		}
		agrees(t, []Try{{hash, password}})
		tries := []Try{{hash, other}, {hashed(t, other, cost), other}, {hash, ""}}
		at := int(place) % (len(tries) + 1)
		agrees(t, append(tries[:at:at], append([]Try{{hash, password}}, tries[at:]...)...))
	})
}
