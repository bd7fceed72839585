package accounttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// greatest is the greatest rev that a document can have.
const greatest = 1<<53 - 1

func deletedIsGone(t *testing.T, s scene) {
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		for _, name := range []string{"ann", "bob", "eve"} {
			s.put(t, kind, name, `{"note":"`+name+`"}`)
		}
		s.delete(t, kind, "bob")
		s.absent(t, kind, "bob")
		s.names(t, kind, "ann", "eve")
		s.kept(t, kind, "ann", `{"note":"ann"}`)
		if err := s.Delete(t.Context(), kind, "bob"); !errors.Is(err, account.ErrNotExist) {
			t.Errorf("a second Delete: %v", err)
		}
		s.delete(t, kind, "ann")
		s.delete(t, kind, "eve")
		s.names(t, kind)
	}
}

func noTokenLivesAgain(t *testing.T, s scene) {
	s.put(t, account.Users, "ann", `{"rev":7}`)
	s.put(t, account.Users, "bob", `{"rev":2}`)
	s.put(t, account.Users, "ann", `{"rev":3}`)
	s.rev(t, "ann", 7)
	s.put(t, account.Users, "ann", `{}`)
	s.rev(t, "ann", 7)

	s.delete(t, account.Users, "ann")
	s.rev(t, "bob", 2)
	s.put(t, account.Users, "ann", `{"rev":3}`)
	s.rev(t, "ann", 8)
	s.delete(t, account.Users, "ann")
	s.delete(t, account.Users, "bob")
	s.put(t, account.Users, "ann", `{}`)
	s.rev(t, "ann", 9)
	s.put(t, account.Users, "bob", `{"rev":40}`)
	s.rev(t, "bob", 40)
	s.delete(t, account.Users, "bob")
	s.put(t, account.Roles, "bob", `{}`)
	s.delete(t, account.Roles, "bob")
	s.put(t, account.Users, "carl", `{}`)
	s.rev(t, "carl", 41)
}

func greatestRevIsTheEnd(t *testing.T, s scene) {
	last := fmt.Sprintf(`{"rev":%d}`, int64(greatest))
	s.put(t, account.Users, "ann", last)
	if err := s.Put(t.Context(), account.Users, "ann", []byte(`{"digest":"`+someHash+`"}`)); !errors.Is(err, account.ErrDocument) {
		t.Errorf("a password without a rev for it: %v", err)
	}
	if err := s.Delete(t.Context(), account.Users, "ann"); !errors.Is(err, account.ErrDocument) {
		t.Errorf("a Delete that leaves no rev: %v", err)
	}
	if u, err := s.Edit(t.Context(), "ann", account.Revoke); err == nil || u.Name != "" {
		t.Errorf("a rev above the greatest: %+v, %v", u, err)
	}
	s.kept(t, account.Users, "ann", last)
	s.put(t, account.Users, "bob", fmt.Sprintf(`{"rev":%d}`, int64(greatest-1)))
	s.delete(t, account.Users, "bob")
	s.put(t, account.Users, "bob", `{}`)
	s.rev(t, "bob", greatest)
}

func otherPasswordKillsTokens(t *testing.T, s scene) {
	md5 := `"digest2":"` + strings.Repeat("0", 32) + `"`
	sha := `"digest2_sha256":"` + strings.Repeat("0", 64) + `"`
	for i, document := range []string{
		`{"rev":5}`, // a new user
		`{"rev":5,"email":"a"}`,
		`{"rev":5,"digest":"` + someHash + `"}`,
		`{"rev":5,"digest":"` + otherHash + `"}`,
		`{"rev":5,"digest":"` + otherHash + `",` + md5 + `}`,
		`{"rev":5,"digest":"` + otherHash + `",` + md5 + `,` + sha + `}`,
		`{"first":"Ann","digest":"` + otherHash + `",` + md5 + `,` + sha + `}`,
		`{}`,
	} {
		s.put(t, account.Users, "ann", document)
		s.rev(t, "ann", []int64{5, 5, 6, 7, 8, 9, 9, 10}[i])
	}
}

