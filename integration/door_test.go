package integration

import (
	"net/http"
	"strings"
	"testing"
)

// The messages are CM-Well's own; its clients compare them.
const (
	loginFirst = "Not authorized, please login first"
	notValid   = "given token is not valid (not signed or expired)"
	forbidden  = "Authenticated but not authorized"
)

func textLine(message string) string { return message + "\n" }
func failure(message string) string  { return `{"success":false,"message":"` + message + `"}` }

// askedDoor is a door in front of a store that tells what it was sent.
type askedDoor struct {
	*door
	store *recorder
}

func startAsked(t testing.TB, settings ...string) askedDoor {
	t.Helper()
	store := startRecorder(t, &recorder{})
	door := startDoor(t, frontDoor(append(settings, ownKey)...), doorOptions{store: store.address})
	return askedDoor{door, store}
}

// expect sends a request and compares the status and all that the store saw,
// empty for nothing. The body is compared unless want is a status alone.
func (d askedDoor) expect(t *testing.T, request []byte, status int, body, saw string) (answer, []received) {
	t.Helper()
	got := d.ask(t, request)
	if got.status != status || body != "" && got.body != body {
		t.Errorf("%.300q: got %v, want %d %q", request, got, status, body)
	}
	seen := d.store.take()
	if told := inShort(seen); told != saw {
		t.Errorf("%.300q: the store saw %q, want %q", request, told, saw)
	}
	return got, seen
}

func inShort(requests []received) string {
	var all []string
	for _, r := range requests {
		all = append(all, r.String())
	}
	return strings.Join(all, ", ")
}

// who sends a request of the tables below.
var bearers = []string{"nobody", "adm", "bob", "expired", "another key", "revoked", "no such", "unsigned", "garbage", "empty"}

func TestWhatNeedsATokenIsAsTheTableSays(t *testing.T) {
	const read, write, protectedRead, protectedWrite = "GET /data/x", "PUT /data/x", "GET /vault/x", "PUT /vault/x"
	environments := map[string]func(line, who string) (status int, message, seenAs string){
		"production": func(line, who string) (int, string, string) {
			switch {
			case who == "nobody" && line == read:
				return 200, "", "nobody"
			case who == "nobody":
				return 401, loginFirst, ""
			case who == "adm", who == "bob" && strings.HasPrefix(line, "GET"):
				return 200, "", who
			case who == "bob":
				return 403, forbidden, ""
			}
			return 401, notValid, ""
		},
		"development": func(line, who string) (int, string, string) {
			open := line == read || line == write
			switch {
			case who == "adm", who == "bob" && (open || line == protectedRead):
				return 200, "", who
			case open:
				return 200, "", "nobody"
			case who == "bob":
				return 403, forbidden, ""
			case who == "nobody":
				return 401, loginFirst, ""
			}
			return 401, notValid, ""
		},
	}
	tokens := badTokens(t)
	tokens["adm"], tokens["bob"] = tokenOf(t, "adm"), tokenOf(t, "bob")
	for environment, table := range environments {
		t.Run(environment, func(t *testing.T) {
			d := startAsked(t, "environment "+environment, "protect /vault")
			for _, line := range []string{read, write, protectedRead, protectedWrite} {
				for _, who := range bearers {
					t.Run(line+" by "+who, func(t *testing.T) {
						headers := []string{"Content-Length: 0"}
						if who != "nobody" {
							headers = append(headers, bearing(tokens[who]))
						}
						status, message, seenAs := table(line, who)
						if message == notValid && who == "no such" {
							message = "Username ghost was not found in CM-Well"
						}
						body, saw := line+"\n", line+" as "+seenAs
						if status != 200 {
							saw, body = "", textLine(message)
							if strings.HasPrefix(line, "PUT") {
								body = failure(message)
							}
						}
						got, seen := d.expect(t, request(line, headers...), status, body, saw)
						checkRefusal(t, got)
						checkToken(t, seen, tokens[who])
					})
				}
			}
		})
	}
}

