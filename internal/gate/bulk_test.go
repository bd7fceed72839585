package gate

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// bulkKeeper judges bodies up to 4 KiB, for a store whose host is "store".
func bulkKeeper(t testing.TB, development bool) *Keeper {
	t.Helper()
	k := newKeeper(t, development, CMWell)
	k.Bulk = Bulk{Limit: 4 << 10, Room: semaphore.NewWeighted(1 << 20), Wait: time.Minute, Turns: semaphore.NewWeighted(1)}
	all := everybody(t)
	all["over"] = user(t, "over", "+ /tests rw", `,"operations":["Overwrite"]`)
	all["most"] = user(t, "most", "+ / rw, - /tests/secret rw", "")
	all["foreign"] = user(t, "foreign", "+ /example.org rw, + /https.example.org rw, - /example.org/secret rw", "")
	all["cm"] = user(t, "cm", "+ /my-CM-Well rw, + /my-cm-well rw, + /tests rw", "")
	k.Users = all
	return k
}

// sendBody is a request with a body, to the host "store".
func sendBody(t testing.TB, k *Keeper, who, line, body string) *http.Request {
	t.Helper()
	r := send(t, k, who, line)
	r.Host = "store"
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

// verdictOf is the verdict, and after it the paths that are refused.
func verdictOf(t testing.TB, k *Keeper, r *http.Request) string {
	t.Helper()
	said := verdict(t, k, r)
	_, err := k.Check(r)
	if no := new(Refusal); errors.As(err, &no) && len(no.Paths) > 0 {
		said += ": " + strings.Join(no.Paths, " ")
	}
	return said
}

func TestWhatABodyWritesDecides(t *testing.T) {
	const nt, refused = "POST /_in?format=ntriples", "gate: not permitted"
	say := func(subjects ...string) string {
		return "<" + strings.Join(subjects, "> <http://x/p> \"y\" .\n<") + "> <http://x/p> \"y\" .\n"
	}
	for _, row := range []struct{ who, line, body, want string }{
		{"ann", nt, say("cmwell://tests/a"), passes},
		{"ann", nt, say("http://store/tests/a", "https://store/tests/b"), passes},
		{"ann", nt, say("http://STORE/tests/c"), refused + ": /STORE/tests/c /store/tests/c"},
		{"most", nt, say("http://store:80/tests/secret/b"), refused + ": /tests/secret/b"},
		{"most", nt, say("http://STORE/tests/secret/b"), refused + ": /tests/secret/b"},
		{"ann", nt, say("cmwell://tests/a", "cmwell://tests/secret/b", "cmwell://other"), refused + ": /tests/secret/b /other"},
		{"ann", nt, say("http://elsewhere/tests/a"), refused + ": /elsewhere/tests/a"},
		{"ann", nt, say("http://store:80/tests/a"), refused + ": /store:80/tests/a /store/tests/a"},
		{"foreign", nt, say("http://example.org/a", "https://example.org/b"), passes},
		{"foreign", nt, say("http://EXAMPLE.org/a"), refused + ": /EXAMPLE.org/a"},
		{"foreign", nt, say("http://example.org:81/a"), refused + ": /example.org:81/a"},
		{"foreign", nt, say("http://cmwell.example.org/a"), refused + ": /a /cmwell.example.org/a"},
		{"foreign", nt, say("http://example.org:9000/a"), refused + ": /a /example.org:9000/a"},
		{"cm", nt, say("http://my-CM-Well/tests/a"), passes},
		{"cm", nt, say("http://my-CM-Well/other"), refused + ": /other"},
		{"cm", nt, say("http://my-CM-Well/meta/auth/users/cm"), refused + ": /meta/auth/users/cm"},
		{"foreign", nt, say("http://example.org/%73ecret/a"), refused + ": /example.org/%73ecret/a"},
		{"ann", nt, say("cmwell://tests/%73ecret/x"), refused + ": /tests/%73ecret/x"},
		{"ann", nt, say("cmwell://tests/%2e%2e/x"), refused + ": /tests/%2e%2e/x"},
		{"ann", nt, say("cmwell://tests/../x"), refused + ": /tests/../x"},
		{"ann", nt, say("cmwell://tests//secret/x"), refused + ": /tests//secret/x"},
		{"ann", nt, say(`cmwell://tests/\u0073ecret/x`), refused + ": /tests/secret/x"},
		{"ann", nt, say("cmwell://meta/auth/users/ann"), refused + ": /meta/auth/users/ann"},
		{"ann", nt, say("cmwell://tests/a#x", "cmwell://tests/a?x"), passes},
		{"ann", nt, say("cmwell://tests#x"), refused + ": /tests#x"}, // to some, that is another name beside /tests
		{"ann", nt, say("http://tests/a?x"), passes},
		{"ann", nt, say("http://tests?x/y"), refused + ": /tests?x/y"},
		{"ann", nt, say("http://tests#x/y"), refused + ": /tests#x/y"},
		{"ann", nt, `<cmwell://tests/a> <http://x/p> "<cmwell://other> <p> <o> ." . # <cmwell://other>`, passes},
		{"ann", nt, `_:b <http://x/p> "y" .`, passes},
		{"ann", nt, "", passes},
		{"ann", nt, `<cmwell://tests> <cmwell://meta/sys#fullDelete> "true" .`, refused + ": /tests"},
		{"ann", nt, `<cmwell://tests/a> <cmwell://meta/sys#fullDelete> "true" .`, passes},
		{"ann", nt, `<> <cmwell://meta/sys#replaceGraph> <http://g> .`, "gate: the body cannot be judged: it speaks of everything, by <>; who may do this everywhere may send it"},
		{"ann", nt, say("mailto:ann@store"), "gate: the body cannot be judged: <mailto:ann@store> names no path; who may do this everywhere may send it"},
		{"ann", nt, say("http://ann@store/tests/a"), "gate: the body cannot be judged: <http://ann@store/tests/a> names no path; who may do this everywhere may send it"},
		{"ann", nt, "<cmwell://tests/a> <http://x/p>", "gate: the body is malformed: N-Triples, line 1"},
		{"ann", nt, strings.Repeat(say("cmwell://tests/a"), 200), "gate: the body is too large to be judged: at most 4096 bytes are"},
		{"ann", "POST /_in?format=nquads", `<cmwell://tests/a> <http://x/p> "y" <cmwell://other> .`, passes},
		{"ann", "POST /_in?format=nquads&replace-mode", `<cmwell://tests/a> <http://x/p> "y" <cmwell://other> .`, refused + ": /other"},
		{"ann", "POST /_in?format=nquads&replace-mode", `<cmwell://tests/a> <http://x/p> "y" <http://example.org/g> .`, refused + ": /example.org/g"},

		// Who may write everywhere need not be judged, and who writes nothing is not.
		{"adm", nt, "this is no RDF", passes},
		{"adm", "POST /_in", "nor this", passes},
		{"", nt, say("cmwell://tests/a"), "gate: no token"},
		{"bob", nt, say("cmwell://tests/a"), refused + ": /tests/a"},

		// An operation is needed besides.
		{"ann", "POST /_ow?format=ntriples", say("cmwell://tests/a"), refused},
		{"over", "POST /_ow?format=ntriples", say("cmwell://tests/a"), passes},
		{"ann", nt + "&priority", say("cmwell://tests/a"), "gate: no priority write"},

		// What a store could read as something else is not judged by what it seems.
		{"ann", nt + "&format=nquads", say("cmwell://tests/a"), refused},
		{"ann", nt + ";x", say("cmwell://tests/a"), refused},
		{"ann", "POST //_in?format=ntriples", say("cmwell://tests/a"), refused},
		{"ann", "POST /_in/?format=ntriples", say("cmwell://tests/a"), refused},
		{"ann", "POST /%5fin?format=ntriples", say("cmwell://tests/a"), refused},
		{"ann", "PUT /_in?format=ntriples", say("cmwell://tests/a"), refused},
		{"ann", nt + " | X-HTTP-Method-Override: PUT", say("cmwell://tests/a"), refused},
	} {
		got := verdictOf(t, bulkKeeper(t, false), sendBody(t, bulkKeeper(t, false), row.who, row.line, row.body))
		if !strings.HasPrefix(got, row.want) || row.want == passes && got != passes {
			t.Errorf("%s by %q, %.90q\n  %s\n  not %s", row.line, row.who, row.body, got, row.want)
		}
	}
}

func TestTheFormatOfABodyIsTheStoresOrNone(t *testing.T) {
	const body, no = `<cmwell://tests/a> <http://x/p> "y" .`, "gate: the format of the body is not known"
	for line, want := range map[string]string{
		"POST /_in?format=ntriples": passes,
		"POST /_in?format=NTRIPLES": passes,
		"POST /_in?format=turtle":   passes,
		"POST /_in?format=ttl":      passes,
		"POST /_in?format=ntriples | Content-Type: application/x-www-form-urlencoded":  passes, // curl -d says so
		"POST /_in?format=ntriples | Content-Type: application/n-triples":              passes,
		"POST /_in?format=ntriples | Content-Type: text/turtle":                        no,
		"POST /_in?format=ntriples | Content-Type: text/turtle | Content-Type: text/a": no,
		"POST /_in?format=ntriples | Content-Type: text/turtle; charset=utf-16":        "gate: the body cannot be judged",
		"POST /_in?format=ntriples | Accept: application/json":                         passes, // format= is said
		"POST /_in | Content-Type: application/n-triples":                              passes,
		"POST /_in | Content-Type: application/n-triples | Accept: */*":                passes,
		"POST /_in | Content-Type: application/n-triples | Accept: text/turtle":        no, // CM-Well could take it from there
		"POST /_in":                            no,
		"POST /_in | Content-Type: text/plain": no,
		"POST /_in?format=jsonw":               no,
		"POST /_in?format=zzz | Content-Type: application/n-triples": no,
		"POST /_in?format= | Content-Type: application/n-triples":    no,
	} {
		k := bulkKeeper(t, false)
		if got := verdictOf(t, k, sendBody(t, k, "ann", line, body)); !strings.HasPrefix(got, want) || want == passes && got != passes {
			t.Errorf("%s\n  %s\n  not %s", line, got, want)
		}
	}
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatIsJudgedIsWhatIsSentOn(t *testing.T) {
	good, bad := `<cmwell://tests/a> <http://x/p> "y" .`+"\n", `<cmwell://other> <http://x/p> "y" .`+"\n"
	const gz, malformed = " | Content-Encoding: gzip", "gate: the body is malformed"
	for _, row := range []struct{ line, body, want string }{
		{"", good, passes},
		{gz, gzipped(t, good), passes},
		{" | Content-Encoding: GZIP", gzipped(t, good), passes},
		{" | Content-Encoding: x-gzip", gzipped(t, good), passes},
		{" | Content-Encoding: identity", good, passes},
		{gz, gzipped(t, bad), "gate: not permitted: /other"},
		{gz, gzipped(t, good) + gzipped(t, bad), "gate: not permitted: /other"}, // readers take both, or the first
		{gz, gzipped(t, good)[:20], malformed},
		{gz, gzipped(t, good) + "rest", malformed},
		{gz, good, malformed},
		{gz, gzipped(t, strings.Repeat(" ", 1<<20)), "gate: the body is too large to be judged"},
		{" | Content-Encoding: br", good, "gate: the body cannot be judged"},
		{" | Content-Encoding: gzip, gzip", gzipped(t, good), "gate: the body cannot be judged"},
		{" | Content-Encoding: gzip | Content-Encoding: gzip", gzipped(t, good), "gate: the body cannot be judged"},
	} {
		k := bulkKeeper(t, false)
		r := sendBody(t, k, "ann", "POST /_in?format=ntriples"+row.line, row.body)
		if got := verdictOf(t, k, r); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: %s; want %s", row.line, got, row.want)
		}
		if row.want != passes {
			continue
		}
		if sent, err := io.ReadAll(r.Body); err != nil || string(sent) != row.body {
			t.Errorf("%s: what goes on is %q, %v", row.line, sent, err)
		}
	}
}

// Where refusals are only observed, a body goes on that was read in part.
func TestABodyThatIsRefusedIsStillWhole(t *testing.T) {
	k := bulkKeeper(t, false)
	large := strings.Repeat("<cmwell://tests/a> <http://x/p> \"y\" .\n", 1000)
	for why, row := range map[string]struct{ body, line string }{
		"too large":       {large, ""},
		"malformed":       {"no RDF", ""},
		"not permitted":   {"<cmwell://other> <http://x/p> \"y\" .", ""},
		"inflates so far": {gzipped(t, large), " | Content-Encoding: gzip"},
		"no gzip":         {"no gzip", " | Content-Encoding: gzip"},
		"no format":       {large, " | Content-Type: text/turtle"},
	} {
		r := sendBody(t, k, "ann", "POST /_in?format=ntriples"+row.line, row.body)
		r.ContentLength = -1
		pass, err := k.Check(r)
		if err == nil {
			t.Errorf("%s: not refused", why)
		}
		if _, passes := k.Observe(r, pass.Access); !passes {
			t.Errorf("%s: not even where it is only observed", why)
		}
		if sent, err := io.ReadAll(r.Body); err != nil || string(sent) != row.body {
			t.Errorf("%s: %d bytes of %d go on, %v", why, len(sent), len(row.body), err)
		}
	}
	r := sendBody(t, k, "ann", "POST /_in?format=ntriples", "")
	r.ContentLength = -1
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), broken{}))
	if got := verdict(t, k, r); !strings.HasPrefix(got, ErrBulkBody.Error()) {
		t.Error(got)
	}
	if sent, err := io.ReadAll(r.Body); string(sent) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that breaks off goes on as %q, %v", sent, err)
	}
}

