package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/chaos"
)

// headers are those of lines such as bearing makes.
func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

// oneOf makes a question about one of the targets.
func oneOf(method string, as, raw string, status int, targets ...string) func(*rand.Rand, *chaos.Door) *chaos.Question {
	return func(r *rand.Rand, _ *chaos.Door) *chaos.Question {
		q := &chaos.Question{Method: method, Target: targets[r.IntN(len(targets))], Header: http.Header{}, As: as, Owes: chaos.Always(status)}
		if raw != "" {
			q.Header = headers(bearing(raw))
		}
		if method != http.MethodGet {
			q.Body = "x"
		}
		return q
	}
}

// bulk makes a question with a body about these subjects.
func bulk(raw string, status int, subjects ...string) func(*rand.Rand, *chaos.Door) *chaos.Question {
	var body strings.Builder
	for _, s := range subjects {
		fmt.Fprintf(&body, "<http://%s> <http://purl.org/dc/terms/title> \"x\" .\n", s)
	}
	return func(*rand.Rand, *chaos.Door) *chaos.Question {
		return &chaos.Question{Method: http.MethodPost, Target: "/_in?format=ntriples", Body: body.String(), Header: headers(bearing(raw)), As: "ann", Owes: chaos.Always(status)}
	}
}

// logins makes a question with a password. A queue may be full, and guesses are slowed down.
func logins(name, password string, status int, excused ...int) func(*rand.Rand, *chaos.Door) *chaos.Question {
	return func(*rand.Rand, *chaos.Door) *chaos.Question {
		return &chaos.Question{Method: http.MethodGet, Target: "/_login", Header: headers(authorization(name, password)), Own: true, Owes: chaos.Always(status), Excused: excused}
	}
}

// chaosKinds are what is asked all the time; logins seldom, since a password is hashed for
// each. The next is one entry.
func chaosKinds(t testing.TB, calm bool) []chaos.Kind {
	full := []int{503} // the queue of logins is
	if !calm {
		full = append(full, 429) // the end of many a login could not be told, and for two minutes it may be a failure
	}
	ann, bob := tokenOf(t, "ann"), tokenOf(t, "bob")
	bad := badTokens(t)
	names := slices.Sorted(maps.Keys(bad))
	return []chaos.Kind{
		{Name: "read by nobody", Weight: 24, Make: oneOf("GET", "", "", 200, "/data/x", "/tests/secret/x", "/x?op=search&qp=a:b")},
		{Name: "write by nobody", Weight: 24, Make: oneOf("PUT", "", "", 401, "/data/x", "/tests/x", "/x?op=search")},
		{Name: "read by a user", Weight: 16, Make: oneOf("GET", "bob", bob, 200, "/data/x", "/tests/x")},
		{Name: "write that is allowed", Weight: 32, Make: oneOf("PUT", "ann", ann, 200, "/tests/x", "/tests/a%20b", "/tests/y/z")},
		{Name: "deletion that is allowed", Weight: 8, Make: oneOf("DELETE", "ann", ann, 200, "/tests/x?recursive=false")},
		{Name: "deletion that is denied", Weight: 8, Make: oneOf("DELETE", "ann", ann, 403, "/tests", "/tests/secret/x?recursive=false")},
		{Name: "write that is denied", Weight: 32, Make: oneOf("PUT", "ann", ann, 403, "/data/x", "/tests/secret/x", "/tests/%2e%2e/data/x", "/tests/..;/data/x", "/tests//secret/x", "/tests/x%2f..%2fsecret/x")},
		{Name: "write by a reader", Weight: 8, Make: oneOf("POST", "bob", bob, 403, "/tests/x", "/data/x")},
		{Name: "bad token", Weight: 32, Make: func(r *rand.Rand, d *chaos.Door) *chaos.Question {
			return oneOf("PUT", "", bad[names[r.IntN(len(names))]], 401, "/tests/x")(r, d)
		}},
		{Name: "bulk write that is allowed", Weight: 8, Make: bulk(ann, 200, "tests/a", "tests/b")},
		{Name: "bulk write that is denied", Weight: 8, Make: bulk(ann, 403, "tests/a", "tests/secret/b")},
		{Name: "login", Weight: 1, Make: logins("ann", passwordOf("ann"), 200, full...)},
		{Name: "login with a wrong password", Weight: 1, Make: logins("cal", "wrong", 401, 429, 503)},
		{Name: "what a change decides", Weight: 96, Make: func(r *rand.Rand, d *chaos.Door) *chaos.Question {
			return d.Subjects[r.IntN(len(d.Subjects))].Question(r.Uint64(), d)
		}},
	}
}

