package accounttest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// What a store may offer beside the contract is tested where it is offered.

func replaceSeesWhatIsThere(t *testing.T, s scene) {
	s.put(t, account.Roles, "Editor", `{"note":1}`)
	for i, want := range []string{"", `{"rev":4}`} {
		err := account.Replace(t.Context(), s.Store, account.Users, "ann", func(kept []byte) ([]byte, error) {
			if string(kept) != want {
				t.Errorf("%d: next was given %s, not %s", i, kept, want)
			}
			return []byte(`{"rev":4}`), nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	refused := errors.New("changed my mind")
	for name, next := range map[string][]byte{"Editor": nil, "New": nil, "Bad": []byte(`{"paths":1}`)} {
		err := account.Replace(t.Context(), s.Store, account.Roles, name, func([]byte) ([]byte, error) {
			if next == nil {
				return nil, refused
			}
			return next, nil
		})
		if next == nil && !errors.Is(err, refused) || next != nil && !errors.Is(err, account.ErrDocument) {
			t.Errorf("role %s: %v", name, err)
		}
	}
	s.kept(t, account.Roles, "Editor", `{"note":1}`)
	s.names(t, account.Roles, "Editor")
	s.names(t, account.Users, "ann")
}

// Each of many adds to the same document, through one of two doors.
func replacedAtOnce(t *testing.T, s scene) {
	if _, ok := s.Store.(account.Replacer); !ok {
		return
	}
	doors := []Store{s.Store, s.home.Open(t)}
	s.put(t, account.Roles, "Editor", `{"note":""}`)
	const writers, each = 4, 5
	var done sync.WaitGroup
	for w := range writers {
		done.Go(func() {
			for range each {
				err := account.Replace(t.Context(), doors[w%len(doors)], account.Roles, "Editor", func(kept []byte) ([]byte, error) {
					return bytes.Replace(kept, []byte(`"}`), []byte(`x"}`), 1), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	want := fmt.Sprintf(`{"note":"%s"}`, bytes.Repeat([]byte("x"), writers*each))
	eventually(t, "all replacements are seen", func() bool {
		got, err := s.Document(t.Context(), account.Roles, "Editor")
		return err == nil && string(got) == want
	})
	s.kept(t, account.Roles, "Editor", want)
}

func filledIsFound(t *testing.T, s scene) {
	f, ok := s.Store.(account.Filler)
	if !ok {
		return
	}
	s.put(t, account.Users, "bob", `{"rev":3}`)
	err := f.Fill(t.Context(), []account.Posted{
		{Kind: account.Roles, Name: "Editor", Document: []byte(`{"note":1}`)},
		{Kind: account.Users, Name: "ann", Document: []byte(`{"rev":2, "x":1.50}`)},
		{Kind: account.Users, Name: "bob", Document: []byte(`{"rev":1}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.kept(t, account.Roles, "Editor", `{"note":1}`)
	s.kept(t, account.Users, "ann", `{"rev":2, "x":1.50}`)
	s.kept(t, account.Users, "bob", `{"rev":3}`)
	if err := f.Fill(t.Context(), []account.Posted{{Kind: account.Users, Name: "eve", Document: []byte(`{"rev":-1}`)}}); !errors.Is(err, account.ErrDocument) {
		t.Errorf("a document that is not accepted: %v", err)
	}
	s.names(t, account.Users, "ann", "bob")
}

func floorIsRaised(t *testing.T, s scene) {
	f, ok := s.Store.(account.Floored)
	if !ok {
		return
	}
	floor := func(want int64) {
		t.Helper()
		if got, err := f.Floor(t.Context()); err != nil || got != want {
			t.Errorf("the floor is %d, %v; want %d", got, err, want)
		}
	}
	floor(0)
	s.put(t, account.Users, "ann", `{"rev":3}`)
	s.delete(t, account.Users, "ann")
	floor(4)
	for _, to := range []int64{9, 5, 0} {
		if err := f.RaiseFloor(t.Context(), to); err != nil {
			t.Error(err)
		}
		floor(9)
	}
	s.put(t, account.Users, "ann", `{}`)
	s.rev(t, "ann", 9)
	for _, bad := range []int64{-1, greatest + 1} {
		if err := f.RaiseFloor(t.Context(), bad); err == nil {
			t.Errorf("a floor of %d was taken", bad)
		}
	}
	floor(9)
}
