package file

import (
	"slices"
	"sync"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// following is who is to be told of changes.
type following struct {
	mu sync.Mutex
	// told is the state that everybody knows of.
	told      *state
	followers []*func(account.Change)
}

// Follow calls f with all that there is to tell, and then after every change of the
// users; see account.Followed.
func (u *Users) Follow(f func(account.Change)) (stop func()) {
	t := &u.followed
	t.mu.Lock()
	defer t.mu.Unlock()
	u.tellAll()
	f(t.told.since(new(Store)))
	t.followers = append(t.followers, &f)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.followers = slices.DeleteFunc(t.followers, func(other *func(account.Change)) bool { return other == &f })
	}
}

// tell tells of what is in use by now, and nobody twice of the same.
func (u *Users) tell() {
	u.followed.mu.Lock()
	defer u.followed.mu.Unlock()
	u.tellAll()
}

func (u *Users) tellAll() {
	t := &u.followed
	was, now := t.told, u.current.Load()
	t.told = now
	// The watcher may have read a change before whoever made it took it into use.
	same := now.Store == was.Store || now.is(was.text, was.exposure)
	if same && sameTrouble(now.trouble, was.trouble) || len(t.followers) == 0 {
		return
	}
	change := now.since(was.Store)
	for _, f := range t.followers {
		(*f)(change)
	}
}

func (s *state) since(before *Store) account.Change {
	return account.Change{Shapes: s.shapes, Warnings: s.warningsSince(before), Trouble: s.trouble}
}

func sameTrouble(a, b error) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error()
}
