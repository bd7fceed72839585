package differential

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// members are what a JSON body says: those of a user's document, fewer of a role's,
// and only texts of a login.
type members struct {
	Paths      []string          `json:"paths"`
	Roles      []string          `json:"roles"`
	Operations []string          `json:"operations"`
	Rev        string            `json:"rev"`
	Texts      map[string]string `json:"texts"`
}

// kind is one of the JSON bodies that the door reads.
type kind struct {
	name     string
	letter   string // by which readers know it
	everyday []string
	pieces   []string // that damage it, besides those of any JSON
	read     func(body []byte) (members, error)
}

var kinds = []kind{
	{
		"documents of users", "u", []string{
			`{"paths":[{"id":"/a","sign":"+","recursive":true,"permissions":"rw"},{"id":"/a/b","sign":"-","permissions":"r"}],"roles":["Editor"],"operations":["Admin"],"rev":7}`,
			`{"rev":0,"paths":[]}`, `{"operations":["Overwrite","PriorityWrite"],"rev":3,"email":"a@b.c","first":"Ann","last":"é"}`,
			`{"paths":[{"permissions":"w","sign":"-","recursive":false,"id":"/"}],"digest":"","quota":{"rev":1,"paths":[1]}}`,
			`{"digest":"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy","digest2":"0123456789abcdef0123456789abcdef","rev":1}`,
		}, []string{
			`"rev":9,`, `"Rev":9,`, `"paths":[],`, `"Paths":[],`, `"\u0070aths":[],`, `"pathſ":[],`, `"roles":["Root"],`, `"operations":null,`, `"operations":["Admin"],`, `"email":"x@y.z",`,
			`"digest":"",`, `"DIGEST":"",`, `"digest2":"00000000000000000000000000000000",`, `"recursive":true,`, `"Recursive":true,`, `"sign":"+",`, "9007199254740993", `{"id":"/c","sign":"+","permissions":"wr"},`,
		}, userByDoor,
	},
	{
		"documents of roles", "r", []string{
			`{"paths":[{"id":"/a","sign":"+","recursive":true,"permissions":"rw"}],"operations":["Overwrite"]}`,
			`{"operations":["Admin"]}`, `{"paths":[{"permissions":"w","sign":"-","id":"/é/"},{"id":"/","sign":"+","permissions":"r"}],"roles":["x"],"rev":"y"}`,
		}, []string{
			`"paths":[],`, `"PATHS":[],`, `"operations":["Admin"],`, `"operationſ":[],`, `"\u006fperations":[],`, `"paths":null,`, `"sign":"-",`, `"Sign":"-",`, `"ID":"/",`, `"id":"/",`,
		}, roleByDoor,
	},
	{
		"logins", "b", []string{
			`{"username":"ann","password":"a secret"}`, `{"password":"a:\"b\\","username":"ann@b.c","expiry":"1d"}`,
			` {"username":"ann","remember":{"username":"root","x":[1,null,-0.5e3]},"password":"pä\ud83d\ude00"}` + "\n", `{"username":"","password":""}`,
		}, []string{
			`"username":"root",`, `"Username":"root",`, `"USERNAME":"root",`, `"u\u0073ername":"root",`, `"uſername":"root",`, `"username\u0000":"root",`, `" username":"root",`,
			`"password":"x",`, `"passWord":"x",`, `"password":null,`, `"password":["x"],`, `,"username":"root"`, "root", `{"username":"root","password":"x"}`,
		}, loginByDoor,
	},
}

// oddities are what readers of JSON are known to take differently.
var oddities = []string{
	`"x":1,`, "\ufeff", `\u0000`, "\x00", "\u2028", "1", "e0", ".0", "-", "+", "0", `"`, "'", ",", ":", "null", "NaN", "1e999", "[", "]", "{", "}", " ", "\n", "\v", "\u00a0", "/*x*/", "//x\n", "#x\n",
	`\ud800`, `\udc00`, `\ud83d\ude00`, `\uD83D`, `\ufffd`, "\ufffd", `\u002f`, `\/`, `\x41`, "\\\n", "\u212a", "ſ", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80", "\xe2\x82",
}