// checkRefusal looks at what every refusal carries.
func checkRefusal(t *testing.T, got answer) {
	t.Helper()
	if got.status == 200 {
		return
	}
	want := map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Www-Authenticate": "", "Content-Type": "text/plain; charset=utf-8",
	}
	if strings.HasPrefix(got.body, "{") {
		want["Content-Type"] = "application/json"
	}
	if got.status == 401 {
		want["Www-Authenticate"] = `CM-Well-Token realm="cmwell"`
	}
	for name, value := range want {
		if all := strings.Join(got.header.Values(name), " | "); all != value {
			t.Errorf("%s of the refusal is %q, want %q", name, all, value)
		}
	}
}

// checkToken holds that the store sees the token exactly when the door verified it.
func checkToken(t *testing.T, seen []received, raw string) {
	t.Helper()
	for _, r := range seen {
		want := ""
		if len(r.values("X-CM-Well-User")) > 0 {
			want = raw
		}
		if got := strings.Join(r.values("X-CM-WELL-TOKEN"), ", "); got != want {
			t.Errorf("the store was sent the token %q, want %q", got, want)
		}
	}
}

func TestTheSameTokenInTwoHeadersPassesAndTwoTokensDoNot(t *testing.T) {
	ann, adm := tokenOf(t, "ann"), tokenOf(t, "adm")
	for _, environment := range []string{"production", "development"} {
		d := startAsked(t, "environment "+environment)
		d.expect(t, request("GET /tests/x", bearing(ann), "X-CM-WELL-TOKEN2: "+ann), 200, "", "GET /tests/x as ann")
		d.expect(t, request("GET /tests/x", bearing(ann), "X-CM-WELL-TOKEN2: "+adm), 401, textLine("two different tokens in one request"), "")
		d.expect(t, request("PUT /tests/x", bearing(adm), "X-CM-WELL-TOKEN2: "+ann), 401, failure("two different tokens in one request"), "")
	}
}

func TestATokenIsTakenFromEveryConfiguredPlaceAndNoOther(t *testing.T) {
	ann := tokenOf(t, "ann")
	places := map[string]func() []byte{
		"header X-CM-WELL-TOKEN":  func() []byte { return request("PUT /tests/x", bearing(ann)) },
		"header X-CM-WELL-TOKEN2": func() []byte { return request("PUT /tests/x", "X-CM-WELL-TOKEN2: "+ann) },
		"header X-Api-Key":        func() []byte { return request("PUT /tests/x", "x-api-key: "+ann) },
		"bearer":                  func() []byte { return request("PUT /tests/x", "Authorization: Bearer "+ann) },
		"cookie session":          func() []byte { return request("PUT /tests/x", "Cookie: a=b; session="+ann+"; c=d") },
		"query token":             func() []byte { return request("PUT /tests/x?a=b&token=" + ann + "&c=d") },
	}
	for configured := range places {
		t.Run(configured, func(t *testing.T) {
			d := startAsked(t, "token_from "+configured)
			for used, request := range places {
				status, saw, target := 401, "", "/tests/x"
				if used == "query token" {
					target = "/tests/x?a=b&c=d" // the store would repeat the token in links
				}
				if used == configured {
					status, saw = 200, "PUT "+target+" as ann"
				}
				got, seen := d.expect(t, request(), status, "", saw)
				if status != 200 {
					continue
				}
				if private := got.header.Get("Cache-Control"); private != "private" {
					t.Errorf("Cache-Control is %q: a shared cache would give the answer to others", private)
				}
				checkForwarded(t, configured, seen[0], got.header, ann)
			}
		})
	}
}

// checkForwarded holds that the token went on once, and that caches are told
// which field it came in.
func checkForwarded(t *testing.T, configured string, seen received, header http.Header, raw string) {
	t.Helper()
	if n := strings.Count(string(seen.raw), raw); n != 1 {
		t.Errorf("the store was sent the token %d times, want once", n)
	}
	vary := map[string]string{"bearer": "Authorization", "cookie session": "Cookie", "query token": ""}
	want, special := vary[configured]
	if !special {
		want = http.CanonicalHeaderKey(strings.TrimPrefix(configured, "header "))
	}
	if got := header.Get("Vary"); got != want {
		t.Errorf("Vary is %q, want %q", got, want)
	}
	if cookies := seen.values("Cookie"); configured == "cookie session" && strings.Join(cookies, "|") != "a=b; c=d" {
		t.Errorf("the other cookies arrived as %q", cookies)
	}
}
