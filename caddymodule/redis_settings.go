package caddymodule

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/cm-well/cmwell-auth/internal/store/redis"
)

// redisSettings are RedisUsers with every placeholder resolved, every default filled
// in and every file read.
type redisSettings struct {
	redisURL
	master                     string
	masterUser, masterPassword string
	cluster                    bool
	ca, certificate, key       []byte
	tlsName                    string
	prefix                     string
	cacheSize, poolSize        int
	maxStale, timeout          time.Duration
}

// redisURL is what stands in a URL.
type redisURL struct {
	encrypted      bool
	addresses      []string // one, or none
	user, password string
	db             int
}

func (u *RedisUsers) resolve(options UserStoreOptions) (redisSettings, error) {
	r := &resolver{repl: caddy.NewReplacer()}
	s := redisSettings{
		redisURL:  value(r, "url", u.URL, "", parseRedisURL),
		prefix:    value(r, "prefix", u.Prefix, "cmwell_auth", parsePrefix),
		cacheSize: value(r, "cache_size", string(u.CacheSize), "10000", parseCacheSize),
		maxStale:  value(r, "max_stale", u.MaxStale, "5m", parseMaxStale),
		timeout:   value(r, "timeout", u.Timeout, "1s", parseTimeout),
		poolSize:  value(r, "pool_size", string(u.PoolSize), "4", parsePoolSize),
	}
	u.resolveCredentials(r, &s, options)
	u.resolveServers(r, &s)
	u.resolveTLS(r, &s)
	if r.err != nil {
		return redisSettings{}, r.err
	}
	return s, nil
}

// fail keeps the first error.
func (r *resolver) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (u *RedisUsers) resolveCredentials(r *resolver, s *redisSettings, options UserStoreOptions) {
	if s.password != "" && r.repl.ReplaceKnown(u.URL, "") == u.URL {
		options.Warn("users redis: a password stands in the configuration, where the admin API and backups show it: file, env or a placeholder keep it out")
	}
	if u.Username != "" {
		if s.user != "" {
			r.fail("username: a user found in the URL too; one of them is accepted")
		}
		s.user = value(r, "username", u.Username, "", parseRedisUser)
	}
	if u.Password != nil {
		if s.password != "" {
			r.fail("password: a password found in the URL too; one of them is accepted")
		}
		s.password = readPassword(r, "password", *u.Password, options)
	}
	if u.SentinelUsername != "" {
		s.masterUser = value(r, "sentinel_username", u.SentinelUsername, "", parseRedisUser)
	}
	if u.SentinelPassword != nil {
		s.masterPassword = readPassword(r, "sentinel_password", *u.SentinelPassword, options)
	}
	if s.user != "" && s.password == "" || s.masterUser != "" && s.masterPassword == "" {
		r.fail("a user without a password found; both are accepted, or a password alone")
	}
}

func (u *RedisUsers) resolveServers(r *resolver, s *redisSettings) {
	elsewhere, option := u.Cluster, "cluster"
	if u.Sentinel != nil {
		elsewhere, option = u.Sentinel.Addresses, "sentinel"
		s.master = value(r, "sentinel", u.Sentinel.Master, "", parseMaster)
	}
	s.cluster = len(u.Cluster) > 0
	switch {
	case u.Sentinel != nil && s.cluster:
		r.fail("sentinel and cluster found; one of them is accepted")
	case u.Sentinel == nil && (u.SentinelUsername != "" || u.SentinelPassword != nil):
		r.fail("sentinel_username or sentinel_password found without sentinel; they are accepted beside it")
	case u.Sentinel == nil && !s.cluster && len(s.addresses) == 0:
		r.fail("url: no host found; redis://host:port is accepted, or sentinel or cluster")
	case (u.Sentinel != nil || s.cluster) && len(s.addresses) > 0:
		r.fail("url: a host found beside sentinel or cluster, which list theirs; redis:// and rediss:// are accepted there")
	case u.Sentinel != nil && len(elsewhere) == 0:
		r.fail("sentinel: no address found; at least one is accepted")
	case s.cluster && s.db != 0:
		r.fail("url: database %d found; a cluster has 0 alone", s.db)
	}
	for _, a := range elsewhere {
		s.addresses = append(s.addresses, value(r, option, a, "", parseAddress))
	}
}

func (u *RedisUsers) resolveTLS(r *resolver, s *redisSettings) {
	if !s.encrypted && (u.TLSCA != "" || u.TLSName != "" || u.TLSCertificate != "" || u.TLSKey != "") {
		r.fail("tls_ca, tls_name or tls_certificate found; they are accepted with rediss://")
	}
	if (u.TLSCertificate == "") != (u.TLSKey == "") {
		r.fail("tls_certificate: one of a certificate and its key found; they are accepted together")
	}
	read := func(name, file string) []byte {
		if file == "" {
			return nil
		}
		return value(r, name, file, "", func(name string) ([]byte, error) {
			b, err := os.ReadFile(name)
			return b, plainly(err)
		})
	}
	s.ca, s.certificate, s.key = read("tls_ca", u.TLSCA), read("tls_certificate", u.TLSCertificate), read("tls_key", u.TLSKey)
	if u.TLSName != "" {
		s.tlsName = value(r, "tls_name", u.TLSName, "", parseTLSName)
	}
}

// options are what the store is made from.
func (s redisSettings) options() (redis.Options, error) {
	o := redis.Options{
		Addresses: s.addresses, Username: s.user, Password: s.password, DB: s.db,
		Sentinel: redis.Sentinel{Master: s.master, Username: s.masterUser, Password: s.masterPassword}, Cluster: s.cluster,
		Prefix: s.prefix, CacheSize: s.cacheSize, MaxStale: s.maxStale, Timeout: s.timeout, PoolSize: s.poolSize,
	}
	if !s.encrypted {
		return o, nil
	}
	o.TLS = &tls.Config{ServerName: s.tlsName, MinVersion: tls.VersionTLS12}
	if s.ca != nil {
		o.TLS.RootCAs = x509.NewCertPool()
		if !o.TLS.RootCAs.AppendCertsFromPEM(s.ca) {
			return redis.Options{}, errors.New("tls_ca: no certificate found in the file; certificates in PEM are accepted")
		}
	}
	if s.certificate != nil {
		pair, err := tls.X509KeyPair(s.certificate, s.key)
		if err != nil {
			return redis.Options{}, fmt.Errorf("tls_certificate: %w", err)
		}
		o.TLS.Certificates = []tls.Certificate{pair}
	}
	return o, nil
}
