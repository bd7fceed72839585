package caddymodule

import (
	"cmp"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// redisRows are all that the block of users redis may hold.
var redisRows = map[string]blockRow[RedisUsers]{
	"username": textRow("<name>", func(u *RedisUsers) *string { return &u.Username }, parseRedisUser),
	"password": redisPassword(func(u *RedisUsers) **KeySource { return &u.Password }),
	"sentinel": {"<master> <address> …", 2, 100, func(u *RedisUsers, args []string) error {
		u.Sentinel = &RedisSentinel{args[0], args[1:]}
		return cmp.Or(checkNow(args[0], parseMaster), checkAddresses(args[1:]))
	}},
	"sentinel_username": textRow("<name>", func(u *RedisUsers) *string { return &u.SentinelUsername }, parseRedisUser),
	"sentinel_password": redisPassword(func(u *RedisUsers) **KeySource { return &u.SentinelPassword }),
	"cluster": {"<address> …", 1, 100, func(u *RedisUsers, args []string) error {
		u.Cluster = args
		return checkAddresses(args)
	}},
	"tls_ca":   textRow("<file>", func(u *RedisUsers) *string { return &u.TLSCA }, parseFileName),
	"tls_name": textRow("<name>", func(u *RedisUsers) *string { return &u.TLSName }, parseTLSName),
	"tls_certificate": {"<file> <key file>", 2, 2, func(u *RedisUsers, args []string) error {
		u.TLSCertificate, u.TLSKey = args[0], args[1]
		return cmp.Or(checkNow(args[0], parseFileName), checkNow(args[1], parseFileName))
	}},
	"prefix":     textRow("<text>", func(u *RedisUsers) *string { return &u.Prefix }, parsePrefix),
	"cache_size": textRow("<n>", func(u *RedisUsers) *string { return (*string)(&u.CacheSize) }, parseCacheSize),
	"max_stale":  textRow("<duration>", func(u *RedisUsers) *string { return &u.MaxStale }, parseMaxStale),
	"timeout":    textRow("<duration>", func(u *RedisUsers) *string { return &u.Timeout }, parseTimeout),
	"pool_size":  textRow("<n>", func(u *RedisUsers) *string { return (*string)(&u.PoolSize) }, parsePoolSize),
}

func redisPassword(field func(*RedisUsers) **KeySource) blockRow[RedisUsers] {
	return blockRow[RedisUsers]{"file <path> | env <NAME> | <secret>", 1, 2, func(u *RedisUsers, args []string) error {
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
	return readStore(d, u, &u.URL, parseRedisURL, redisRows)
}
