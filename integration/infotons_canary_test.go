package integration

import (
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// reads are requests that could show the documents of users, each in its own way:
// a line and, behind " | ", headers, and behind " || " a body.
var canaryReads = []string{
	"GET /meta/auth/users/canary", "HEAD /meta/auth/users/canary", "GET /meta/auth/users/canary?format=json", "GET /meta/auth/users/canary?format=ntriples",
	"GET /meta/auth/users/canary?with-history", "GET /meta/auth/users/canary?op=x-info", "GET /meta/auth/users/canary?xg", "GET /meta/auth/users?recursive",
	"GET /meta/auth/users", "GET /meta/auth", "GET /meta/auth/users/", "GET /meta//auth/users/canary", "GET /meta/auth/users/canary/", "GET /meta/%61uth/users/canary",
	"GET /tests/..%2fmeta/auth/users/canary", "GET /tests/%2e%2e/meta/auth/users/canary", "GET /meta/auth;x/users/canary", "GET /meta/auth/users/canary%00", "GET //meta/auth/users/canary",
	"GET /META/auth/users/canary", "OPTIONS /meta/auth/users/canary", "PROPFIND /meta/auth/users/canary",
	"GET /meta/auth/users?op=search&with-data&format=json", "GET /?op=search&recursive&with-data&format=json", "GET /meta?op=search&recursive&with-data", "GET /meta/?op=search&with-descendants&with-data",
	"GET /?op=search&recursive&with-data&format=ntriples", "GET /?op=SEARCH&recursive&with-data", "GET /?op=search&op=search&recursive&with-data", "GET /?op=search;recursive&with-data", "GET /?recursive&with-data&op=search",
	"GET /?op=stream&recursive", "GET /?op=mstream&recursive", "GET /?op=sstream&recursive", "GET /?op=qstream&recursive", "GET /?op=aggregate&ap=x", "GET /?op=stats",
	"GET /?op=create-iterator&recursive", "GET /?op=next-chunk&iterator-id=x", "GET /?op=create-consumer&recursive", "GET /?op=consume&position=x", "GET /?op=bulk-consume&position=x",
	"GET /?op=subscribe&method=pull", "GET /?op=pull&sub=x", "GET /_iterate?iterator-id=x", "GET /_consume?position=x", "GET /_bulk-consume?position=x",
	"GET /tests/x?xg=3", "GET /tests/x?yg=>p", "GET /ii/0123456789abcdef", "GET /_cas/meta/auth/users/canary", "GET /_es/0123", "GET /_kafka/persist_topic/0",
	"GET /proc/requests.md", "GET /monitor/requests/L21ldGE=", "GET /zz/k", "GET /ws/_out?format=json",
	"POST /?op=search&recursive&with-data | Content-Type: application/x-www-form-urlencoded || ",
	"POST /_out?format=json || /meta/auth/users/canary", "PUT /_out?format=json || /meta/auth/users/canary", "POST /_out?format=json || meta/auth/users/canary",
	"POST /_out?format=json || /tests/x\r\n/meta/auth/users/canary", "POST /_out?format=json || cmwell://meta/auth/users/canary", "POST /_out?format=json || http://door/meta/auth/users/canary",
	`POST /_out?format=json | Content-Type: application/json || {"type":"InfotonPaths","paths":["/meta/auth/users/canary"]}`, "POST /_out?format=json || /ii/0123456789abcdef",
	"POST /_sp?format=json || PATHS\n/meta/auth/users/canary\n", "POST /_sparql || SELECT * WHERE { ?s ?p ?o }", "POST /_ssparql || SELECT * WHERE { ?s ?p ?o }",
	"GET /tests/x | X-HTTP-Method-Override: POST | X-Original-URL: /meta/auth/users/canary", "GET /_auth?op=explain&user=canary&path=/", "GET /_auth?op=whoami", "GET /_auth?op=health",
}

// canaryLinks try to make a way to the document, and then go it.
var canaryLinks = []string{
	"POST /tests/way | X-CM-WELL-TYPE: LN | X-CM-WELL-LINK-TYPE: 2 || /meta/auth/users/canary", "PUT /tests/way | x-cm-well-type: ln | x-cm-well-link-type: 2 || /meta/auth/users/canary",
	"POST /tests/way | X-CM-WELL-TYPE: LN | X-CM-WELL-LINK-TYPE: 1 || /meta/auth/users/canary",
	"POST /_in?format=ntriples || <cmwell://tests/way> <cmwell://meta/sys#linkTo> <cmwell://meta/auth/users/canary> .\n",
	"COPY /meta/auth/users/canary | Destination: /tests/way || ", "MOVE /meta | Destination: /tests/way || ",
}

func canaryRequest(row, raw string) []byte {
	said, body, _ := strings.Cut(row, " || ")
	parts := strings.Split(said, " | ")
	headers := parts[1:]
	if raw != "" {
		headers = append(headers, bearing(raw))
	}
	return requestWith(body, parts[0], headers...)
}

// A hash that is planted among the users of the store behind comes back to nobody but
// Admin, whatever is asked for.
func TestNoRequestShowsTheHashesOfUsersInTheStore(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	hash, err := account.HashPassword("canary", 4)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{hash[8:], strings.Repeat("c0ffee00", 4)}
	everything := `"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}],"operations":["Overwrite","PriorityWrite"]`
	store.plant(t, "/meta/auth/users/canary", `{`+everything+`,"digest":"`+hash+`","digest2":"`+secrets[1]+`","first":"Tweety"}`)
	store.plant(t, "/meta/auth/users/head", `{`+everything+`}`)
	for _, environment := range []string{"production", "development"} {
		d := startInfotons(t, store.address, store.address, "", "environment "+environment)
		for _, who := range []string{"", "ann", "bob", "cal", "head", "canary", "adm"} {
			raw := ""
			if who != "" {
				raw = tokenOf(t, who)
			}
			shown := 0
			for _, row := range append(canaryReads, canaryLinks...) {
				got := d.ask(t, canaryRequest(row, raw))
				way := answer{}
				if strings.Contains(row, "/tests/way") {
					way = d.ask(t, canaryRequest("GET /tests/way", raw))
				}
				for _, secret := range secrets {
					if !strings.Contains(got.body+way.body, secret) {
						continue
					}
					if shown++; who != "adm" {
						t.Errorf("%s: %.200q shows %q a hash: %.300v %.300v", environment, row, who, got, way)
					}
				}
			}
			if who == "adm" && shown < 10 {
				t.Errorf("%s: Admin was shown %d hashes: too few for the test to mean anything", environment, shown)
			}
			if got := d.ask(t, canaryRequest("GET /meta/auth/users/canary", raw)); (got.status == 200) != (who != "" && who != "cal") || got.status == 200 && !strings.Contains(got.body, "Tweety") {
				t.Errorf("%s: the document without its hashes, for %q: %v", environment, who, got)
			}
			d.ask(t, canaryRequest("DELETE /tests/way?recursive=false", tokenOf(t, "adm")))
		}
	}
	if got := store.ask(t, request("GET /meta/auth/users/canary")); !strings.Contains(got.body, hash) {
		t.Errorf("the canary is gone: %v", got)
	}
}

// Who may write everything, and is not Admin, does not become it: not by any call
// that passes.
func TestNobodyBecomesAdminThroughTheStore(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	head := `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}],"operations":["Overwrite","PriorityWrite"]}`
	store.plant(t, "/meta/auth/users/head", head)
	triple := "<cmwell://meta/auth/users/head> <http://p.test/operations> \"Admin\" .\n"
	for _, settings := range [][]string{{"environment production"}, {"environment development"}, {"environment production", "mode observe"}} {
		d := startInfotons(t, store.address, store.address, "", settings...)
		for _, row := range []string{
			`POST /meta/auth/users/head | X-CM-Well-Type: FILE || {"operations":["Admin"]}`, `PUT /meta/auth/users/head | X-CM-Well-Type: OBJ || {"operations":["Admin"]}`,
			`POST /meta/auth/roles/x | X-CM-Well-Type: FILE || {"operations":["Admin"]}`, `POST /meta/auth/rev_floor | X-CM-Well-Type: FILE || {}`,
			`POST /meta//auth/users/head | X-CM-Well-Type: FILE || {"operations":["Admin"]}`, `POST /tests/..%2fmeta/auth/users/head | X-CM-Well-Type: FILE || {"operations":["Admin"]}`,
			"POST /_in?format=ntriples || " + triple, "POST /_in?format=nquads || " + triple, "POST /_ow?format=ntriples || " + triple, "POST /_in?format=jsonw || {}", "POST /_in || " + triple,
			"POST /_in?format=ntriples || <cmwell://tests/ok> <http://p.test/p> \"x\" .\n" + triple, "POST /_in?format=ntriples || " + strings.ReplaceAll(triple, "cmwell:/", "http://door"),
			"POST /_in?format=ntriples || " + strings.ReplaceAll(triple, "auth", `\u0061uth`), "POST /_cmd?op=init || " + triple,
			"DELETE /meta/auth/users/adm || ", "DELETE /meta/auth?recursive=true || ", "DELETE /meta || ", "DELETE / || ", "GET /meta/auth/users/adm?op=purge-all || ",
			"POST /meta/services/x | X-CM-Well-Type: OBJ || {}", "POST /new/x | X-HTTP-Method-Override: DELETE || ",
		} {
			for _, raw := range []string{tokenOf(t, "head"), tokenOf(t, "ann"), ""} {
				d.ask(t, canaryRequest(row, raw))
			}
		}
		for _, raw := range []string{tokenOf(t, "head"), tokenOf(t, "ann")} {
			if got := d.ask(t, canaryRequest("GET /_auth?op=whoami", raw)); got.status != 200 || strings.Contains(got.body, "Admin") {
				t.Errorf("%v: afterwards %v", settings, got)
			}
		}
		if got := store.ask(t, request("GET /meta/auth/users/head")); got.body != head {
			t.Errorf("%v: in the store is %v", settings, got)
		}
		for _, path := range []string{"/meta/auth/users/adm", "/meta/auth/users/ann"} {
			if got := store.ask(t, request("GET "+path)); got.status != 200 {
				t.Errorf("%v: %s: %v", settings, path, got)
			}
		}
		for _, path := range []string{"/meta/auth/roles/x", "/meta/auth/rev_floor", "/meta/services/x"} {
			if got := store.ask(t, request("GET "+path)); got.status != 404 {
				t.Errorf("%v: %s: %v", settings, path, got)
			}
		}
		d.wants(t, "PUT /tests/still", tokenOf(t, "head"), 200)
		d.wants(t, "PUT /anything/else", tokenOf(t, "head"), 200)
	}
}