func nothingForOneWhoIsGone(t *testing.T, s scene) {
	s.put(t, account.Users, "ann", `{"rev":3}`)
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, edited := s.Edit(gone, "ann", account.Revoke)
	for what, err := range map[string]error{
		"Put":    s.Put(gone, account.Users, "ann", []byte(`{"rev":9}`)),
		"Delete": s.Delete(gone, account.Users, "ann"),
		"Edit":   edited,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.kept(t, account.Users, "ann", `{"rev":3}`)
}

func editIsSeen(t *testing.T, s scene) {
	s.put(t, account.Users, "ann", `{"quota":[1],"rev":3,"email":"a"}`)
	u, err := s.Edit(t.Context(), "ann", func(now account.User) (account.Fields, error) {
		return account.Fields{"rev": now.Revision + 1, "email": nil, "first": "Ann"}, nil
	})
	if err != nil || u.Name != "ann" || u.Revision != 4 || u.Email != "" || u.First != "Ann" {
		t.Errorf("%+v, %v", u, err)
	}
	s.kept(t, account.Users, "ann", `{"quota":[1],"rev":4,"first":"Ann"}`)
	u, err = s.Edit(t.Context(), "ann", func(account.User) (account.Fields, error) { return nil, nil })
	if err != nil || u.Name != "ann" || u.Revision != 4 {
		t.Errorf("no fields: %+v, %v", u, err)
	}
	s.kept(t, account.Users, "ann", `{"quota":[1],"rev":4,"first":"Ann"}`)
}

func failedEditChangesNothing(t *testing.T, s scene) {
	s.put(t, account.Users, "ann", `{"rev":3}`)
	s.put(t, account.Roles, "Editor", `{}`)
	refused := errors.New("changed my mind")
	for _, row := range []struct {
		why, user string
		fields    account.Fields
		err, is   error
	}{
		{"an error of change", "ann", account.Fields{"rev": 9}, refused, refused},
		{"a field that users have not", "ann", account.Fields{"quota": 9}, nil, nil},
		{"a value that is not accepted", "ann", account.Fields{"rev": -1}, nil, nil},
		{"nobody of that name", "eve", account.Fields{"rev": 9}, nil, account.ErrNotExist},
		{"a role of that name", "Editor", account.Fields{"rev": 9}, nil, account.ErrNotExist},
	} {
		u, err := s.Edit(t.Context(), row.user, func(account.User) (account.Fields, error) { return row.fields, row.err })
		if err == nil || row.is != nil && !errors.Is(err, row.is) || u.Name != "" {
			t.Errorf("%s: %+v, %v", row.why, u, err)
		}
	}
	s.kept(t, account.Users, "ann", `{"rev":3}`)
	s.kept(t, account.Roles, "Editor", `{}`)
}

// Each of many raises the rev of the same user, changes a user of its own, and
// makes and deletes another.
func changesAtOnce(t *testing.T, s scene) { s.changedAtOnce(t, s.Store) }

// changedAtOnce has writers, who share the doors, change the same user and users of
// their own.
func (s scene) changedAtOnce(t *testing.T, doors ...Store) {
	s.put(t, account.Users, "all", `{}`)
	const writers, each = 8, 4
	own := func(writer int) string { return fmt.Sprintf("own%d", writer) }
	document := func(i int) string { return fmt.Sprintf(`{"rev":%d,"i":%d}`, 1000+i, i) }
	var done sync.WaitGroup
	for w := range writers {
		done.Go(func() {
			s := doors[w%len(doors)]
			passing := fmt.Sprintf("passing%d", w)
			for i := range each {
				_, err := s.Edit(t.Context(), "all", account.Revoke)
				err = errors.Join(err,
					s.Put(t.Context(), account.Users, own(w), []byte(document(i))),
					s.Put(t.Context(), account.Roles, passing, []byte(`{}`)),
					s.Delete(t.Context(), account.Roles, passing))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	// What was done through one door is seen through another a little later.
	for _, door := range doors[1:] {
		for _, door := range []Store{s.Store, door} {
			eventually(t, "all changes are seen", func() bool {
				u, err := door.User(t.Context(), "all")
				roles, absent := door.Names(t.Context(), account.Roles)
				all := err == nil && absent == nil && u.Revision == writers*each && len(roles) == 0
				for w := range writers {
					kept, err := door.Document(t.Context(), account.Users, own(w))
					all = all && err == nil && string(kept) == document(each-1)
				}
				return all
			})
		}
	}
	s.rev(t, "all", writers*each)
	s.names(t, account.Roles)
	for w := range writers {
		s.kept(t, account.Users, own(w), document(each-1))
	}
}
