package integration

import (
	"strings"
	"testing"
)

func TestAnEmptyTokenIsNoToken(t *testing.T) {
	ann := tokenOf(t, "ann")
	production := startAsked(t, "environment production", "token_from header X-CM-WELL-TOKEN", "token_from bearer")
	production.expect(t, request("GET /x", bearing("")), 401, textLine(notValid), "")
	production.expect(t, request("GET /x", bearing(""), "Authorization: Bearer "+ann), 401, "", "")

	development := startAsked(t, "environment development")
	_, seen := development.expect(t, request("PUT /x", bearing(""), "Content-Length: 0"), 200, "", "PUT /x as nobody")
	if len(seen) == 1 && len(seen[0].values("X-CM-WELL-TOKEN")) > 0 {
		t.Errorf("the empty token went on to the store:\n%s", seen[0].head)
	}
}

func TestAnInvalidTokenNeverReachesTheStore(t *testing.T) {
	d := startAsked(t, "environment development", "token_from header X-CM-WELL-TOKEN", "token_from cookie session", "token_from query key")
	for name, raw := range badTokens(t) {
		if len(raw) < 10 {
			continue // nothing that one could search for
		}
		for _, request := range [][]byte{
			request("PUT /x", bearing(raw)),
			request("PUT /x", "X-CM-WELL-TOKEN2: "+raw),
			request("PUT /x", "Cookie: session="+raw),
			request("PUT /x", "Cookie: a=b; X-CM-WELL-TOKEN="+raw),
			request("PUT /x", "Cookie: X-CM-WELL-TOKEN2="+raw),
			request("PUT /x?key=" + raw),
			request("PUT /x?token=" + raw),
			request("PUT /x?%74oken=" + raw),
		} {
			got, seen := d.expect(t, request, 200, "", "PUT /x as nobody")
			if len(seen) == 1 && strings.Contains(string(seen[0].raw), raw) {
				t.Errorf("the token (%s) reached the store:\n%s", name, seen[0].head)
			}
			if got.header.Get("Cache-Control") != "" {
				t.Errorf("no token opened this, and yet: %v", got.header)
			}
		}
	}
}

func TestATokenInAPlaceThatIsNotConfiguredIsIgnoredAndRemoved(t *testing.T) {
	ann := tokenOf(t, "ann")
	d := startAsked(t)
	for _, places := range [][]string{
		{"Cookie: X-CM-WELL-TOKEN=" + ann}, {"Cookie: X-CM-WELL-TOKEN2=" + ann}, {"Cookie: x-cm-well-token=" + ann},
	} {
		d.expect(t, request("PUT /tests/x", places...), 401, failure(loginFirst), "")
		_, seen := d.expect(t, request("GET /tests/x", places...), 200, "", "GET /tests/x as nobody")
		if strings.Contains(seen[0].head, ann) {
			t.Errorf("what nobody verified went on to the store:\n%s", seen[0].head)
		}
	}
	d.expect(t, request("GET /tests/x?a=1&token="+ann), 200, "", "GET /tests/x?a=1 as nobody")
	d.expect(t, request("GET /tests/x?op=next-chunk&token=a.scroll.position"), 200, "", "GET /tests/x?op=next-chunk&token=a.scroll.position as nobody")
	// The store's own credentials pass as they are.
	_, seen := d.expect(t, request("GET /tests/x", "Authorization: Bearer "+ann), 200, "", "GET /tests/x as nobody")
	if got := strings.Join(seen[0].values("Authorization"), "|"); got != "Bearer "+ann {
		t.Errorf("Authorization arrived as %q", got)
	}
}

func TestForwardTokenOffKeepsEveryTokenFromTheStore(t *testing.T) {
	d := startAsked(t, "forward_token off", "token_from header X-CM-WELL-TOKEN", "token_from bearer", "token_from cookie session", "token_from query key")
	ann := tokenOf(t, "ann")
	for _, request := range [][]byte{
		request("PUT /tests/x", bearing(ann)),
		request("PUT /tests/x", "Authorization: Bearer "+ann),
		request("PUT /tests/x", "Cookie: session="+ann),
		request("PUT /tests/x?key=" + ann),
	} {
		_, seen := d.expect(t, request, 200, "", "PUT /tests/x as ann")
		if len(seen) == 1 && strings.Contains(string(seen[0].raw), ann) {
			t.Errorf("the token reached the store:\n%s", seen[0].head)
		}
	}
}

func TestUnauthenticatedStatusChangesWhatIsAnsweredWithoutAToken(t *testing.T) {
	d := startAsked(t, "unauthenticated_status 403")
	for _, headers := range [][]string{nil, {bearing(badTokens(t)["expired"])}} {
		got, _ := d.expect(t, request("PUT /tests/x", headers...), 403, "", "")
		if challenge := got.header.Values("Www-Authenticate"); len(challenge) > 0 {
			t.Errorf("a 403 challenges: %q", challenge)
		}
	}
	if got := d.ask(t, request("GET /_login")); got.status != 401 || challenged(got) != everyChallenge {
		t.Errorf("the login: got %v, %v", got, got.header)
	}
}

