package caddymodule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// subdirectives are all that the block may hold. The grammar of users, read and
// write is that of other modules. A new one is a row here and a field in Handler.
var subdirectives = map[string]subdirective{
	"users": {parse: (*Handler).unmarshalUsers},
	"read":  matcherRow(func(h *Handler) *caddyhttp.RawMatcherSets { return &h.ReadRaw }),
	"write": matcherRow(func(h *Handler) *caddyhttp.RawMatcherSets { return &h.WriteRaw }),

	"environment":   environmentRow,
	"mode":          text("enforce | observe", func(h *Handler) *string { return &h.Mode }, parseMode),
	"profile":       text("cmwell | http", func(h *Handler) *string { return &h.Profile }, parseProfile),
	"login_path":    text("<path>", func(h *Handler) *string { return &h.LoginPath }, parseOwnPath),
	"realm":         text("<text>", func(h *Handler) *string { return &h.Realm }, parseRealm),
	"expiry_unit":   text("milliseconds | seconds", func(h *Handler) *string { return &h.ExpiryUnit }, parseUnit),
	"forward_token": text("on | off", func(h *Handler) *string { return &h.ForwardToken }, parseSwitch),
	"default_root":  text("loopback | anywhere | off", func(h *Handler) *string { return &h.DefaultRoot }, parseDefaultRoot),
	"identity_header": text("<name>", func(h *Handler) *string { return &h.IdentityHeader },
		parseIdentityHeader),
	"unauthenticated_status": {usage: "401 | 403", least: 1, most: 1, set: setStatus},

	"bulk":        text("judge | root-only | off", func(h *Handler) *string { return &h.Bulk }, parseBulk),
	"bulk_limit":  text("<size>", func(h *Handler) *string { return &h.BulkLimit }, parseSize),
	"bulk_path":   {usage: "<path>", repeatable: true, least: 1, most: 1, set: addBulkPath},
	"bulk_format": {usage: strings.Join(rdf.Names(), " | "), least: 1, most: 1, set: setBulkFormat},

	"auth_path":   text("<path>", func(h *Handler) *string { return &h.AuthPath }, parseOwnPath),
	"console":     text("on | off", func(h *Handler) *string { return &h.Console }, parseSwitch),
	"json_login":  text("<path>", func(h *Handler) *string { return &h.JSONLogin }, parseJSONLogin),
	"login_cache": text("off | <duration>", func(h *Handler) *string { return &h.LoginCache }, parseCache),
	"password_hash": text("bcrypt | argon2id", func(h *Handler) *string { return &h.PasswordHash },
		parsePasswordHash),
	"login_limit":   {usage: "<failures> <window>", least: 2, most: 2, set: setLimit},
	"login_workers": number(func(h *Handler) *caddyhttp.WeakString { return &h.LoginWorkers }, parseWorkers),
	"login_queue":   number(func(h *Handler) *caddyhttp.WeakString { return &h.LoginQueue }, parseQueue),

	"schemes": {usage: "basic | digest [sha-256] [md5] …", least: 1, most: 4, set: setSchemes},
	"expiry":  {usage: "<duration> [max <duration>]", least: 1, most: 3, set: setExpiry},
	"algorithm": text("HS256 | HS512 | ES256 | RS256 | EdDSA", func(h *Handler) *string { return &h.Algorithm },
		parseAlgorithm),
	"signing_key": {usage: "managed | file <path> | env <NAME> | <secret>", least: 1, most: 2, set: setSigningKey},
	"accept_key":  {usage: "file <path> | env <NAME> | <secret>", repeatable: true, least: 1, most: 2, set: addAcceptKey},
	"token_from": {
		usage: "header <name> | bearer | cookie <name> | query <name>", repeatable: true, least: 1, most: 2, set: addTokenFrom,
	},
	"protect": {usage: "<path> [read] [write]", repeatable: true, least: 1, most: 3, set: addProtect},
}

