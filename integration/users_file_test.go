package integration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// usersWith is the file of users with a rev for ann, and more.
func usersWith(t *testing.T, rev int, more string) string {
	t.Helper()
	document, err := usersDocument()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(document), `"users":{`, `"users":{`+more, 1)
	head, tail, _ := strings.Cut(text, `"ann":{`)
	return head + `"ann":{` + strings.Replace(tail, `"rev":0`, fmt.Sprintf(`"rev":%d`, rev), 1)
}

func annAt(t *testing.T, rev int) string {
	t.Helper()
	return bearing(signed(t, signingSecret, token.Claims{Subject: "ann", Expires: time.Now().Add(time.Hour), Revision: int64(rev)}))
}

func (d *door) takesAnnAt(t *testing.T, rev int) bool {
	t.Helper()
	got := d.ask(t, request("PUT /tests/x", annAt(t, rev), "Content-Length: 0"))
	if got.status != 200 && got.status != 401 {
		t.Errorf("ann with rev %d: got %v", rev, got)
	}
	return got.status == 200
}

func saved(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) }

// swapped is how most editors save: another file in place of the one that was there.
func swapped(name, text string) error {
	return errors.Join(saved(name+"~", text), os.Rename(name+"~", name))
}

func TestAnEditByHandHoldsWithinASecond(t *testing.T) {
	for how, save := range map[string]func(name, text string) error{
		"written in place": saved,
		"mv":               swapped,
		"with the former time and size": func(name, text string) error {
			before, err := os.Stat(name)
			if err != nil {
				return err
			}
			return errors.Join(saved(name, text), os.Chtimes(name, before.ModTime(), before.ModTime()))
		},
		"rm and made anew": func(name, text string) error { return errors.Join(os.Remove(name), saved(name, text)) },
		"as Kubernetes does": func(name, text string) error {
			folder := filepath.Dir(name)
			version, err := os.MkdirTemp(folder, "..version")
			next := filepath.Join(folder, "..data_tmp")
			return errors.Join(err, saved(filepath.Join(version, "kept.json"), text), os.Symlink(filepath.Base(version), next), os.Rename(next, filepath.Join(folder, "..data")))
		},
	} {
		t.Run(how, func(t *testing.T) {
			store := startRecorder(t, &recorder{})
			d := newDoor(t, frontDoor(ownKey), doorOptions{store: store.address})
			if how == "as Kubernetes does" {
				if err := errors.Join(os.Remove(d.users), save(d.users, usersWith(t, 0, "")), os.Symlink("..data/kept.json", d.users)); err != nil {
					t.Fatal(err)
				}
			}
			d.start(t)
			d.awaitServing(t, "/_login")
			if !d.takesAnnAt(t, 0) {
				t.Fatal("ann's token is not taken at the start")
			}
			quickest := patience
			for rev := 1; rev <= 5; rev++ {
				if err := save(d.users, usersWith(t, rev, "")); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				eventually(t, "the former token is dead", func() bool { return !d.takesAnnAt(t, rev-1) })
				quickest = min(quickest, time.Since(begun))
				if !d.takesAnnAt(t, rev) {
					t.Errorf("with rev %d in the file, a token with it is not taken", rev)
				}
			}
			// The slowest would tell of the machine.
			if quickest > time.Second {
				t.Errorf("it took %v", quickest)
			}
			if how == "as Kubernetes does" {
				if got := d.ask(t, requestWith(`{}`, "PUT /meta/auth/users/new", bearing(tokenOf(t, "adm")), asFile)); got.status != 501 {
					t.Errorf("a change behind a link: %v", got)
				}
			}
			if said := d.output.String(); strings.Contains(said, "could not be read again") {
				t.Error("the log tells of trouble")
			}
		})
	}
}

