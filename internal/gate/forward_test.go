package gate

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// seen is what the store is sent, after the pass: target and header lines.
func seen(t *testing.T, k *Keeper, r *http.Request) string {
	t.Helper()
	pass, err := k.Check(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.RequestURI, err)
	}
	k.Prepare(r, &pass)
	lines := []string{}
	for name, values := range r.Header {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	if r.RequestURI != r.URL.RequestURI() {
		t.Errorf("RequestURI is %s, the URL says %s", r.RequestURI, r.URL.RequestURI())
	}
	return strings.Join(append([]string{r.RequestURI}, lines...), " | ")
}

func TestTheStoreSeesWhatWasVerifiedAndNothingElse(t *testing.T) {
	everywhere := []Source{NewSource(InHeader, TokenHeader), NewSource(InHeader, "x-my-token"), NewSource(InBearer, ""),
		NewSource(InCookie, "cm"), NewSource(InQuery, "token")}
	k := newKeeper(t, false, CMWell)
	ann, expired, adm := tokenFor(t, k, "ann"), tokenFor(t, k, "expired"), tokenFor(t, k, "adm")
	short := strings.NewReplacer(ann, "ANN", expired, "OLD", adm, "ADM")
	for _, row := range []struct {
		why       string
		sources   []Source // the default headers when nil
		open, off bool     // development; forward_token off
		line      string   // what is sent, ANN and OLD stand for tokens
		want      string
	}{
		{why: "the token stays where it was",
			line: "GET /x?a=b%20c | X-Cm-Well-Token2: ANN | X-Other: 1",
			want: "/x?a=b%20c | X-Cm-Well-Token2: ANN | X-Cm-Well-User: ann | X-Other: 1"},
		{why: "given twice, it is sent once",
			line: "GET /x | X-Cm-Well-Token: ANN | X-Cm-Well-Token2: ANN",
			want: "/x | X-Cm-Well-Token2: ANN | X-Cm-Well-User: ann"},
		{why: "given twice in one header, it is sent once",
			line: "GET /x | X-Cm-Well-Token: ANN | X-Cm-Well-Token: ANN",
			want: "/x | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "beside a verified cookie, no token of a header that is no source", sources: []Source{NewSource(InCookie, "cm")},
			line: "GET /x | Cookie: cm=ANN | X-Cm-Well-Token: OLD",
			want: "/x | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "beside a verified bearer, no other token", sources: everywhere,
			line: "GET /x | Authorization: Bearer ANN | X-Cm-Well-Token2: OLD",
			want: "/x | Authorization: Bearer ANN | X-Cm-Well-User: ann"},
		{why: "a bearer beside a header that is no source is sent once", sources: []Source{NewSource(InBearer, "")},
			line: "GET /x | Authorization: Bearer ANN | X-Cm-Well-Token: ANN",
			want: "/x | Authorization: Bearer ANN | X-Cm-Well-User: ann"},
		{why: "a bearer beside a header is sent once", sources: everywhere,
			line: "GET /x | X-Cm-Well-Token: ANN | Authorization: Bearer ANN",
			want: "/x | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "a header that has the name of the parameter is another thing", sources: []Source{NewSource(InQuery, "X-Other")},
			line: "GET /x?X-Other=ANN | X-Other: ANN",
			want: "/x | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann | X-Other: ANN"},
		{why: "other schemes are not read as bearers", sources: everywhere,
			line: "GET /x | Authorization: Basic  eDp5", want: "/x | Authorization: Basic  eDp5"},
		{why: "however short", sources: everywhere,
			line: "GET /x | Authorization: Key", want: "/x | Authorization: Key"},
		{why: "a scheme that begins like bearer is another", sources: everywhere,
			line: "GET /x | Authorization: Bearers", want: "/x | Authorization: Bearers"},
		{why: "a bearer without a token is removed in development", sources: everywhere, open: true,
			line: "POST /x | Authorization: Bearer", want: "/x"},
		{why: "anonymous has no identity",
			line: "GET /x | X-Cm-Well-User: root | X_cm_well_user: root | X.CM.WELL.USER: root",
			want: "/x"},
		{why: "some stores make one letter of all that is none", open: true,
			line: "GET /x | X!Cm!Well!User: root | X~Cm~Well~User: root | X+Cm|Well^User: root | X'cm'well'token: OLD",
			want: "/x"},
		{why: "an identity is never the client's",
			line: "GET /x | X-Cm-Well-Token: ANN | X-Cm-Well-User: root",
			want: "/x | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "tokens in places that are not configured are removed",
			line: "GET /x?token=OLD&y=1 | Cookie: X-CM-WELL-TOKEN=OLD; a=b; x-cm-well-token2=OLD | X_cm_well_token: OLD",
			want: "/x?y=1 | Cookie: a=b"},
		{why: "a scroll position stays",
			line: "GET /x?token=some.position.here",
			want: "/x?token=some.position.here"},
		{why: "an escaped name of the parameter is removed too",
			line: "GET /x?%74oken=OLD", want: "/x"},
		{why: "an invalid token is removed in development", open: true,
			line: "POST /x | X-Cm-Well-Token: OLD", want: "/x"},
		{why: "an empty token is removed in development", open: true,
			line: "POST /x | X-Cm-Well-Token:", want: "/x"},
		{why: "a verified token in the query moves to the header", sources: everywhere,
			line: "GET /x?token=ANN&y=1", want: "/x?y=1 | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "a verified token in a cookie moves to the header", sources: everywhere,
			line: "GET /x | Cookie: a=b; cm=ANN", want: "/x | Cookie: a=b | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "a verified bearer stays", sources: everywhere,
			line: "GET /x | Authorization: Bearer ANN", want: "/x | Authorization: Bearer ANN | X-Cm-Well-User: ann"},
		{why: "a verified bearer behind a tab stays", sources: everywhere,
			line: "GET /x | Authorization: Bearer\tANN", want: "/x | Authorization: Bearer\tANN | X-Cm-Well-User: ann"},
		{why: "a bearer behind a tab is one that some servers read", sources: everywhere, open: true,
			line: "POST /x | Authorization: bearer\tOLD", want: "/x"},
		{why: "the store's own Authorization stays", sources: everywhere,
			line: "GET /x | Authorization: Basic eDp5", want: "/x | Authorization: Basic eDp5"},
		{why: "a bearer is not ours where bearer is no source",
			line: "GET /x | Authorization: Bearer OLD", want: "/x | Authorization: Bearer OLD"},
		{why: "a header of another name", sources: everywhere,
			line: "GET /x | X-My-Token: ANN", want: "/x | X-Cm-Well-User: ann | X-My-Token: ANN"},
		{why: "forward_token off: no token in any place", sources: everywhere, off: true,
			line: "GET /x?token=ANN | X-My-Token: ANN | Authorization: Bearer ANN | Cookie: cm=ANN",
			want: "/x | X-Cm-Well-User: ann"},
		{why: "headers that rewrite the target are removed",
			line: "GET /x | X-Original-URL: /meta/auth | X-Rewrite-URL: /y", want: "/x"},
		{why: "Connection cannot strip what the door adds",
			line: "GET /x | X-Cm-Well-Token: ANN | Connection: close, X-CM-Well-User, x-cm-well-token | Connection: content-type, x-mine",
			want: "/x | Connection: close, x-mine | X-Cm-Well-Token: ANN | X-Cm-Well-User: ann"},
		{why: "a Connection of nothing else disappears",
			line: "GET /x | Connection: X-CM-WELL-TYPE", want: "/x"},
		{why: "a websocket stays for who may write everything", open: true,
			line: "GET /x | Connection: Upgrade | Upgrade: WebSocket | X-Cm-Well-Token: ADM", want: "/x | Connection: Upgrade | Upgrade: WebSocket | X-Cm-Well-Token: ADM | X-Cm-Well-User: adm"},
		{why: "no other protocol opens a tunnel",
			line: "GET /x | Connection: Upgrade, HTTP2-Settings, close | Upgrade: h2c | HTTP2-Settings: AAMA", want: "/x | Connection: close"},
		{why: "not in a list with websocket either",
			line: "GET /x | Connection: Upgrade | Upgrade: websocket, h2c", want: "/x"},
		{why: "nor beside it",
			line: "GET /x | Connection: Upgrade | Upgrade: websocket | Upgrade: TLS/1.0", want: "/x"},
		{why: "a token in a cookie behind a comma is removed",
			line: "GET /x | Cookie: a=b; ,X-CM-WELL-TOKEN=OLD", want: "/x | Cookie: a=b"},
		{why: "a comma elsewhere stays",
			line: "GET /x | Cookie: a=b,c; d", want: "/x | Cookie: a=b,c; d"},
	} {
		k := newKeeper(t, row.open, CMWell, row.sources...)
		k.ForwardToken = !row.off
		r := send(t, k, "", strings.NewReplacer("ANN", ann, "OLD", expired, "ADM", adm).Replace(row.line))
		if got := short.Replace(seen(t, k, r)); got != row.want {
			t.Errorf("%s\n  sent %s\n  seen %s\n  want %s", row.why, row.line, got, row.want)
		}
	}
}

