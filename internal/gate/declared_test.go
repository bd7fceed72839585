package gate

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// under declares what is below a path, as Caddy's path matcher does.
func under(prefix string) func(*http.Request) (bool, error) {
	return func(r *http.Request) (bool, error) {
		if r.URL.Path == "/torn" {
			return false, errors.New("the matcher is broken")
		}
		return strings.HasPrefix(r.URL.Path, prefix), nil
	}
}

func TestWhatTheOperatorDeclaresDecides(t *testing.T) {
	const no = "gate: no token"
	for _, row := range []struct{ who, line, cmwell, http string }{
		{"", "POST /search", passes, passes},
		{"", "POST /search?x=y", passes, passes},
		{"", "POST /data", no, no},
		{"", "DELETE /search", passes, passes},
		{"", "GET /search/run", no, no}, // declared both: it writes
		{"", "GET /run", no, no},
		{"ann", "GET /run", ErrForbidden.Error(), ErrForbidden.Error()},
		{"adm", "GET /run", passes, passes},
		{"bob", "POST /search", passes, passes},
		{"wendy", "POST /search", ErrForbidden.Error(), ErrForbidden.Error()}, // it may not read

		// Said in a way that a store could read differently, it is no longer what was declared.
		{"", "POST /search/%2e%2e/data", no, no},
		{"", "POST /search;x", no, no},
		{"", "POST /search?a&&b", no, no},
		{"", "POST /search | X-HTTP-Method-Override: DELETE", no, no},
		{"", "POST /search?_method=DELETE", no, no},
		{"", "POST /search | Destination: /data", no, no},
		{"", "GET /search | Connection: Upgrade | Upgrade: websocket", no, no},
		{"", "GET //a", no, no}, // one of its readings could be declared a write
		{"", "GET /a;run", no, no},
		{"", "GET /a?b;c", no, no},

		// A path is protected, and an operation needed, whatever is declared.
		{"", "POST /search/vault", passes, passes},
		{"", "POST /vault/search", no, no},
		{"", "GET /search?op=subscribe", no, passes},
		{"bob", "GET /search?op=x-fix", ErrForbidden.Error(), passes},

		{"", "GET /torn", "broken", "broken"},
		{"adm", "PUT /torn", "broken", "broken"},
	} {
		for profile, want := range map[Profile]string{CMWell: row.cmwell, HTTP: row.http} {
			k := newKeeper(t, false, profile)
			k.Reads = under("/search")
			k.Writes = func(r *http.Request) (bool, error) {
				matched, err := under("/run")(r)
				return matched || strings.HasSuffix(r.URL.Path, "/run"), err
			}
			if got := verdict(t, k, send(t, k, row.who, row.line)); got != want {
				t.Errorf("profile %d, %q: %s: %s; want %s", profile, row.who, row.line, got, want)
			}
		}
	}
}

// Reading by declaration is no way around Admin at the documents of users.
func TestDocumentsOfUsersCannotBeDeclaredToBeRead(t *testing.T) {
	k := newKeeper(t, false, HTTP)
	k.Reads = under("/meta")
	if got := verdict(t, k, send(t, k, "bob", "POST /meta/auth/users/bob")); got != ErrForbidden.Error() {
		t.Error(got)
	}
	if got := verdict(t, k, send(t, k, "bob", "POST /meta/x")); got != passes {
		t.Error(got)
	}
}

