package integration

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func TestJSONLoginAnswersEveryBodyAsItsRowSays(t *testing.T) {
	d := startAuth(t)
	right := jsonLogin(t, "ann", passwordOf("ann"))
	for _, row := range []struct {
		why, line, contentType, body string
		status                       int
		has                          string
	}{
		{"without a content type", "POST /v1/login", "", right, 200, ""},
		{"as a form, which is what curl -d says", "POST /v1/login", "application/x-www-form-urlencoded", right, 200, ""},
		{"as JSON", "POST /v1/login", "application/json; charset=utf-8", right, 200, ""},
		{"with other members", "POST /v1/login", "", `{"x":[1,{"y":null}],` + right[1:], 200, ""},
		{"with white space around it", "POST /v1/login", "", "\r\n\t " + right + "\n", 200, ""},
		{"for another life", "POST /v1/login?exp=30m", "", right, 200, ""},
		{"for too long a life", "POST /v1/login?exp=61d", "", right, 400, "60d"},
		{"with a wrong password", "POST /v1/login", "", jsonLogin(t, "ann", "wrong"), 401, `{"message":"Login failed."}`},
		{"of nobody", "POST /v1/login", "", jsonLogin(t, "ghost", "wrong"), 401, `{"message":"Login failed."}`},
		{"of a name that nobody can have", "POST /v1/login", "", jsonLogin(t, "../x", "wrong"), 401, `{"message":"Login failed."}`},
		{"with nothing", "POST /v1/login", "", "", 400, "JSON object"},
		{"with no JSON", "POST /v1/login", "application/json", "{", 400, "JSON object"},
		{"with a list", "POST /v1/login", "", "[" + right + "]", 400, "JSON object"},
		{"with a form", "POST /v1/login", "application/x-www-form-urlencoded", "username=ann&password=x", 400, "JSON object"},
		{"with a name twice", "POST /v1/login", "", `{"username":"adm",` + right[1:], 400, "distinct"},
		{"with a name twice, once in escapes", "POST /v1/login", "", `{"\u0075sername":"adm",` + right[1:], 400, "distinct"},
		{"with a name twice inside another", "POST /v1/login", "", `{"x":{"a":1,"a":2},` + right[1:], 400, "distinct"},
		{"with something behind it", "POST /v1/login", "", right + "x", 400, "nothing behind"},
		{"with another object behind it", "POST /v1/login", "", right + right, 400, "nothing behind"},
		{"with a name in two cases", "POST /v1/login", "", `{"USERNAME":"adm",` + right[1:], 400, "it is written"},
		{"with a number for a password", "POST /v1/login", "", `{"username":"ann","password":1}`, 400, "password"},
		{"without a password", "POST /v1/login", "", `{"username":"ann"}`, 400, "password"},
		{"with names in another case", "POST /v1/login", "", `{"Username":"ann","Password":"x"}`, 400, "username"},
		{"of 64 KiB", "POST /v1/login", "", right + strings.Repeat(" ", 64<<10-len(right)), 200, ""},
		{"of more than 64 KiB", "POST /v1/login", "", right + strings.Repeat(" ", 64<<10-len(right)+1), 413, "65536"},
		{"by GET", "GET /v1/login", "", "", 405, "GET is not accepted"},
		{"by PUT", "PUT /v1/login", "", right, 405, "PUT is not accepted"},
	} {
		t.Run(row.why, func(t *testing.T) {
			headers := []string{}
			if row.contentType != "" {
				headers = append(headers, "Content-Type: "+row.contentType)
			}
			got := d.ask(t, requestWith(row.body, row.line, headers...))
			if row.status == 200 {
				checkJSONGrant(t, got, row.line)
				return
			}
			wantAuth(t, got, row.status, row.has)
			if allow := got.header.Get("Allow"); (row.status == 405) != (allow == "POST") {
				t.Errorf("Allow is %q", allow)
			}
			if all := got.header.Values("Www-Authenticate"); len(all) > 0 {
				t.Errorf("it challenges: %q", all)
			}
		})
	}
	d.sawNothing(t)
}

func checkJSONGrant(t *testing.T, got answer, line string) {
	t.Helper()
	wantAuth(t, got, http.StatusOK, `{"message":"Successful login.","jwt":"ey`)
	var grant struct {
		JWT                string
		ExpireAt           int64
		Email, First, Last *string
	}
	if err := json.Unmarshal([]byte(got.body), &grant); err != nil || grant.Email == nil || grant.First == nil || grant.Last == nil {
		t.Fatalf("%v: %v", got, err)
	}
	lasts := 24 * time.Hour
	if strings.Contains(line, "exp=30m") {
		lasts = 30 * time.Minute
	}
	sub, expires := claims(t, grant.JWT)
	if left := time.Until(expires); sub != "ann" || left > lasts || left < lasts-2*patience || expires.Unix() != grant.ExpireAt {
		t.Errorf("a token of %s for %v, and expireAt %d", sub, left, grant.ExpireAt)
	}
}

func TestJSONLoginTellsTheNamesOfTheUser(t *testing.T) {
	ann := withHashes(t, "ann", "password")
	ann["email"], ann["first"], ann["last"] = "ann@example.org", "Änn", `O"Hara`
	d := newDoor(t, frontDoor("password_hash argon2id", "json_login /v1/login"), doorOptions{store: "127.0.0.1:1", noUsers: true})
	if err := os.WriteFile(d.users, usersFile(t, map[string]any{"ann": ann}), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	d.awaitServing(t, "/_login")
	got := d.ask(t, requestWith(jsonLogin(t, "ann", "password"), "POST /v1/login"))
	wantAuth(t, got, 200, `"email":"ann@example.org","first":"Änn","last":"O\"Hara","expireAt":`)
}

func TestJSONLoginIsTheStoresWhereItIsOff(t *testing.T) {
	d := startAsked(t, "profile http")
	if got := d.ask(t, request("GET /v1/login")); got.status != 200 || inShort(d.store.take()) != "GET /v1/login as nobody" {
		t.Errorf("got %v", got)
	}
}