// A request keeps its room until it is over, and another one waits for it no
// longer than it should.
func TestBodiesHaveSoMuchRoomTogether(t *testing.T) {
	k := bulkKeeper(t, false)
	k.Bulk.Room = semaphore.NewWeighted(2 * k.Bulk.Limit)
	body := `<cmwell://tests/a> <http://x/p> "y" .`
	ask := func(ctx context.Context, line string, length int64) string {
		r := sendBody(t, k, "ann", "POST /_in?format=ntriples"+line, body).WithContext(ctx)
		r.ContentLength = length
		return verdict(t, k, r)
	}
	first, end := context.WithCancel(t.Context())
	for range 2 {
		if got := ask(first, "", -1); got != passes {
			t.Errorf("with room: %s", got)
		}
	}
	k.Bulk.Wait = time.Millisecond
	if got := ask(t.Context(), "", 5); got != ErrBulkBusy.Error() {
		t.Errorf("without room: %s", got)
	}
	end()
	k.Bulk.Wait = time.Minute // more than what the end of the first two takes
	second, end := context.WithCancel(t.Context())
	defer end()
	if got := ask(second, " | Content-Encoding: identity", -1); got != passes {
		t.Errorf("after they are over: %s", got)
	}
	k.Bulk.Wait = time.Millisecond
	if got := ask(t.Context(), "", 1); got != ErrBulkBusy.Error() {
		t.Errorf("what is compressed takes room twice: %s", got)
	}
	k.Bulk.Room = nil
	if got := ask(t.Context(), "", 1); got != ErrBulkBusy.Error() {
		t.Errorf("with no room at all: %s", got)
	}
}