func TestWritingADocumentOfAUserNeedsAdminEverywhere(t *testing.T) {
	all := everybody(t)
	all["ed"] = user(t, "ed", "+ / rw", "")
	all["eve"] = user(t, "eve", "- /meta/auth rw, + / rw", `,"operations":["Admin"]`)
	for _, development := range []bool{false, true} {
		for _, profile := range []Profile{CMWell, HTTP} {
			k := newKeeper(t, development, profile)
			k.Users = all
			for _, line := range []string{
				"PUT /meta/auth/users/ed", "POST /meta/auth/users/ed", "DELETE /meta/auth/users/ed", "PATCH /meta/auth/roles/Editor",
				"PUT /meta/auth", "PUT /meta//auth/users/ed", "PUT /x/%2e%2e/meta/auth/users/ed", "PUT /meta;a/auth/users/ed",
				"PUT /%6deta/auth/users/ed", "GET /meta/auth/users/ed | X-HTTP-Method-Override: PUT", "COPY /x | Destination: /meta/auth/users/ed",
				"MOVE /meta/auth/users/ed | Destination: /x",
			} {
				for who, want := range map[string]string{"ed": ErrForbidden.Error(), "eve": ErrForbidden.Error(), "adm": passes, "": ErrNoToken.Error()} {
					if got := verdict(t, k, send(t, k, who, line)); got != want {
						t.Errorf("development %v, profile %d: %s by %q: %s; want %s", development, profile, line, who, got, want)
					}
				}
			}
			for _, line := range []string{"PUT /meta/authors", "PUT /metaauth/x", "GET /meta/auth/users/ed"} {
				if got := verdict(t, k, send(t, k, "ed", line)); got != passes {
					t.Errorf("development %v, profile %d: %s: %s", development, profile, line, got)
				}
			}
		}
	}
}

func TestTheDoorsOwnDocumentsGoToNoStore(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	k.OwnDocuments = true
	for line, want := range map[string]string{
		"GET /meta/auth":                         "/meta/auth",
		"GET /meta/auth/users/":                  "/meta/auth/users",
		"PUT /meta/auth/users/ann":               "/meta/auth/users/ann",
		"GET /%6deta/auth/users/ann":             "/meta/auth/users/ann", // everyday encoding: everybody reads it so
		"GET /meta/authors":                      "store",
		"GET /a":                                 "store",
		"PUT /META/auth/users/ann":               "store", // another path, where case counts; see the documents
		"GET /meta//auth/users/ann":              ErrSpelling.Error(),
		"PUT /tests/..%2fmeta/auth/users/ann":    ErrSpelling.Error(),
		"GET /meta/auth/users/ann;x":             ErrSpelling.Error(),
		"GET /meta/auth%2fusers/ann":             ErrSpelling.Error(),
		"GET /meta/auth/../x":                    ErrSpelling.Error(),
		"DELETE /meta/auth/roles/Editor":         "/meta/auth/roles/Editor",
		"GET /meta/auth/users/ann?op=search":     "/meta/auth/users/ann",
		"GET /meta/auth/users?xg=2":              "/meta/auth/users",
		"OPTIONS /meta/auth/users/ann":           "/meta/auth/users/ann",
		"PUT /x | Destination: /meta/auth/users": "store",
	} {
		r := send(t, k, "adm", line)
		pass, err := k.Check(r)
		got := "store"
		switch {
		case err != nil:
			got = err.Error()
			if _, passes := k.Observe(r, pass.Access); passes {
				t.Errorf("%s: passes to the store in mode observe", line)
			}
		case pass.Document:
			got = pass.Path
		}
		if got != want {
			t.Errorf("%s: %s; want %s", line, got, want)
		}
	}
}

