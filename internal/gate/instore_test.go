package gate

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// storedKeeper is for a store that holds the users too. "head" may write and read
// everything, and is not Admin.
func storedKeeper(t testing.TB, development bool) *Keeper {
	t.Helper()
	k := bulkKeeper(t, development)
	k.OwnDocuments, k.DocumentsInStore = true, true
	all, ok := k.Users.(users)
	if !ok {
		t.Fatalf("users are %T", k.Users)
	}
	all["head"] = user(t, "head", "+ / rw", `,"operations":["Overwrite","PriorityWrite"]`)
	all["clerk"] = user(t, "clerk", "+ /tests rw, + /meta/auth rw", `,"operations":["Admin"]`)
	return k
}

// What could show the documents of users is for Admin alone: they hold hashes, and
// the store shows them as they are. Nothing else is in the way of anybody.
func TestWhatCouldShowUsersInTheStoreNeedsAdmin(t *testing.T) {
	const no, login = "gate: not permitted", "gate: no token"
	for _, development := range []bool{false, true} {
		k := storedKeeper(t, development)
		for _, line := range []string{
			"GET /?op=search&recursive&with-data", "GET /?op=search", "GET /meta?op=search&recursive", "GET /meta/?recursive", "HEAD /?op=stream", "GET /?op=mstream",
			"GET /?op=sstream", "GET /?op=qstream", "GET /?op=aggregate", "GET /?op=stats", "GET /?op=create-iterator", "GET /?op=create-consumer",
			"GET /tests?op=next-chunk", "GET /tests?op=consume&position=x", "GET /tests?op=bulk-consume", "GET /tests?op=pull&sub=x", "GET /_iterate?iterator-id=x",
			"GET /_consume?position=x", "GET /_bulk-consume?position=x", "GET /ws/_out", "GET /tests/x?xg=1", "GET /tests/x?yg=>a", "GET /ii/0123", "GET /meta?with-descendants",
			"POST /_sparql", "POST /_ssparql", "POST /?op=search | Content-Type: application/x-www-form-urlencoded",
			"GET /tests%2f..%2fmeta?op=search", "GET /meta/aut%68s/../?op=search", "GET /meta;x?op=search",
		} {
			for who, want := range map[string]string{"": login, "ann": no, "bob": no, "head": no, "adm": passes} {
				if got := verdict(t, k, send(t, k, who, line)); got != want {
					t.Errorf("development %v: %s by %q: %s, want %s", development, line, who, got, want)
				}
			}
		}
		for _, line := range []string{
			"GET /", "GET /tests/x", "GET /tests?op=search&recursive&with-data", "GET /meta", "GET /meta/ns?op=search", "GET /meta/ns/x", "GET /tests?op=stream&recursive",
			"GET /meta/authors?op=search", "GET /tests/x?with-history", "GET /health", "GET /_track/x", "GET /meta/services?op=search",
		} {
			for _, who := range []string{"", "bob", "head", "adm"} {
				if got := verdict(t, k, send(t, k, who, line)); got != passes {
					t.Errorf("development %v: %s by %q: %s", development, line, who, got)
				}
			}
		}
	}
}

