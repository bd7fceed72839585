package caddymodule

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// redisRow is one line of the block of users redis.
type redisRow struct {
	usage       string
	least, most int
	set         func(*RedisUsers, []string) error
}

// redisRows are all that the block may hold.
var redisRows = map[string]redisRow{
	"username": redisText("<name>", func(u *RedisUsers) *string { return &u.Username }, parseRedisUser),
	"password": redisPassword(func(u *RedisUsers) **KeySource { return &u.Password }),
	"sentinel": {"<master> <address> …", 2, 100, func(u *RedisUsers, args []string) error {
		u.Sentinel = &RedisSentinel{args[0], args[1:]}
		return cmp.Or(checkNow(args[0], parseMaster), checkAddresses(args[1:]))
	}},
	"sentinel_username": redisText("<name>", func(u *RedisUsers) *string { return &u.SentinelUsername }, parseRedisUser),
	"sentinel_password": redisPassword(func(u *RedisUsers) **KeySource { return &u.SentinelPassword }),
	"cluster": {"<address> …", 1, 100, func(u *RedisUsers, args []string) error {
		u.Cluster = args
		return checkAddresses(args)
	}},
	"tls_ca":   redisText("<file>", func(u *RedisUsers) *string { return &u.TLSCA }, parseFileName),
	"tls_name": redisText("<name>", func(u *RedisUsers) *string { return &u.TLSName }, parseTLSName),
	"tls_certificate": {"<file> <key file>", 2, 2, func(u *RedisUsers, args []string) error {
		u.TLSCertificate, u.TLSKey = args[0], args[1]
		return cmp.Or(checkNow(args[0], parseFileName), checkNow(args[1], parseFileName))
	}},
	"prefix":     redisText("<text>", func(u *RedisUsers) *string { return &u.Prefix }, parsePrefix),
	"cache_size": redisText("<n>", func(u *RedisUsers) *string { return (*string)(&u.CacheSize) }, parseCacheSize),
	"max_stale":  redisText("<duration>", func(u *RedisUsers) *string { return &u.MaxStale }, parseMaxStale),
	"timeout":    redisText("<duration>", func(u *RedisUsers) *string { return &u.Timeout }, parseTimeout),
	"pool_size":  redisText("<n>", func(u *RedisUsers) *string { return (*string)(&u.PoolSize) }, parsePoolSize),
}

func redisText[T any](usage string, field func(*RedisUsers) *string, parse func(string) (T, error)) redisRow {
	return redisRow{usage, 1, 1, func(u *RedisUsers, args []string) error {
		*field(u) = args[0]
		return checkNow(args[0], parse)
	}}
}

func redisPassword(field func(*RedisUsers) **KeySource) redisRow {
	return redisRow{"file <path> | env <NAME> | <secret>", 1, 2, func(u *RedisUsers, args []string) error {
		source, err := keySource(args)
		if source.From == "managed" { // a word like any other
			source = KeySource{From: "literal", Value: args[0]}
		}
		*field(u) = &source
		return err
	}}
}

func checkAddresses(addresses []string) error {
	for _, a := range addresses {
		if err := checkNow(a, parseAddress); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalCaddyfile reads
//
//	redis <url> {
//		username          <name>
//		password          file <path> | env <NAME> | <secret>
//		sentinel          <master> <address> …
//		sentinel_username <name>
//		sentinel_password file <path> | env <NAME> | <secret>
//		cluster           <address> …
//		tls_ca            <file>
//		tls_name          <name>
//		tls_certificate   <file> <key file>
//		prefix            <text>
//		cache_size        <n>
//		max_stale         <duration>
//		timeout           <duration>
//		pool_size         <n>
//	}
func (u *RedisUsers) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "redis"
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("%s found after users redis; one URL is accepted", arguments(len(args)))
	}
	u.URL = args[0]
	if err := checkNow(u.URL, parseRedisURL); err != nil {
		return d.Errf("users redis: %v", err)
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		row, known := redisRows[name]
		if !known {
			return d.Errf("users redis: %q found; %s are accepted", name, strings.Join(slices.Sorted(maps.Keys(redisRows)), ", "))
		}
		if seen[name] {
			return d.Errf("users redis: %s found a second time; it is accepted once", name)
		}
		seen[name] = true
		args := d.RemainingArgs()
		if len(args) < row.least || len(args) > row.most {
			return d.Errf("users redis: %s found after %s; %s %s is accepted", arguments(len(args)), name, name, row.usage)
		}
		if err := row.set(u, args); err != nil {
			return d.Errf("users redis: %s: %v", name, err)
		}
		if d.NextBlock(d.Nesting()) {
			return d.Errf("users redis: a block found after %s; %s %s is accepted", name, name, row.usage)
		}
	}
	return nil
}
