package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const directive = "cmwell_auth"

func init() {
	httpcaddyfile.RegisterHandlerDirective(directive, parseDirective)
	httpcaddyfile.RegisterDirectiveOrder(directive, httpcaddyfile.Before, "basic_auth")
}

func parseDirective(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h := new(Handler)
	return h, h.UnmarshalCaddyfile(helper.Dispenser)
}

// UnmarshalCaddyfile reads the directive:
//
//	cmwell_auth [<matcher>] {
//		environment   production | development
//		mode          enforce | observe
//		profile       cmwell | http
//		login_path    <path>
//		auth_path     <path>
//		console       on | off
//		json_login    <path>
//		realm         <text>
//		schemes       basic | digest [sha-256] [md5] …
//		login_limit   <failures> <window>
//		login_workers <n>
//		login_queue   <n>
//		login_cache   off | <duration>
//		password_hash bcrypt | argon2id
//		signing_key   managed | file <path> | env <NAME> | <secret>
//		accept_key    file <path> | env <NAME> | <secret>
//		algorithm     HS256 | HS512 | ES256 | RS256 | EdDSA
//		expiry        <duration> [max <duration>]
//		expiry_unit   milliseconds | seconds
//		token_from    header <name> | bearer | cookie <name> | query <name>
//		forward_token on | off
//		users         file <path> | redis <url> { … } | infotons <url> { … }
//		default_root  loopback | anywhere | off
//		protect       <path> [read] [write]
//		read          { <matchers> }
//		write         { <matchers> }
//		bulk          judge | root-only | off
//		bulk_limit    <size>
//		bulk_path     <path>
//		bulk_format   <name>
//		unauthenticated_status 401 | 403
//		identity_header <name>
//	}
//
// accept_key, token_from, protect, read, write and bulk_path may be repeated,
// everything else stands once. A value without placeholders is checked here, so that the error names
// its line; the others are checked when the configuration is loaded.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("%q found after %s; a matcher and a block are accepted", d.Val(), directive)
	}
	seen := map[string]bool{}
	for d.NextBlock(0) {
		name := d.Val()
		sub, known := subdirectives[name]
		if !known {
			return d.Errf("%q found; %s are accepted", name, accepted())
		}
		if seen[name] && !sub.repeatable {
			return d.Errf("%s found a second time; it is accepted once", name)
		}
		seen[name] = true
		parse := sub.parse
		if parse == nil {
			parse = func(h *Handler, d *caddyfile.Dispenser) error { return h.unmarshalPlain(d, name, sub) }
		}
		if err := parse(h, d); err != nil {
			return err
		}
	}
	return nil
}

// subdirective is one row of the grammar.
type subdirective struct {
	usage      string
	repeatable bool
	least      int // arguments
	most       int
	set        func(h *Handler, args []string) error
	// parse reads what has a grammar of its own, instead of the rest of the row.
	parse func(*Handler, *caddyfile.Dispenser) error
}

func (h *Handler) unmarshalPlain(d *caddyfile.Dispenser, name string, sub subdirective) error {
	args := d.RemainingArgs()
	if len(args) < sub.least || len(args) > sub.most {
		return d.Errf("%s found after %s; %s %s is accepted", arguments(len(args)), name, name, sub.usage)
	}
	if err := sub.set(h, args); err != nil {
		return d.Errf("%s: %v", name, err)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("a block found after %s; %s %s is accepted", name, name, sub.usage)
	}
	return nil
}

// arguments says how many were found.
func arguments(n int) string {
	switch n {
	case 0:
		return "nothing"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// unmarshalUsers lets the store's own module read its arguments.
func (h *Handler) unmarshalUsers(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.Errf("nothing found after users; users file <path>, users redis <url> and users infotons <url> are accepted")
	}
	store := d.Val()
	id := "http.cmwell_auth.users." + store
	if _, err := caddy.GetModule(id); err != nil {
		return d.Errf("users: %q found; %s are accepted", store, strings.Join(storeNames(), ", "))
	}
	module, err := caddyfile.UnmarshalModule(d, id)
	if err != nil {
		return err
	}
	h.UsersRaw = caddyconfig.JSONModuleObject(module, "store", store, nil)
	return nil
}

func storeNames() []string {
	var names []string
	for _, info := range caddy.GetModules("http.cmwell_auth.users") {
		names = append(names, info.ID.Name())
	}
	return names
}

func accepted() string {
	var names []string
	for name := range subdirectives {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// unresolved tells whether a value can only be checked when it is loaded.
func unresolved(s string) bool { return strings.Contains(s, "{") }

// text makes a row for a single value that is checked by parse.
func text[T any](usage string, field func(*Handler) *string, parse func(string) (T, error)) subdirective {
	return subdirective{usage: usage, least: 1, most: 1, set: func(h *Handler, args []string) error {
		*field(h) = args[0]
		return checkNow(args[0], parse)
	}}
}

func checkNow[T any](s string, parse func(string) (T, error)) error {
	if unresolved(s) {
		return nil
	}
	_, err := parse(s)
	return err
}

var _ caddyfile.Unmarshaler = (*Handler)(nil)
