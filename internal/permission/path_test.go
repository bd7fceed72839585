package permission

import (
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

func readings(p Path) []string {
	var all []string
	for i := range p.Len() {
		all = append(all, p.Reading(i))
	}
	return all
}

func TestEverydayPathsHaveOneReading(t *testing.T) {
	for sent, want := range map[string]string{
		"/":                       "/",
		"/a":                      "/a",
		"/a/":                     "/a",
		"/example.org/ann":        "/example.org/ann",
		"/a/~b/c-d_e!f$g&h'i(j)*": "/a/~b/c-d_e!f$g&h'i(j)*",
		"/a-b,c=d:e@f":            "/a-b,c=d:e@f",
		"/a%20b":                  "/a b",
		"/caf%C3%A9":              "/café",
		"/.hidden/x":              "/.hidden/x",
		"/..x/y":                  "/..x/y",
	} {
		p, err := ParsePath(sent)
		if err != nil || p.String() != want || p.Len() != 1 {
			t.Errorf("%s: %q, %v; want the one reading %q", sent, readings(p), err, want)
		}
	}
}

func TestReadingsThatAServerCouldTake(t *testing.T) {
	for sent, want := range map[string][]string{
		"/a/../b":        {"/a/../b", "/b"},
		"/a/%2e%2e/b":    {"/a/../b", "/b"},
		"/a%2Fb":         {"/a/b", "/a%2Fb"},
		"/a%2f..%2fb":    {"/a/../b", "/b", "/a%2F..%2Fb"},
		"//a":            {"//a", "/a"},
		"/a//b/":         {"/a//b", "/a/b"},
		"/a%5Cb":         {`/a\b`, "/a/b"},
		"/%256d":         {"/%6d", "/m"},
		"/%25256d":       {"/%256d", "/%6d", "/m"},
		"/a;x=1/b":       {"/a;x=1/b", "/a/b"},
		"/a/..;/b":       {"/a/..;/b", "/a/../b", "/b"},
		"/a%3Fb":         {"/a?b", "/a"},
		"/a%23b":         {"/a#b", "/a"},
		"/a./b":          {"/a./b", "/a/b"},
		"/a%20/b":        {"/a /b", "/a/b"},
		"/..":            {"/..", "/"},
		"/a/.":           {"/a/.", "/a"},
		"/m%2565ta":      {"/m%65ta", "/meta"},
		"/a/%252e%252e/": {"/a/%2e%2e", "/a/..", "/"},
		// Decoded like a form.
		"/a+b":       {"/a+b", "/a b"},
		"/a+%2Bb":    {"/a++b", "/a +b", "/a  b"},
		"/a%252Bb":   {"/a%2Bb", "/a+b", "/a b"},
		"/secret+/x": {"/secret+/x", "/secret /x", "/secret/x"},
		// Slashes and backslashes that are kept, each for itself and as they are written.
		"/a%2fb%5cc":      {`/a/b\c`, `/a%2fb\c`, "/a/b%5cc", "/a%2fb%5cc", "/a%2Fb%5Cc", "/a/b/c", "/a%2fb/c"},
		"/a%2Fb%252fc":    {"/a/b%2fc", "/a%2Fb%2fc", "/a%2Fb%252fc", "/a/b/c"},
		"/a%2Fb%5Cc%2541": {`/a/b\c%41`, `/a%2Fb\c%41`, "/a/b%5Cc%41", "/a%2Fb%5Cc%41", `/a%2Fb\c%2541`, "/a%2Fb%5Cc%2541", "/a/b/cA"},
		// What is cut or resolved before it is decoded.
		"/a%3Bx;y/b":       {"/a;x;y/b", "/a;x/b", "/a/b", "/a"},
		"/a;x/b;y":         {"/a;x/b", "/a/b", "/a"},
		"/a/%2e%2e/b%2f..": {"/b/..", "/b%2f..", "/"},
		"/a/%2e%2e/..%2fb": {"/../b", "/b"},
		// Names that end in dots after spaces are none.
		"/a/..%20/b":  {"/a/.. /b", "/a/../b", "/b"},
		"/a/b%20./c":  {"/a/b/c"},
		"/%25u006da":  {"/%u006da", "/ma"},
		"/a/..%2520/": {"/a/..", "/"},
	} {
		p, err := ParsePath(sent)
		if err != nil {
			t.Errorf("%s: %v", sent, err)
		}
		for _, w := range want {
			if !slices.Contains(readings(p), w) {
				t.Errorf("%s: %q is missing in %q", sent, w, readings(p))
			}
		}
	}
}

// Who parses the target as a URL finds a host behind two slashes: with new URL(target,
// base) in Node, urlsplit in Python, new URI(target) in Java and url.Parse in Go, GET
// //x/meta/auth/users/root read a protected path.
func TestAHostInFrontOfAPathHidesNothing(t *testing.T) {
	for sent, want := range map[string]string{
		"//x/meta/auth":         "/meta/auth",
		"//x:80/meta/auth":      "/meta/auth",
		"//u:p@x/meta/auth":     "/meta/auth",
		"///x/meta/auth":        "/meta/auth",
		"/%5Cx/meta/auth":       "/meta/auth",
		"/%2Fx/%6deta/auth":     "/meta/auth",
		"/a/..//x/meta/auth":    "/meta/auth",
		"//x":                   "/",
		"//.%6deta/auth":        "/meta/auth", // url.parse ends the host before %
		"//x:80%6deta/auth":     "/meta/auth",
		"//u@x%6deta/auth":      "/meta/auth",
		"//)%6deta/auth":        "/meta/auth", // and later versions find one in )
		"//u@(x)%6deta/auth":    "/meta/auth",
		"//x(meta/auth":         "/(meta/auth", // where the earlier ones have a path
		"//x:80(meta/auth":      "/(meta/auth",
		"//x;meta/auth":         "/;meta/auth",
		"//example.org/tests/a": "/example.org/tests/a",
	} {
		p, err := ParsePath(sent)
		if err != nil || !slices.Contains(readings(p), want) {
			t.Errorf("%s: %q is missing in %q, %v", sent, want, readings(p), err)
		}
	}
}

// URI.normalize of Java leaves dots that lead out of the root, and a store of files
// that appends such a path to its folder is then outside of it.
func TestDotsThatLeadOutOfTheRootAreAReading(t *testing.T) {
	for sent, want := range map[string]string{
		"/tests/../../tests":   "/../tests",
		"/../a/../../b":        "/../../b",
		"/a/%2e%2e/..%2fb/./c": "/../b/c",
	} {
		p, err := ParsePath(sent)
		if err != nil || !slices.Contains(readings(p), want) {
			t.Errorf("%s: %q is missing in %q, %v", sent, want, readings(p), err)
		}
	}
}

func TestPathsThatNoStoreShouldSee(t *testing.T) {
	for _, sent := range []string{"", "*", "a", "/%00", "/a%0Ab", "/a%7f", "/%ff%fe", "/%c0%ae%c0%ae/x", "/%25ff", "/%2500", "/%zz"} {
		if p, err := ParsePath(sent); !errors.Is(err, ErrPath) || p.Len() != 0 {
			t.Errorf("%q: %v, %q", sent, err, readings(p))
		}
	}
	hedge := "/" + strings.Repeat("a;b/..%2F//.%5C%2520/", 40)
	if _, err := ParsePath(hedge); err != nil && !errors.Is(err, ErrTooManyReadings) {
		t.Error(err)
	}
}

func TestALongPathIsReadInLinearTime(t *testing.T) {
	started := time.Now()
	_, err := ParsePath("/" + strings.Repeat("a/..;%2e/", 1700))
	if took := time.Since(started); took > 2*time.Second {
		t.Errorf("%v, %v", took, err)
	}
}

func TestTheZeroPathIsAllowedNothing(t *testing.T) {
	all, err := NewEntry("/", true, true, Read|Write)
	if err != nil {
		t.Fatal(err)
	}
	if d := (Rules{Own: []Entry{all}}).Decide(Path{}, Read, false); d.Allowed {
		t.Error(d)
	}
	root, _ := ParsePath("/")
	if d := (Rules{Own: []Entry{{}}}).Decide(root, Read, false); d.Allowed {
		t.Errorf("the zero entry decides: %s", d)
	}
}

func TestEntriesThatAreNotTaken(t *testing.T) {
	for _, id := range []string{"", "a", "a/b", "/a//b", "/a/../b", "/.", "/..", "/a/./", "//", "/a\x00", "/a\n", "/\xff", "*"} {
		if e, err := NewEntry(id, true, true, Read); err == nil || e != (Entry{}) {
			t.Errorf("%q became %s", id, e)
		}
	}
	if _, err := NewEntry("/a", true, true, 0); err == nil {
		t.Error("an entry without a level was taken")
	}
	for _, s := range []string{"", "rwx", "R", "rr", "read"} {
		if l, err := ParseLevels(s); err == nil {
			t.Errorf("permissions %q became %s", s, l)
		}
	}
}

func TestProtection(t *testing.T) {
	entry := func(id string, allow bool, l Level) Entry {
		e, err := NewEntry(id, allow, true, l)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	protected := Protect(entry("/meta/auth", true, Read|Write), entry("/meta", true, Write), entry("/meta/sys/dc", false, Write))
	for _, row := range []struct {
		path  string
		level Level
		tree  bool
		want  bool
	}{
		{"/meta/auth", Read, false, true},
		{"/meta/auth/users/root", Read, false, true},
		{"/meta/authors", Read, false, false},
		{"/meta/ns/x", Read, false, false},
		{"/meta/ns/x", Write, false, true},
		{"/meta/sys/dc/x", Write, false, false},
		{"/meta/sys/dc/../../auth/x", Write, false, true},
		{"/a", Write, false, false},
		{"/a", Write, true, false},
		{"/", Write, false, false},
		{"/", Write, true, true},
		{"//meta/auth", Read, false, true},
		{"/%6deta/auth", Read, false, true},
		{"/META/auth", Read, false, false},
	} {
		p, err := ParsePath(row.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := protected.Touches(&p, row.level, row.tree); got != row.want {
			t.Errorf("%s %s (tree %v): protected %v, want %v", row.level, row.path, row.tree, got, row.want)
		}
	}
}

// What common servers make of a path is among its readings.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"/a/../b", "/a%2F..%2fb", "//a;b", "/%256d/", "/a%5c..%5cb", "/a b", "/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		p, err := ParsePath(sent)
		if err != nil {
			if p.Len() != 0 {
				t.Fatalf("readings beside an error: %q", readings(p))
			}
			return
		}
		decoded, err := url.PathUnescape(sent)
		if err != nil {
			t.Fatalf("%q was taken, and does not decode", sent)
		}
		cleaned := path.Clean(decoded) // what net/http's ServeMux and most Go servers serve
		if !slices.Contains(readings(p), trimSlash(decoded)) || !slices.Contains(readings(p), cleaned) {
			t.Fatalf("%q: %q or %q is missing in %q", sent, decoded, cleaned, readings(p))
		}
	})
}

// Who looks for every reading of a long path does much work for whoever sent it.
func TestLongPathsWithASecondReadingAreRefused(t *testing.T) {
	quiet := "/" + strings.Repeat("caf%C3%A9%20b/x", 1000)
	if p, err := ParsePath(quiet); err != nil || p.Len() != 1 {
		t.Errorf("everyday encoding: %d readings, %v", p.Len(), err)
	}
	for _, end := range []string{"//", "/..", "%2f", ";a", "%5c"} {
		for length, want := range map[int]error{maxAmbiguous: nil, maxAmbiguous + 1: ErrTooManyReadings} {
			path := "/" + strings.Repeat("a", length-1-len(end)) + end
			if p, err := ParsePath(path); !errors.Is(err, want) || (err == nil) != (p.Len() > 1) {
				t.Errorf("%d bytes that end in %s: %d readings, %v; want %v", length, end, p.Len(), err, want)
			}
		}
	}
}
