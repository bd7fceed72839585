package integration

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// attackRow is one attack: what is said, and what may come of it. Its id begins
// with the number of the attack in the table.
type attackRow struct {
	id   string
	door string // of attackedDoors
	send string // the bytes of HTTP/1.1; {ann} and the like are replaced by tokens
	only string // why nothing but those bytes can say it; other rows go in frames too

	// Instead of send: lines of a name and a value, :method among them, a body, and
	// lines after it. Where the door calls them broken, want is 400.
	frames  []string
	body    string
	trailer []string

	// breaks tells that the request breaks off: it may be reset or answered 502, and
	// the store may have begun to see it, but not all of it.
	breaks bool

	want []int    // a status for each request in the bytes
	saw  []string // what the store saw, in short
	// Of what the store was sent, in any case of letters; parts are separated
	// by |.
	keeps, lacks string
	inHTTP3      int    // the status over HTTP/3, when it is another
	user         string // whom the log may name although neither the store nor a token does
}

// attackRows are all rows, in their order.
var attackRows = slices.Concat(pathRows, queryRows, methodRows, framingRows, headerRows, sourceRows, bodyRows, loginRows, ownRows)

func one(status int) []int         { return []int{status} }
func saw(short ...string) []string { return short }

// plainly is a request with what HTTP needs, and a body of no bytes unless a
// length is among the headers.
func plainly(line string, headers ...string) string {
	if !strings.HasPrefix(line, "GET") && !slices.ContainsFunc(headers, func(h string) bool {
		return strings.HasPrefix(h, "Content-Length") || strings.HasPrefix(h, "Transfer-Encoding")
	}) {
		headers = append(headers, "Content-Length: 0")
	}
	return string(request(line, headers...))
}

const (
	byAnn = "X-CM-WELL-TOKEN: {ann}"
	byAdm = "X-CM-WELL-TOKEN: {adm}"
	byBob = "X-CM-WELL-TOKEN: {bob}"
	byCal = "X-CM-WELL-TOKEN: {cal}"
)

// notApplicable begins what a row says that a protocol cannot say. The report of
// `make attacks` looks for it.
const notApplicable = "not applicable: "

// TestEveryAttackRowOverEveryProtocol tries each row as bytes of HTTP/1.1, and in
// the frames of HTTP/2 without and with TLS and of HTTP/3.
func TestEveryAttackRowOverEveryProtocol(t *testing.T) {
	doors := startAttacked(t)
	seen := map[string]bool{}
	for _, row := range attackRows {
		if seen[row.id] {
			t.Errorf("%s is there twice", row.id)
		}
		seen[row.id] = true
	}
	t.Run("h1", func(t *testing.T) {
		for _, row := range attackRows {
			t.Run(row.id, func(t *testing.T) {
				if row.send == "" {
					t.Log(notApplicable + "bytes of HTTP/1.1 cannot say it")
					return
				}
				doors.tryBytes(t, row)
			})
		}
	})
	for _, protocol := range framedProtocols {
		t.Run(protocol.name, func(t *testing.T) {
			s := &framedSiege{attacked: doors, protocol: protocol, wires: map[string]framedWire{}}
			defer s.close()
			for _, row := range attackRows {
				t.Run(row.id, func(t *testing.T) { s.try(t, row) })
			}
		})
	}
}

// tryBytes says the bytes of a row, reads the answers, and then asks something
// plain on the same connection: an answer to anything else would come from a
// request that the door and the store cut out of the bytes differently.
func (a *attacked) tryBytes(t *testing.T, row attackRow) {
	a.store.take()
	began := a.output.size()
	w := dial(t, a.plain[row.door])
	said := a.filled(row.send)
	w.say([]byte(said))
	method, _, _ := strings.Cut(said, " ")
	closes := false
	var got []int
	for i := range row.want {
		if closes {
			break // what else was in the bytes is not answered
		}
		answer, err := w.hear(method)
		if err != nil {
			t.Fatalf("answer %d: %v", i+1, err)
		}
		got, closes = append(got, answer.status), answer.closes
		a.checkAnswer(t, said, answer)
		method = "GET"
	}
	if !slices.Equal(got, row.want) {
		t.Errorf("got %v, want %v", got, row.want)
	}
	next := a.afterwards()
	if closes {
		if err := w.ended(); err != nil {
			t.Error(err)
		}
		w = dial(t, a.plain[row.door])
	}
	w.say(request(next))
	if answer, err := w.hear("GET"); err != nil {
		t.Errorf("the door has closed the connection without a word: %v", err)
	} else if answer.status != 200 || answer.body != next+"\n" {
		t.Errorf("a plain request afterwards was answered %v", answer)
	}
	seen := a.take(next)
	row.checkStore(t, seen, row.saw)
	if sent, err := readRequest(bufio.NewReader(strings.NewReader(said)), io.Discard); err == nil && len(row.want) == 1 {
		a.checkSent(t, sent.fields, string(sent.body), seen)
	}
	row.checkLog(t, a, a.logged(t, began, next), got)
}

