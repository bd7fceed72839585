package integration

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// pemKey is a key as an operator has it.
type pemKey struct{ private, public string }

func newPEM(t testing.TB, algorithm string) pemKey {
	t.Helper()
	var private, public any
	var err error
	switch algorithm {
	case "ES256":
		var k *ecdsa.PrivateKey
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		private, public = k, k.Public()
	case "RS256":
		var k *rsa.PrivateKey
		k, err = rsa.GenerateKey(rand.Reader, 2048)
		private, public = k, k.Public()
	case "EdDSA":
		public, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pemKey{
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
	}
}

// line is the private key's second line, in which its private part is.
func (k pemKey) line() string { return strings.Split(k.private, "\n")[1] }

// headerOf is the header of a token.
func headerOf(t testing.TB, raw string) (header struct{ Alg, Typ, Kid string }) {
	t.Helper()
	part, _, _ := strings.Cut(raw, ".")
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(b, &header)
	}
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return header
}

// kids are those of the public keys that a door shows.
func (d *door) kids(t testing.TB) (kids []string) {
	t.Helper()
	got := d.ask(t, request("GET /.well-known/jwks.json"))
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal([]byte(got.body), &set); err != nil || got.status != 200 {
		t.Fatalf("got %v: %v", got, err)
	}
	for _, key := range set.Keys {
		kids = append(kids, key.Kid)
	}
	return kids
}

// opens tells whether a token lets ann write.
func (d *door) opens(t testing.TB, raw string) bool {
	t.Helper()
	got := d.ask(t, request("PUT /tests/x", bearing(raw), "Content-Length: 0"))
	if got.status != 200 && got.status != 401 {
		t.Errorf("got %v", got)
	}
	return got.status == 200
}

// jose runs the npm package jose: another implementation of what is under test.
func jose(t *testing.T, answer any, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(bounded(t), nodeWithModules(t), append([]string{"clients/jose.mjs"}, args...)...)
	cmd.Env, cmd.Stderr = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, os.Stderr
	output, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(output, answer)
	}
	if err != nil {
		t.Fatalf("jose: %v\n%s", err, output)
	}
}

func TestWhoeverHasThePublicKeysCanVerifyATokenAndAKeyOfOthersIsAccepted(t *testing.T) {
	for _, algorithm := range []string{"ES256", "RS256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			var other struct{ Public, Plain, Named string }
			jose(t, &other, "sign", algorithm, "ann")
			key := newPEM(t, algorithm)
			store := startRecorder(t, &recorder{})
			d := newDoor(t, frontDoor("algorithm "+algorithm, "signing_key file key.pem", "accept_key file other.pub", "expiry_unit seconds"),
				doorOptions{store: store.address, admin: true})
			put(t, d.dir, "key.pem", key.private, 0o600)
			put(t, d.dir, "other.pub", other.Public, 0o644)
			d.start(t)
			d.awaitServing(t, "/_login")
			raw := d.logIn(t, "ann", passwordOf("ann"))
			if header := headerOf(t, raw); header.Alg != algorithm || header.Typ != "JWT" || header.Kid != d.kids(t)[0] {
				t.Errorf("the header is %+v", header)
			}
			for _, opens := range []string{raw, other.Plain, other.Named} {
				if !d.opens(t, opens) || inShort(store.take()) != "PUT /tests/x as ann" {
					t.Errorf("%s does not open", opens)
				}
			}
			if d.opens(t, raw[:len(raw)-4]+"AAAA") {
				t.Error("a token with another signature opens")
			}
			var verified struct {
				Good, Thumbprint, Tampered string
				Private                    []string
			}
			jose(t, &verified, "verify", algorithm, "http://"+d.address, raw)
			if verified.Good != "ann" || verified.Thumbprint != headerOf(t, raw).Kid || !strings.Contains(verified.Tampered, "signature verification failed") || len(verified.Private) > 0 {
				t.Errorf("jose finds %+v", verified)
			}
			shown := ask(t, d.admin, requestTo(d.admin, "GET /config/")).body + d.output.String()
			if strings.Contains(shown, key.line()) || strings.Contains(shown, "PRIVATE KEY") {
				t.Error("the private key is in the configuration's dump, or in a log")
			}
		})
	}
}

