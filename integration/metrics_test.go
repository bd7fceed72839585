package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// metrics are the door's own, by name and labels, as Prometheus would read them.
func (d *door) metrics(t testing.TB) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for line := range strings.Lines(ask(t, d.admin, requestTo(d.admin, "GET /metrics")).body) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(series, "caddy_cmwell_auth_") {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		found[strings.TrimPrefix(series, "caddy_cmwell_auth_")] = number
	}
	return found
}

// logInOnce is a login by each scheme, one that fails, and one without credentials.
func (d *door) logInOnce(t *testing.T) {
	t.Helper()
	d.ask(t, request("GET /_login", authorization("ann", passwordOf("ann"))))
	d.ask(t, request("GET /_login", authorization("ann", "wrong")))
	d.ask(t, requestWith(`{"username":"ann","password":"`+passwordOf("ann")+`"}`, "POST /v1/login"))
	d.ask(t, request("GET /_login", `Authorization: Digest username="ann"`))
	d.ask(t, request("GET /_login"))
}

func TestMetricsCountOnOverThreeReloads(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey, "json_login /v1/login"), doorOptions{store: store.address, admin: true})
	adm, awaited := bearing(tokenOf(t, "adm")), d.metrics(t)[`logins_total{outcome="no_credentials",scheme="none"}`]
	changed := 0.0
	for round := range 4 {
		if round > 0 {
			d.write(t, frontDoor(ownKey, "json_login /v1/login", fmt.Sprintf("realm r%d", round)))
			if said, err := d.reload(t); err != nil {
				t.Fatal(err, said)
			}
		}
		d.ask(t, request("GET /x"))
		d.ask(t, request("GET /tests/x", bearing(tokenOf(t, "ann"))))
		d.ask(t, request("PUT /tests/x", bearing(tokenOf(t, "ann")), "Content-Length: 0"))
		d.ask(t, request("PUT /tests/x", "Content-Length: 0"))
		d.ask(t, request("PUT /x", bearing(tokenOf(t, "bob")), "Content-Length: 0"))
		d.ask(t, request("PUT /tests/x", bearing(badTokens(t)["expired"]), "Content-Length: 0"))
		d.logInOnce(t)
		d.ask(t, requestWith(fmt.Sprintf(`{"rev":%d}`, round), "POST /meta/auth/users/new", adm, "X-CM-Well-Type: File"))
		got, n := d.metrics(t), float64(round+1)
		if changes := got[`users_reloads_total{outcome="success",store="file"}`]; changes <= changed {
			t.Errorf("after %d reloads the users have changed %v times, and %v times before", round, changes, changed)
		} else {
			changed = changes
		}
		for series, want := range map[string]float64{
			`decisions_total{level="read",outcome="pass",reason=""}`:              2 * n,
			`decisions_total{level="write",outcome="pass",reason=""}`:             2 * n,
			`decisions_total{level="write",outcome="refused",reason="no_token"}`:  n,
			`decisions_total{level="write",outcome="refused",reason="forbidden"}`: n,
			`decisions_total{level="write",outcome="refused",reason="expired"}`:   n,
			`logins_total{outcome="success",scheme="basic"}`:                      n,
			`logins_total{outcome="rejected",scheme="basic"}`:                     n,
			`logins_total{outcome="success",scheme="json"}`:                       n,
			`logins_total{outcome="bad_credentials",scheme="digest"}`:             n,
			`logins_total{outcome="no_credentials",scheme="none"}`:                n + awaited,
			`login_queue_length`:     0,
			`users_up{store="file"}`: 1,
			`serving`:                1,
			`doors{environment="production",mode="enforce"}`: 1,
		} {
			if have, found := got[series]; !found || have != want {
				t.Errorf("after %d reloads %s is %v, want %v", round, series, have, want)
			}
		}
		if hashed := got["hash_seconds_count"]; hashed < 3*n || got["hash_seconds_sum"] <= 0 {
			t.Errorf("after %d reloads %v passwords were hashed", round, hashed)
		}
		if age := got[`users_age_seconds{store="file"}`]; age < 0 || age > 60 {
			t.Errorf("the users were read %v seconds ago", age)
		}
	}
}

func TestMetricsTellOfUsersThatCannotBeReadAndOfObserving(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey, "mode observe", "environment development"), doorOptions{store: store.address, admin: true})
	d.ask(t, request("PUT /meta/ns/x", "Content-Length: 0"))
	if err := os.WriteFile(d.users, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.ask(t, request("GET /_auth?op=invalidate-cache", bearing(tokenOf(t, "adm"))))
	got := d.metrics(t)
	for series, want := range map[string]float64{
		`decisions_total{level="write",outcome="observed",reason="no_token"}`: 1,
		`users_up{store="file"}`:                              0,
		`users_reloads_total{outcome="failure",store="file"}`: 1,
		`doors{environment="development",mode="observe"}`:     1,
	} {
		if have, found := got[series]; !found || have != want {
			t.Errorf("%s is %v, want %v", series, have, want)
		}
	}
}