// Judging takes many times a body's memory, and a processor.
func TestBodiesAreJudgedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := bulkKeeper(t, false)
		k.Bulk.Wait = time.Millisecond // which is for room, not for a turn
		ask := func(ctx context.Context, who, line, body string) chan string {
			answer := make(chan string, 1)
			go func() { answer <- verdict(t, k, sendBody(t, k, who, line, body).WithContext(ctx)) }()
			return answer
		}
		if !k.Bulk.Turns.TryAcquire(1) {
			t.Fatal("no turn is free at the beginning")
		}
		leaving, leave := context.WithCancel(t.Context())
		const in, about = "POST /_in?format=ntriples", `<cmwell://tests/a> <http://x/p> "y" .`
		stays, gone := ask(t.Context(), "ann", in, about), ask(leaving, "ann", in, about)
		list := ask(t.Context(), "ann", "POST /_out", "/tests/a")
		time.Sleep(time.Hour)
		if len(stays) > 0 || len(gone) > 0 || len(list) > 0 {
			t.Error("judged out of turn")
		}
		leave()
		if got := <-gone; got != ErrBulkBusy.Error() {
			t.Errorf("a client that leaves: %s", got)
		}
		k.Bulk.Turns.Release(1)
		if first, second := <-stays, <-list; first != passes || second != passes {
			t.Errorf("in their turn: %s, %s", first, second)
		}
		for _, body := range []string{about, `<cmwell://else/a> <http://x/p> "y" .`, "no triple"} {
			<-ask(t.Context(), "ann", in, body)
			if !k.Bulk.Turns.TryAcquire(1) {
				t.Fatalf("%s: its turn does not end", body)
			}
			k.Bulk.Turns.Release(1)
		}
		k.Bulk.Turns = nil
		if got := <-ask(t.Context(), "ann", in, about); got != ErrBulkBusy.Error() {
			t.Errorf("with no turns at all: %s", got)
		}
	})
}