// framedSiege has one connection to each door, for all rows.
type framedSiege struct {
	*attacked
	protocol framedProtocol
	wires    map[string]framedWire
}

func (s *framedSiege) close() {
	for _, w := range s.wires {
		w.close()
	}
}

// wire is the connection to a door, a new one when the door has ended the last.
func (s *framedSiege) wire(t *testing.T, door string) framedWire {
	t.Helper()
	if w := s.wires[door]; w != nil && !w.gone() {
		return w
	}
	if w := s.wires[door]; w != nil {
		w.close()
	}
	address, roots := s.plain[door], s.roots
	if s.protocol.secure {
		address = s.secure[door]
	} else {
		roots = nil
	}
	w, err := s.protocol.open(address, roots)
	if err != nil {
		t.Fatal(err)
	}
	s.wires[door] = w
	return w
}

func (s *framedSiege) scheme() string {
	if s.protocol.secure {
		return "https"
	}
	return "http"
}

// try asks a row in frames, and then something plain on the same connection,
// unless the door has ended it.
func (s *framedSiege) try(t *testing.T, row attackRow) {
	asked, reason := row.inFrames(s.scheme())
	if reason != "" {
		t.Log(notApplicable + reason)
		return
	}
	if s.protocol.name == "h3" && row.inHTTP3 != 0 {
		row.want, row.saw = one(row.inHTTP3), nil
	}
	agent := s.sign(&asked)
	for _, fields := range [][]field{asked.fields, asked.trailer} {
		for i := range fields {
			fields[i].value = s.filled(fields[i].value)
		}
	}
	s.store.take()
	began := s.output.size()
	if asked.namesAHop() { // malformed, whatever it is in HTTP/1.1
		row.want, row.saw, row.keeps = one(400), nil, ""
	}
	got, err := s.wire(t, row.door).ask(asked)
	if complaint := row.complaint(got.status, err); complaint != "" {
		t.Error(complaint)
	}
	s.checkAnswer(t, fmt.Sprint(asked.fields), got)
	next := s.afterwards()
	s.askAfterwards(t, row.door, next)
	seen := s.take(next)
	if row.breaks {
		seen = slices.DeleteFunc(seen, func(r received) bool { return r.cut })
		if len(seen) == 0 {
			row.saw = nil
		}
	}
	row.checkStore(t, seen, row.saw)
	if !row.breaks {
		s.checkSent(t, asked.fields, string(asked.body), seen)
	}
	statuses := one(got.status)
	if err != nil { // nobody knows what it would have answered
		statuses = nil
	}
	row.checkLog(t, s.attacked, linesWith(s.logged(t, began, next), agent), statuses)
}

// complaint is about an answer in frames. A refusal for the form of a request may
// come as a reset, or with another status than that of HTTP/1.1.
func (row attackRow) complaint(status int, err error) string {
	want := row.want[0]
	form := row.breaks || slices.Contains([]int{400, 405, 431, 501}, want)
	switch {
	case errors.Is(err, errReset) && form, err == nil && status == want:
		return ""
	case err != nil:
		return err.Error()
	case want == 400 && status/100 == 4, row.breaks && status == 502:
		return ""
	}
	return fmt.Sprintf("got %d, want %d", status, want)
}

// askAfterwards asks something plain on the same connection, or on a new one when the
// door has ended that.
func (s *framedSiege) askAfterwards(t *testing.T, door, line string) {
	t.Helper()
	w := s.wire(t, door)
	got, err := w.ask(asFrames(s.scheme(), line))
	if err != nil && w.gone() {
		got, err = s.wire(t, door).ask(asFrames(s.scheme(), line))
	}
	if err != nil || got.status != 200 || got.body != line+"\n" {
		t.Errorf("a plain request afterwards was answered %v, %v", got, err)
	}
}

// sign adds a name of its own to the request: a stream that was reset may still be
// at work, and its lines in the log be among those of the next.
func (s *framedSiege) sign(asked *framed) string {
	for _, f := range asked.fields {
		if f.name == "user-agent" {
			return f.value
		}
	}
	agent := fmt.Sprintf("row/%d", s.asked)
	asked.fields = append(asked.fields, field{"user-agent", agent})
	return agent
}

// linesWith are the lines of the log that are about requests of the agent, or about
// none.
func linesWith(said, agent string) string {
	return strings.Join(slices.DeleteFunc(strings.SplitAfter(said, "\n"), func(line string) bool {
		return strings.Contains(line, `"User-Agent":`) && !strings.Contains(line, `"User-Agent":["`+agent+`"]`)
	}), "")
}
