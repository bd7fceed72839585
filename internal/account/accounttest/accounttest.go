// Package accounttest is the contract of a store of users, as a test: what every
// store promises to those who log in, to the gate and to administrators, also when
// several front doors have it in common, and when its home is gone.
package accounttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Store is a store that keeps the whole contract.
type Store interface {
	account.Editor
	account.Documents
	account.Resolver
}

// Home is where users are kept.
type Home interface {
	// Open is the store of one more front door that has its users there. It ends
	// with the test.
	Open(*testing.T) Store
	// Break has the home be such that nobody can tell any more who is in it.
	Break(*testing.T)
}

// Two hashes of bcrypt's form. Nobody logs in with them.
const (
	someHash  = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"
	otherHash = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W7"
)

// TestStore tests a store. found makes a new home with nobody in it for each call;
// a store that can Reload is also asked after it has read all again.
func TestStore(t *testing.T, found func(*testing.T) Home) {
	for _, promise := range []struct {
		sentence string
		test     func(*testing.T, scene)
	}{
		{"AnEmptyStoreHasNobody", emptyStoreHasNobody},
		{"WhatIsPutIsFound", whatIsPutIsFound},
		{"NamesAreSortedAndOfOneKind", namesAreSorted},
		{"ADocumentComesBackAsItWasPut", documentComesBack},
		{"WhoReceivesADocumentCannotChangeTheStore", documentIsACopy},
		{"ABrokenDocumentIsRefused", brokenDocumentIsRefused},
		{"WhatIsDeletedIsGone", deletedIsGone},
		{"NoTokenLivesAgain", noTokenLivesAgain},
		{"TheGreatestRevIsTheEnd", greatestRevIsTheEnd},
		{"AnotherPasswordKillsTokens", otherPasswordKillsTokens},
		{"NothingIsDoneForOneWhoIsGone", nothingForOneWhoIsGone},
		{"AnEditIsSeen", editIsSeen},
		{"AnEditThatFailsChangesNothing", failedEditChangesNothing},
		{"ChangesAtOnceLoseNothing", changesAtOnce},
		{"ReplaceSeesWhatIsThere", replaceSeesWhatIsThere},
		{"ReplacementsAtOnceLoseNothing", replacedAtOnce},
		{"WhatIsFilledIsFound", filledIsFound},
		{"TheFloorIsRaisedAndNeverLowered", floorIsRaised},
		{"AUserAndItsRolesAreOfOneState", oneState},
		{"AnotherDoorSeesEveryChange", anotherDoorSees},
		{"ChangesThroughTwoDoorsLoseNothing", changesThroughTwoDoors},
		{"AChangeBeginsWithWhatAnotherDoorHasStored", changeBeginsWithTheLast},
		{"WhoFollowsIsToldOfEveryChange", followersAreTold},
		{"WhatIsBrokenIsNotAbsent", brokenIsNotAbsent},
	} {
		t.Run(promise.sentence, func(t *testing.T) {
			home := found(t)
			promise.test(t, scene{home.Open(t), home})
		})
	}
}

// scene is a store, its home, and sentences about it.
type scene struct {
	Store
	home Home
}

// again has the store forget what it can read again.
func (s scene) again(t *testing.T) {
	t.Helper()
	if store, ok := s.Store.(interface{ Reload() error }); ok {
		if err := store.Reload(); err != nil {
			t.Fatalf("Reload: %v", err)
		}
	}
}

func (s scene) put(t *testing.T, kind account.Kind, name, document string) {
	t.Helper()
	if err := s.Put(t.Context(), kind, name, []byte(document)); err != nil {
		t.Fatalf("Put %s %s: %v", kind.Singular(), name, err)
	}
}

func (s scene) delete(t *testing.T, kind account.Kind, name string) {
	t.Helper()
	if err := s.Delete(t.Context(), kind, name); err != nil {
		t.Fatalf("Delete %s %s: %v", kind.Singular(), name, err)
	}
}

