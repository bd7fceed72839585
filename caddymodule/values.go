package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"golang.org/x/net/http/httpguts"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// The parsers below read one value each. Their errors say what was found and
// what is accepted; who calls them adds the name and the place.

// parseEnvironment tells production from the rest. A typing mistake must not
// open a store, so an unknown word is an error.
func parseEnvironment(s string) (production bool, err error) {
	switch s {
	case "production", "prod":
		return true, nil
	case "development", "dev", "test", "staging", "qa", "local":
		return false, nil
	}
	return true, fmt.Errorf("%q found; production (or prod) and development (or dev, test, staging, qa, local) are accepted", s)
}

func parseMode(s string) (observe bool, err error) {
	switch s {
	case "enforce":
		return false, nil
	case "observe":
		return true, nil
	}
	return false, fmt.Errorf("%q found; enforce and observe are accepted", s)
}

func parseProfile(s string) (gate.Profile, error) {
	switch s {
	case "cmwell":
		return gate.CMWell, nil
	case "http":
		return gate.HTTP, nil
	}
	return 0, fmt.Errorf("%q found; cmwell and http are accepted", s)
}

func parseOwnPath(s string) (string, error) {
	p, err := permission.ParsePath(s)
	if err != nil || p.Len() != 1 || p.String() != s || s == "/" {
		return "", fmt.Errorf("%q found; a path such as /_login is accepted, without escapes and without a slash at its end", s)
	}
	return s, nil
}

func parseRealm(s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return "", fmt.Errorf("%q found; printable ASCII without quotes and backslashes is accepted", s)
	}
	return s, nil
}

// shortestLife keeps tokens from expiring on their way to the client.
const shortestLife = time.Minute

func parseLife(s string) (time.Duration, error) {
	d, err := caddy.ParseDuration(s)
	if err != nil || d < shortestLife {
		return 0, fmt.Errorf("%q found; a duration of at least 1m is accepted, such as 90m, 24h or 60d", s)
	}
	return d, nil
}

func parseUnit(s string) (token.Unit, error) {
	u, err := token.ParseUnit(s)
	if err != nil {
		return 0, fmt.Errorf("%q found; milliseconds and seconds are accepted", s)
	}
	return u, nil
}

func parseAlgorithm(s string) (token.Algorithm, error) {
	a, err := token.ParseAlgorithm(s)
	if err != nil {
		return 0, fmt.Errorf("%q found; HS256, HS512, ES256, RS256 and EdDSA are accepted", s)
	}
	return a, nil
}

func parseSwitch(s string) (bool, error) {
	switch s {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, fmt.Errorf("%q found; on and off are accepted", s)
}

func parseDefaultRoot(s string) (login.RootPolicy, error) {
	switch s {
	case "loopback":
		return login.RootFromThisMachine, nil
	case "anywhere":
		return login.UnsafeRootFromAnywhere, nil
	case "off":
		return login.RootFromNowhere, nil
	}
	return login.RootFromNowhere, fmt.Errorf("%q found; loopback, anywhere and off are accepted", s)
}

func parseStatus(s string) (int, error) {
	if s != "401" && s != "403" {
		return 0, fmt.Errorf("%q found; 401 and 403 are accepted", s)
	}
	return strconv.Atoi(s)
}

// taken are headers that mean something else to HTTP or to the store.
var taken = []string{
	"Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Host", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Www-Authenticate",
}

func parseHeader(s string) (string, error) {
	name := http.CanonicalHeaderKey(s)
	if !httpguts.ValidHeaderFieldName(s) || slices.Contains(taken, name) {
		return "", fmt.Errorf("header %q found; a header field name of its own is accepted, such as X-CM-WELL-TOKEN", s)
	}
	return name, nil
}

func parseIdentityHeader(s string) (string, error) {
	name, err := parseHeader(s)
	if err == nil && (name == gate.TokenHeader || name == gate.TokenHeader2) {
		return "", fmt.Errorf("%q found; it carries tokens, and another header is accepted", s)
	}
	return name, err
}

func parseSource(kind, name string) (gate.Source, error) {
	kinds := map[string]gate.Kind{"header": gate.InHeader, "bearer": gate.InBearer, "cookie": gate.InCookie, "query": gate.InQuery}
	k, known := kinds[kind]
	switch {
	case !known:
		return gate.Source{}, fmt.Errorf("%q found; header <name>, bearer, cookie <name> and query <name> are accepted", kind)
	case k == gate.InBearer && name != "":
		return gate.Source{}, fmt.Errorf("%q found after bearer; nothing is accepted there", name)
	case k == gate.InBearer:
		return gate.NewSource(k, ""), nil
	case !httpguts.ValidHeaderFieldName(name): // a cookie's name is a token too (RFC 6265, section 4.1.1)
		return gate.Source{}, fmt.Errorf("%q found after %s; a name is accepted there", name, kind)
	case k == gate.InHeader:
		if _, err := parseHeader(name); err != nil {
			return gate.Source{}, err
		}
	}
	return gate.NewSource(k, name), nil
}

func parseLevels(s string) (permission.Level, error) {
	var levels permission.Level
	for _, word := range strings.Fields(s) {
		level, known := map[string]permission.Level{"read": permission.Read, "write": permission.Write}[word]
		if !known || levels&level != 0 {
			return 0, fmt.Errorf("%q found; read and write are accepted, each once", word)
		}
		levels |= level
	}
	if levels == 0 {
		return 0, errors.New("no level found; read and write are accepted, each once")
	}
	return levels, nil
}
