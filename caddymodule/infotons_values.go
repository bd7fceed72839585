package caddymodule

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// infotonRows are all that the block of users infotons may hold.
var infotonRows = map[string]struct {
	usage string
	set   func(*InfotonUsers, string)
	check func(string) error
}{
	"user":       {"<name>", func(i *InfotonUsers, v string) { i.User = v }, checks(parseDoorUser)},
	"token":      {"off | <token>", func(i *InfotonUsers, v string) { i.Token = v }, checks(parseDoorToken)},
	"max_age":    {"<duration>", func(i *InfotonUsers, v string) { i.MaxAge = v }, checks(parseMaxAge)},
	"max_stale":  {"<duration>", func(i *InfotonUsers, v string) { i.MaxStale = v }, checks(parseMaxStale)},
	"cache_size": {"<n>", func(i *InfotonUsers, v string) { i.CacheSize = caddyhttp.WeakString(v) }, checks(parseCacheSize)},
	"timeout":    {"<duration>", func(i *InfotonUsers, v string) { i.Timeout = v }, checks(parseTimeout)},
}

func checks[T any](parse func(string) (T, error)) func(string) error {
	return func(s string) error { return checkNow(s, parse) }
}

// UnmarshalCaddyfile reads
//
//	infotons <url> {
//		user       <name>
//		token      off | <token>
//		max_age    <duration>
//		max_stale  <duration>
//		cache_size <n>
//		timeout    <duration>
//	}
//
// user and token exclude each other.
func (i *InfotonUsers) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "infotons"
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("%s found after users infotons; one URL is accepted", arguments(len(args)))
	}
	i.URL = args[0]
	if err := checkNow(i.URL, parseStoreURL); err != nil {
		return d.Errf("users infotons: %v", err)
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		row, known := infotonRows[name]
		if !known {
			return d.Errf("users infotons: %q found; %s are accepted", name, infotonWords())
		}
		if seen[name] {
			return d.Errf("users infotons: %s found a second time; it is accepted once", name)
		}
		seen[name] = true
		values := d.RemainingArgs()
		if len(values) != 1 {
			return d.Errf("users infotons: %s found after %s; %s %s is accepted", arguments(len(values)), name, name, row.usage)
		}
		row.set(i, values[0])
		if err := row.check(values[0]); err != nil {
			return d.Errf("users infotons: %s: %v", name, err)
		}
		if seen["user"] && seen["token"] {
			return d.Errf("users infotons: %v", errUserAndToken)
		}
	}
	return nil
}

func infotonWords() string {
	var words []string
	for word := range infotonRows {
		words = append(words, word)
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

var errUserAndToken = errors.New("user and token found; one of them is accepted: the front door signs for a user, or shows a token of somebody else's")

func (i *InfotonUsers) resolve() (infotonSettings, error) {
	r := &resolver{repl: caddy.NewReplacer()}
	s := infotonSettings{
		url:      value(r, "url", i.URL, "", parseStoreURL),
		user:     value(r, "user", i.User, "cmwell-auth", parseDoorUser),
		maxAge:   value(r, "max_age", i.MaxAge, "1s", parseMaxAge),
		maxStale: value(r, "max_stale", i.MaxStale, "5m", parseMaxStale),
		size:     value(r, "cache_size", string(i.CacheSize), "100000", parseCacheSize),
		timeout:  value(r, "timeout", i.Timeout, "2s", parseTimeout),
	}
	if i.Token != "" { // a variable that is not set must not have the door sign instead
		s.token = value(r, "token", i.Token, "", parseDoorToken)
	}
	switch {
	case r.err != nil:
		return infotonSettings{}, r.err
	case i.Token != "" && i.User != "":
		return infotonSettings{}, errUserAndToken
	case s.maxStale < s.maxAge:
		return infotonSettings{}, fmt.Errorf("max_stale: %s found; at least max_age, %s, is accepted", s.maxStale, s.maxAge)
	}
	return s, nil
}

// parseStoreURL accepts what names a server and nothing on it: the paths of the
// documents are CM-Well's.
func parseStoreURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Hostname() == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#") {
		return "", errors.New("what was found is no URL of a store; http://host:port and https://host are accepted, without a path, a user or a query")
	}
	return u.Scheme + "://" + u.Host, nil
}

func parseDoorUser(s string) (string, error) {
	if err := account.CheckName(s); err != nil {
		return "", err
	}
	if s == account.Anonymous {
		return "", fmt.Errorf("%q found; it is the name of requests without a token, and another name is accepted", s)
	}
	return s, nil
}

// parseDoorToken shows nothing of what it does not accept.
func parseDoorToken(s string) (string, error) {
	if s == "" || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", errors.New("what was found is no token; off is accepted, or a token such as CM-Well gives")
	}
	return s, nil
}

func parseMaxAge(s string) (time.Duration, error) {
	return within(s, 100*time.Millisecond, time.Hour, "100ms to 1h")
}

func parseMaxStale(s string) (time.Duration, error) { return within(s, 0, 24*time.Hour, "0 to 24h") }

func parseTimeout(s string) (time.Duration, error) {
	return within(s, 100*time.Millisecond, 30*time.Second, "100ms to 30s")
}

func within(s string, least, most time.Duration, accepted string) (time.Duration, error) {
	d, err := caddy.ParseDuration(s)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("%q found; a duration from %s is accepted", s, accepted)
	}
	return d, nil
}

func parseCacheSize(s string) (int, error) { return whole(s, 1, 10_000_000) }