// chaosDocument is the document of a subject as its changes make it.
func chaosDocument(n int) string {
	return fmt.Sprintf(`{"change":%d,"paths":[{"id":"/side%d","sign":"+","recursive":true,"permissions":"rw"}]}`, n, n%2)
}

// fieldIs tells whether a document has the number.
func fieldIs(document []byte, field string, n int) bool {
	var fields map[string]any
	return json.Unmarshal(document, &fields) == nil && fields[field] == float64(n)
}

// chaosSubjects are users who are changed at the door, in three ways.
func chaosSubjects(t testing.TB, home *chaos.Door) []*chaos.Subject {
	adm := bearing(tokenOf(t, "adm"))
	zoe := &chaos.Subject{Name: "zoe-" + home.Name, Home: home}
	zoe.Change = func(n int) *chaos.Question {
		return &chaos.Question{Method: "POST", Target: "/meta/auth/users/" + zoe.Name, Body: chaosDocument(n), Header: headers(adm, asFile)}
	}
	zoe.Is = func(document []byte, n int) bool { return fieldIs(document, "change", n) }
	permitted := bearing(tokenOf(t, zoe.Name))
	zoe.Ask = func(pick uint64) *chaos.Question {
		side := int(pick % 2)
		return &chaos.Question{Method: "PUT", Target: fmt.Sprintf("/side%d/x", side), Body: "x", Header: headers(permitted), As: zoe.Name, Owes: func(n int) int {
			if n%2 == side {
				return 200
			}
			return 403
		}}
	}

	rex := &chaos.Subject{Name: "rex-" + home.Name, Home: home, Repeated: []int{401}}
	rex.Change = func(n int) *chaos.Question {
		return &chaos.Question{Method: "POST", Target: "/_auth?op=logout", Header: headers(bearing(tokenAt(t, rex.Name, int64(n-1))))}
	}
	rex.Is = func(document []byte, n int) bool { return fieldIs(document, "rev", n) }
	rex.Ask = func(pick uint64) *chaos.Question {
		rev := max(rex.Acknowledged()-int(pick%2), 0)
		return &chaos.Question{Method: "PUT", Target: "/side0/x", Body: "x", Header: headers(bearing(tokenAt(t, rex.Name, int64(rev)))), As: rex.Name, Owes: func(n int) int {
			if n == rev {
				return 200
			}
			return 401
		}}
	}

	pat := &chaos.Subject{Name: "pat-" + home.Name, Home: home, Repeated: []int{404}}
	pat.Change = func(n int) *chaos.Question {
		q := &chaos.Question{Method: "POST", Target: "/meta/auth/users/" + pat.Name, Body: chaosDocument(n), Header: headers(adm, asFile)}
		if n%2 == 0 {
			q.Method, q.Body = "DELETE", ""
		}
		return q
	}
	pat.Is = func(document []byte, n int) bool {
		return n%2 == 0 && document == nil || n%2 == 1 && fieldIs(document, "change", n)
	}
	pat.Ask = func(uint64) *chaos.Question {
		return &chaos.Question{Method: "GET", Target: "/meta/auth/users/" + pat.Name, Header: headers(adm), Own: true, Owes: func(n int) int { return []int{404, 200}[n%2] }}
	}
	return []*chaos.Subject{zoe, rex, pat}
}

// withSubjects is a users file in which the subjects are at change 0.
func withSubjects(t testing.TB, subjects []*chaos.Subject) []byte {
	t.Helper()
	text, err := usersDocument()
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Users map[string]json.RawMessage `json:"users"`
		Roles json.RawMessage            `json:"roles"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range subjects {
		if document := strings.Replace(chaosDocument(0), "{", `{"rev":0,`, 1); !s.Is(nil, 0) {
			all.Users[s.Name] = json.RawMessage(document)
		}
	}
	if text, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	return text
}
