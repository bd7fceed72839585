package gate

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// office has users with many rules, of which it has made principals before.
type office struct {
	users
	principals map[string]*account.Principal
}

func (o office) Principal(_ context.Context, name string) (*account.Principal, error) {
	if p, ok := o.principals[name]; ok {
		return p, nil
	}
	return nil, account.ErrNotExist
}

// withRules is a keeper who knows users by the number of their rules, half of
// them of a role. None but the last covers /tests.
func withRules(t testing.TB, profile Profile, numbers ...int) *Keeper {
	t.Helper()
	k := newKeeper(t, false, profile)
	o := office{everybody(t), map[string]*account.Principal{}}
	enter := func(u account.User, roles ...account.Role) {
		p, err := account.Compose(u, func(name string) (account.Role, error) {
			if i := slices.IndexFunc(roles, func(r account.Role) bool { return r.Name == name }); i >= 0 {
				return roles[i], nil
			}
			return account.Role{}, account.ErrNotExist
		})
		if err != nil {
			t.Fatal(err)
		}
		o.principals[u.Name] = p
	}
	enter(o.users["ann"])
	for _, n := range numbers {
		name := fmt.Sprintf("rules%d", n)
		own, ofRole := []string{}, []string{}
		for i := range n/2 - 1 {
			own = append(own, fmt.Sprintf("%c /own/%d/x rw", "+-"[i%2], i))
		}
		for i := range n - n/2 - 1 {
			ofRole = append(ofRole, fmt.Sprintf("%c /tests/role/%d rw", "+-"[i%2], i))
		}
		role, err := account.ParseRole("Role"+name, documentOf(strings.Join(append(ofRole, "+ /tests rw"), ","), ""))
		if err != nil {
			t.Fatal(err)
		}
		enter(user(t, name, strings.Join(append(own, "- /tests/secret rw"), ","), `,"roles":["Gone","`+role.Name+`"]`), role)
	}
	k.Users = o
	return k
}

// curl is what a client sends besides.
const curl = " | User-Agent: curl/8.5.0 | Accept: */* | Content-Type: text/plain"

func TestADecisionCostsNoAllocation(t *testing.T) {
	for _, profile := range []Profile{CMWell, HTTP} {
		k := withRules(t, profile, 10, 1000)
		for _, row := range []struct {
			passes    bool
			who, line string
		}{
			{true, "", "GET /tests/a/b"},
			{true, "", "GET /tests/a/b" + curl},
			{true, "", "GET /tests/a/b?op=search&qp=type::x&with-data&format=json&length=5&offset=0"},
			{true, "ann", "GET /tests/a/b"},
			{true, "ann", "PUT /tests/a/b"},
			{true, "ann", "PUT /tests/a/b" + curl},
			{true, "ann", "POST /tests/a/b"},
			{true, "ann", "DELETE /tests/a/b"},
			{true, "rules10", "PUT /tests/a/b"},
			{true, "rules1000", "PUT /tests/a/b"},
			{true, "rules1000", "DELETE /tests/a/b"},
			{false, "", "PUT /tests/a/b"},
			{false, "expired", "PUT /tests/a/b"},
			{false, "revoked", "PUT /tests/a/b"},
			{false, "garbage", "PUT /tests/a/b"},
			{false, "forged", "PUT /tests/a/b"},
		} {
			r := send(t, k, row.who, row.line)
			if _, err := k.Check(r); (err == nil) != row.passes {
				t.Fatalf("%s by %q: %v", row.line, row.who, err)
			}
			// With the race detector, Go's own hash allocates for a token.
			ofToken := 0.0
			if raw := r.Header.Get(TokenHeader); raw != "" {
				ofToken = testing.AllocsPerRun(200, func() { _, _ = k.Keys.Verify(raw, k.Now()) })
			}
			if n := testing.AllocsPerRun(200, func() { _, _ = k.Check(r) }); n != ofToken {
				t.Errorf("%s by %q: %v allocations, of the token's signature %v", row.line, row.who, n, ofToken)
			}
		}
	}
}

// distinct is how many tokens the test below makes.
var distinct = flag.Int("distinct", 20_000, "how many distinct `tokens` are checked for what stays of them in memory")

// Strangers send what they like, and users are many: none of it may be kept.
func TestNothingStaysOfTokens(t *testing.T) {
	k := withRules(t, CMWell)
	r := send(t, k, "", "PUT /tests/a/b")
	check := func(n int) {
		for i := range n {
			raw := tokenOf(t, k, "ann", 5, time.Hour+time.Duration(i)*time.Millisecond)
			switch i % 4 {
			case 1:
				raw = raw[:len(raw)-4] + "AAAA"
			case 2:
				raw = tokenOf(t, k, fmt.Sprint("stranger", i), 0, time.Hour)
			case 3:
				raw = strings.Repeat("x", i%token.MaxLength)
			}
			r.Header[TokenHeader] = []string{raw}
			if _, err := k.Check(r); (err == nil) != (i%4 == 0) {
				t.Fatalf("token %d: %v", i, err)
			}
		}
	}
	check(4096) // what is kept of names has its size then
	before := heap()
	check(*distinct)
	// A token has 150 bytes.
	if after := heap(); after > before+256<<10 {
		t.Errorf("%d bytes before, %d after %d tokens", before, after, *distinct)
	} else {
		t.Logf("%d bytes before, %d after %d tokens", before, after, *distinct)
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first one left in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
