package integration

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

const asFile = "X-CM-Well-Type: File"

// put posts a document as CM-Well's clients do.
func (d askedDoor) put(t *testing.T, as, path, document string) answer {
	t.Helper()
	return d.ask(t, requestWith(document, "POST "+path, bearing(as), asFile, "Content-Type: application/json"))
}

func TestAUserIsMadeUsedChangedAndDeletedAsCMWellHasIt(t *testing.T) {
	d := startAuth(t)
	adm := tokenOf(t, "adm")
	generated := d.ask(t, request("GET /_auth?op=generate-password"))
	var secret struct{ Password, Encrypted string }
	if err := json.Unmarshal([]byte(generated.body), &secret); err != nil || secret.Encrypted == "" {
		t.Fatalf("generate-password: %v", generated)
	}
	document := func(path string) string {
		return `{"paths":[{"id":"` + path + `","sign":"+","recursive":true,"permissions":"rw"}],"roles":["Editor"],"rev":0,"digest":"` + secret.Encrypted + `","team":"news"}`
	}
	wantAuth(t, d.put(t, adm, "/meta/auth/roles/Editor", `{"paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}]}`), 200, succeeded)
	wantAuth(t, d.put(t, adm, "/meta/auth/users/zoe", document("/zoe")), 200, succeeded)

	zoe := d.logIn(t, "zoe", secret.Password)
	write := func(line, raw string, want int) {
		t.Helper()
		if got := d.ask(t, request(line, bearing(raw), "Content-Length: 0")); got.status != want {
			t.Errorf("%s: got %v, want %d", line, got, want)
		}
	}
	write("PUT /zoe/x", zoe, 200)
	write("PUT /docs/x", zoe, 200)
	write("PUT /new/x", zoe, 403)

	// A change holds from the next request on.
	wantAuth(t, d.put(t, adm, "/meta/auth/users/zoe", document("/new")), 200, succeeded)
	write("PUT /new/x", zoe, 200)
	write("PUT /zoe/x", zoe, 403)
	wantAuth(t, d.auth(t, "DELETE /meta/auth/roles/Editor", adm), 200, succeeded)
	write("PUT /docs/x", zoe, 403)

	// Deleted and made anew, the user's old tokens stay dead.
	wantAuth(t, d.auth(t, "DELETE /meta/auth/users/zoe", adm), 200, succeeded)
	write("PUT /new/x", zoe, 401)
	wantAuth(t, d.auth(t, "GET /meta/auth/users/zoe", adm), 404, "user zoe does not exist")
	wantAuth(t, d.auth(t, "DELETE /meta/auth/users/zoe", adm), 404, "user zoe does not exist")
	wantAuth(t, d.put(t, adm, "/meta/auth/users/zoe", document("/new")), 200, succeeded)
	write("PUT /new/x", zoe, 401)
	write("PUT /new/x", d.logIn(t, "zoe", secret.Password), 200)

	for _, r := range d.store.take() {
		if strings.Contains(r.target, "auth") {
			t.Errorf("the store saw %v", r)
		}
	}
	d.stop(t)
	d.start(t)
	d.awaitServing(t, "/_login")
	write("PUT /new/x", zoe, 401)
	kept := d.auth(t, "GET /meta/auth/users/zoe", adm)
	wantAuth(t, kept, 200, `"team":"news"`)
}

