package redis

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/guard"
)

var (
	//go:embed nonces.lua
	noncesText string

	noncesScript = rueidis.NewLuaScript(noncesText)
)

// clockSkew is how far behind another door's clock may be: so much longer it takes
// a nonce for fresh.
const clockSkew = 5 * time.Minute

// Nonces remember which nonce counts have been used at any of the front doors that
// share a Redis, so that each is accepted once at one of them. A nonce is
// forgotten when no door takes it any more.
type Nonces struct {
	scripts scripts
	prefix  string
}

// NewNonces keeps the counts under keys that begin with the prefix. It asks for
// the client anew each time, and waits no longer than the timeout for an answer.
func NewNonces(client func() (rueidis.Client, error), prefix string, timeout time.Duration) *Nonces {
	return &Nonces{scripts: scripts{client, timeout}, prefix: prefix + "nonce:"}
}

// Use tells whether the count is used for the first time, of a nonce that can be
// answered for so long; see guard.Replays. With an error it is not known, and the
// count may have been used up.
func (n *Nonces) Use(ctx context.Context, nonce string, count uint64, life time.Duration) (bool, error) {
	first, err := n.scripts.run(ctx, noncesScript, []string{n.prefix + nonce}, []string{
		strconv.FormatUint(count, 10),
		strconv.Itoa(guard.NonceWindow),
		strconv.FormatInt((life + clockSkew).Milliseconds(), 10),
	}).AsBool()
	if err != nil {
		return false, fmt.Errorf("looking up a nonce: %w", err)
	}
	return first, nil
}
