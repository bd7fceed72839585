package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// The parsers of what belongs to logging in; see values.go for their manner.

// schemeSettings is a scheme of the login, with its algorithms when it has any.
type schemeSettings struct {
	name       string
	algorithms []login.DigestAlgorithm // none named: what the users' hashes allow
}

var digestAlgorithms = map[string]login.DigestAlgorithm{"sha-256": login.SHA256, "md5": login.MD5}

// parseSchemes reads schemes in their order. The algorithms behind digest are
// put strongest first, whatever the order they are named in.
func parseSchemes(s string) ([]schemeSettings, error) {
	var schemes []schemeSettings
	afterDigest := false
	for _, word := range strings.Fields(s) {
		algorithm, isAlgorithm := digestAlgorithms[word]
		switch {
		case isAlgorithm && afterDigest:
			last := &schemes[len(schemes)-1]
			if slices.Contains(last.algorithms, algorithm) {
				return nil, fmt.Errorf("%q found a second time; it is accepted once", word)
			}
			last.algorithms = append(last.algorithms, algorithm)
			slices.SortFunc(last.algorithms, func(a, b login.DigestAlgorithm) int { return strings.Compare(string(b), string(a)) })
		case word != "basic" && word != "digest":
			return nil, fmt.Errorf("%q found; basic and digest [sha-256] [md5] are accepted", word)
		case slices.ContainsFunc(schemes, func(s schemeSettings) bool { return s.name == word }):
			return nil, fmt.Errorf("%q found a second time; it is accepted once", word)
		default:
			schemes = append(schemes, schemeSettings{name: word})
			afterDigest = word == "digest"
		}
	}
	return schemes, nil
}

// parseJSONLogin is a path of the front door's own, or "off" for none.
func parseJSONLogin(s string) (string, error) {
	if s == "off" {
		return "", nil
	}
	return parseOwnPath(s)
}

func parseLimit(s string) (guard.Limit, error) {
	words := strings.Fields(s)
	bad := fmt.Errorf("%q found; a number from 1 to 1000 and a duration from 1m to 24h are accepted, such as 10 15m", s)
	if len(words) != 2 {
		return guard.Limit{}, bad
	}
	failures, err := strconv.Atoi(words[0])
	if err != nil || failures < 1 || failures > 1000 {
		return guard.Limit{}, bad
	}
	window, err := caddy.ParseDuration(words[1])
	if err != nil || window < time.Minute || window > 24*time.Hour {
		return guard.Limit{}, bad
	}
	return guard.Limit{Failures: failures, Window: window}, nil
}

func parseWorkers(s string) (int, error) { return whole(s, 1, 1024) }

func parseQueue(s string) (int, error) { return whole(s, 0, 100000) }

func whole(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q found; a whole number from %d to %d is accepted", s, least, most)
	}
	return n, nil
}

func parseCache(s string) (time.Duration, error) {
	if s == "off" {
		return 0, nil
	}
	d, err := caddy.ParseDuration(s)
	if err != nil || d <= 0 || d > 24*time.Hour {
		return 0, fmt.Errorf("%q found; off, and a duration up to 24h are accepted", s)
	}
	return d, nil
}

func parsePasswordHash(s string) (account.Scheme, error) {
	scheme, err := account.ParseScheme(s)
	if err != nil {
		return scheme, fmt.Errorf("%q found; bcrypt and argon2id are accepted", s)
	}
	return scheme, nil
}