// environmentRow takes no argument too: an unset variable leaves none, and
// means production.
var environmentRow = subdirective{usage: "production | development", most: 1, set: func(h *Handler, args []string) error {
	if len(args) == 0 || args[0] == "" {
		h.Environment = "production"
		return nil
	}
	h.Environment = args[0]
	return checkNow(args[0], parseEnvironment)
}}

// number makes a row for a single whole number.
func number(field func(*Handler) *caddyhttp.WeakString, parse func(string) (int, error)) subdirective {
	return subdirective{usage: "<n>", least: 1, most: 1, set: func(h *Handler, args []string) error {
		*field(h) = caddyhttp.WeakString(args[0])
		return checkNow(args[0], parse)
	}}
}

func setStatus(h *Handler, args []string) error {
	h.UnauthenticatedStatus = caddyhttp.WeakString(args[0])
	return checkNow(args[0], parseStatus)
}

func setLimit(h *Handler, args []string) error {
	h.LoginLimit = strings.Join(args, " ")
	return checkNow(h.LoginLimit, parseLimit)
}

func setSchemes(h *Handler, args []string) error {
	h.Schemes = args
	return checkNow(strings.Join(args, " "), parseSchemes)
}

func setExpiry(h *Handler, args []string) error {
	h.Expiry = args[0]
	if err := checkNow(args[0], parseLife); err != nil {
		return err
	}
	if len(args) == 1 {
		return nil
	}
	if len(args) != 3 || args[1] != "max" {
		return fmt.Errorf("%q found after %s; max <duration> is accepted there", strings.Join(args[1:], " "), args[0])
	}
	h.MaxExpiry = args[2]
	if err := checkNow(args[2], parseLife); err != nil || unresolved(args[0]) || unresolved(args[2]) {
		return err
	}
	life, _ := parseLife(args[0])
	if longest, _ := parseLife(args[2]); life > longest {
		return fmt.Errorf("%s found; at most its maximum, %s, is accepted", args[0], args[2])
	}
	return nil
}

func keySource(args []string) (KeySource, error) {
	switch {
	case len(args) == 2 && (args[0] == "file" || args[0] == "env"):
		return KeySource{From: args[0], Value: args[1]}, nil
	case len(args) == 2:
		// Not shown: the first of two words may be part of a secret.
		return KeySource{}, errors.New("two arguments found; file <path> and env <NAME> are accepted, or a secret in quotes")
	case args[0] == "file" || args[0] == "env":
		return KeySource{}, fmt.Errorf("nothing found after %s; file <path> and env <NAME> are accepted", args[0])
	case args[0] == "managed":
		return KeySource{From: "managed"}, nil
	case args[0] == "":
		return KeySource{}, errors.New("an empty secret found; file <path>, env <NAME> and a secret are accepted")
	}
	return KeySource{From: "literal", Value: args[0]}, nil
}

func setSigningKey(h *Handler, args []string) error {
	source, err := keySource(args)
	h.SigningKey = &source
	return err
}

func addAcceptKey(h *Handler, args []string) error {
	source, err := keySource(args)
	if source.From == "managed" {
		return errors.New("managed found; file <path>, env <NAME> and <secret> are accepted")
	}
	h.AcceptKey = append(h.AcceptKey, source)
	return err
}

func addTokenFrom(h *Handler, args []string) error {
	source := TokenSource{Kind: args[0]}
	if len(args) == 2 {
		source.Name = args[1]
	}
	h.TokenFrom = append(h.TokenFrom, source)
	if unresolved(source.Kind) || unresolved(source.Name) {
		return nil
	}
	_, err := parseSource(source.Kind, source.Name)
	return err
}

func addProtect(h *Handler, args []string) error {
	h.Protect = append(h.Protect, Protection{Path: args[0], Levels: args[1:]})
	for i, word := range args[1:] {
		if slices.Contains(args[1:i+1], word) {
			return fmt.Errorf("%q found a second time; read and write are accepted, each once", word)
		}
		if err := checkNow(word, parseLevels); err != nil {
			return err
		}
	}
	if unresolved(args[0]) {
		return nil
	}
	_, err := permission.NewEntry(args[0], true, true, permission.Read|permission.Write)
	return err
}