// Without the token, the question mark stands first, where some readers skip it.
func TestAQueryIsNotReadOtherwiseWithoutItsToken(t *testing.T) {
	k := newKeeper(t, false, CMWell, NewSource(InHeader, TokenHeader), NewSource(InQuery, "token"))
	for _, who := range []string{"ann", "expired"} {
		raw := tokenFor(t, k, who)
		for _, line := range []string{"GET /x?token=" + raw + "&?op=purge-all", "HEAD /x?token=" + raw + "&%3fop", "GET /x?a&token=" + raw + "&?op"} {
			if got := verdict(t, k, send(t, k, "", line)); got != ErrQuery.Error() {
				t.Errorf("%s by %s: %s", line[:10], who, got)
			}
		}
	}
}

func TestTargetsThatWouldBeChangedAreRefused(t *testing.T) {
	k := newKeeper(t, true, HTTP)
	for _, target := range []string{`/a\b`, "/x#y", `/a"b`, "/a<b", "/a{b}", "/a|b", "/a^b", "/é", "/x?a#b", "/x?é", "/x?a b", "http://evil/x", "*", "", "a", "/x?\x7f"} {
		r := send(t, k, "", "GET /placeholder")
		r.RequestURI = target
		if u, err := r.URL.Parse(target); err == nil && strings.HasPrefix(target, "/") {
			r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
			if path, query, _ := strings.Cut(target, "?"); strings.Contains(target, "#") { // the server keeps it where it is
				r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, path, query
			}
		}
		if got := verdict(t, k, r); got != ErrTarget.Error() {
			t.Errorf("%q: %s", target, got)
		}
	}
}

