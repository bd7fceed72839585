package redis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/rueidis"
)

// scripts run in Redis, each at most once.
type scripts struct {
	client  func() (rueidis.Client, error)
	timeout time.Duration
}

// run returns what the script does, or an error when it is not known whether it
// ran. It waits for the answer though the client of the front door has gone away:
// what has begun is to be ended. Its errors are no end of ctx.
func (s scripts) run(ctx context.Context, script *rueidis.Lua, keys, args []string) rueidis.RedisResult {
	client, err := s.client()
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	result := script.Exec(ctx, client, keys, args)
	if err := result.NonRedisError(); errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return rueidis.NewErrorResult(fmt.Errorf("redis: no answer within %s", s.timeout))
	}
	return result
}