func TestObservedRequestsPassAsWhoTheyAre(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	k.OwnDocuments = true
	for _, row := range []struct{ who, line, as string }{
		{"ann", "PUT /elsewhere", "ann"},
		{"ann", "DELETE /tests", "ann"},
		{"", "PUT /elsewhere", ""},
		{"expired", "PUT /tests/x", ""},
		{"garbage", "GET /x", ""},
		{"nobody", "PUT /tests/x", ""},
		{"revoked", "PUT /tests/x", ""},
		{"broken", "GET /x", ""},
		{"", "TRACE /x", ""},
		{"", "TRACE /meta/auth/users/ann", "refused"},
		{"", "TRACE /%5flogin", "refused"},
		{"adm", "PUT /meta/auth/users/%00", "refused"},
		{"adm", "PUT /meta/auth/users/%ff", "refused"},
		{"adm", "PUT http://store/meta/auth/users/ann", "refused"},
		{"adm", `PUT /meta/auth/users/"ann`, "refused"},
		{"adm", `PUT /meta\auth\users\ann`, "refused"},
		{"", "PUT /meta/ns/x", ""},
		{"", "GET /meta/auth/users/ann", "refused"},
		{"ann", "PUT /meta/auth/users/ann", "refused"},
		{"", "GET /meta//auth/users/ann", "refused"},
		{"broken", "GET /meta/auth/users/ann", "refused"},
		{"broken", "GET /x/../meta/auth/users/ann", "refused"},
		{"", "GET /%5flogin", "refused"},
		{"adm", "GET /_LOGIN", "refused"},
		{"adm", "PUT /x | Destination: http://h/%zz", ""}, // refused before anybody looked at the token
	} {
		r := send(t, k, row.who, row.line)
		refused, err := k.Check(r)
		if err == nil {
			t.Errorf("%s by %q is not refused at all", row.line, row.who)
			continue
		}
		as := "refused"
		pass, passes := k.Observe(r, refused.Access)
		if passes {
			as = pass.User
		}
		if as != row.as {
			t.Errorf("%s by %q: %q; want %q", row.line, row.who, as, row.as)
		}
		if !passes {
			continue
		}
		k.Prepare(r, &pass)
		if got := r.Header.Get(TokenHeader); (got != "") != (row.as != "") || r.Header.Get(k.IdentityHeader) != row.as {
			t.Errorf("%s by %q: the store would see %v", row.line, row.who, r.Header)
		}
	}
}

// Every entry of the table that needs an operation needs it in development too.
func TestOperationsAreNeededWhateverTheEnvironment(t *testing.T) {
	for _, c := range cmwell.calls {
		if c.demand.Operation&permission.Admin == 0 || c.op != "" || c.when != anyFields || c.header != "" {
			continue
		}
		q := exampleOf(c)
		k := newKeeper(t, true, CMWell)
		line := strings.Replace(q.method, "FOO", "POST", 1) + " " + q.path
		for who, want := range map[string]string{"": ErrNoToken.Error(), "ann": ErrForbidden.Error(), "adm": passes} {
			if got := verdict(t, k, send(t, k, who, line+"?x=1")); got != want {
				t.Errorf("%s by %q: %s; want %s", line, who, got, want)
			}
		}
	}
}

func TestTheQueryOfTheDoorsOwnDocumentsHoldsNoToken(t *testing.T) {
	k := newKeeper(t, false, CMWell, NewSource(InQuery, "key"), NewSource(InHeader, TokenHeader))
	adm := tokenFor(t, k, "adm")
	for query, want := range map[string]string{
		"key=" + adm:               "",
		"format=json&key=" + adm:   "format=json",
		"key=" + adm + "&op=x":     "op=x",
		"key=scroll":               "key=scroll",
		"token=" + adm:             "token=" + adm, // no place of tokens here
		"format=json":              "format=json",
		"%6bey=" + adm + "&x=%zz;": "x=%zz;",
	} {
		r := send(t, k, "", "GET /meta/auth/users?"+query)
		if got := k.QueryOf(r); got != want || r.URL.RawQuery != query {
			t.Errorf("%.20s…: %q and then %q", query, got, r.URL.RawQuery)
		}
	}
}

// A matcher is code of others, and may write fields: the store sees none of them as
// the front door's word.
func TestWhatAMatcherWritesIsNotTheDoorsWord(t *testing.T) {
	writing := func(r *http.Request) (bool, error) {
		r.Header["X-Cm-Well-User"] = []string{"adm"}
		return false, nil
	}
	for _, declare := range []func(*Keeper){func(k *Keeper) { k.Writes = writing }, func(k *Keeper) { k.Reads = writing }} {
		k := newKeeper(t, true, HTTP)
		declare(k)
		for who, want := range map[string]string{"": "/x", "ann": "/x | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"} {
			r := send(t, k, who, "POST /x")
			if raw := r.Header.Get(TokenHeader); raw != "" {
				want = strings.ReplaceAll(want, "ANN", raw)
			}
			if got := seen(t, k, r); got != want {
				t.Errorf("by %q the store sees %s, want %s", who, got, want)
			}
		}
	}
}