// Somebody who comes by an edit can log in, whatever the hash: failures are worth
// as much from then on. And the log says what is probably not meant.
func TestWhoIsWrittenIntoTheFileLogsIn(t *testing.T) {
	d := startAsked(t)
	hash, err := account.Argon2id.Hash("a new pass")
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Count(d.output.String(), "cannot log in")
	if err := swapped(d.users, usersWith(t, 0, `"zoe":{"digest":"`+hash+`","roles":["Gone"]},"zac":{},`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "zoe logs in", func() bool {
		return d.ask(t, request("GET /_login", authorization("zoe", "a new pass"))).status == 200
	})
	d.says(t, "user zoe: the role Gone does not exist")
	d.says(t, "user zac: no digest")
	if said := d.output.String(); strings.Count(said, "user zoe: ") != 1 || strings.Count(said, "cannot log in") != before+1 {
		t.Error("what did not change is warned of again")
	}
}

func (d *door) health(t *testing.T) string {
	t.Helper()
	got := d.ask(t, request("GET /_auth?op=health"))
	if got.status != 200 || strings.Contains(got.body, "ann") || strings.Contains(got.body, d.dir) {
		t.Errorf("health: %v", got)
	}
	return got.body
}

func TestABrokenEditKeepsTheLastGoodUsers(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey, "password_hash argon2id"), doorOptions{store: store.address, admin: true})
	d.logIn(t, "ann", passwordOf("ann")) // what Digest needs is stored while that can be
	const trouble = "the users could not be read again"
	troubles := 0
	for _, row := range []struct {
		why    string
		spoil  func() error
		health string
		log    *regexp.Regexp
	}{
		{"cut off", func() error { return saved(d.users, `{"users":{"ann":{`) }, "the users file is not of the form that is accepted", regexp.MustCompile(`users\.json: line 1: .*unexpected EOF`)},
		{"a wrong field", func() error { return swapped(d.users, "{\"users\":{\n\"ann\":{\"rev\":\"1\"}}}") }, "a document in the users file is not accepted", regexp.MustCompile(`line 2: user ann: rev: a JSON string`)},
		{"empty", func() error { return saved(d.users, "") }, "the users file is not of the form that is accepted", regexp.MustCompile(`line 1: `)},
		{"without users", func() error { return saved(d.users, `{"users":{},"roles":{}}`) }, "the users file has no users any more", regexp.MustCompile(`no users in it any more`)},
		{"gone", func() error { return os.Remove(d.users) }, "the users file is gone", regexp.MustCompile(`no such file`)},
		{"open to others", func() error { return errors.Join(saved(d.users, usersWith(t, 7, "")), os.Chmod(d.users, 0o644)) }, "others could open or replace the users file", regexp.MustCompile(`mode 0644`)},
	} {
		t.Run(row.why, func(t *testing.T) {
			if err := row.spoil(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "health tells of it", func() bool {
				return strings.Contains(d.health(t), `"trouble":"`+trouble+": "+row.health+`; the last good state is in use`)
			})
			troubles++
			eventually(t, "the log tells of it", func() bool { return strings.Count(d.output.String(), trouble) == troubles })
			lines := regexp.MustCompile(`.*`+trouble+`.*`).FindAllString(d.output.String(), -1)
			if last := lines[len(lines)-1]; !row.log.MatchString(last) {
				t.Errorf("the log says %s, and not %s", last, row.log)
			}
			if !d.takesAnnAt(t, 0) {
				t.Error("ann's token is not taken any more")
			}
			if got := d.ask(t, request("GET /_login", authorization("ann", passwordOf("ann")))); got.status != 200 {
				t.Errorf("ann's login: %v", got)
			}
			if got := d.ask(t, requestTo("localhost", "GET /_login", authorization("root", "root"))); got.status != 401 {
				t.Errorf("root is there: %v", got)
			}
			if got := d.ask(t, requestWith(`{}`, "PUT /meta/auth/users/new", bearing(tokenOf(t, "adm")), asFile)); got.status != 503 {
				t.Errorf("a change: %v", got)
			}
			if row.why == "gone" || row.why == "without users" {
				d.write(t, frontDoor(ownKey, fmt.Sprintf("realm r%d", troubles)))
				if said, err := d.reload(t); err == nil {
					t.Errorf("such users are loaded: %s", said)
				}
			}
		})
	}
	writeUsers(t, d.users)
	if err := os.Chmod(d.users, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is well again", func() bool { return !strings.Contains(d.health(t), "trouble") })
	d.says(t, "the users are read again")
	if got := strings.Count(d.output.String(), trouble); got != troubles {
		t.Errorf("the log tells %d times of %d troubles", got, troubles)
	}
}