func TestARefusalChallengesForABearerWhereOneIsAccepted(t *testing.T) {
	d := startAsked(t, "token_from bearer", "realm store")
	got, _ := d.expect(t, request("PUT /tests/x"), 401, "", "")
	if challenge := strings.Join(got.header.Values("Www-Authenticate"), " | "); challenge != `CM-Well-Token realm="store" | Bearer realm="store"` {
		t.Errorf("the challenge is %s", challenge)
	}
	got, _ = d.expect(t, request("PUT /tests/x", "Authorization: Bearer x"), 401, "", "")
	if challenge := got.header.Values("Www-Authenticate"); len(challenge) != 2 || challenge[1] != `Bearer realm="store", error="invalid_token"` {
		t.Errorf("the challenge is %s", challenge)
	}
}

func TestTheIdentityHeaderIsNeverTakenFromAClient(t *testing.T) {
	ann := tokenOf(t, "ann")
	// Caddy itself drops names with _ and . in them unless it is told not to.
	globals := "servers {\n\t\texpected_underscore_headers x_cm_well_user x-cm_well-user x_cm-well_user\n\t\texpected_dot_headers x.cm.well.user\n\t}"
	store := startRecorder(t, &recorder{})
	for _, globals := range []string{"", globals} {
		plain := askedDoor{startDoor(t, frontDoorWith(globals, ownKey), doorOptions{store: store.address}), store}
		for _, spelling := range []string{
			"X-CM-Well-User", "x-cm-well-user", "X-CM-WELL-USER", "X_CM_Well_User", "X-CM_Well-User", "x_cm-well_user", "X.CM.Well.User",
		} {
			for _, more := range [][]string{nil, {bearing(ann)}, {bearing(ann), "Connection: close, X-CM-Well-User"}, {"Connection: " + spelling}} {
				who := "nobody"
				if len(more) > 0 && more[0] == bearing(ann) {
					who = "ann"
				}
				_, seen := plain.expect(t, request("GET /tests/x", append([]string{spelling + ": adm"}, more...)...), 200, "", "GET /tests/x as "+who)
				if len(seen) == 1 && strings.Contains(seen[0].head, ": adm") {
					t.Errorf("%s: the store was told a name that nobody verified:\n%s", spelling, seen[0].head)
				}
			}
		}
	}
}

func TestAnotherIdentityHeaderMayBeChosen(t *testing.T) {
	d := startAsked(t, "identity_header Remote-User")
	got := d.ask(t, request("GET /tests/x", bearing(tokenOf(t, "ann")), "remote_user: adm", "Remote-User: adm"))
	seen := d.store.take()
	if got.status != 200 || len(seen) != 1 || strings.Join(seen[0].values("Remote-User"), "|") != "ann" {
		t.Errorf("got %v; the store saw %v", got, seen)
	}
}

func TestAnAnswerThatATokenOpenedIsForItsUserAlone(t *testing.T) {
	store := startRecorder(t, &recorder{reply: func(r received) string {
		return reply(r, "200 OK", "x", "Cache-Control: "+strings.Join(r.values("X-Want"), ","), "Vary: Accept",
			"X-CM-Well-User: adm", `WWW-Authenticate: Basic realm="store"`)
	}})
	d := askedDoor{startDoor(t, frontDoor(ownKey), doorOptions{store: store.address}), store}
	for said, want := range map[string]string{
		"public, max-age=60":       "private, max-age=60",
		"s-maxage=60, max-age=5":   "private, max-age=5",
		"no-store":                 "no-store",
		"private, must-understand": "private, must-understand",
		"":                         "private",
	} {
		got, _ := d.expect(t, request("GET /tests/x", bearing(tokenOf(t, "ann")), "X-Want: "+said), 200, "x", "GET /tests/x as ann")
		if cache, vary := strings.Join(got.header.Values("Cache-Control"), " | "), strings.Join(got.header.Values("Vary"), ", "); cache != want || vary != "Accept, X-Cm-Well-Token" {
			t.Errorf("the store said %q: Cache-Control %q, want %q; Vary %q", said, cache, want, vary)
		}
		// What a store says of users is for the client to judge; it makes nobody known here.
		if who := got.header.Get("X-CM-Well-User"); who != "adm" {
			t.Errorf("the store's own header arrived as %q", who)
		}
	}
	got, _ := d.expect(t, request("GET /tests/x", "X-Want: public, max-age=60"), 200, "x", "GET /tests/x as nobody")
	if cache := got.header.Get("Cache-Control"); cache != "public, max-age=60" || got.header.Get("Vary") != "Accept" {
		t.Errorf("an answer that anybody may have was changed: %v", got.header)
	}
}