func TestMethodsThatAreRefused(t *testing.T) {
	k := newKeeper(t, true, HTTP)
	for _, method := range []string{"CONNECT", "TRACE", "", "GET /x", "GE(T", "GÉT", "GET\t"} {
		r := send(t, k, "", "GET /x")
		r.Method = method
		if got := verdict(t, k, r); got != ErrMethod.Error() {
			t.Errorf("%q: %s", method, got)
		}
	}
}

// Over HTTP/2 a length that is no number comes with an empty body, which the store
// would write.
func TestALengthThatIsNotTheBodysIsRefused(t *testing.T) {
	k := newKeeper(t, true, HTTP)
	for _, row := range []struct {
		announced []string
		length    int64
		want      string
	}{
		{[]string{"2"}, 2, passes}, {[]string{"0"}, 0, passes}, {nil, -1, passes}, {nil, 0, passes},
		{[]string{"+2"}, 0, ErrLength.Error()}, {[]string{"-1"}, 0, ErrLength.Error()}, {[]string{"0x2"}, 0, ErrLength.Error()},
		{[]string{""}, 0, ErrLength.Error()}, {[]string{"2"}, 0, ErrLength.Error()}, {[]string{"2"}, -1, ErrLength.Error()},
		{[]string{"1", "2"}, 1, ErrLength.Error()}, {[]string{"1, 2"}, 1, ErrLength.Error()}, {[]string{"99999999999999999999"}, 0, ErrLength.Error()},
	} {
		r := send(t, k, "", "PUT /x")
		r.ProtoMajor, r.Header["Content-Length"], r.ContentLength = 2, row.announced, row.length
		if got := verdict(t, k, r); got != row.want {
			t.Errorf("%q for %d bytes: %s, want %s", row.announced, row.length, got, row.want)
		}
	}
}

func TestTrailersCarryNoIdentity(t *testing.T) {
	k := newKeeper(t, true, HTTP)
	for _, name := range []string{"X-Cm-Well-User", "X-Cm-Well-Token", "X_cm_well_user", "Authorization", "Cookie"} {
		r := send(t, k, "", "PUT /x")
		r.Trailer = http.Header{name: nil}
		if got := verdict(t, k, r); got != ErrTrailer.Error() {
			t.Errorf("%s: %s", name, got)
		}
	}
	r := send(t, k, "", "PUT /x")
	r.Trailer = http.Header{"X-Cm-Well-User": {"root"}, "Cookie": nil, "Expires": nil}
	k.Prepare(r, &Pass{}) // as where refusals are only observed
	if r.Trailer != nil {
		t.Errorf("the store would see the trailers %v", r.Trailer)
	}
	r = send(t, k, "", "PUT /x")
	r.Trailer = http.Header{"Expires": nil}
	if got := verdict(t, k, r); got != passes {
		t.Errorf("an ordinary trailer: %s", got)
	}
}

func TestOtherSpellingsOfTheLoginDoNotPass(t *testing.T) {
	k := newKeeper(t, true, CMWell)
	for _, target := range []string{"/%5Flogin", "//_login", "/_login/", "/_LOGIN", "/_login;x", "/./_login", "/a/../_login", "/_login%3Fx", "/%255Flogin", "/_login%20", "/_login."} {
		if got := verdict(t, k, send(t, k, "", "GET "+target)); got != ErrSpelling.Error() {
			t.Errorf("%s: %s", target, got)
		}
	}
}