// body is an everyday one that is damaged in some places.
func (s source) body(of kind) string {
	text := s.pick(of.everyday)
	for range s.IntN(5) {
		at, pieces := s.IntN(len(text)+1), slices.Concat(of.pieces, oddities)
		if i := strings.IndexAny(text[at:], `{,:["`); i >= 0 && s.IntN(3) > 0 {
			if at += i + 1; strings.IndexByte("{,", text[at-1]) >= 0 {
				pieces = of.pieces // many fit in here
			}
		}
		letter := at < len(text) && (text[at]|' ' >= 'a' && text[at]|' ' <= 'z')
		switch n := s.IntN(12); {
		case n < 2 && at < len(text):
			text = text[:at] + text[at+1:]
		case n == 2 && letter:
			text = text[:at] + string(text[at]^' ') + text[at+1:]
		case n == 3 && letter:
			text = text[:at] + fmt.Sprintf(`\u%04x`, text[at]) + text[at+1:]
		case n == 4 && s.IntN(20) == 0:
			depth := []int{50, 400, 5000, 9998, 9999, 10_000}[s.IntN(6)]
			text = text[:at] + `"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "," + text[at:]
		default:
			text = text[:at] + s.pick(pieces) + text[at:]
		}
	}
	return text
}

func userByDoor(body []byte) (members, error) {
	u, err := account.ParseUser("ann", body)
	return members{entriesByDoor(u.Paths), u.Roles, u.Operations.Names(), fmt.Sprint(u.Revision), map[string]string{
		"digest": u.PasswordHash, "digest2": u.HA1, "digest2_sha256": u.HA1SHA256, "email": u.Email, "first": u.First, "last": u.Last,
	}}, err
}

func roleByDoor(body []byte) (members, error) {
	r, err := account.ParseRole("Editor", body)
	return members{Paths: entriesByDoor(r.Paths), Operations: r.Operations.Names()}, err
}

func loginByDoor(body []byte) (members, error) {
	texts, err := login.ReadStrings(bytes.NewReader(body), "username", "password")
	return members{Texts: texts}, err
}

// entriesByDoor are entries in the form of the readers.
func entriesByDoor(entries []permission.Entry) (all []string) {
	for _, e := range entries {
		sign := "-"
		if e.Allows() {
			sign = "+"
		}
		all = append(all, fmt.Sprintf("%s %s %v %s", e.ID(), sign, e.Recursive(), e.Levels().Letters()))
	}
	return all
}

// differs tells whether they are not what a reader found, but for what a document may
// write in two ways: a slash at the end, wr for rw, no rev for 0, a name twice.
func (m members) differs(found members) bool {
	for i, p := range found.Paths {
		id, rest := p, ""
		for range 3 { // what follows the id; that may have spaces
			at := max(strings.LastIndexByte(id, ' '), 0)
			id, rest = id[:at], id[at:]+rest
		}
		if id = strings.TrimSuffix(id, "/"); id == "" {
			id = "/"
		}
		found.Paths[i] = id + strings.Replace(rest, " wr", " rw", 1)
	}
	revOf := func(m members) string {
		if m.Rev == "" || m.Rev == "-0" {
			return "0"
		}
		return m.Rev
	}
	unique := func(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
	for name, text := range found.Texts {
		if m.Texts[name] != text {
			return true
		}
	}
	return len(found.Texts) != len(m.Texts) || !slices.Equal(m.Paths, found.Paths) || revOf(m) != revOf(found) ||
		!slices.Equal(unique(m.Roles), unique(found.Roles)) || !slices.Equal(unique(m.Operations), unique(found.Operations))
}

// A body that the door takes says the same to whoever reads it.
func TestEveryReaderFindsTheSameInABody(t *testing.T) {
	all := jsonReaders(t)
	for i, of := range kinds {
		t.Run(of.name, func(t *testing.T) {
			s := source{rand.New(rand.NewPCG(chosenSeed(), uint64(10+i)))}
			var bodies []string
			var taken []members
			generated := *cases / 5
			for range generated {
				body := s.body(of)
				if m, err := of.read([]byte(body)); err == nil {
					bodies, taken = append(bodies, body), append(taken, m)
				}
			}
			for _, r := range all {
				compareBodies(t, r, of, bodies, taken)
			}
			t.Logf("seed %d: %d generated, %d are taken", chosenSeed(), generated, len(bodies))
			if len(bodies) < generated/10 {
				t.Errorf("only %d of %d are taken: too few to find anything", len(bodies), generated)
			}
		})
	}
}

// compareBodies asks a reader for all bodies, and complains of what it reads
// differently. To refuse what the door takes is a difference too, but for lists that
// are deeper than some read.
func compareBodies(t *testing.T, r reader, of kind, bodies []string, taken []members) {
	t.Helper()
	const most, deep = 1000, 300
	disagreed := 0
	for from := 0; from < len(bodies); from += most {
		part := bodies[from:min(from+most, len(bodies))]
		lines := make([]string, len(part))
		for i, body := range part {
			lines[i] = of.letter + " " + base64.StdEncoding.EncodeToString([]byte(body))
		}
		answers, err := r.ask(lines)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range answers {
			if len(a.Bodies) == 0 {
				t.Fatalf("%s says nothing of %q", r.name, part[i])
			}
			for by, found := range a.Bodies {
				if found == nil && strings.Count(part[i], "[") > deep || found != nil && !taken[from+i].differs(*found) {
					continue
				}
				if disagreed++; disagreed <= 5 {
					t.Errorf("%.2000q: %s, %s, reads %+v, the door %+v", part[i], r.name, by, found, taken[from+i])
				}
			}
		}
	}
	t.Logf("%-8s %9d asked, %d disagree", r.name, len(bodies), disagreed)
}