// And what could change them, or make a way to them.
func TestWhatCouldChangeUsersInTheStoreNeedsAdmin(t *testing.T) {
	const no, login = "gate: not permitted", "gate: no token"
	for _, development := range []bool{false, true} {
		k := storedKeeper(t, development)
		for _, line := range []string{
			"DELETE /", "DELETE /meta", "DELETE /meta?recursive=true", "DELETE /meta/services", "PUT /meta/services/x", "POST /meta/lib/x.jar", "PUT /meta/sys/agents/sparql/x",
			"POST /_cmd?op=init", "POST /_in?format=jsonw", "POST /_new", "GET /meta?op=unheard-of", "PURGE /meta", "DELETE /ii/0123",
			"COPY /tests/x | Destination: /meta", "MOVE /meta | Destination: /tests/x", "GET /tests/x | Upgrade: websocket | Connection: Upgrade",
			"POST /tests/l | X-CM-WELL-TYPE: LN | X-CM-WELL-LINK-TYPE: 2", "PUT /tests/l | X-CM-Well-Type: ln | X-CM-Well-Link-Type: 02",
			"PUT /tests/l | X-CM-Well-Type: OBJ | X-CM-Well-Type: Ln | X-CM-Well-Link-Type: 1 | X-CM-Well-Link-Type: 2",
			"GET /tests/x | X-HTTP-Method-Override: DELETE | X-Compile-To: js",
		} {
			for who, want := range map[string]string{"": login, "head": no, "adm": passes} {
				got := verdict(t, k, send(t, k, who, line))
				if strings.Contains(got, "format of the body") && who != "adm" {
					got = want // it was looked at, as for nobody in development, and is refused all the same
				}
				if got != want {
					t.Errorf("development %v: %s by %q: %s, want %s", development, line, who, got, want)
				}
			}
		}
		for _, line := range []string{
			"PUT /tests/x", "DELETE /tests", "DELETE /meta?recursive=false", "PUT /meta/sys/dc/x", "DELETE /meta/authors", "PUT /meta/ns/x",
			"POST /tests/l | X-CM-WELL-TYPE: LN", "POST /tests/l | X-CM-WELL-TYPE: LN | X-CM-WELL-LINK-TYPE: 0", "POST /tests/l | X-CM-WELL-TYPE: OBJ | X-CM-WELL-LINK-TYPE: 2",
		} {
			if got := verdict(t, k, send(t, k, "head", line)); got != passes {
				t.Errorf("development %v: %s by head: %s", development, line, got)
			}
		}
	}
}

