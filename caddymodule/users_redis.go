package caddymodule

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/certmagic"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
)

func init() { caddy.RegisterModule(new(RedisUsers)) }

// RedisUsers keeps users and roles in a Redis of version 6 or newer, or a Valkey,
// which many front doors share. Every value may hold placeholders.
type RedisUsers struct {
	// URL is redis://host:port/database, rediss:// for an encrypted connection, or
	// unix:///path?db=n; user:password@ may stand before the host. With Sentinel or
	// Cluster there is no host in it.
	URL string `json:"url"`
	// Username is the Redis user; also in URL. By default it is the one that Redis
	// calls default.
	Username string `json:"username,omitempty"`
	// Password is where the user's password is; also in URL.
	Password *KeySource `json:"password,omitempty"`
	// Sentinel names the master and its sentinels.
	Sentinel *RedisSentinel `json:"sentinel,omitempty"`
	// SentinelUsername is the sentinels' own.
	SentinelUsername string `json:"sentinel_username,omitempty"`
	// SentinelPassword is where the sentinels' own password is.
	SentinelPassword *KeySource `json:"sentinel_password,omitempty"`
	// Cluster lists nodes of a cluster, host:port each.
	Cluster []string `json:"cluster,omitempty"`
	// TLSCA is a file with the certificates that the server's must be signed by, in
	// PEM; by default those of the system.
	TLSCA string `json:"tls_ca,omitempty"`
	// TLSName is the name that must be in the server's certificate; by default the
	// host.
	TLSName string `json:"tls_name,omitempty"`
	// TLSCertificate is a file with the certificate that the front door shows, in PEM.
	TLSCertificate string `json:"tls_certificate,omitempty"`
	// TLSKey is a file with its key, in PEM.
	TLSKey string `json:"tls_key,omitempty"`
	// Prefix is what all keys in Redis begin with, in braces and with a colon behind
	// it: "cmwell_auth" by default, for {cmwell_auth}:. So a cluster has all of them on
	// one node.
	Prefix string `json:"prefix,omitempty"`
	// CacheSize is how many users one front door knows at once: 1 to 10000000, 10000
	// by default. One whose document has more than 4 KiB counts more than once.
	CacheSize caddyhttp.WeakString `json:"cache_size,omitempty"`
	// MaxStale is how long a user who was known goes on when Redis cannot be reached:
	// 0 to 24h, "5m" by default.
	MaxStale string `json:"max_stale,omitempty"`
	// Timeout is for connecting and for each command: 100ms to 30s, "1s" by default.
	Timeout string `json:"timeout,omitempty"`
	// PoolSize is how many connections there are for counting logins, beside the one
	// for users: 1, 2, 4, 8 and so on up to 256, 4 by default.
	PoolSize caddyhttp.WeakString `json:"pool_size,omitempty"`
}

// RedisSentinel is where the master is asked for.
type RedisSentinel struct {
	// Master is the name that the sentinels have for it.
	Master string `json:"master"`
	// Addresses are the sentinels', host:port each.
	Addresses []string `json:"addresses"`
}

// CaddyModule names the module.
func (*RedisUsers) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.cmwell_auth.users.redis", New: func() caddy.Module { return new(RedisUsers) }}
}

// liveRedis warns of what in a new document is probably not meant, and has the logins
// of all doors counted together.
type liveRedis struct {
	*redis.Store
	timeout time.Duration
	warn    func(string)
}

// Limits count failed logins at all doors.
func (l liveRedis) Limits() LoginLimits { return redis.NewLimits(l.Client, l.Prefix(), l.timeout) }

// Nonces remember used counts of nonces for all doors.
func (l liveRedis) Nonces() login.NonceCounts {
	return redis.NewNonces(l.Client, l.Prefix(), l.timeout)
}

// Put stores a document; see account.Documents.
func (l liveRedis) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	return l.Replace(ctx, kind, name, func([]byte) ([]byte, error) { return document, nil })
}

// Replace stores what next makes of a document; see account.Replacer.
func (l liveRedis) Replace(ctx context.Context, kind account.Kind, name string, next func(kept []byte) ([]byte, error)) error {
	return replaceAndLint(ctx, l.Store, kind, name, next, l.warn)
}

// waitForRedis is how long a start waits for the first answer, which may be that
// there is none: making the first user takes a while.
const waitForRedis = 30 * time.Second

// Open asks Redis for nothing. That is done when the configuration starts, and until
// it has answered every user is unknown for now, which is 503: a door must be able to
// start before its Redis, and a reload must not fail for it.
func (u *RedisUsers) Open(ctx caddy.Context, options UserStoreOptions) (Store, error) {
	s, err := u.resolve(options)
	if err != nil {
		return nil, fmt.Errorf("users redis: %w", err)
	}
	client, err := s.options()
	if err != nil {
		return nil, fmt.Errorf("users redis: %w", err)
	}
	client.RefuseEviction, client.Shapes = options.Production, options.Passwords.SetShapes
	// Of the settings, which hold secrets, only the sum.
	key := fmt.Sprintf("redis %x %v %p", sha256.Sum256(fmt.Appendf(nil, "%+v", s)), options.Production, options.Passwords)
	shared, err := options.Share(key, func() (any, error) { return redis.New(client), nil })
	if err != nil {
		return nil, err
	}
	store, ok := shared.(*redis.Store)
	if !ok {
		return nil, fmt.Errorf("users redis: what is shared for it is %T", shared)
	}
	home := s.home(ctx.Storage(), options)
	options.AtStart(func(ctx context.Context) error {
		store.Start(home)
		ctx, cancel := context.WithTimeout(ctx, waitForRedis)
		defer cancel()
		_ = store.Wait(ctx) // it goes on looking, and has said why it must
		return nil
	})
	return liveRedis{store, s.timeout, options.Warn}, nil
}

// home is what is kept of the store in Caddy's storage, and by whom the operator is
// told.
func (s redisSettings) home(storage certmagic.Storage, options UserStoreOptions) redis.Home {
	mark := usedMark(fmt.Sprintf("redis %s %q %d %s", s.master, s.addresses, s.db, s.prefix))
	return redis.Home{
		Known: func(ctx context.Context) (string, error) {
			b, err := storage.Load(ctx, mark)
			if errors.Is(err, fs.ErrNotExist) {
				return "", nil
			}
			return strings.TrimSpace(string(b)), err
		},
		Note: func(ctx context.Context, identity string) error {
			return storage.Store(ctx, mark, []byte(identity+"\n"))
		},
		Lost: "delete " + mark + " in Caddy's storage",
		Root: options.RootDocument,
		Warn: options.Warn,
	}
}

// Interface guards.
var (
	_ UserStore             = (*RedisUsers)(nil)
	_ caddyfile.Unmarshaler = (*RedisUsers)(nil)
	_ account.Editor        = liveRedis{}
	_ account.Replacer      = liveRedis{}
	_ account.Resolver      = liveRedis{}
	_ account.Distant       = liveRedis{}
	_ SharedGuards          = liveRedis{}
)