// kept looks for a document now, and again when the store has been read anew.
func (s scene) kept(t *testing.T, kind account.Kind, name, want string) {
	t.Helper()
	for _, when := range []string{"at once", "read anew"} {
		if got, err := s.Document(t.Context(), kind, name); err != nil || string(got) != want {
			t.Errorf("%s %s, %s: %s, %v; want %s", kind.Singular(), name, when, got, err, want)
		}
		s.again(t)
	}
}

// absent looks for nobody of the name, and the same when read anew.
func (s scene) absent(t *testing.T, kind account.Kind, name string) {
	t.Helper()
	for _, when := range []string{"at once", "read anew"} {
		document, err := s.Document(t.Context(), kind, name)
		if !errors.Is(err, account.ErrNotExist) || document != nil {
			t.Errorf("%s %s, %s: Document: %s, %v", kind.Singular(), name, when, document, err)
		}
		found := ""
		if kind == account.Users {
			var u account.User
			u, err = s.User(t.Context(), name)
			found = u.Name
		} else {
			var r account.Role
			r, err = s.Role(t.Context(), name)
			found = r.Name
		}
		if !errors.Is(err, account.ErrNotExist) || found != "" {
			t.Errorf("%s %s, %s: %q, %v", kind.Singular(), name, when, found, err)
		}
		s.again(t)
	}
}

func (s scene) rev(t *testing.T, name string, want int64) {
	t.Helper()
	for _, when := range []string{"at once", "read anew"} {
		if u, err := s.User(t.Context(), name); err != nil || u.Name != name || u.Revision != want {
			t.Errorf("user %s, %s: %q with rev %d, %v; want rev %d", name, when, u.Name, u.Revision, err, want)
		}
		s.again(t)
	}
}

func (s scene) names(t *testing.T, kind account.Kind, want ...string) {
	t.Helper()
	for _, when := range []string{"at once", "read anew"} {
		if got, err := s.Names(t.Context(), kind); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s, %s: %q, %v; want %q", kind, when, got, err, want)
		}
		s.again(t)
	}
}

func emptyStoreHasNobody(t *testing.T, s scene) {
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		s.names(t, kind)
		for _, name := range []string{"ann", "", "..", "a/b", "*"} {
			s.absent(t, kind, name)
		}
		if err := s.Delete(t.Context(), kind, "ann"); !errors.Is(err, account.ErrNotExist) {
			t.Errorf("Delete of a %s who does not exist: %v", kind.Singular(), err)
		}
	}
	if u, err := s.Edit(t.Context(), "ann", account.Revoke); !errors.Is(err, account.ErrNotExist) || u.Name != "" {
		t.Errorf("Edit of nobody: %+v, %v", u, err)
	}
}

func whatIsPutIsFound(t *testing.T, s scene) {
	s.put(t, account.Users, "ann@example.org", `{"rev":3,"roles":["Editor"],"digest":"`+someHash+`","first":"Ann"}`)
	s.put(t, account.Roles, "Editor", `{"paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}],"operations":["Overwrite"]}`)
	for range 2 {
		u, err := s.User(t.Context(), "ann@example.org")
		if err != nil || u.Name != "ann@example.org" || u.Revision != 3 || !slices.Equal(u.Roles, []string{"Editor"}) || u.PasswordHash != someHash || u.First != "Ann" {
			t.Errorf("the user is %+v, %v", u, err)
		}
		r, err := s.Role(t.Context(), "Editor")
		if err != nil || r.Name != "Editor" || r.Operations.String() != "Overwrite" || len(r.Paths) != 1 || r.Paths[0].String() != "+ /docs/* rw" {
			t.Errorf("the role is %+v, %v", r, err)
		}
		s.again(t)
	}
	s.absent(t, account.Users, "Ann@example.org")
	s.absent(t, account.Users, "Editor")
	s.absent(t, account.Roles, "ann@example.org")
	s.put(t, account.Users, account.Anonymous, `{}`)
	s.rev(t, account.Anonymous, 0)
}