func TestWhoMayDoWhatWithUserDocuments(t *testing.T) {
	d := startAuth(t)
	mine := `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}],"operations":["Admin"]}`
	hashes := []string{"digest", "$2a$", "$argon2"}
	for _, row := range []struct {
		who, line string
		headers   []string
		status    int
		has       string
	}{
		{"", "GET /meta/auth/users/ann", nil, 401, loginFirst},
		{"", "POST /meta/auth/users/ann", []string{asFile}, 401, loginFirst},
		{"bob", "GET /meta/auth/users/ann", nil, 200, `"paths"`}, // bob reads everything
		{"bob", "GET /meta/auth/users", nil, 200, `{"users":["adm","ann","bob"`},
		{"bob", "GET /meta/auth/roles/", nil, 200, `{"roles":[`},
		{"bob", "GET /meta/auth", nil, 200, `{"folders":["roles","users"]}`},
		{"cal", "GET /meta/auth/users/ann", nil, 403, ""},
		{"cal", "GET /meta/auth/users", nil, 403, ""},
		{"cal", "GET /meta/auth/users/cal", nil, 200, `"paths"`}, // one's own
		{"cal", "GET /meta/auth/users/cal;x", nil, 403, ""},
		{"adm", "GET /meta/auth/users/ann", nil, 200, `"digest"`},
		{"adm", "GET /meta/auth/users/nobody", nil, 404, "user nobody does not exist"},
		{"adm", "GET /meta/auth/users/a/b", nil, 404, ""},
		{"adm", "GET /meta/auth/other", nil, 404, ""},
		{"adm", "GET /meta/auth/users/ann?op=search", nil, 400, "no parameters are accepted here"},
		{"adm", "GET /meta//auth/users/ann", nil, 400, "another spelling"},
		{"adm", "PUT /tests/..%2fmeta/auth/users/ann", []string{asFile}, 400, "another spelling"},

		// Writing any document is as good as being Admin, so only Admin does.
		{"ann", "POST /meta/auth/users/ann", []string{asFile}, 403, ""},
		{"cal", "PUT /meta/auth/users/cal", []string{asFile}, 403, ""},
		{"bob", "DELETE /meta/auth/users/ann", nil, 403, ""},
		{"bob", "POST /meta/auth/users/bob?op=search", []string{asFile, "Content-Type: application/x-www-form-urlencoded"}, 403, ""},
		{"adm", "POST /meta/auth/users/x?op=search", []string{asFile, "Content-Type: application/x-www-form-urlencoded"}, 400, "no parameters"},
		{"adm", "POST /meta/auth/users/x", nil, 400, "X-CM-Well-Type"},
		{"adm", "POST /meta/auth/users/x", []string{"X-CM-Well-Type: Obj"}, 400, "Obj"},
		{"adm", "POST /meta/auth/users/a%20b", []string{asFile}, 400, "a-z 0-9"},
		{"adm", "PATCH /meta/auth/users/ann", nil, 405, "PATCH is not accepted here"},
		{"adm", "DELETE /meta/auth/users", nil, 405, ""},
	} {
		raw := ""
		if row.who != "" {
			raw = tokenOf(t, row.who)
		}
		headers := row.headers
		if raw != "" {
			headers = append(headers, bearing(raw))
		}
		got := d.ask(t, requestWith(mine, row.line, headers...))
		if got.status != row.status || !strings.Contains(got.body, row.has) || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s by %q: got %v %v, want %d with %s", row.line, row.who, got, got.header, row.status, row.has)
		}
		for _, part := range hashes {
			if row.who != "adm" && strings.Contains(got.body, part) {
				t.Errorf("%s by %q shows a hash: %v", row.line, row.who, got)
			}
		}
	}
	d.sawNothing(t)
}

// badDocuments are of no user, and this is what is said of each.
var badDocuments = map[string]string{
	`{"operations":[],"operations":["Admin"]}`: "given twice",
	`{"paths":{}}`: "paths",
	`{"paths":[{"id":"/","sign":"+","recursive":"true","permissions":"r"}]}`: "recursive",
	`{"paths":[{"id":"/","sign":"++","permissions":"r"}]}`:                   `sign`,
	`{"paths":[{"id":"/","sign":"+","permissions":"rwx"}]}`:                  "rwx",
	`{"paths":[{"id":"","sign":"+","recursive":true,"permissions":"r"}]}`:    "begins with a slash",
	`{"rev":"5"}`:                 "rev",
	`{"rev":1e3}`:                 "rev",
	`{"rev":-1}`:                  "rev -1",
	`{"rev":9223372036854775808}`: "rev",
	`{"Operations":[]}`:           `written \"operations\"`,
	`{"digest":"x"}`:              "digest",
	`{}{}`:                        "after top-level value",
	`null`:                        "one JSON object",
	``:                            "one JSON object",
	`{"digest":"$2a$31$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}`: "cost 31",
	strings.Repeat(" ", 1<<20) + "{}":                                           "at most 1048576 bytes",
}

