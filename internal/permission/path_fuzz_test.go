package permission

import (
	"errors"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// troublesome are the pieces that the targets of the tests are made of.
var troublesome = []string{
	"/", "/", "/", "a", "b", "A", ".", "..", "...", "%2e", "%2E", "%2f", "%2F", "%5c", "%5C", "%25", "%252f", "%255c", "%252e",
	";", ";x=1", "%3b", "%3B", "%253b", "%3f", "%23", "%20", "+", "%2b", "%2B", "%252b", "%41", "%61", "%c3%a9", "~", ":", "@", "=", "&", ",", "%u0061", "%25u0061", "%00", "%0a",
}

func target(random *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('/')
	for range random.IntN(9) {
		b.WriteString(troublesome[random.IntN(len(troublesome))])
	}
	return b.String()
}

// read checks that each reader's reading is one of the path's, and returns them.
func read(t *testing.T, sent string) (Path, []string) {
	t.Helper()
	p, err := ParsePath(sent)
	if err != nil {
		if p.Len() != 0 || !errors.Is(err, ErrPath) && !errors.Is(err, ErrTooManyReadings) {
			t.Fatalf("%q: %q beside %v", sent, readings(p), err)
		}
		return Path{}, nil
	}
	var all []string
	for _, server := range readers {
		got, ok := server.read(sent)
		if !ok {
			continue
		}
		if got = trimmed(got); !slices.Contains(readings(p), got) {
			t.Fatalf("%q: %s reads %q, which is not among %q", sent, server.name, got, readings(p))
		}
		all = append(all, got)
	}
	return p, all
}

func trimmed(s string) string {
	if without, slash := strings.CutSuffix(s, "/"); slash && without != "" {
		return without
	}
	return s
}

// decides checks that what is allowed is allowed by the reference at each reading.
func decides(t *testing.T, random *rand.Rand, p Path, read []string) {
	t.Helper()
	rules := Rules{Own: some(random, 3), Roles: []Role{{Name: "A", Entries: some(random, 2)}, {Name: "B", Entries: some(random, 2)}}}
	level, tree := Level(1+random.IntN(2)), random.IntN(2) == 0
	if !rules.Decide(p, level, tree).Allowed {
		return
	}
	for _, reading := range read {
		if !reference(rules, reading, level) {
			t.Fatalf("%v: %s %q is allowed, and %q is not", rules, level, readings(p), reading)
		}
	}
}

func TestEveryServersReadingIsAmongThem(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	accepted := 0
	for range 8000 {
		p, all := read(t, target(random))
		if p.Len() > 0 {
			accepted++
			decides(t, random, p, all)
		}
	}
	if accepted < 4000 {
		t.Errorf("only %d targets were accepted", accepted)
	}
}

// anyPath puts some of the pieces behind a slash.
func anyPath(random *rand.Rand, pieces []string) string {
	var b strings.Builder
	b.WriteByte('/')
	for range random.IntN(8) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

func TestPlainPathsAreReadAlikeByEveryServer(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	pieces := strings.Split("/ / / a b C 0 . - _ ~ ! $ & ' ( ) * , = : @ example.org x.y", " ")
	seen := 0
	for range 20000 {
		sent := anyPath(random, pieces)
		if !plain(sent) {
			continue
		}
		seen++
		p, all := read(t, sent)
		if p.Len() != 1 || len(all) != len(readers) {
			t.Fatalf("%q: %q; %d of %d servers accept it", sent, readings(p), len(all), len(readers))
		}
		// What is taken without a closer look is what a closer look gives.
		if slow, err := everyReading(sent, sent); err != nil || slow.Len() != 1 || slow.String() != p.String() {
			t.Fatalf("%q: %q, %v", sent, readings(slow), err)
		}
	}
	if seen < 5000 {
		t.Errorf("only %d plain paths were tried", seen)
	}
}

func TestEverydayEscapesAreReadAlikeByEveryServer(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	pieces := strings.Split("/ / a b . %20 %61 %2E %c3%a9 %C3%A9 %2d ~ %7e : %3a %e2%82%ac %2C %22", " ")
	seen := 0
	for range 20000 {
		sent := anyPath(random, pieces)
		if plain(sent) || !quiet(sent, decode(sent, "")) {
			continue
		}
		seen++
		p, all := read(t, sent)
		if p.Len() != 1 || len(all) != len(readers) {
			t.Fatalf("%q: %q; %d of %d servers accept it", sent, readings(p), len(all), len(readers))
		}
		if slow, err := everyReading(sent, decode(sent, "")); err != nil || slow.Len() != 1 || slow.String() != p.String() {
			t.Fatalf("%q: %q, %v", sent, readings(slow), err)
		}
	}
	if seen < 4000 {
		t.Errorf("only %d paths were tried", seen)
	}
}

// general is ParsePath without its short cuts: every path is read in all ways.
func general(sent string) (Path, error) {
	if !strings.HasPrefix(sent, "/") {
		return Path{}, ErrPath
	}
	decoded := decode(sent, "")
	if !escapes(sent) || controls(decoded) || !validText(decoded) {
		return Path{}, ErrPath
	}
	return everyReading(sent, decoded)
}

// A short cut that saw one reading where there are two would open a door.
func FuzzTheShortCutsReadAsTheLongWay(f *testing.F) {
	random := rand.New(rand.NewPCG(23, 24))
	for range 30 {
		f.Add(target(random))
	}
	for _, sent := range []string{"/", "/a.", "/a./", "/.a", "/a!b/(c)*", "/a/", "/caf%C3%A9/x", "/a%2", "", "a", "*", "/a b", "/%41"} {
		f.Add(sent)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		want, wantErr := general(sent)
		got, err := ParsePath(sent)
		if len(sent) > maxAmbiguous && errors.Is(err, ErrTooManyReadings) {
			return // of a long path, no one asks for all readings
		}
		if (err == nil) != (wantErr == nil) || !slices.Equal(readings(got), readings(want)) {
			t.Fatalf("%q: %q, %v; the long way %q, %v", sent, readings(got), err, readings(want), wantErr)
		}
	})
}

// What net/http makes of a target, and what another handler could make of that.
func FuzzReadURL(f *testing.F) {
	for _, sent := range []string{"/", "/a/b", "/a!b", "/a%21b", "/a%2fb", "/caf%C3%A9", "*", "", "/a b", "/a?b", "//a", "/a'(*)"} {
		f.Add(sent, "")
		f.Add(sent, sent)
	}
	f.Fuzz(func(t *testing.T, sent, raw string) {
		urls := []*url.URL{{Path: sent, RawPath: raw}, {Path: sent}}
		if u, err := url.ParseRequestURI(sent); err == nil {
			urls = append(urls, u)
		}
		for _, u := range urls {
			want, wantErr := ParsePath(u.EscapedPath())
			got := Path{first: "/former", others: []string{"/others"}}
			escaped, err := got.ReadURL(u)
			if escaped != u.EscapedPath() || !errors.Is(err, wantErr) || !slices.Equal(readings(got), readings(want)) {
				t.Fatalf("%#v: %q, %q, %v; want %q, %q, %v", u, escaped, readings(got), err, u.EscapedPath(), readings(want), wantErr)
			}
		}
	})
}

func TestNoByteOfANeverEscapedPathIsEscaped(t *testing.T) {
	for c := range neverEscaped {
		path := "/" + string([]byte{byte(c)}) + "x"
		if neverEscaped[c] && ((&url.URL{Path: path}).EscapedPath() != path || !plainByte[c]) {
			t.Errorf("%q is escaped, or has a second reading", path)
		}
	}
}

func FuzzReadings(f *testing.F) {
	random := rand.New(rand.NewPCG(11, 12))
	for range 50 {
		f.Add(target(random), uint64(0))
	}
	f.Fuzz(func(t *testing.T, sent string, seed uint64) {
		if p, all := read(t, sent); p.Len() > 0 {
			decides(t, rand.New(rand.NewPCG(seed, 1)), p, all)
		}
	})
}
