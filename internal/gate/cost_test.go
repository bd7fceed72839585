package gate

import (
	"context"
	"fmt"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
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
	enter := func(u account.User, role func(string) (account.Role, error)) {
		p, err := account.Compose(u, role)
		if err != nil {
			t.Fatal(err)
		}
		o.principals[u.Name] = p
	}
	enter(o.users["ann"], func(string) (account.Role, error) { return account.Role{}, account.ErrNotExist })
	both := permission.Read | permission.Write
	for _, n := range numbers {
		name := fmt.Sprintf("rules%d", n)
		role := account.Role{Name: "Role" + name}
		u := account.User{Name: name, Roles: []string{"Gone", role.Name}}
		for i := range n/2 - 1 {
			u.Paths = append(u.Paths, entry(t, fmt.Sprintf("/own/%d/x", i), i%2 == 0, both))
		}
		u.Paths = append(u.Paths, entry(t, "/tests/secret", false, both))
		for i := range n - n/2 - 1 {
			role.Paths = append(role.Paths, entry(t, fmt.Sprintf("/tests/role/%d", i), i%2 == 0, both))
		}
		role.Paths = append(role.Paths, entry(t, "/tests", true, both))
		enter(u, func(name string) (account.Role, error) {
			if name != role.Name {
				return account.Role{}, account.ErrNotExist
			}
			return role, nil
		})
	}
	k.Users = o
	return k
}

func TestADecisionCostsNoAllocation(t *testing.T) {
	for _, profile := range []Profile{CMWell, HTTP} {
		k := withRules(t, profile, 10, 1000)
		for _, row := range []struct{ who, line string }{
			{"", "GET /tests/a/b"},
			{"ann", "GET /tests/a/b"},
			{"ann", "PUT /tests/a/b"},
			{"ann", "POST /tests/a/b"},
			{"ann", "DELETE /tests/a/b"},
			{"rules10", "PUT /tests/a/b"},
			{"rules1000", "PUT /tests/a/b"},
		} {
			r := send(t, k, row.who, row.line)
			if _, err := k.Check(r); err != nil {
				t.Fatalf("%s by %q: %v", row.line, row.who, err)
			}
			if n := testing.AllocsPerRun(200, func() { _, _ = k.Check(r) }); n != 0 {
				t.Errorf("%s by %q: %v allocations", row.line, row.who, n)
			}
		}
	}
}

func BenchmarkRules(b *testing.B) {
	k := withRules(b, CMWell, 10, 1000)
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := send(b, k, fmt.Sprintf("rules%d", n), "PUT /tests/a/b")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Check(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