// refusesBadDocuments sends all of them, and looks whether the users are the same.
func (d *door) refusesBadDocuments(t *testing.T, put func(document string) answer) {
	t.Helper()
	before, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	for document, says := range badDocuments {
		got := put(document)
		if got.status != 400 && got.status != 413 || !strings.Contains(got.body, says) || strings.Contains(got.body, "7EqJtq98") {
			t.Errorf("%.80s: got %v, want %s", document, got, says)
		}
	}
	if after, err := os.ReadFile(d.users); err != nil || string(after) != string(before) {
		t.Errorf("the file changed: %v\n%s", err, after)
	}
}

func TestDocumentsThatAreNotAcceptedChangeNothing(t *testing.T) {
	d := startAuth(t)
	d.refusesBadDocuments(t, func(document string) answer {
		return d.put(t, tokenOf(t, "adm"), "/meta/auth/users/ann", document)
	})
	d.sawNothing(t)
}

func TestTheLogWarnsOfUsersThatAreProbablyNotMeant(t *testing.T) {
	store := startRecorder(t, &recorder{})
	door := newDoor(t, frontDoor(ownKey), doorOptions{store: store.address})
	if err := os.WriteFile(door.users, []byte(`{"users": {
		"adm": {"operations": ["Admin"], "paths": [{"id": "/", "sign": "+", "recursive": true, "permissions": "rw"}]},
		"bob": {"roles": ["Editor", "Gone"], "paths": [{"id": "/docs", "sign": "-", "recursive": true, "permissions": "rw"}, {"id": "/a%20b", "sign": "+", "permissions": "r"}]},
		"eve": {"paths": [{"id": "/meta/auth", "sign": "+", "recursive": true, "permissions": "rw"}]}},
		"roles": {"Editor": {"paths": [{"id": "/docs/x", "sign": "+", "recursive": true, "permissions": "rw"}]}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	door.start(t)
	door.awaitServing(t, "/_login")
	for _, part := range []string{"user bob: the role Gone does not exist", "role Editor", "percent-encoded", "cannot log in", "/meta/auth"} {
		door.says(t, part)
	}
	d := askedDoor{door, store}
	raw := signed(t, signingSecret, token.Claims{Subject: "adm", Expires: time.Now().Add(time.Hour)})
	wantAuth(t, d.put(t, raw, "/meta/auth/users/anonymous", `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}]}`), 200, succeeded)
	door.says(t, "user anonymous: ")
}

// curl is what people have: these are the commands of the documentation.
func TestUserDocumentsByCurl(t *testing.T) {
	d := startAuth(t)
	file := filepath.Join(t.TempDir(), "user.json")
	if err := os.WriteFile(file, []byte(`{"paths":[{"id":"/zoe","sign":"+","recursive":true,"permissions":"rw"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	at := "http://" + d.address + "/meta/auth/users/zoe"
	for _, row := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"-H", asFile, "-H", "Content-Type: application/json", "--data-binary", "@" + file, at}, succeeded},
		{[]string{"-X", "PUT", "-H", "x-cm-well-type: FILE", "-d", `{"first":"Zoe"}`, at}, succeeded},
		{[]string{at}, `"first":"Zoe"`},
		{[]string{"-I", at}, "200 OK"},
		{[]string{"-X", "DELETE", at}, succeeded},
	} {
		out, err := exec.CommandContext(t.Context(), "curl", append([]string{"-s", "-H", bearing(tokenOf(t, "adm"))}, row.arguments...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), row.want) {
			t.Errorf("curl %v: %v: %s; want %s", row.arguments, err, out, row.want)
		}
	}
}
