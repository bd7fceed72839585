package gate

import (
	"context"
	"fmt"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// office has users with many rules, and a role.
type office struct {
	users
	roles map[string]account.Role
}

func (o office) Role(_ context.Context, name string) (account.Role, error) {
	if r, ok := o.roles[name]; ok {
		return r, nil
	}
	return account.Role{}, account.ErrNotExist
}

// withRules is a keeper who knows users by the number of their rules, half of
// them of a role. None but the last covers /tests.
func withRules(t testing.TB, profile Profile, numbers ...int) *Keeper {
	t.Helper()
	k := newKeeper(t, false, profile)
	o := office{everybody(t), map[string]account.Role{}}
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
		o.users[name], o.roles[role.Name] = u, role
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
