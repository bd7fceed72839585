package redis

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// What others have put into Redis that a door would not: it is an error for whom it
// is about, and nobody is let in or said not to exist for it.
func TestWhatIsNotSoundIsNotUsed(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, optionsFor(server.Address), Home{})
	put(t, s, account.Users, "ann", `{"rev":3}`)
	for name, row := range map[string]struct {
		words []string
		says  string
	}{
		"list":      {[]string{"LPUSH", "{test}:user:list", "x"}, "WRONGTYPE"},
		"hash":      {[]string{"HSET", "{test}:user:hash", "x", "y"}, "WRONGTYPE"},
		"empty":     {[]string{"SET", "{test}:user:empty", ""}, "{test}:user:empty is empty"},
		"noJSON":    {[]string{"SET", "{test}:user:noJSON", "{"}, "user noJSON"},
		"twice":     {[]string{"SET", "{test}:user:twice", `{"rev":1,"rev":2}`}, "given twice"},
		"long":      {[]string{"SETRANGE", "{test}:user:long", fmt.Sprint(maxTogether), "x"}, "have more than"},
		"roleBad":   {[]string{"MSET", "{test}:user:roleBad", `{"roles":["Bad"]}`, "{test}:role:Bad", "{"}, "role Bad"},
		"roleLong":  {[]string{"MSET", "{test}:user:roleLong", `{"roles":["Long"]}`, "{test}:role:Long", "{" + strings.Repeat(" ", 1<<10)}, "role Long"},
		"manyRoles": {[]string{"SET", "{test}:user:manyRoles", `{"roles":["a` + strings.Join(numbers(maxRoles+1), `","a`) + `"]}`}, "at most 1000"},
	} {
		server.Say(t, row.words...)
		if p, err := s.Principal(t.Context(), name); !errors.Is(err, errUnsound) || !strings.Contains(err.Error(), row.says) || p != nil {
			t.Errorf("Principal %s: %v, %v; should say %s", name, p, err, row.says)
		}
		if strings.HasPrefix(name, "role") || name == "manyRoles" {
			continue
		}
		if u, err := s.User(t.Context(), name); !errors.Is(err, errUnsound) || u.Name != "" {
			t.Errorf("User %s: %+v, %v", name, u, err)
		}
		if err := s.Put(t.Context(), account.Users, name, []byte(`{}`)); !errors.Is(err, errUnsound) {
			t.Errorf("Put %s: %v", name, err)
		}
		if err := s.Delete(t.Context(), account.Users, name); !errors.Is(err, errUnsound) {
			t.Errorf("Delete %s: %v", name, err)
		}
	}
	if !s.knows(t, "ann", 3) {
		t.Error("ann is not known any more")
	}
	// Of whom a bad document is read, what was known before counts no more.
	server.Say(t, "SET", "{test}:user:ann", "{")
	redistest.Eventually(t, "ann is refused", func() bool { _, err := s.Principal(t.Context(), "ann"); return errors.Is(err, errUnsound) })
}

func numbers(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(i)
	}
	return all
}

