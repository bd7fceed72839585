package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rawRow is one attack: bytes on a socket, and what may come of them.
type rawRow struct {
	id   string
	door string   // of rawDoors
	send string   // {ann} and the like are replaced by tokens
	want []int    // a status for each request in the bytes
	saw  []string // what the store saw, in short
	// Of what the store was sent, in any case of letters; parts are separated
	// by |.
	keeps, lacks string
}

// rawDoors are the doors of the rows: cm is production with CM-Well's calls,
// dev the same in development, web goes by the method.
var rawDoors = map[string][]string{
	"cm":     nil,
	"dev":    {"environment development"},
	"web":    {"profile http"},
	"bearer": {"token_from header X-CM-WELL-TOKEN", "token_from bearer"},
	"cookie": {"token_from cookie X-CM-WELL-TOKEN"},
	"query":  {"token_from header X-CM-WELL-TOKEN", "token_from query token"},
	"cgi":    nil, // where Caddy passes on names that such stores confuse
}

// rawGlobals are lines of the doors' global options.
var rawGlobals = map[string]string{"cgi": `servers {
		expected_underscore_headers X_CM_Well_User X_CM_WELL_TOKEN X_HTTP_Method_Override X_Original_URL
		expected_dot_headers X.CM.Well.User
	}`}

// rawRows are all rows, in their order.
var rawRows = slices.Concat(pathRows, queryRows, methodRows, framingRows, headerRows, sourceRows)

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

func TestEveryRawRequestGetsTheAnswerOfItsRow(t *testing.T) {
	tokens := badTokens(t)
	for name := range userPaths {
		tokens[name] = tokenOf(t, name)
	}
	doors := startRawDoors(t)
	seen := map[string]bool{}
	for _, row := range rawRows {
		if seen[row.id] {
			t.Errorf("%s is there twice", row.id)
		}
		seen[row.id] = true
		t.Run(row.id, func(t *testing.T) {
			for name, raw := range tokens {
				row.send = strings.ReplaceAll(row.send, "{"+name+"}", raw)
			}
			row.run(t, doors[row.door])
		})
	}
}

func startRawDoors(t *testing.T) map[string]askedDoor {
	t.Helper()
	doors := map[string]askedDoor{}
	for name, settings := range rawDoors {
		store := startRecorder(t, &recorder{reply: rawReply})
		doors[name] = askedDoor{startDoor(t, frontDoorWith(rawGlobals[name], append(settings, ownKey)...), doorOptions{store: store.address}), store}
	}
	return doors
}

// rawReply agrees to no upgrade.
func rawReply(r received) string {
	if strings.Join(r.values("Sec-WebSocket-Version"), "") == "777" {
		return reply(r, "426 Upgrade Required", "")
	}
	return plainReply(r)
}

// run says the bytes, reads the answers, and then asks something plain on the
// same connection: an answer to anything else would come from a request that
// the door and the store cut out of the bytes differently.
func (row rawRow) run(t *testing.T, d askedDoor) {
	d.store.take()
	w := dial(t, d.address)
	w.say([]byte(row.send))
	method, _, _ := strings.Cut(row.send, " ")
	closes := false
	var got []int
	for i := range row.want {
		if closes {
			break // what else was in the bytes is not answered
		}
		a, err := w.hear(method)
		if err != nil {
			t.Fatalf("answer %d: %v", i+1, err)
		}
		got, closes = append(got, a.status), a.closes
		if a.status != 200 && strings.Contains(a.body, "eyJ") {
			t.Errorf("a token is in the answer: %v", a)
		}
		method = "GET"
	}
	if !slices.Equal(got, row.want) {
		t.Errorf("got %v, want %v", got, row.want)
	}
	if err := row.staysInStep(w, closes); err != nil {
		t.Error(err)
	}
	row.checkStore(t, d.store.take())
}

// afterwards is the plain request.
const afterwards = "GET /plain/afterwards"

func (row rawRow) staysInStep(w *wire, closes bool) error {
	if closes {
		return w.ended()
	}
	w.say(request(afterwards))
	a, err := w.hear("GET")
	if err != nil {
		return fmt.Errorf("the door has closed the connection without a word: %w", err)
	}
	if a.status != 200 || a.body != afterwards+"\n" {
		return fmt.Errorf("a plain request afterwards was answered %v", a)
	}
	return nil
}

func (row rawRow) checkStore(t *testing.T, requests []received) {
	t.Helper()
	var short []string
	var all strings.Builder
	for _, r := range requests {
		if r.String() != afterwards+" as nobody" {
			short = append(short, r.String())
			all.Write(r.raw)
		}
	}
	if !slices.Equal(short, row.saw) {
		t.Errorf("the store saw %.300q, want %.300q", short, row.saw)
	}
	sent := strings.ToLower(all.String())
	for _, part := range strings.Split(row.keeps, "|") {
		if !strings.Contains(sent, strings.ToLower(part)) {
			t.Errorf("the store did not see %q in\n%.2000s", part, sent)
		}
	}
	for _, part := range strings.Split(row.lacks, "|") {
		if part != "" && strings.Contains(sent, strings.ToLower(part)) {
			t.Errorf("the store saw %q in\n%.2000s", part, sent)
		}
	}
}

// A client that asks before it sends its body hears no at once, and the
// connection ends: nobody waits for bytes that are not wanted.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	d := startAsked(t)
	w := dial(t, d.address)
	w.say([]byte("PUT /tests/x HTTP/1.1\r\nHost: store\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"))
	got, err := w.hear("PUT")
	if err != nil || got.status != 401 {
		t.Errorf("got %v, %v", got, err)
	}
	if seen := d.store.take(); len(seen) > 0 {
		t.Errorf("the store saw %v", seen)
	}
}