// Who may write everything does not go on unread any more: each target is looked at.
func TestABodyIsJudgedForWhoMayDoItEverywhereButIsNotAdmin(t *testing.T) {
	const (
		nt, out = "POST /_in?format=ntriples", "POST /_out"
		refused = "gate: not permitted"
	)
	say := func(subject, predicate string) string { return "<" + subject + "> <" + predicate + "> \"y\" .\n" }
	plain := func(subject string) string { return say(subject, "http://x/p") }
	for _, row := range []struct{ who, line, body, want string }{
		{"head", nt, plain("cmwell://any/where"), passes},
		{"head", nt, plain("cmwell://meta/ns/x"), passes},
		{"head", "POST /_ow?format=ntriples", plain("cmwell://any/where"), passes},
		{"head", nt, plain("cmwell://any") + plain("cmwell://meta/auth/users/head"), refused + ": /meta/auth/users/head"},
		{"head", nt, plain("http://store/meta/auth/users/head"), refused + ": /meta/auth/users/head"},
		{"head", nt, plain("http://store/meta/%61uth/users/head"), refused + ": /meta/%61uth/users/head"},
		{"head", nt, plain("cmwell://meta//auth/users/head"), refused + ": /meta//auth/users/head"},
		{"head", nt, plain("cmwell://meta/auth/roles/Editor"), refused + ": /meta/auth/roles/Editor"},
		{"head", nt, plain("cmwell://meta/auth/rev_floor"), refused + ": /meta/auth/rev_floor"},
		{"head", nt, plain("cmwell://meta/services/x"), refused + ": /meta/services/x"},
		{"head", nt, say("cmwell://meta", "cmwell://meta/sys#fullDelete"), refused + ": /meta"},
		{"head", nt, say("cmwell://", "cmwell://meta/sys#markReplace"), "gate: the body cannot be judged: "},
		{"head", nt, say("cmwell://any", "cmwell://meta/sys#fullDelete"), passes},
		{"head", nt, say("cmwell://tests/l", "cmwell://meta/sys#linkTo"), refused + ": /tests/l"},
		{"head", nt, say("cmwell://tests/l", "http://host/meta/sys#linkType"), refused + ": /tests/l"},
		{"head", nt, say("", "cmwell://meta/sys#replaceGraph"), "gate: the body cannot be judged: "},
		{"head", "POST /_in?format=jsonw", "{}", "gate: the format of the body is not known: "},
		{"head", out, "/tests/x\n/vault", passes},
		{"head", out, "/tests/x\n/meta/auth/users/head", refused + ": /meta/auth/users/head"},
		{"bob", out, "/tests/x", passes},
		{"bob", out, "/meta/auth/users/bob", refused + ": /meta/auth/users/bob"}, // its hashes would be in it
		{"bob", out, "cmwell://meta/auth/users/ann", refused + ": /meta/auth/users/ann"},
		{"bob", out, "/ii/0123", "gate: the body cannot be judged: "},
		{"bob", out, `{"type":"InfotonPaths","paths":["/meta/auth/users/ann"]}`, "gate: the body cannot be judged: "},
		{"", out, "/tests/x", "gate: no token"},
		{"clerk", nt, plain("cmwell://tests/x") + plain("cmwell://meta/auth/users/ann"), passes},
		{"clerk", nt, plain("cmwell://other"), refused + ": /other"},
		{"clerk", out, "/meta/auth/users/ann", passes},
		{"adm", nt, plain("cmwell://meta/auth/users/ann"), passes},
		{"adm", out, "/meta/auth/users/ann", passes},
	} {
		for _, development := range []bool{false, true} {
			k := storedKeeper(t, development)
			got := verdictOf(t, k, sendBody(t, k, row.who, row.line, row.body))
			want := row.want
			if development && row.body == plain("cmwell://other") || development && row.who == "" {
				want = passes // writes are open there, but for the documents
			}
			if got != want && !(strings.HasSuffix(want, ": ") && strings.HasPrefix(got, want)) {
				t.Errorf("development %v: %s of %q by %q: %s, want %s", development, row.line, row.body, row.who, got, want)
			}
		}
	}
	k := storedKeeper(t, true)
	for body, want := range map[string]string{
		plain("cmwell://tests/x"):                                                 passes,
		plain("cmwell://meta/auth/users/x"):                                       "gate: no token: /meta/auth/users/x",
		say("cmwell://tests/l", "cmwell://meta/sys#linkTo"):                       "gate: no token: /tests/l",
		say("cmwell://tests/l", "cmwell://meta/sys#type") + plain("cmwell://a/b"): passes,
	} {
		if got := verdictOf(t, k, sendBody(t, k, "", nt, body)); got != want {
			t.Errorf("%q by nobody: %s, want %s", body, got, want)
		}
	}
}

func TestAPassTellsWhetherItMayChangeUsers(t *testing.T) {
	k := storedKeeper(t, false)
	for line, want := range map[string]bool{
		"POST /_in?format=ntriples": true, "DELETE /": true, "POST /_cmd": true, "PUT /meta/services/x": true, "DELETE /meta": true,
		"COPY /x | Destination: /meta/auth/users/x": true, "GET /tests?op=unheard-of&recursive": false,
		"GET /?op=search": false, "PUT /tests/x": false, "PUT /meta/auth/users/x": false, "GET /": false, "POST /_out": false,
	} {
		pass, err := k.Check(send(t, k, "adm", line))
		if err != nil || pass.ChangesUsers != want {
			t.Errorf("%s: %v, %v; want %v", line, pass.ChangesUsers, err, want)
		}
	}
	k.DocumentsInStore = false
	if pass, err := k.Check(send(t, k, "adm", "POST /_in?format=ntriples")); err != nil || pass.ChangesUsers {
		t.Errorf("of users who are elsewhere: %+v, %v", pass, err)
	}
}

