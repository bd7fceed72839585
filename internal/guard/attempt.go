package guard

import (
	"context"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Outcome is what came of an attempt to log in.
type Outcome uint8

const (
	// Failed counts a failure.
	Failed Outcome = iota
	// Succeeded forgets the failures of this user from this client, which is from
	// now on a usual one. What strangers did to the user stays counted.
	Succeeded
	// Abandoned counts nothing: no password was compared.
	Abandoned
)

// Attempt is a login that was let through. The zero Attempt has no end.
type Attempt struct{ *reservation }

// reservation is what one attempt holds, however often it is copied.
type reservation struct {
	over atomic.Bool
	end  func(context.Context, Outcome) error
}

// NewAttempt is an attempt whose end is told to the function.
func NewAttempt(end func(context.Context, Outcome) error) Attempt {
	return Attempt{&reservation{end: end}}
}

// End tells what came of the attempt; what is told after the first has no
// effect. With an error it is not known whether it was counted.
func (a Attempt) End(ctx context.Context, came Outcome) error {
	if a.reservation == nil || a.over.Swap(true) {
		return nil
	}
	return a.end(ctx, came)
}

// Pair is a user and a client as they are counted.
type Pair struct{ User, Client string }

// maxClient bounds what is kept of a client that is no IP address.
const maxClient = 64

// PairOf tells as whom a name and a client are counted. All names that nobody
// can have are one, the empty one. A client is an IPv4 address or the /64 of an
// IPv6 address, the least that a network gives to one customer: within it,
// addresses cost nothing. A pair's own user and client give the same pair again.
//
// Both are bounded in length, and copies: the name as it came may be a part of
// the credentials, and would keep the password in memory.
func PairOf(user, client string) Pair {
	if account.CheckName(user) != nil {
		user = ""
	}
	return Pair{User: strings.Clone(user), Client: network(client)}
}

func network(client string) string {
	addr, err := netip.ParseAddr(client)
	switch {
	case client == "":
		return "unknown"
	case err != nil:
		return strings.Clone(client[:min(len(client), maxClient)])
	case addr.Unmap().Is4():
		return addr.Unmap().String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