func namesAreSorted(t *testing.T, s scene) {
	for _, name := range []string{"bob", "ann", "Bob", "_", "10", "9"} {
		s.put(t, account.Users, name, `{}`)
	}
	s.put(t, account.Roles, "Editor", `{}`)
	s.put(t, account.Users, "ann", `{"rev":1}`)
	s.names(t, account.Users, "10", "9", "Bob", "_", "ann", "bob")
	s.names(t, account.Roles, "Editor")
	for after, want := range map[string]string{"": "[10 9 Bob]", "9": "[Bob _ ann]", "a": "[ann bob]", "bob": "[]"} {
		if names, err := account.NamesAfter(t.Context(), s, account.Users, after, 3); err != nil || fmt.Sprint(names) != want {
			t.Errorf("three names behind %q: %v, %v; want %s", after, names, err, want)
		}
	}
	if names, err := s.Names(t.Context(), 0); err == nil || names != nil {
		t.Errorf("names of no kind: %q, %v", names, err)
	}
}

func documentComesBack(t *testing.T, s scene) {
	const document = `{ "quota" : {"kept": [1,  2.50, null]} , "email":"\u00e4\/ä", "rev":0 }`
	for kind, name := range map[account.Kind]string{account.Users: "ann", account.Roles: "Editor"} {
		s.put(t, kind, "first", `{"email":"a"}`)
		s.put(t, kind, name, "\n"+document+"\n")
		s.put(t, kind, "last", `{}`)
		s.kept(t, kind, name, document)
		s.put(t, kind, name, `{"note":"}"}`)
		s.kept(t, kind, name, `{"note":"}"}`)
		s.kept(t, kind, "first", `{"email":"a"}`)
		s.kept(t, kind, "last", `{}`)
	}
}

func documentIsACopy(t *testing.T, s scene) {
	posted := []byte(`{"note":1}`)
	if err := s.Put(t.Context(), account.Roles, "Editor", posted); err != nil {
		t.Fatal(err)
	}
	copy(posted, `{"evil":1}`)
	got, err := s.Document(t.Context(), account.Roles, "Editor")
	if err != nil {
		t.Fatal(err)
	}
	copy(got, `{"evil":1}`)
	s.kept(t, account.Roles, "Editor", `{"note":1}`)
}

func brokenDocumentIsRefused(t *testing.T, s scene) {
	s.put(t, account.Users, "ann", `{"rev":3}`)
	s.put(t, account.Roles, "Editor", `{}`)
	for _, row := range []struct {
		kind                 account.Kind
		name, document, says string
	}{
		{account.Users, "ann", `{"rev":-1}`, "user ann: rev -1"},
		{account.Users, "ann", `{"rev":"5"}`, "rev: a JSON string"},
		{account.Users, "ann", `{"operations":[],"operations":["Admin"]}`, "given twice"},
		{account.Users, "ann", `{"Operations":["Admin"]}`, `written "operations"`},
		{account.Users, "ann", `{},"eve":{}`, "user ann"},
		{account.Users, "ann", ``, "one JSON object"},
		{account.Users, "ann", `null`, "one JSON object"},
		{account.Users, "ann", `{"digest":"` + someHash + `1"}`, "digest: 61 characters"},
		{account.Roles, "Editor", `{"paths":[{}]}`, "role Editor: paths[0]"},
		{account.Users, "../roles/Editor", `{}`, "name"},
		{account.Users, "", `{}`, "name"},
		{account.Roles, "a\x00", `{}`, "name"},
		{account.Roles, strings.Repeat("x", account.MaxName+1), `{}`, "name"},
		{account.Roles, "Editor", `{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, "depth"},
	} {
		err := s.Put(t.Context(), row.kind, row.name, []byte(row.document))
		if !errors.Is(err, account.ErrDocument) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), someHash) {
			t.Errorf("%s %.40s: %v; should say %s", row.kind.Singular(), row.document, err, row.says)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", "a\"", strings.Repeat("x", account.MaxName+1)} {
		if err := s.Delete(t.Context(), account.Users, name); !errors.Is(err, account.ErrDocument) {
			t.Errorf("Delete of %q: %v", name, err)
		}
	}
	if err := s.Put(t.Context(), 0, "ann", []byte(`{}`)); err == nil {
		t.Error("a document of no kind was taken")
	}
	s.kept(t, account.Users, "ann", `{"rev":3}`)
	s.kept(t, account.Roles, "Editor", `{}`)
	s.names(t, account.Users, "ann")
}
