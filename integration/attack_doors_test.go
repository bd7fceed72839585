package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// attackedDoors are the settings of the rows' doors, by name: cm is production
// with CM-Well's calls, dev the same in development, web goes by the method.
var attackedDoors = map[string][]string{
	"cm":     nil,
	"dev":    {"environment development"},
	"web":    {"profile http"},
	"bearer": {"token_from header X-CM-WELL-TOKEN", "token_from bearer"},
	"cookie": {"token_from cookie X-CM-WELL-TOKEN"},
	"query":  {"token_from header X-CM-WELL-TOKEN", "token_from query token"},
	"json":   {"json_login /v1/login"},
	"cgi":    nil, // where Caddy passes on names that such stores confuse
	"other":  {"signing_key env OTHER_KEY"},
	"strip":  nil, // behind other handlers
}

// beforeStrip are handlers that Caddy runs before the door strip.
const beforeStrip = `
	uri /pub/* strip_prefix /pub
	rewrite /moved/* /other/x
	method /set/* PUT`

// passedOn has Caddy pass on, at door cgi, names that it would drop.
const passedOn = `
		expected_underscore_headers X_CM_Well_User X_CM_WELL_TOKEN X_HTTP_Method_Override X_Original_URL
		expected_dot_headers X.CM.Well.User
	}`

// attacked is all those doors in one process, each on a port without TLS and
// on one with it, in front of one store.
type attacked struct {
	*door
	store         *recorder
	plain, secure map[string]string // addresses, by the door's name
	roots         *x509.CertPool    // of the certificate
	tokens        map[string]string // good ones by their user, bad ones by what is wrong
	asked         int               // plain requests between the rows
}

func startAttacked(t *testing.T) *attacked {
	t.Helper()
	a := &attacked{plain: map[string]string{}, secure: map[string]string{}, tokens: badTokens(t)}
	for name := range userPaths {
		a.tokens[name] = tokenOf(t, name)
	}
	var files string
	a.roots, files = certificate(t)
	options, sites := "", ""
	for _, name := range slices.Sorted(maps.Keys(attackedDoors)) {
		plain, secure := freePort(t), freePort(t)
		a.plain[name], a.secure[name] = "127.0.0.1:"+plain, "127.0.0.1:"+secure
		if name == "cgi" {
			options += "\tservers " + a.plain[name] + " {" + passedOn + "\n\tservers " + a.secure[name] + " {" + passedOn + "\n"
		}
		settings := append(slices.Clip(attackedDoors[name]), "login_limit 1000 1m") // one for all, for they share their users
		if name != "other" {
			settings = append(settings, ownKey)
		}
		behind := fmt.Sprintf(" {\n\tlog {\n\t\tformat cmwell_redact\n\t}\n\tcmwell_auth {\n\t\tusers file {$DOOR_USERS}\n\t\t%s\n\t}\n\treverse_proxy {$DOOR_STORE}\n",
			strings.Join(settings, "\n\t\t"))
		if name == "strip" {
			behind = " {" + beforeStrip + behind[2:]
		}
		sites += "http://:" + plain + behind + "}\nhttps://:" + secure + behind + "\ttls " + files + "\n}\n"
	}
	a.store = startRecorder(t, &recorder{reply: replyToRows})
	text := "{\n\tdefault_bind 127.0.0.1\n\tadmin off\n\tauto_https off\n\tlog {\n\t\tformat cmwell_redact\n\t}\n" + options + "}\n" + sites
	a.door = newDoor(t, text, doorOptions{store: a.store.address, environ: map[string]string{"OTHER_KEY": "the secret of another door, long enough too"}})
	a.address = a.plain["cm"]
	a.start(t)
	a.awaitServing(t, "/_login")
	next := a.afterwards()
	a.ask(t, request(next))
	a.logged(t, 0, next) // what was asked until now is in the log, and not among the rows'
	return a
}

// replyToRows agrees to no upgrade.
func replyToRows(r received) string {
	if strings.Join(r.values("Sec-WebSocket-Version"), "") == "777" {
		return reply(r, "426 Upgrade Required", "")
	}
	return plainReply(r)
}

// certificate makes one for the host "door", and returns who vouches for it and
// the names of its two files.
func certificate(t *testing.T) (roots *x509.CertPool, files string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "door"}, DNSNames: []string{"door"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, &made, &made, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	roots = x509.NewCertPool()
	for name, block := range map[string]*pem.Block{"door.pem": {Type: "CERTIFICATE", Bytes: signed}, "door.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		text := pem.EncodeToMemory(block)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		roots.AppendCertsFromPEM(text)
	}
	return roots, filepath.Join(dir, "door.pem") + " " + filepath.Join(dir, "door.key")
}

// afterwards is something plain to ask between two rows, no two alike.
func (a *attacked) afterwards() string {
	a.asked++
	return fmt.Sprintf("GET /plain/afterwards/%d", a.asked)
}

// filled has tokens in place of their names.
func (a *attacked) filled(said string) string {
	for name, raw := range a.tokens {
		said = strings.ReplaceAll(said, "{"+name+"}", raw)
	}
	return said
}
