package caddymodule

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/infotons"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
)

// What the command line is told of stores by the environment: what stands in its
// arguments, every user of the machine can read.
const (
	redisPasswordVariable = "CMWELL_REDIS_PASSWORD" //nolint:gosec // G101: the name of a variable
	redisPrefixVariable   = "CMWELL_REDIS_PREFIX"
	storeTokenVariable    = "CMWELL_STORE_TOKEN" //nolint:gosec // G101: the name of a variable
)

// redisPlace is the users in a Redis.
func redisPlace(ctx context.Context, url string, note func(string)) (account.Documents, error) {
	u := RedisUsers{URL: url, Prefix: os.Getenv(redisPrefixVariable)}
	if os.Getenv(redisPasswordVariable) != "" {
		u.Password = &KeySource{From: "env", Value: redisPasswordVariable}
	}
	parsed, err := parseRedisURL(url)
	if err != nil {
		return nil, err
	}
	if parsed.password != "" {
		return nil, errors.New("a password found in the URL, where every user of the machine can read it; " + redisPasswordVariable + " holds it")
	}
	s, err := u.resolve(UserStoreOptions{Warn: note})
	if err != nil {
		return nil, err
	}
	options, err := s.options()
	if err != nil {
		return nil, err
	}
	options.Shapes = func([]account.Shape) {}
	store := redis.New(options)
	store.Start(redis.Home{}) // what it would say is for a front door
	ctx, cancel := context.WithTimeout(ctx, s.timeout+waitForRedis)
	defer cancel()
	if err := store.Wait(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// infotonsPlace is the users in a store such as the front door stands before.
func infotonsPlace(_ context.Context, url string, note func(string)) (account.Documents, error) {
	i := InfotonUsers{URL: strings.TrimPrefix(url, "infotons:"), Token: "off", Timeout: "30s"}
	if os.Getenv(storeTokenVariable) != "" {
		i.Token = "{env." + storeTokenVariable + "}"
	}
	s, err := i.resolve()
	if err != nil {
		return nil, err
	}
	store := infotons.New(infotons.Config{
		URL: s.url, Timeout: s.timeout, MaxAge: s.maxAge, MaxStale: s.maxStale, CacheSize: s.size, Settle: settle, Now: time.Now,
	})
	store.Use(s.signer(nil), func(err error) { note(err.Error()) })
	return store, nil
}