func TestThePublicKeysAreTheDoorsOwnPath(t *testing.T) {
	const path = "/.well-known/jwks.json"
	for _, row := range []struct {
		algorithm string
		status    int
	}{{"ES256", 200}, {"HS256", 404}, {"HS512", 404}} {
		store := startRecorder(t, &recorder{})
		d := startDoor(t, frontDoor("algorithm "+row.algorithm), doorOptions{store: store.address})
		for _, method := range []string{"GET", "HEAD"} {
			got := d.ask(t, request(method+" "+path))
			if got.status != row.status || (method == "HEAD") != (got.body == "") {
				t.Errorf("%s, %s: got %v", row.algorithm, method, got)
			}
			wantControl, wantType := "no-store", "text/plain; charset=utf-8"
			if row.status == 200 {
				wantControl, wantType = "public, max-age=5", "application/jwk-set+json"
			}
			if h := got.header; h.Get("Cache-Control") != wantControl || h.Get("Content-Type") != wantType || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s, %s: got %v", row.algorithm, method, h)
			}
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"} {
			got := d.ask(t, request(method+" "+path, "Content-Length: 0"))
			if got.status != 405 || got.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s, %s: got %v", row.algorithm, method, got)
			}
		}
		for _, spelling := range []string{"/.well-known//jwks.json", "//.well-known/jwks.json", "/.well-known/%6awks.json", "/.WELL-KNOWN/jwks.json", "/x/../.well-known/jwks.json", path + "/", path + ";x"} {
			if got := d.ask(t, request("GET "+spelling)); got.status != 400 {
				t.Errorf("%s, %s: got %v", row.algorithm, spelling, got)
			}
		}
		if seen := store.take(); len(seen) > 0 {
			t.Errorf("%s: the store was asked: %v", row.algorithm, seen)
		}
	}
}

// rotate asks the door's admin endpoint for new keys, and returns all that are there.
func (d *door) rotate(t testing.TB, query string) (keys []struct{ ID, Algorithm, State string }) {
	t.Helper()
	got := ask(t, d.admin, requestTo(d.admin, "POST /cmwell_auth/keys/rotate"+query, "Content-Length: 0"))
	var answer struct {
		Keys *[]struct{ ID, Algorithm, State string }
	}
	answer.Keys = &keys
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || got.status != 200 {
		t.Fatalf("got %v: %v", got, err)
	}
	return keys
}

// doorsOnOneStorage are two, of one algorithm.
func doorsOnOneStorage(t testing.TB, algorithm string) (first, second *door) {
	t.Helper()
	storage, store := "storage file_system "+t.TempDir(), startRecorder(t, &recorder{})
	start := func() *door {
		return startDoor(t, frontDoorWith(storage, "algorithm "+algorithm), doorOptions{store: store.address, admin: true})
	}
	return start(), start()
}

func TestARotationAtOneDoorHoldsAtAllAndEndsNoToken(t *testing.T) {
	for _, algorithm := range []string{"HS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			first, second := doorsOnOneStorage(t, algorithm)
			both := []*door{first, second}
			before := first.logIn(t, "ann", passwordOf("ann"))
			second.logIn(t, "ann", passwordOf("ann")) // from then on she has what Digest needs
			begun := first.challenges(t)[login.SHA256]
			if keys := first.rotate(t, ""); len(keys) != 2 || keys[0].State != "signing" || keys[1].State != "next" || keys[1].Algorithm != algorithm {
				t.Errorf("the keys are %+v", keys)
			}
			kid := headerOf(t, before).Kid
			for _, d := range both {
				var after string
				eventually(t, "the new key signs", func() bool {
					after = d.logIn(t, "ann", passwordOf("ann"))
					return headerOf(t, after).Kid != kid
				})
				for _, verifies := range both {
					if !verifies.opens(t, before) || !verifies.opens(t, after) {
						t.Error("a token of before or after the rotation does not open")
					}
				}
				if algorithm == "ES256" && !slices.Equal(slices.Sorted(slices.Values(d.kids(t))), slices.Sorted(slices.Values([]string{kid, headerOf(t, after).Kid}))) {
					t.Errorf("the public keys are %v", d.kids(t))
				}
			}
			if got := second.ask(t, request("GET /_login", begun.answered("ann", passwordOf("ann"), "00000001"))); got.status != 200 {
				t.Errorf("a login that began before the rotation: got %v", got)
			}
			if !strings.Contains(first.output.String(), "keys rotated") || !strings.Contains(first.output.String(), "http.handlers.cmwell_auth.audit") {
				t.Error("the audit log does not tell of it")
			}
		})
	}
}