// A script that fails half-way would leave a user without a name, or worse.
func TestAChangeThatFailsChangesNothing(t *testing.T) {
	for name, row := range map[string]struct{ spoil, mend []string }{
		"the names are of another type":       {[]string{"RENAME", "{test}:users", "other"}, []string{"RENAME", "other", "{test}:users"}},
		"the shapes are of another type":      {[]string{"RENAME", "{test}:shapes", "other"}, []string{"RENAME", "other", "{test}:shapes"}},
		"the floor is of another type":        {[]string{"RENAME", "{test}:rev_floor", "other"}, []string{"RENAME", "other", "{test}:rev_floor"}},
		"there is no memory":                  {[]string{"CONFIG", "SET", "maxmemory", "1"}, []string{"CONFIG", "SET", "maxmemory", "0"}},
		"it became a replica":                 {[]string{"REPLICAOF", "127.0.0.1", "1"}, []string{"REPLICAOF", "NO", "ONE"}},
		"it takes no writes without replicas": {[]string{"CONFIG", "SET", "min-replicas-to-write", "3"}, []string{"CONFIG", "SET", "min-replicas-to-write", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			s := open(t, optionsFor(server.Address), Home{})
			put(t, s, account.Users, "ann", `{"rev":3,"digest":"`+cheap+`"}`)
			put(t, s, account.Users, "eve", `{"rev":7}`)
			if err := s.Delete(t.Context(), account.Users, "eve"); err != nil {
				t.Fatal(err)
			}
			server.Say(t, row.spoil...)
			if row.spoil[0] == "RENAME" {
				server.Say(t, "LPUSH", row.spoil[1], "x")
			}
			before := contents(t, server)
			_, edited := s.Edit(t.Context(), "ann", account.Revoke)
			for what, err := range map[string]error{
				"Put": s.Put(t.Context(), account.Users, "bob", []byte(`{}`)), "Delete": s.Delete(t.Context(), account.Users, "ann"), "Edit": edited,
			} {
				if err == nil || errors.Is(err, account.ErrNotExist) || errors.Is(err, account.ErrDocument) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if after := contents(t, server); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
			if row.spoil[0] == "RENAME" {
				server.Say(t, "DEL", row.spoil[1])
			} else if !s.knows(t, "ann", 3) {
				t.Error("where nothing can be written, nobody can be read")
			}
			server.Say(t, row.mend...)
			redistest.Eventually(t, "a change is made", func() bool { return s.Put(t.Context(), account.Users, "bob", []byte(`{}`)) == nil })
		})
	}
}

// The script decides by itself, and whatever happens to be wrong, it does all or nothing.
func TestAStepIsMadeWholeOrNotAtAll(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, optionsFor(server.Address), Home{})
	c, err := s.reached()
	if err != nil {
		t.Fatal(err)
	}
	whole := step{kind: account.Users, name: "ann", before: "{}", after: `{"rev":1}`, floor: "3", raised: "4", shapes: []string{"bcrypt 10", "1"}}
	set := [][]string{{"SET", "{test}:user:ann", "{}"}, {"ZADD", "{test}:users", "0", "ann"}, {"SET", "{test}:rev_floor", "3"}, {"SET", "{test}:used", "x"}, {"HSET", "{test}:shapes", "bcrypt 4", "1"}}
	for why, row := range map[string]struct {
		change func(*step)
		words  []string
		made   bool
		says   string
	}{
		"all is as it must be":          {func(*step) {}, nil, true, ""},
		"any floor will do":             {func(s *step) { s.floor = "" }, nil, true, ""},
		"the document is another one":   {func(s *step) { s.before = "{ }" }, nil, false, ""},
		"there is a document":           {func(s *step) { s.before = "" }, nil, false, ""},
		"there is no document":          {func(*step) {}, []string{"DEL", "{test}:user:ann"}, false, ""},
		"the floor is another one":      {func(s *step) { s.floor = "2" }, nil, false, ""},
		"there is no floor":             {func(*step) {}, []string{"DEL", "{test}:rev_floor"}, false, ""},
		"it was used":                   {func(s *step) { s.first = true }, nil, false, ""},
		"there is somebody":             {func(s *step) { s.first = true }, []string{"DEL", "{test}:used"}, false, ""},
		"there is nobody yet":           {func(s *step) { s.first = true }, []string{"DEL", "{test}:used", "{test}:users"}, true, ""},
		"the document is no string":     {func(*step) {}, []string{"EVAL", "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')", "1", "{test}:user:ann"}, false, "WRONGTYPE"},
		"the names are no sorted set":   {func(*step) {}, []string{"SET", "{test}:users", "x"}, false, "WRONGTYPE"},
		"the floor is no string":        {func(*step) {}, []string{"EVAL", "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')", "1", "{test}:rev_floor"}, false, "WRONGTYPE"},
		"the identity is no string":     {func(*step) {}, []string{"EVAL", "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')", "1", "{test}:used"}, false, "WRONGTYPE"},
		"the shapes are no hash":        {func(*step) {}, []string{"SET", "{test}:shapes", "x"}, false, "WRONGTYPE"},
		"there is no memory":            {func(*step) {}, []string{"CONFIG", "SET", "maxmemory", "1"}, false, "OOM"},
		"it is taken out, and the last": {func(s *step) { s.after, s.shapes = "", []string{"bcrypt 4", "-1"} }, nil, true, ""},
	} {
		server.Say(t, "FLUSHALL")
		server.Say(t, "CONFIG", "SET", "maxmemory", "0")
		for _, words := range append(set, row.words) {
			if len(words) > 0 {
				server.Say(t, words...)
			}
		}
		next := whole
		row.change(&next)
		before := contents(t, server)
		made, err := s.make(t.Context(), c, next, "identity")
		if made != row.made || (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, %v", why, made, err)
		}
		if after := contents(t, server); (after != before) != row.made {
			t.Errorf("%s: before\n%s\nafter\n%s", why, before, after)
		}
	}
}

