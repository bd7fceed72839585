package differential

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sync/semaphore"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/gate"
)

// quoted is a JSON string of plain letters and numbers of others.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range utf16.Encode([]rune(s)) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteByte(byte(c))
		}
	}
	return b.String() + `"`
}

// documents are of users, everyday ones that are damaged in some places.
func (s source) document() string {
	text := s.pick([]string{
		`{"paths":[{"id":"/a","sign":"+","recursive":true,"permissions":"rw"},{"id":"/a/b","sign":"-","permissions":"r"}],"roles":["Editor"],"operations":["Admin"],"rev":7}`,
		`{"rev":0,"paths":[]}`, `{"operations":["Overwrite","PriorityWrite"],"rev":3,"email":"a@b.c"}`,
		`{"paths":[{"permissions":"w","sign":"-","recursive":false,"id":"/"}],"digest":"","quota":{"rev":1,"paths":[1]}}`,
	})
	pieces := []string{`"rev":9,`, `"paths":[],`, `"Paths":[],`, `"\u0070aths":[],`, `"roles":["Root"],`, `"operations":null,`, `"operations":["Admin"],`, `"x":1,`,
		`"recursive":true,`, `"Recursive":true,`, `"sign":"+",`, "\ufeff", `\u0000`, "\u2028", "1", "e0", ".0", "-", `"`, ",", "null", "[", "}", " ", "\n", "/*x*/", "//x\n", `\ud800`, `\u002f`, `\/`, "K", "ſ"}
	for range s.IntN(4) {
		at := s.IntN(len(text) + 1)
		if i := strings.IndexAny(text[at:], `{,:["`); i >= 0 && s.IntN(3) > 0 {
			at += i + 1
		}
		if at < len(text) && s.IntN(6) == 0 {
			text = text[:at] + text[at+1:]
			continue
		}
		text = text[:at] + s.pick(pieces) + text[at:]
	}
	return text
}

// rightsOf are a user's as the door has them, in the form of the readers.
func rightsOf(u account.User) rights {
	r := rights{Roles: u.Roles, Operations: u.Operations.Names(), Rev: fmt.Sprint(u.Revision)}
	for _, e := range u.Paths {
		sign := "-"
		if e.Allows() {
			sign = "+"
		}
		r.Paths = append(r.Paths, fmt.Sprintf("%s %s %v %s", e.ID(), sign, e.Recursive(), e.Levels().Letters()))
	}
	return r
}

// differs tells whether the rights are not the same, but for what a document may
// write in two ways: a slash at the end, wr for rw, no rev for 0, a name twice.
func (r rights) differs(other rights) bool {
	for i, p := range other.Paths {
		w := strings.SplitN(p, " ", 2)
		other.Paths[i] = strings.TrimSuffix(strings.TrimSuffix(w[0], "/")+"/", "/") + " " + strings.Replace(w[1], " wr", " rw", 1)
		if strings.HasPrefix(other.Paths[i], " ") {
			other.Paths[i] = "/" + other.Paths[i]
		}
	}
	if other.Rev == "" || other.Rev == "-0" {
		other.Rev = "0"
	}
	unique := func(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
	return !slices.Equal(r.Paths, other.Paths) || !slices.Equal(unique(r.Roles), unique(other.Roles)) ||
		!slices.Equal(unique(r.Operations), unique(other.Operations)) || r.Rev != other.Rev
}

// A document that is taken gives the same rights to whoever reads it.
func TestEveryReaderFindsTheSameRightsInADocument(t *testing.T) {
	s := source{rand.New(rand.NewPCG(chosenSeed(), 3))}
	var lines []string
	var taken []rights
	generated := *cases / 5
	for range generated {
		text := s.document()
		if u, err := account.ParseUser("ann", []byte(text)); err == nil {
			lines, taken = append(lines, "d "+quoted(text)), append(taken, rightsOf(u))
		}
	}
	for _, r := range readers(t) {
		if r.name == "Java" {
			continue // it has no reader of JSON
		}
		disagreed := 0
		for from := 0; from < len(lines); from += 1000 {
			part := lines[from:min(from+1000, len(lines))]
			answers, err := r.ask(part)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range answers {
				if a.Rights == nil || taken[from+i].differs(*a.Rights) {
					if disagreed++; disagreed <= 5 {
						t.Errorf("%s: %s reads %v, the door %v", part[i], r.name, a.Rights, taken[from+i])
					}
				}
			}
		}
		t.Logf("%-8s %9d asked, %d disagree", r.name, len(lines), disagreed)
	}
	t.Logf("seed %d: %d documents generated, %d are taken", chosenSeed(), generated, len(lines))
}

// list is a body of /_out.
func (s source) list() string {
	var b strings.Builder
	for range 1 + s.IntN(4) {
		b.WriteString(s.pick([]string{"/tests/a", "/a/b", "/tests/secret/s", "/other", " /x", "http://store/tests/b", "cmwell://a", "/tests/a%2fb", "/caf\u00e9", "/tests/.."}))
		b.WriteString(s.pick([]string{"\n", "\n", "\r\n", "\r", "\n\n", "\t", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\u0085", "\u2028", "\u2029", "\u00a0", "\ufeff", " ", "\x00", "\n ", " \n", `\n`}))
	}
	return b.String()
}

// lists sends a list to the door, and tells whether it passes.
func lists(d *door, body string) bool {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST /_out?format=ntriples HTTP/1.1\r\nHost: store\r\n\r\n")))
	if err != nil {
		return false
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set(gate.TokenHeader, d.tokens["ann"])
	_, err = d.cmwell.Check(r)
	return err == nil
}

func TestNoReaderFindsAnotherPathInAList(t *testing.T) {
	d := newDoor(t)
	d.cmwell.Bulk = gate.Bulk{Limit: 1 << 20, Room: semaphore.NewWeighted(1 << 40), Wait: time.Minute}
	s := source{rand.New(rand.NewPCG(chosenSeed(), 4))}
	var lines []string
	generated := *cases / 5
	for range generated {
		if body := s.list(); lists(d, body) {
			lines = append(lines, "l "+quoted(body))
		}
	}
	for _, r := range readers(t) {
		disagreed := 0
		for from := 0; from < len(lines); from += 1000 {
			part := lines[from:min(from+1000, len(lines))]
			answers, err := r.ask(part)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range answers {
				for name, list := range a.Lists {
					for _, line := range list {
						line = strings.TrimSpace(line)
						if why := (want{path: line}).complaint("ann"); strings.HasPrefix(line, "/") && why != "" {
							if disagreed++; disagreed <= 5 {
								t.Errorf("%s: %s %s: %s", part[i], r.name, name, why)
							}
						}
					}
				}
			}
		}
		t.Logf("%-8s %9d asked, %d disagree", r.name, len(lines), disagreed)
	}
	t.Logf("seed %d: %d lists generated, %d pass the door", chosenSeed(), generated, len(lines))
}