func TestALeakedKeyDiesAtAllDoors(t *testing.T) {
	first, second := doorsOnOneStorage(t, "HS256")
	before := second.logIn(t, "ann", passwordOf("ann"))
	first.logIn(t, "ann", passwordOf("ann")) // from then on she has what Digest needs
	begun := first.challenges(t)[login.SHA256]
	if keys := first.rotate(t, "?drop_old=true"); len(keys) != 1 || keys[0].State != "signing" {
		t.Errorf("the keys are %+v", keys)
	}
	dropped := time.Now()
	eventually(t, "the old token is dead at the other door", func() bool { return !second.opens(t, before) })
	t.Logf("it was after %s", time.Since(dropped))
	after := first.logIn(t, "ann", passwordOf("ann"))
	if first.opens(t, before) || !first.opens(t, after) || !second.opens(t, after) {
		t.Error("the old token opens, or the new one does not")
	}
	// A login that began before goes one more round, and no password is asked for.
	for _, password := range []string{passwordOf("ann"), "wrong"} {
		got := first.ask(t, request("GET /_login", begun.answered("ann", password, "00000001")))
		stale := strings.Contains(strings.Join(got.header.Values("Www-Authenticate"), " "), "stale=true")
		if got.status != 401 || stale != (password != "wrong") {
			t.Errorf("with %q: got %v %v", password, got, got.header)
		}
	}
	if got := first.ask(t, request("GET /_login", first.challenges(t)[login.SHA256].answered("ann", passwordOf("ann"), "00000001"))); got.status != 200 {
		t.Errorf("the round after: got %v", got)
	}
}

