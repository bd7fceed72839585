package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// readPassword reads a password that the operator keeps. No error shows any of it.
func readPassword(r *resolver, name string, source KeySource, options UserStoreOptions) string {
	return value(r, name, source.Value, "", func(resolved string) (password string, err error) {
		switch source.From {
		case "literal":
			if password = resolved; resolved == source.Value {
				options.Warn("users redis: a password stands in the configuration, where the admin API and backups show it: file, env or a placeholder keep it out")
			}
		case "env":
			password = os.Getenv(resolved)
		case "file":
			if password, err = passwordFile(resolved, options); err != nil {
				return "", err
			}
		default:
			return "", fmt.Errorf("%q found; file <path>, env <NAME> and <secret> are accepted", source.From)
		}
		if password == "" {
			return "", errors.New("nothing found, or its environment variable is not set; a password is accepted")
		}
		return password, nil
	})
}

func passwordFile(name string, options UserStoreOptions) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", plainly(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return "", fmt.Errorf("%s is no regular file, or too large; a regular file of at most %d bytes is accepted", name, maxKeyFile)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		warning := fmt.Sprintf("%s has mode %04o: others can open the password; 0600 is accepted", name, mode)
		if options.Production {
			return "", errors.New(warning)
		}
		options.Warn("users redis: " + warning)
	}
	b, err := os.ReadFile(name)
	return strings.TrimRight(string(b), "\r\n"), err
}

// The parsers below show nothing of what could be a password.

func parseRedisURL(s string) (redisURL, error) {
	bad := errors.New("what was found is no URL of a Redis; redis://host:port/database and rediss://host:port/database are accepted, and unix:///path?db=n, with user:password@ before the host where needed")
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Fragment != "" || strings.Contains(s, "#") {
		return redisURL{}, bad
	}
	found := redisURL{encrypted: u.Scheme == "rediss", user: u.User.Username()}
	found.password, _ = u.User.Password()
	db := strings.TrimPrefix(u.Path, "/")
	switch {
	case u.Scheme == "unix" && u.Host == "" && len(u.Path) > 1:
		found.addresses = []string{u.Path}
		query := u.Query()
		if db = query.Get("db"); len(query) > 1 || len(query) == 1 && db == "" {
			return redisURL{}, bad
		}
	case u.Scheme != "redis" && u.Scheme != "rediss" || u.RawQuery != "" || u.ForceQuery:
		return redisURL{}, bad
	case u.Host != "":
		address, err := parseAddress(net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379")))
		if err != nil {
			return redisURL{}, bad
		}
		found.addresses = []string{address}
	}
	if db != "" {
		if found.db, err = whole(db, 0, 1<<20); err != nil {
			return redisURL{}, bad
		}
	}
	return found, nil
}

func parseAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " /@?#%") {
		return "", fmt.Errorf("%q found; host:port is accepted", s)
	}
	return net.JoinHostPort(host, port), nil
}

func parseMaster(s string) (string, error)    { return plain(s, "the name of a master") }
func parseRedisUser(s string) (string, error) { return plain(s, "the name of a Redis user") }
func parseFileName(s string) (string, error)  { return plain(s, "the name of a file") }
func parseTLSName(s string) (string, error)   { return plain(s, "the name in a certificate") }

func plain(s, what string) (string, error) {
	if s == "" || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", fmt.Errorf("%q found; %s is accepted", s, what)
	}
	return s, nil
}

// parsePrefix puts the prefix in braces, by which a cluster tells where keys belong.
func parsePrefix(s string) (string, error) {
	if s == "" || len(s) > 100 || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == '{' || c == '}' }) {
		return "", fmt.Errorf("%.120q found; 1 to 100 printable ASCII characters without braces and spaces are accepted", s)
	}
	return "{" + s + "}:", nil
}

func parsePoolSize(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 256 || bits.OnesCount(uint(n)) != 1 {
		return 0, fmt.Errorf("%q found; 1, 2, 4, 8, 16, 32, 64, 128 and 256 are accepted", s)
	}
	return n, nil
}