func TestTwoDoorsOnOneFileLoseNothing(t *testing.T) {
	first := startDoor(t, frontDoor(ownKey), doorOptions{store: "127.0.0.1:1"})
	second := startDoor(t, frontDoor(ownKey), doorOptions{store: "127.0.0.1:1", noUsers: true, environ: map[string]string{"DOOR_USERS": first.users}})
	doors := []*door{first, second}
	adm := bearing(tokenOf(t, "adm"))
	const writers, each = 6, 15
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				got, err := tryAsk(doors[(w+i)%2].address, requestWith(fmt.Sprintf(`{"w":%d}`, w), fmt.Sprintf("PUT /meta/auth/users/w%d.%d", w, i), adm, asFile))
				if err != nil || got.status != 200 {
					t.Errorf("writer %d: %v, %v", w, got, err)
				}
			}
		})
	}
	all.Wait()
	for _, d := range doors {
		eventually(t, "a door sees all that was made", func() bool {
			return strings.Count(d.ask(t, request("GET /meta/auth/users", adm)).body, `"w`) == writers*each
		})
	}
	// Revoked at one, dead at the other.
	raw := first.logIn(t, "ann", passwordOf("ann"))
	if got := second.ask(t, request("GET /_auth?op=logout", bearing(raw))); got.status != 200 {
		t.Errorf("logout: %v", got)
	}
	eventually(t, "the token is dead at the other door", func() bool {
		return first.ask(t, request("GET /_auth?op=whoami", bearing(raw))).status == 401
	})
}

// The document that CM-Well's documentation shows, and one with every field and more.
func TestDocumentsComeBackByteForByte(t *testing.T) {
	d := startAuth(t)
	adm := tokenOf(t, "adm")
	hash := "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"
	documents := map[string]string{
		"users/myUser": "{\n  \"paths\": [\n    { \"id\": \"/\", \"sign\": \"+\", \"recursive\": true, \"permissions\": \"r\" },\n    { \"id\": \"/test.example.org\", \"sign\": \"+\", \"recursive\": true, \"permissions\": \"rw\" }\n  ],\n  \"roles\": [],\n  \"rev\": 0\n}",
		"users/all": `{"last":"L\u00e4st","first":"F","email":"a@b","digest2_sha256":"` + strings.Repeat("a", 64) + `","digest2":"` + strings.Repeat("b", 32) + `","digest":"` + hash + `",` +
			`  "rev":101 ,"operations":["PriorityWrite","Overwrite"],"roles":["Editor"],"paths":[{"permissions":"w","recursive":false,"sign":"-","id":"/a","note":[1e3]}],"x-shoe size":{"a":[ ]},"\u0071uota":1.50}`,
		"roles/Editor": `{ "paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}], "operations": [], "comment" : "ä\/" }`,
	}
	for path, document := range documents {
		wantAuth(t, d.put(t, adm, "/meta/auth/"+path, document), 200, succeeded)
	}
	wantAuth(t, d.put(t, adm, "/meta/auth/users/other", `{}`), 200, succeeded)
	wantAuth(t, d.auth(t, "DELETE /meta/auth/users/other", adm), 200, succeeded)
	for path, document := range documents {
		if got := d.auth(t, "GET /meta/auth/"+path, adm); got.status != 200 || got.body != document {
			t.Errorf("%s: got %v, want %s", path, got, document)
		}
	}
	text, err := os.ReadFile(d.users)
	for path, document := range documents {
		if err != nil || !strings.Contains(string(text), document) {
			t.Errorf("%s is not in the file: %v", path, err)
		}
	}
}
