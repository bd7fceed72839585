package caddymodule

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// infotonRows are all that the block of users infotons may hold.
var infotonRows = map[string]blockRow[InfotonUsers]{
	"user":       oneOfTwo(textRow("<name>", func(i *InfotonUsers) *string { return &i.User }, parseDoorUser)),
	"token":      oneOfTwo(textRow("off | <token>", func(i *InfotonUsers) *string { return &i.Token }, parseDoorToken)),
	"max_age":    textRow("<duration>", func(i *InfotonUsers) *string { return &i.MaxAge }, parseMaxAge),
	"max_stale":  textRow("<duration>", func(i *InfotonUsers) *string { return &i.MaxStale }, parseMaxStale),
	"cache_size": textRow("<n>", func(i *InfotonUsers) *string { return (*string)(&i.CacheSize) }, parseCacheSize),
	"timeout":    textRow("<duration>", func(i *InfotonUsers) *string { return &i.Timeout }, parseTimeout),
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
	return readStore(d, i, &i.URL, parseStoreURL, infotonRows)
}

// oneOfTwo refuses the line that comes second, of user and token.
func oneOfTwo(row blockRow[InfotonUsers]) blockRow[InfotonUsers] {
	set := row.set
	row.set = func(i *InfotonUsers, args []string) error {
		if err := set(i, args); err != nil {
			return err
		}
		if i.User != "" && i.Token != "" {
			return errUserAndToken
		}
		return nil
	}
	return row
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
