package differential

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sync/semaphore"

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
	d.cmwell.Bulk = gate.Bulk{Limit: 1 << 20, Room: semaphore.NewWeighted(1 << 40), Wait: time.Minute, Turns: semaphore.NewWeighted(1)}
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
