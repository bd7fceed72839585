package differential

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// noon is the present.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// door is the decision of the front door, in production, for both profiles.
type door struct {
	cmwell, http *gate.Keeper
	tokens       map[string]string
}

// users are the people of the oracle.
type users map[string]*account.Principal

func (u users) User(_ context.Context, name string) (account.User, error) {
	if p, ok := u[name]; ok {
		return p.User, nil
	}
	return account.User{}, account.ErrNotExist
}

func (users) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

// Principal spares the door making the rules anew for each request.
func (u users) Principal(_ context.Context, name string) (*account.Principal, error) {
	if p, ok := u[name]; ok {
		return p, nil
	}
	return nil, account.ErrNotExist
}

// document is that of a user with these rules.
func document(rules []rule) string {
	type entry struct {
		ID          string `json:"id"`
		Sign        string `json:"sign"`
		Recursive   bool   `json:"recursive"`
		Permissions string `json:"permissions"`
	}
	entries := []entry{}
	for _, r := range rules {
		sign := "-"
		if r.plus {
			sign = "+"
		}
		entries = append(entries, entry{r.id, sign, true, r.levels})
	}
	b, err := json.Marshal(map[string]any{"paths": entries})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func newDoor(t testing.TB) *door {
	t.Helper()
	keys := new(token.Keys)
	if err := keys.Use(token.Config{Signing: token.Secret("a secret of the tests, 32 bytes or more")}); err != nil {
		t.Fatal(err)
	}
	both := permission.Read | permission.Write
	entry := func(id string, allow bool, levels permission.Level) permission.Entry {
		e, err := permission.NewEntry(id, allow, true, levels)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	all, d := users{}, &door{tokens: map[string]string{}}
	for name, rules := range people {
		if name == "nobody" {
			continue
		}
		u, err := account.ParseUser(name, []byte(document(rules)))
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = account.Compose(u, nil); err != nil {
			t.Fatal(err)
		}
		if d.tokens[name], err = keys.Sign(token.Claims{Subject: name, Expires: noon.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	d.cmwell = &gate.Keeper{
		Sources: []gate.Source{gate.NewSource(gate.InHeader, gate.TokenHeader2), gate.NewSource(gate.InHeader, gate.TokenHeader)},
		Keys:    keys, Users: all, OwnPaths: []string{"/_login", "/_auth"}, OwnDocuments: true,
		Protected:      permission.Protect(entry("/meta/auth", true, both), entry("/meta", true, permission.Write), entry("/meta/sys/dc", false, permission.Write)),
		IdentityHeader: "X-Cm-Well-User", ForwardToken: true, Now: func() time.Time { return noon },
	}
	other := *d.cmwell
	other.Profile, other.Protected = gate.HTTP, permission.Protect(entry("/meta/auth", true, both))
	d.http = &other
	return d
}

// copied is what COPY copies, to the target of the case.
const copied = "/tests/a/b"

// sends is the target that the store gets; false when it gets none, because the
// request is none, is refused or is served by the door.
func (d *door) sends(c request) (string, bool) {
	target, header := c.target, ""
	if c.method == "COPY" {
		target, header = copied, "Destination: "+c.target+"\r\n"
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(c.method + " " + target + " HTTP/1.1\r\nHost: store\r\n" + header + "\r\n")))
	if err != nil {
		return "", false
	}
	if t := d.tokens[c.who]; t != "" {
		r.Header.Set(gate.TokenHeader, t)
	}
	if c.form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	k := d.cmwell
	if c.http {
		k = d.http
	}
	pass, err := k.Check(r)
	if err != nil || pass.Document {
		return "", false
	}
	k.Prepare(r, &pass)
	if c.method == "COPY" {
		return r.Header.Get("Destination"), true
	}
	sent := r.URL.EscapedPath()
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		sent += "?" + r.URL.RawQuery
	}
	return sent, true
}