// cheap is a hash of bcrypt's form.
const cheap = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"

// contents is all that is kept, in an order.
func contents(t *testing.T, server *redistest.Server) string {
	t.Helper()
	return server.Say(t, "EVAL", `
		local keys, all = redis.call('KEYS', '*'), {}
		table.sort(keys)
		for _, key in ipairs(keys) do
			local kind, value = redis.call('TYPE', key).ok, nil
			if kind == 'string' then value = redis.call('GET', key) end
			if kind == 'zset' then value = table.concat(redis.call('ZRANGE', key, 0, -1), ' ') end
			if kind == 'hash' then value = table.concat(redis.call('HGETALL', key), ' ') end
			all[#all + 1] = key .. ' = ' .. tostring(value)
		end
		return table.concat(all, '; ')`, "0")
}

// What is kept of users who came and went, all of it.
func TestWhatIsKeptInRedis(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, optionsFor(server.Address), Home{})
	put(t, s, account.Users, "ann", ` {"rev":3, "digest":"`+cheap+`"} `)
	put(t, s, account.Users, "bob", `{"digest2":"`+strings.Repeat("0", 32)+`"}`)
	put(t, s, account.Users, "eve", `{"rev":7,"digest":"`+cheap+`"}`)
	put(t, s, account.Roles, "Editor", `{"note": 1}`)
	for kind, name := range map[account.Kind]string{account.Users: "eve", account.Roles: "Editor"} {
		if err := s.Delete(t.Context(), kind, name); err != nil {
			t.Fatal(err)
		}
	}
	identity := server.Say(t, "GET", "{test}:used")
	want := `{test}:rev_floor = 8; {test}:shapes = bcrypt 10 1 md5 1; {test}:used = ` + identity +
		`; {test}:user:ann = {"rev":3, "digest":"` + cheap + `"}; {test}:user:bob = {"digest2":"` + strings.Repeat("0", 32) + `"}; {test}:users = ann bob`
	if got := contents(t, server); got != want || len(identity) < 20 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestADocumentThatIsTooLarge(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, optionsFor(server.Address), Home{})
	document := func(size int) string { return `{"note":"` + strings.Repeat("x", size-len(`{"note":""}`)) + `"}` }
	put(t, s, account.Users, "ann", document(MaxDocument))
	for what, err := range map[string]error{
		"Put":         s.Put(t.Context(), account.Users, "bob", []byte(document(MaxDocument+1))),
		"Put again":   s.Put(t.Context(), account.Users, "ann", []byte(document(MaxDocument+1))),
		"Put of role": s.Put(t.Context(), account.Roles, "bob", []byte(document(MaxDocument+1))),
	} {
		if !errors.Is(err, account.ErrDocument) || !strings.Contains(err.Error(), "at most 1048576 are accepted") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if u, err := s.Edit(t.Context(), "ann", account.Revoke); !errors.Is(err, account.ErrDocument) || u.Name != "" {
		t.Errorf("Edit: %v", err)
	}
	if got, err := s.Document(t.Context(), account.Users, "ann"); err != nil || string(got) != document(MaxDocument) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestNamesAreListedInPages(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, optionsFor(server.Address), Home{})
	for _, count := range []int{page - 1, page, page + 1, 3 * page} {
		server.Say(t, "EVAL", `redis.call('DEL', KEYS[1]) for i = 1, ARGV[1] do redis.call('ZADD', KEYS[1], 0, string.format('u%06d', i)) end`, "1", "{test}:users", fmt.Sprint(count))
		names, err := s.Names(t.Context(), account.Users)
		if err != nil || len(names) != count || names[0] != "u000001" || names[count-1] != fmt.Sprintf("u%06d", count) {
			t.Errorf("%d of %d names, %v", len(names), count, err)
		}
	}
}
