package redis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// inspect looks at how the server keeps what is acknowledged. One that forgets is
// refused or warned of. A server that tells nothing of itself is taken as it is.
func (s *Store) inspect(c rueidis.Client) error {
	ctx, cancel := s.within(s.life)
	defer cancel()
	text, _ := c.Do(ctx, c.B().Info().Build()).ToString() // it may not be allowed to ask
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	if policy := info["maxmemory_policy"]; strings.HasPrefix(policy, "allkeys-") && info["maxmemory"] != "0" {
		err := fmt.Errorf("maxmemory-policy %s found: users and roles would be forgotten when memory is short; noeviction and volatile-… are accepted", policy)
		if s.options.RefuseEviction {
			return &account.Trouble{Reason: "Redis may forget users", Err: err}
		}
		s.warnOnce(err.Error())
	}
	if info["role"] == "master" && info["aof_enabled"] == "0" && info["connected_slaves"] == "0" {
		s.warnOnce("neither appendonly nor a replica found: what was changed since the last snapshot is lost when the server ends")
	}
	return nil
}

// warnOnce tells of what is so for as long as the server is as it is.
func (s *Store) warnOnce(sentence string) {
	if warn := s.home.Load().Warn; warn != nil && !slices.Contains(s.warned, sentence) {
		s.warned = append(s.warned, sentence)
		warn("users redis " + s.where() + ": " + sentence)
	}
}