// Where refusals are only observed, what is refused goes on to the store; but nothing
// that could write what the door would then believe.
func TestObservingSparesUsersInTheStore(t *testing.T) {
	const nt = "POST /_in?format=ntriples"
	triple := func(subject string) string { return "<" + subject + "> <http://x/p> \"y\" .\n" }
	for _, row := range []struct {
		who, line, body string
		goesOn          bool
	}{
		{"", "PUT /tests/x", "", true},
		{"", "GET /?op=search&recursive", "", true}, // as before there was a door
		{"bob", "DELETE /tests", "", true},
		{"", nt, triple("cmwell://tests/x"), true},
		{"bob", nt, triple("cmwell://tests/x"), true},
		{"", nt, triple("cmwell://meta/auth/users/x"), false},
		{"bob", nt, triple("http://store/meta/auth/users/x"), false},
		{"torn", nt, triple("cmwell://meta/auth/users/x"), false},
		{"", nt, "no triple", false},
		{"", nt, strings.Repeat(" ", 5<<10), false},
		{"", "POST /_in", "", false},
		{"", nt, "<cmwell://tests/l> <cmwell://meta/sys#linkTo> <http://x/y> .\n", false},
		{"", "POST /_cmd", "", false},
		{"", "DELETE /", "", false},
		{"", "PUT /meta/services/x", "", false},
		{"", "PUT /meta/auth/users/x", "", false},
		{"", "GET /meta/auth/users/x", "", false},
		{"", "POST /tests/l | X-CM-WELL-TYPE: LN | X-CM-WELL-LINK-TYPE: 2", "", false},
		{"", "PUT /tests/x | Destination: http://a/%zz", "", false},
	} {
		k := storedKeeper(t, false)
		r := sendBody(t, k, row.who, row.line, row.body)
		pass, err := k.Check(r)
		if err == nil {
			t.Errorf("%s by %q passes", row.line, row.who)
		}
		if _, goesOn := k.Observe(r, pass.Access); goesOn != row.goesOn {
			t.Errorf("%s of %q by %q goes on: %v", row.line, row.body, row.who, goesOn)
		}
	}
}

// What the operator declares to read does not open a way either.
func TestNothingThatReachesUsersIsDeclaredToRead(t *testing.T) {
	k := storedKeeper(t, false)
	k.Reads = func(*http.Request) (bool, error) { return true, nil }
	for line, want := range map[string]string{
		"POST /count": passes, "POST /meta/services/x": "gate: not permitted", "POST /_new": "gate: not permitted",
		"DELETE /": "gate: not permitted", "POST /count | X-CM-WELL-TYPE: LN | X-CM-WELL-LINK-TYPE: 2": "gate: not permitted",
		"PUT /meta/auth/users/x": "gate: not permitted",
	} {
		if got := verdict(t, k, send(t, k, "head", line)); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestExplainKnowsWhatIsInTheStore(t *testing.T) {
	k := storedKeeper(t, false)
	for who, passes := range map[string]bool{"head": false, "adm": true, "anonymous": false} {
		verdict, err := k.Explain(t.Context(), Question{User: who, Path: "/", Level: permission.Read, Tree: true})
		if err != nil || verdict.Passes != passes || !passes && verdict.Because == "" {
			t.Errorf("%s: %+v, %v", who, verdict, err)
		}
		verdict, err = k.Explain(t.Context(), Question{User: who, Path: "/tests", Level: permission.Read, Tree: true})
		if err != nil || !verdict.Passes {
			t.Errorf("%s: %+v, %v", who, verdict, err)
		}
	}
}

func FuzzNoBodyReachesUsers(f *testing.F) {
	f.Add("cmwell://meta/auth/users/x")
	f.Add("cmwell://meta/auth/./users/../../x")
	f.Fuzz(func(t *testing.T, subject string) {
		k := storedKeeper(t, false)
		r := sendBody(t, k, "head", "POST /_in?format=ntriples", "<"+subject+"> <http://x/p> \"y\" .\n")
		r.Method = http.MethodPost
		if _, err := k.Check(r); err == nil && strings.HasPrefix(subject, "cmwell://meta/auth/") {
			t.Errorf("%q passes", subject)
		}
	})
}