func TestTheAdminCallsForKeysTakeWhatTheyTakeAndNoMore(t *testing.T) {
	d := startDoor(t, frontDoor(), doorOptions{store: "127.0.0.1:1", admin: true})
	configured := startDoor(t, frontDoor(ownKey), doorOptions{store: "127.0.0.1:1", admin: true})
	for _, row := range []struct {
		door   *door
		line   string
		status int
	}{
		{d, "GET /cmwell_auth/keys", 200},
		{d, "POST /cmwell_auth/keys", 405},
		{d, "GET /cmwell_auth/keys/rotate", 405},
		{d, "POST /cmwell_auth/keys/rotate?drop_old=1", 400},
		{d, "POST /cmwell_auth/keys/rotate?drop_old=true&drop_old=true", 400},
		{d, "POST /cmwell_auth/keys/rotate?drop-old=true", 400},
		{configured, "GET /cmwell_auth/keys", 200},
		{configured, "POST /cmwell_auth/keys/rotate", 409},
	} {
		if got := ask(t, row.door.admin, requestTo(row.door.admin, row.line, "Content-Length: 0")); got.status != row.status {
			t.Errorf("%s: got %v, want %d", row.line, got, row.status)
		}
	}
	got := ask(t, d.admin, requestTo(d.admin, "GET /cmwell_auth/keys"))
	stored, err := os.ReadFile(filepath.Join(d.dir, "data/caddy/cmwell_auth/signing_key"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Keys []struct{ ID, Material string }
	}
	if err := json.Unmarshal(stored, &document); err != nil || len(document.Keys) != 1 || len(document.Keys[0].Material) < 40 {
		t.Fatalf("%v", err)
	}
	if !strings.Contains(got.body, document.Keys[0].ID) || strings.Contains(got.body+d.output.String(), document.Keys[0].Material) {
		t.Errorf("the list lacks the key's id, or shows the key: %s", got.body)
	}
}

func TestTheSingleKeyOfAnEarlierVersionGoesOn(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := newDoor(t, frontDoor(), doorOptions{store: store.address})
	put(t, d.dir, "data/caddy/cmwell_auth/signing_key", fmt.Sprintf("%x", signingSecret[:32]), 0o600)
	d.start(t)
	d.awaitServing(t, "/_login")
	if raw := signed(t, signingSecret[:32], token.Claims{Subject: "ann", Expires: time.Now().Add(time.Hour)}); !d.opens(t, raw) {
		t.Error("a token from before does not open")
	}
	if header := headerOf(t, d.logIn(t, "ann", passwordOf("ann"))); header.Kid != "" {
		t.Errorf("the header is %+v", header)
	}
}

func TestADamagedKeyIsNoFirstStart(t *testing.T) {
	d := newDoor(t, frontDoor(), doorOptions{store: "127.0.0.1:1"})
	put(t, d.dir, "data/caddy/cmwell_auth/signing_key", "damaged "+aKey, 0o600)
	said := d.startsAndFails(t)
	if !strings.Contains(said, "cmwell_auth/signing_key in Caddy's storage: damaged") || strings.Contains(said, aKey) {
		t.Errorf("it said:\n%s", said)
	}
}

func TestKeysThatCannotBeReadStayInUse(t *testing.T) {
	d := startDoor(t, frontDoor("algorithm ES256"), doorOptions{store: startRecorder(t, &recorder{}).address})
	raw := d.logIn(t, "ann", passwordOf("ann"))
	file := filepath.Join(d.dir, "data/caddy/cmwell_auth/signing_key")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	trouble := func() string {
		var health struct {
			OK       bool
			Trouble  string
			KeySince time.Time
		}
		got := d.ask(t, request("GET /_auth?op=health"))
		if err := json.Unmarshal([]byte(got.body), &health); err != nil || !health.OK || time.Since(health.KeySince) > 2*patience {
			t.Errorf("got %v, %v", got, err)
		}
		return health.Trouble
	}
	if trouble() != "" {
		t.Errorf("at first: %s", trouble())
	}
	put(t, d.dir, "data/caddy/cmwell_auth/signing_key", "{", 0o600)
	eventually(t, "health tells of it", func() bool { return strings.Contains(trouble(), "keys cannot be read") })
	if !d.opens(t, raw) || !d.opens(t, d.logIn(t, "ann", passwordOf("ann"))) {
		t.Error("a token does not open")
	}
	put(t, d.dir, "data/caddy/cmwell_auth/signing_key", string(good), 0o600)
	d.says(t, "the managed keys can be read again")
	if trouble() != "" || strings.Count(d.output.String(), "the managed keys cannot be read") != 1 {
		t.Errorf("afterwards: %q", trouble())
	}
}

func TestAReloadMayChangeTheAlgorithmAndLeavesOneReaderOfTheKeys(t *testing.T) {
	for _, globals := range []string{"", "storage file_system keys"} {
		d := startDoor(t, frontDoorWith(globals), doorOptions{store: startRecorder(t, &recorder{}).address, admin: true})
		before := d.logIn(t, "ann", passwordOf("ann"))
		for range 3 {
			for algorithm, opens := range map[string]bool{"EdDSA": false, "HS256": true} {
				d.write(t, frontDoorWith(globals, "algorithm "+algorithm))
				if said, err := d.reload(t); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
				if d.opens(t, before) != opens || !d.opens(t, d.logIn(t, "ann", passwordOf("ann"))) {
					t.Errorf("%s: the token from before opens: %v, or the new one does not", algorithm, !opens)
				}
			}
		}
		eventually(t, "one goroutine follows the keys", func() bool {
			all := ask(t, d.admin, requestTo(d.admin, "GET /debug/pprof/goroutine?debug=2")).body
			return strings.Count(all, "keyring.(*Ring).run(") == 1
		})
	}
}

// Whoever sends a key, or its address, with a token has it looked at by nobody.
func TestNoKeyIsFetchedForAToken(t *testing.T) {
	listener := startRecorder(t, &recorder{})
	address := "http://" + listener.address + "/keys"
	for _, algorithm := range []string{"HS256", "ES256"} {
		store := startRecorder(t, &recorder{})
		d := startDoor(t, frontDoor("algorithm "+algorithm), doorOptions{store: store.address})
		part := base64.RawURLEncoding.EncodeToString
		for _, member := range []string{
			`"jku":"` + address + `"`, `"x5u":"` + address + `"`, `"kid":"` + address + `"`, `"jku":"` + address + `","kid":"x"`,
			`"jwk":{"kty":"oct","k":"AAAA"}`, `"x5c":["AAAA"]`, `"crit":["x"],"x":"` + address + `"`,
		} {
			raw := part([]byte(`{"alg":"`+algorithm+`","typ":"JWT",`+member+`}`)) + "." + part([]byte(`{"sub":"ann","exp":4638902400000,"rev":0}`)) + "." + part(make([]byte, 64))
			if d.opens(t, raw) {
				t.Errorf("%s: a token opens by %s", algorithm, member)
			}
		}
		if seen := append(store.take(), listener.take()...); len(seen) > 0 {
			t.Errorf("%s: somebody was asked: %v", algorithm, seen)
		}
	}
}