// What is known of a key's age is shown: of a managed one from when it signs, of one in
// a file from when that was written.
func TestMetricsAndHealthTellTheAgeOfAKey(t *testing.T) {
	store := startRecorder(t, &recorder{})
	age := func(d *door) (float64, map[string]float64) {
		t.Helper()
		var health struct{ KeySince time.Time }
		if got := d.ask(t, request("GET /_auth?op=health")); json.Unmarshal([]byte(got.body), &health) != nil {
			t.Errorf("health: got %v", got)
		}
		if health.KeySince.IsZero() {
			return -1, d.metrics(t)
		}
		return time.Since(health.KeySince).Seconds(), d.metrics(t)
	}
	managed := startDoor(t, frontDoor("signing_key managed"), doorOptions{store: store.address, admin: true})
	since, got := age(managed)
	if shown, found := got[`key_age_seconds{source="managed"}`]; !found || shown > 60 || since < 0 || since > 60 || got["keys_up"] != 1 {
		t.Errorf("a managed key: %v seconds in health, %v", since, got)
	}
	written := newDoor(t, frontDoor("signing_key file {$DOOR_USERS}.key"), doorOptions{store: store.address, admin: true})
	put(t, written.dir, "users.json.key", aKey, 0o600)
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(written.users+".key", hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	written.start(t)
	written.awaitServing(t, "/_login")
	since, got = age(written)
	if shown := got[`key_age_seconds{source="file"}`]; shown < 3600 || shown > 3700 || since < 3600 || since > 3700 {
		t.Errorf("a key in a file: %v seconds in health, %v", since, got)
	}
	if _, found := got["keys_up"]; found {
		t.Error("keys_up is shown without managed keys")
	}
	since, got = age(startDoor(t, frontDoor(ownKey), doorOptions{store: store.address, admin: true}))
	for series := range got {
		if strings.HasPrefix(series, "key") || since >= 0 {
			t.Errorf("a key that is configured: %v seconds in health, %s", since, series)
		}
	}
}

// TestNoRequestMakesAMetricOfItsOwn sends names, paths, methods and tokens of all
// kinds, and finds in the labels only words of ours.
func TestNoRequestMakesAMetricOfItsOwn(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey, "json_login /v1/login", "login_limit 5 1m"), doorOptions{store: store.address, admin: true})
	random := rand.New(rand.NewPCG(1, 2)) // the same requests every time
	word := func() string {
		letters := make([]byte, 1+random.IntN(12))
		for i := range letters {
			letters[i] = "abcxyzABC019-._~%/;"[random.IntN(19)]
		}
		return string(letters)
	}
	bad := slices.Sorted(maps.Values(badTokens(t)))
	for range 200 {
		method := []string{"GET", "PUT", "DELETE", "PROPFIND", strings.ToUpper(strings.Trim(word(), "%/;.~")) + "X"}[random.IntN(5)]
		target := []string{"/", "/_login?exp=", "/_auth?op=", "/_in?format=", "/meta/auth/users/", "/tests/", "/x?token="}[random.IntN(7)] + word()
		headers := [][]string{
			{bearing(bad[random.IntN(len(bad))])}, {bearing(tokenOf(t, word()))}, {bearing(tokenOf(t, "ann"))}, {authorization(word(), word())},
			{"Authorization: " + word()}, {`Authorization: Digest username="` + word() + `"`}, nil,
		}[random.IntN(7)]
		_, _ = tryAsk(d.address, request(method+" "+target, append(headers, "Content-Length: 0")...))
	}
	reference := documents(t)["../docs/reference.md"]
	label := regexp.MustCompile(`(\w+)="([^"]*)"`)
	for series := range d.metrics(t) {
		for _, found := range label.FindAllStringSubmatch(series, -1) {
			name, value := found[1], found[2]
			if name != "le" && value != "" && !strings.Contains(reference, "`"+value+"`") {
				t.Errorf("%s: docs/reference.md does not know %s", series, value)
			}
		}
	}
	before := len(d.metrics(t))
	for i := range 50 {
		_, _ = tryAsk(d.address, request(fmt.Sprintf("PUT /other/%d", i), bearing(tokenOf(t, fmt.Sprintf("other%d", i))), "Content-Length: 0"))
	}
	if after := len(d.metrics(t)); after > before+1 {
		t.Errorf("50 more names and paths made %d more series", after-before)
	}
}
