package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// layout is where things are.
type layout struct {
	home, address, upstream string
	proxy                   string // what the proxy is told besides; may be empty
}

// setUp is how one server is configured.
type setUp struct {
	layout
	name      string
	loginPath string
	caddyfile string
	environ   []string
	amend     func(config []byte) ([]byte, error) // what the Caddyfile cannot say; may be nil
}

// cost is bcrypt's, of every hash.
const cost = 10

// site is a Caddyfile with some directives before the proxy.
func (l layout) site(directives string) string {
	_, port, _ := strings.Cut(l.address, ":")
	return fmt.Sprintf(`{
	admin off
	auto_https off
	default_bind 127.0.0.1
	persist_config off
	log {
		output discard
	}
}

:%s {
	%s
	reverse_proxy %s {
		%s
	}
}
`, port, directives, l.upstream, l.proxy)
}

// frontDoor has the front door as it is without any settings, but for the file
// of its one user.
func frontDoor(l layout) (setUp, error) {
	return door(l, crowd{size: 1})
}

// door is the front door with that crowd in a file.
func door(l layout, users crowd) (setUp, error) {
	document, err := users.document()
	if err != nil {
		return setUp{}, err
	}
	file := filepath.Join(l.home, "users.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		return setUp{}, err
	}
	return doorWith(l, fmt.Sprintf("users file %q", file)), nil
}

func doorWith(l layout, users string) setUp {
	site := l.site("cmwell_auth {\n\t\tenvironment production\n\t\t" + users + "\n\t}")
	return setUp{layout: l, name: "cmwell_auth", loginPath: "/_login", caddyfile: site}
}

// bareProxy is the same Caddy with the proxy alone.
func bareProxy(l layout) setUp { return setUp{layout: l, name: "bare Caddy", caddyfile: l.site("")} }

// fields is the bare proxy that writes the same fields as the front door does for ann,
// whoever asks: one for the store and two for the client.
func fields(l layout) setUp {
	site := l.site("request_header X-CM-WELL-USER " + knownName +
		"\n\theader {\n\t\tCache-Control private\n\t\t+Vary " + tokenHeader + "\n\t\tdefer\n\t}")
	return setUp{layout: l, name: "bare Caddy, the same fields", caddyfile: site}
}

// buffering has the proxy wait for a small body, and send it together with the header. Both
// sides then have a write and a read less to do.
func buffering(configure configuration) configuration {
	return func(l layout) (setUp, error) {
		l.proxy = "request_buffers 16KiB"
		return configure(l)
	}
}

// basicAuth has Caddy's own basic_auth before what is written. It remembers which passwords
// were right.
func basicAuth(l layout) (setUp, error) { return basicAuthAt(l, writable) }

func basicAuthAt(l layout, path string, further ...string) (setUp, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return setUp{}, err
	}
	var accounts strings.Builder
	for _, name := range append([]string{knownName}, further...) {
		fmt.Fprintf(&accounts, "\t\t%s %s\n", name, hash)
	}
	return setUp{layout: l, name: "basic_auth", caddyfile: l.site("basic_auth " + path + "/* {\n" + accounts.String() + "\t}")}, nil
}

// forgetfulBasicAuth has an account for each name that the flood tries, and remembers nothing.
func forgetfulBasicAuth(l layout) (setUp, error) {
	var all []string
	for n := range int64(names) {
		all = append(all, stranger(n))
	}
	s, err := basicAuthAt(l, "/private", all...)
	s.loginPath, s.amend = "/private/login", withoutHashCache
	return s, err
}

// withoutHashCache turns the cache of hashes off, which no Caddyfile can.
func withoutHashCache(config []byte) ([]byte, error) {
	var tree any
	if err := json.Unmarshal(config, &tree); err != nil {
		return nil, err
	}
	if removeAll(tree, "hash_cache") != 1 {
		return nil, errors.New("its cache of hashes is not where it was, so it cannot be turned off")
	}
	return json.Marshal(tree)
}

// removeAll removes the members of that name, at any depth, and counts them.
func removeAll(tree any, name string) (removed int) {
	switch tree := tree.(type) {
	case map[string]any:
		if _, ok := tree[name]; ok {
			delete(tree, name)
			removed++
		}
		for _, below := range tree {
			removed += removeAll(below, name)
		}
	case []any:
		for _, below := range tree {
			removed += removeAll(below, name)
		}
	}
	return removed
}
