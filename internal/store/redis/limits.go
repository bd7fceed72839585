package redis

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/guard"
)

// limitEntries bounds what failed logins take up in Redis: so many pairs of user
// and client, and as many users.
const limitEntries = 100_000

var (
	//go:embed limits.lua
	limitsText string
	//go:embed limits_begin.lua
	beginText string
	//go:embed limits_end.lua
	endText string
	//go:embed limits_blocked.lua
	blockedText string
	//go:embed limits_release.lua
	releaseText string

	beginScript   = rueidis.NewLuaScript(limitsText + beginText)
	endScript     = rueidis.NewLuaScript(limitsText + endText)
	blockedScript = rueidis.NewLuaScript(limitsText + blockedText)
	releaseScript = rueidis.NewLuaScript(limitsText + releaseText)
)

// Limits count failed logins for all front doors that share a Redis, by the rules
// of guard.Throttle. The time is Redis's own, so that doors whose clocks differ
// count alike; each door goes by its own limit. What is not touched any more is
// gone by itself after the window and the longest block, and there is room for so
// many pairs and users only; who is usual where is kept for a month, and only a
// right password adds to it.
//
// An error that is no guard.ThrottledError means that Redis could not tell. An
// attempt that it lets through after the timeout is forgotten like any whose end
// is never told.
type Limits struct {
	scripts scripts
	keys    []string // without that of the usual clients
	usual   string   // the key of the usual clients of a user, but for its name
	room    int
	rules   atomic.Pointer[string]
	// now is nil but in tests.
	now func() time.Time
}

// NewLimits keeps the counts under keys that begin with the prefix, which has a
// hash tag in it. It asks for the client anew each time, and waits no longer than
// the timeout for an answer.
func NewLimits(client func() (rueidis.Client, error), prefix string, timeout time.Duration) *Limits {
	prefix += "limit:"
	l := &Limits{
		scripts: scripts{client, timeout},
		keys:    []string{prefix + "pairs", prefix + "pairs:names", prefix + "users", prefix + "users:names"},
		usual:   prefix + "usual:",
		room:    limitEntries,
	}
	l.SetLimit(guard.DefaultLimit)
	return l
}

// SetLimit changes the limit of this door, for what has been counted and for what
// will be. Less than one failure or one second is taken as one.
func (l *Limits) SetLimit(limit guard.Limit) {
	limit = limit.AtLeastOne()
	blocks := []int64{}
	for _, block := range limit.Blocks() {
		blocks = append(blocks, block.Milliseconds())
	}
	rules, err := json.Marshal(map[string]any{
		"failures":   limit.Failures,
		"ceiling":    limit.OfStrangers().Failures,
		"window":     limit.Window.Milliseconds(),
		"under_way":  limit.UnderWay().Milliseconds(),
		"blocks":     blocks,
		"longest":    limit.Window.Milliseconds() + blocks[len(blocks)-1],
		"usual_for":  guard.UsualFor.Milliseconds(),
		"most_usual": guard.MaxUsual,
		"room":       l.room,
	})
	if err != nil {
		panic(err) // numbers can always be written
	}
	text := string(rules)
	l.rules.Store(&text)
}

// Begin asks whether this client may try to log in as this user; see guard.Throttle.
func (l *Limits) Begin(ctx context.Context, user, client string) (guard.Attempt, error) {
	who := guard.PairOf(user, client)
	answer, err := l.run(ctx, beginScript, who.User, pairName(who), who.User, who.Client).AsIntSlice()
	if err == nil && len(answer) != 2 {
		err = fmt.Errorf("%d numbers found; two are accepted", len(answer))
	}
	if err != nil {
		return guard.Attempt{}, fmt.Errorf("asking whether a login is allowed: %w", err)
	}
	if wait := answer[0]; wait > 0 {
		return guard.Attempt{}, guard.Throttled(time.Duration(wait) * time.Millisecond)
	}
	stranger := strconv.FormatInt(answer[1], 10)
	return guard.NewAttempt(func(ctx context.Context, came guard.Outcome) error {
		err := l.run(ctx, endScript, who.User, pairName(who), who.User, who.Client, stranger, outcomes[came]).Error()
		if err != nil {
			return fmt.Errorf("counting a login: %w", err)
		}
		return nil
	}), nil
}

// outcomes are the scripts' words for what comes of an attempt.
var outcomes = map[guard.Outcome]string{guard.Failed: "failed", guard.Succeeded: "succeeded", guard.Abandoned: "abandoned"}

// Blocked lists who is refused now, the worst first, at most guard.MaxBlocks.
func (l *Limits) Blocked(ctx context.Context) ([]guard.Block, error) {
	var all []guard.Block
	for _, ledger := range []string{inPairs, inUsers} {
		found, err := l.blocked(ctx, ledger)
		if err != nil {
			return nil, fmt.Errorf("listing who is blocked: %w", err)
		}
		all = append(all, found...)
	}
	return guard.Worst(all), nil
}

// The scripts' words for what is counted.
const inPairs, inUsers = "pairs", "users"

func (l *Limits) blocked(ctx context.Context, ledger string) ([]guard.Block, error) {
	seen := map[string]guard.Block{} // a name may come twice
	for cursor := "0"; ; {
		page, err := l.run(ctx, blockedScript, "", ledger, cursor).ToArray()
		if err == nil && len(page) != 2 {
			err = fmt.Errorf("%d values found; two are accepted", len(page))
		}
		if err != nil {
			return nil, err
		}
		rows, err := page[1].ToArray()
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if err := addBlock(seen, ledger, row); err != nil {
				return nil, err
			}
		}
		if cursor, err = page[0].ToString(); err != nil {
			return nil, err
		}
		if cursor == "0" {
			break
		}
	}
	all := make([]guard.Block, 0, len(seen))
	for _, b := range seen {
		all = append(all, b)
	}
	return all, nil
}

// addBlock reads a row of the answer: a name, its failures, the end in milliseconds.
func addBlock(to map[string]guard.Block, ledger string, row rueidis.RedisMessage) error {
	fields, err := row.ToArray()
	if err != nil || len(fields) != 3 {
		return errors.Join(err, fmt.Errorf("a row of %d values found; three are accepted", len(fields)))
	}
	name, err1 := fields[0].ToString()
	failures, err2 := fields[1].AsInt64()
	until, err3 := fields[2].AsInt64()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	b := guard.Block{User: name, Failures: int(failures), Until: time.UnixMilli(until)}
	if ledger == inPairs {
		b.User, b.Client, _ = strings.Cut(name, " ")
	}
	to[name] = b
	return nil
}

// Release forgets the failures of a user and a client; see guard.Throttle.
func (l *Limits) Release(ctx context.Context, user, client string) (bool, error) {
	who := guard.PairOf(user, client)
	ledger, name := inPairs, pairName(who)
	if client == "" {
		ledger, name = inUsers, who.User
	}
	found, err := l.run(ctx, releaseScript, who.User, ledger, name).AsBool()
	if err != nil {
		return false, fmt.Errorf("releasing a user: %w", err)
	}
	return found, nil
}

// pairName is another one for every pair: there is no space in a user's name.
func pairName(who guard.Pair) string { return who.User + " " + who.Client }

func (l *Limits) run(ctx context.Context, script *rueidis.Lua, user string, args ...string) rueidis.RedisResult {
	now := ""
	if l.now != nil {
		now = strconv.FormatInt(l.now().UnixMilli(), 10)
	}
	keys := slices.Concat(l.keys, []string{l.usual + user})
	return l.scripts.run(ctx, script, keys, slices.Concat([]string{*l.rules.Load(), now}, args))
}
