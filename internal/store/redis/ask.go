package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// MaxDocument is the greatest document that is kept, in bytes.
const MaxDocument = 1 << 20

// Limits of what one user is made of: of what is read together, and of the roles.
const (
	maxTogether = 8 << 20
	maxRoles    = 1000
)

var (
	//go:embed read.lua
	readText string
	//go:embed change.lua
	changeText string

	readScript   = rueidis.NewLuaScript(readText)
	changeScript = rueidis.NewLuaScript(changeText)
)

// errUnsound says: Redis has been heard, and what it has is none of ours. What was
// known before does not count then.
var errUnsound = errors.New("redis: what is kept there is not sound")

// failed is an error of Redis, for those who did not ask it.
func (s *Store) failed(err error) error {
	var said *rueidis.RedisError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("redis: no answer within %s: %w", s.options.Timeout, err)
	case !errors.As(err, &said):
		return fmt.Errorf("redis: %w", err)
	}
	text := said.Error()
	if key, long := strings.CutPrefix(text, "TOOLONG "); long {
		return fmt.Errorf("%w: %s and what belongs to it have more than %d bytes", errUnsound, key, maxTogether)
	}
	if strings.Contains(text, "WRONGTYPE") {
		return fmt.Errorf("%w: %s", errUnsound, text)
	}
	// A server that does not know a command repeats what it was sent.
	for _, secret := range []string{s.options.Password, s.options.Sentinel.Password} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return fmt.Errorf("redis: the server says %.200q", text)
}

// within is the time that one command has. Who began a change waits for its end,
// and does not leave it open whether it was made.
func (s *Store) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.options.Timeout)
}

// read gets strings as they are at one moment; of none there is the empty one.
func (s *Store) read(ctx context.Context, c rueidis.Client, keys ...string) ([]string, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	answers, err := readScript.Exec(ctx, c, keys, []string{strconv.Itoa(maxTogether)}).ToArray()
	if err != nil {
		return nil, s.failed(err)
	}
	if len(answers) != len(keys) {
		return nil, fmt.Errorf("redis: %d strings asked for, and %d answered", len(keys), len(answers))
	}
	found := make([]string, 0, len(keys))
	for i, key := range keys {
		text, err := answers[i].ToString()
		switch {
		case rueidis.IsRedisNil(err):
		case err != nil:
			return nil, s.failed(err)
		case text == "":
			return nil, fmt.Errorf("%w: %s is empty", errUnsound, key)
		}
		found = append(found, text)
	}
	return found, nil
}

// step is one change of what is kept.
type step struct {
	kind          account.Kind
	name          string
	before, after string // documents; empty for none
	// floor is what must be there, and then what will be; empty for any, and for no
	// other.
	floor, raised string
	first         bool // there must be nobody yet
	shapes        []string
}

// make changes all at once, or nothing when it is not as the step supposes.
func (s *Store) make(ctx context.Context, c rueidis.Client, change step, identity string) (made bool, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	first := ""
	if change.first {
		first = "first"
	}
	made, err = changeScript.Exec(ctx, c,
		[]string{s.keys.of(change.kind, change.name), s.keys.names(change.kind), s.keys.floor(), s.keys.used(), s.keys.shapes()},
		append([]string{change.name, change.before, change.after, change.floor, change.raised, identity, first}, change.shapes...)).AsBool()
	if err != nil {
		return false, s.failed(err)
	}
	return made, nil
}