// A few bytes for each path must not become many times the body.
func TestTooManyTargetsAreNotJudged(t *testing.T) {
	for _, line := range []string{"/\n", "/%\n", "/a;" + strings.Repeat("x/%2e%2e//", 100) + "\n"} {
		k := bulkKeeper(t, false)
		k.Bulk.Limit, k.Bulk.Room = 2<<20, semaphore.NewWeighted(8<<20)
		body := strings.Repeat(line, int(k.Bulk.Limit)/len(line))
		if got := verdict(t, k, sendBody(t, k, "ann", "POST /_out", body)); !strings.HasPrefix(got, ErrUnjudged.Error()) {
			t.Errorf("%.20q: %.200s", line, got)
		}
	}
}

// A body that breaks off could be continued by the store's own guess.
func TestABodyThatEndsTooEarlyDoesNotPass(t *testing.T) {
	k := bulkKeeper(t, false)
	r := sendBody(t, k, "ann", "POST /_in?format=ntriples", "")
	r.ContentLength = -1
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`<cmwell://tests/a> <http://x/p> "y" .`), broken{}))
	if got := verdict(t, k, r); !strings.HasPrefix(got, ErrBulkBody.Error()) {
		t.Error(got)
	}
	r = sendBody(t, k, "ann", "POST /_in?format=ntriples", "x")
	r.ContentLength = 1 << 40
	r.Body = io.NopCloser(broken{}) // not even looked at
	if got := verdict(t, k, r); !strings.HasPrefix(got, ErrBulkSize.Error()) {
		t.Error(got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestListedPathsAreRead(t *testing.T) {
	const out, refused = "POST /_out?format=ntriples", "gate: not permitted"
	for _, row := range []struct{ who, body, want string }{
		{"ann", "/tests/a\n/x", passes},
		{"ann", "/tests/a\r\n/x\r", passes},
		{"ann", "/tests/a\r\n  /tests/secret/x \r\n/b", refused + ": /tests/secret/x"},
		{"ann", "/tests/%73ecret/x", refused + ": /tests/%73ecret/x"},
		{"ann", "cmwell://tests/secret/x", refused + ": /tests/secret/x"},
		{"ann", "http://store/tests/secret/x", refused + ": /tests/secret/x"},
		{"ann", "/ii/0123", "gate: the body cannot be judged"},
		{"ann", `{"infotons":["/tests/secret/x"]}`, "gate: the body cannot be judged"},
		{"ann", "tests/a", "gate: the body cannot be judged"},
		{"wendy", "/inbox/1", refused + ": /inbox/1"},
		{"bob", "anything at all", passes}, // reads everything
		{"", "anything at all", "gate: no token"},
	} {
		k := bulkKeeper(t, false)
		if got := verdictOf(t, k, sendBody(t, k, row.who, out, row.body)); !strings.HasPrefix(got, row.want) || row.want == passes && got != passes {
			t.Errorf("%q by %q: %s; want %s", row.body, row.who, got, row.want)
		}
	}
}

func TestBulkPolicies(t *testing.T) {
	body := `<cmwell://tests/a> <http://x/p> "y" .`
	for _, row := range []struct {
		policy          BulkPolicy
		who, line, want string
	}{
		{BulkRootOnly, "ann", "POST /_in?format=ntriples", "gate: not permitted"},
		{BulkRootOnly, "adm", "POST /_in?format=ntriples", passes},
		{BulkOff, "adm", "POST /_in?format=ntriples", ErrBulkOff.Error()},
		{BulkOff, "adm", "POST //_in?format=ntriples", ErrBulkOff.Error()},
		{BulkOff, "adm", "POST /x", passes},
		{BulkOff, "adm", "POST /bulk", ErrBulkOff.Error()},
		{BulkOff, "adm", "GET /bulk", passes},
		{BulkOff, "bob", "POST /_out", passes},
		{BulkJudge, "ann", "POST /bulk", passes},
		{BulkJudge, "ann", "POST /bulk | Content-Type: text/turtle", passes}, // the operator has said what it is
		{BulkJudge, "ann", "POST /x/../bulk", "gate: not permitted"},
		{BulkJudge, "ann", "POST /bulk/", "gate: not permitted"},
		{BulkJudge, "ann", "POST /%62ulk", "gate: not permitted"},
		{BulkJudge, "ann", "PROPPATCH /bulk", "gate: not permitted"},
		{BulkJudge, "ann", "DELETE /bulk", "gate: not permitted"},
		{BulkJudge, "ann", "PUT /bulk", "gate: not permitted"}, // it may replace what was there before
		{BulkJudge, "ann", "POST /bulk?graph=x", "gate: not permitted"},
		{BulkJudge, "ann", "POST /bulk?format=ntriples", "gate: not permitted"},
		{BulkJudge, "adm", "PUT /bulk?graph=x", passes},
		{BulkJudge, "bob", "POST /bulk", "gate: not permitted"},
	} {
		k := bulkKeeper(t, false)
		k.Bulk.Policy, k.Bulk.Paths, k.Bulk.Format = row.policy, []string{"/bulk"}, rdf.NTriples
		if got := verdict(t, k, sendBody(t, k, row.who, row.line, body)); got != row.want {
			t.Errorf("policy %d, %s by %s: %s; want %s", row.policy, row.line, row.who, got, row.want)
		}
	}
	k := bulkKeeper(t, false)
	k.Bulk.Paths = []string{"/bulk"}
	for line, want := range map[string]string{
		"POST /bulk | Content-Type: application/n-triples": passes,
		"POST /bulk": ErrBulkFormat.Error(),
	} {
		if got := verdict(t, k, sendBody(t, k, "ann", line, body)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s; want %s", line, got, want)
		}
	}
	if got := verdict(t, k, sendBody(t, k, "ann", "POST /bulk | Content-Type: application/n-triples", "_:b <http://x/p> 1 .")); !strings.HasPrefix(got, ErrBulkBody.Error()) {
		t.Errorf("a body that is none: %s", got)
	}
	for _, nothing := range []string{"", "# nothing\n", "_:b <http://x/p> \"y\" .\n"} {
		if got := verdict(t, k, sendBody(t, k, "ann", "POST /bulk | Content-Type: application/n-triples", nothing)); !strings.HasPrefix(got, ErrUnjudged.Error()) {
			t.Errorf("%q: %s", nothing, got)
		}
	}
	quad := `<cmwell://tests/a> <http://x/p> "y" <cmwell://other> .`
	if got := verdictOf(t, k, sendBody(t, k, "ann", "POST /bulk | Content-Type: application/n-quads", quad)); got != "gate: not permitted: /other" {
		t.Errorf("a graph is a target of another store: %s", got)
	}
}

// In development a write passes without a token, unless it touches what is protected.
func TestBulkWritesInDevelopment(t *testing.T) {
	for _, row := range []struct{ who, line, subject, want string }{
		{"", "POST /_in?format=ntriples", "cmwell://a", passes},
		{"ann", "POST /_in?format=ntriples", "cmwell://a", passes},
		{"expired", "POST /_in?format=ntriples", "cmwell://a", passes},
		{"", "POST /_in?format=ntriples", "cmwell://meta/auth/users/ann", "gate: no token: /meta/auth/users/ann"},
		{"", "POST /_in?format=ntriples", "cmwell://meta/ns/x", "gate: no token: /meta/ns/x"},
		{"", "POST /_in?format=ntriples", "cmwell://meta/sys/dc/x", passes},
		{"", "POST /_in?format=ntriples", "cmwell://vault/x", "gate: no token: /vault/x"},
		{"", "POST /_in?format=ntriples", "cmwell://x/../vault/x", "gate: no token: /x/../vault/x"},
		{"ann", "POST /_in?format=ntriples", "cmwell://vault/x", "gate: not permitted: /vault/x"},
		{"", "POST /_in?format=ntriples", "mailto:x", "gate: the body cannot be judged"},
		{"", "POST /_ow?format=ntriples", "cmwell://a", "gate: no token"},
		{"", "POST /_in?format=ntriples&priority", "cmwell://a", "gate: no token"},
	} {
		k := bulkKeeper(t, true)
		body := "<" + row.subject + `> <http://x/p> "y" .`
		if got := verdictOf(t, k, sendBody(t, k, row.who, row.line, body)); !strings.HasPrefix(got, row.want) || row.want == passes && got != passes {
			t.Errorf("%s of %s by %q: %s; want %s", row.line, row.subject, row.who, got, row.want)
		}
	}
}

func TestARefusalNamesTheFirstTenPaths(t *testing.T) {
	var body strings.Builder
	for i := range 30 {
		fmt.Fprintf(&body, "<cmwell://other/%d> <http://x/p> \"y\" .\n", i)
	}
	k := bulkKeeper(t, false)
	pass, err := k.Check(sendBody(t, k, "ann", "POST /_in?format=ntriples", body.String()))
	var no *Refusal
	if !errors.As(err, &no) || len(no.Paths) != 10 || no.Paths[0] != "/other/0" || no.Paths[9] != "/other/9" || !pass.Write || pass.User != "ann" {
		t.Errorf("%+v, %+v", no, pass)
	}
}

// Many refusals are one, and what is said in one must not be said in the next.
func TestPathsOfOneRefusalAreNotInAnother(t *testing.T) {
	k := bulkKeeper(t, true)
	for _, name := range []string{"a", "b"} {
		_, err := k.Check(sendBody(t, k, "", "POST /_in?format=ntriples", "<cmwell://meta/ns/"+name+"> <http://x/p> \"y\" .\n"))
		no, ok := errors.AsType[*Refusal](err)
		if want := []string{"/meta/ns/" + name}; !ok || !errors.Is(no, ErrNoToken) || !slices.Equal(no.Paths, want) {
			t.Errorf("%+v, %v; want paths %q", no, err, want)
		}
	}
}

// Python's splitlines, and \R of Java, end a line at more than a line feed: what
// stands behind is a path of its own. Others end one at nothing else.
func TestAListIsNotJudgedThatHasOtherEndsOfLines(t *testing.T) {
	k := bulkKeeper(t, false)
	for _, end := range []string{"\r", "\r\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\u0085", "\u2028", "\u2029"} {
		got := verdict(t, k, sendBody(t, k, "ann", "POST /_out", "/tests/a"+end+"/tests/secret/b"))
		if !strings.HasPrefix(got, ErrUnjudged.Error()) {
			t.Errorf("%q: %s", end, got)
		}
	}
}

// Whatever an IRI is, the paths that are judged are those that a store can make
// of it: its own after the host, or after a slash.
func FuzzTargets(f *testing.F) {
	for _, iri := range []string{"http://store/a/b", "cmwell://a/../b", "https://h:1/a%2fb", "http://u@h/a", "mailto:x", "HTTP://H", "http://h?q", "cmwell:/x", "http:///a"} {
		f.Add(iri, "store")
	}
	f.Fuzz(func(t *testing.T, iri, host string) {
		var found targets
		if err := found.add(iri, host, target{}); err != nil {
			if !errors.Is(err, ErrUnjudged) {
				t.Fatalf("%q: %v", iri, err)
			}
			return
		}
		u, err := url.Parse(iri)
		if err != nil || u.Opaque != "" || !strings.Contains(iri, u.EscapedPath()) {
			return // no reader of IRIs takes it as it stands
		}
		want := u.EscapedPath()
		switch {
		case strings.EqualFold(u.Scheme, "cmwell"):
			want = "/" + u.Host + want
		case !strings.EqualFold(u.Host, host):
			want = "/" + u.Host + want
		}
		if want == "" {
			want = "/"
		}
		for _, target := range found.list {
			for i := range target.path.Len() {
				if reading := target.path.Reading(i); reading == want || reading+"/" == want {
					return
				}
			}
		}
		t.Fatalf("%q for %q is judged as %v, and a store can read %q", iri, host, found.list, want)
	})
}

// A reader who takes all behind the scheme for the path finds it among those that are judged,
// unless the host is the store's own.
func FuzzTargetsOfSimpleReaders(f *testing.F) {
	for _, iri := range []string{"http://h/a/b", "http://h?a/b", "https://h#a", "http://H:1/a%2fb", "http://h//a/../b", "cmwell://a?b/c", "http://h"} {
		f.Add(iri)
	}
	f.Fuzz(func(t *testing.T, iri string) {
		var found targets
		_, path, there := strings.Cut(iri, ":/")
		if err := found.add(iri, "store", target{}); err != nil || !there || strings.HasPrefix(path, "/store") {
			return
		}
		for _, target := range found.list {
			for i := range target.path.Len() {
				if reading := target.path.Reading(i); reading == path || reading+"/" == path {
					return
				}
			}
		}
		t.Fatalf("%q is judged as %v", iri, found.list)
	})
}
