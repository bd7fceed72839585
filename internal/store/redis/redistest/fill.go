package redistest

import (
	"fmt"
	"testing"
)

// UserName is the name of one of the users that Fill makes.
func UserName(i int) string { return fmt.Sprintf("application-%07d", i) }

// Fill makes users as a door would: UserName(0) and so on, of 450 bytes each, with the
// role Editor. It takes some seconds for a million.
func (s *Server) Fill(t testing.TB, prefix string, users int) {
	t.Helper()
	const some = 50_000 // what one script makes
	for from := 0; from < users; from += some {
		s.Say(t, "EVAL", `
			for i = tonumber(ARGV[2]), tonumber(ARGV[3]) - 1 do
				local name = string.format('application-%07d', i)
				redis.call('SET', ARGV[1] .. 'user:' .. name, string.format(ARGV[4], name, name))
				redis.call('ZADD', ARGV[1] .. 'users', 0, name)
			end`, "0", prefix, fmt.Sprint(from), fmt.Sprint(min(from+some, users)),
			`{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"r"},{"id":"/example.org/%s","sign":"+","recursive":true,"permissions":"rw"},{"id":"/meta","sign":"-","recursive":true,"permissions":"rw"}],"roles":["Editor"],"rev":0,"digest":"$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6","digest2":"00000000000000000000000000000000","email":"%s@example.org","first":"An","last":"Application"}`)
	}
	for _, words := range [][]string{
		{"SET", prefix + "role:Editor", `{"paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}]}`},
		{"ZADD", prefix + "roles", "0", "Editor"},
		{"HSET", prefix + "shapes", "bcrypt 10", fmt.Sprint(users), "md5", fmt.Sprint(users)},
		{"SET", prefix + "used", "filled by a test"},
	} {
		s.Say(t, words...)
	}
}
