package migrate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

// filled is a users file with these documents, such as "user ann" or "role Editor".
func filled(t *testing.T, documents map[string]string) *file.Users {
	t.Helper()
	users := file.New(filepath.Join(t.TempDir(), "users.json"), false)
	var posted []account.Posted
	for what, document := range documents {
		word, name, _ := strings.Cut(what, " ")
		kind := account.Users
		if word == "role" {
			kind = account.Roles
		}
		posted = append(posted, account.Posted{Kind: kind, Name: name, Document: []byte(document)})
	}
	if err := users.Fill(t.Context(), posted); err != nil {
		t.Fatal(err)
	}
	return users
}

// oneByOne is a store that takes documents singly, and ends a context after some.
type oneByOne struct {
	account.Documents
	left int
	stop func()
	put  []string
}

func (o *oneByOne) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	defer func() {
		if o.left--; o.left == 0 {
			o.stop()
		}
	}()
	o.put = append(o.put, kind.Singular()+" "+name)
	return o.Documents.Put(ctx, kind, name, document)
}

func quiet(string, int, int) {}

// sentences are a plan in words.
func sentences(p *Plan) string {
	var all []string
	for _, part := range []struct {
		what string
		list []Change
	}{{"add", p.Added}, {"change", p.Changed}, {"only", p.OnlyThere}, {"refuse", p.Refused}} {
		for _, c := range part.list {
			text := part.what + " " + c.Kind.Singular() + " " + c.Name
			if c.Raised > 0 {
				text += fmt.Sprintf(" to rev %d", c.Raised)
			}
			all = append(all, text)
		}
	}
	if p.Floor > 0 {
		all = append(all, fmt.Sprintf("floor %d", p.Floor))
	}
	return strings.Join(all, ", ")
}

func TestAPlanSaysWhatDiffers(t *testing.T) {
	const same = `{"rev":3, "x": 1.50}`
	for _, row := range []struct {
		why      string
		from, to map[string]string
		want     string
	}{
		{"nothing there", map[string]string{"user ann": same, "role Editor": `{}`}, nil, "add role Editor, add user ann"},
		{"all the same", map[string]string{"user ann": same, "role Editor": `{}`}, map[string]string{"user ann": same, "role Editor": `{}`}, ""},
		{"another space", map[string]string{"user ann": same}, map[string]string{"user ann": `{"rev":3,"x":1.50}`}, "change user ann"},
		{"a rev that is higher there stays", map[string]string{"user ann": `{"rev":3}`}, map[string]string{"user ann": `{"rev":8}`}, ""},
		{"a rev that is higher there stays, and the rest comes", map[string]string{"user ann": `{"rev":3,"first":"A"}`}, map[string]string{"user ann": `{"rev":8}`}, "change user ann to rev 8"},
		{"others there stay", map[string]string{"user ann": same}, map[string]string{"user ann": same, "user eve": `{}`, "role R": `{}`}, "only role R, only user eve"},
	} {
		p, err := Stores{filled(t, row.from), filled(t, row.to), quiet}.Compare(t.Context())
		if err != nil || sentences(p) != row.want {
			t.Errorf("%s: %q, %v; want %q", row.why, sentences(p), err, row.want)
		}
	}
}

func TestDocumentsArriveToTheByteAndTheFloorComesAlong(t *testing.T) {
	const ann = `{ "rev":3 , "quota" : {"kept": [1,  2.50]} }`
	from, to := filled(t, map[string]string{"user ann": ann, "user bob": `{"rev":7}`, "role Editor": `{"note": "x"}`}), filled(t, nil)
	if err := from.Delete(t.Context(), account.Users, "bob"); err != nil {
		t.Fatal(err)
	}
	s := Stores{from, to, quiet}
	p, err := s.Compare(t.Context())
	if err != nil || sentences(p) != "add role Editor, add user ann, floor 8" {
		t.Fatalf("%q, %v", sentences(p), err)
	}
	if err := s.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"ann": ann} {
		if got, err := to.Document(t.Context(), account.Users, name); err != nil || string(got) != want {
			t.Errorf("%s, %v", got, err)
		}
	}
	// Who was deleted there and is made here does not find its old tokens alive.
	if err := to.Put(t.Context(), account.Users, "bob", []byte(`{"rev":7}`)); err != nil {
		t.Fatal(err)
	}
	if u, err := to.User(t.Context(), "bob"); err != nil || u.Revision != 8 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestAnInterruptedMigrationGoesOnWhereItWas(t *testing.T) {
	documents := map[string]string{"role Editor": `{}`}
	for i := range 9 {
		documents[fmt.Sprintf("user u%d", i)] = fmt.Sprintf(`{"rev":%d}`, i)
	}
	ctx, stop := context.WithCancel(t.Context())
	target := &oneByOne{Documents: filled(t, nil), left: 4, stop: stop}
	s := Stores{filled(t, documents), target, quiet}
	p, err := s.Compare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(ctx, p); !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not interrupted: %v", err)
	}
	if p, err = s.Compare(t.Context()); err != nil || len(p.Added) != len(documents)-4 {
		t.Fatalf("%d are left, %v", len(p.Added), err)
	}
	if err := s.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if p, err = s.Compare(t.Context()); err != nil || !p.Nothing() || p.Same[account.Users] != 9 || p.Same[account.Roles] != 1 {
		t.Errorf("%s, %v", sentences(p), err)
	}
	if target.put[0] != "role Editor" || len(target.put) != len(documents) || len(slices.Compact(slices.Sorted(slices.Values(target.put)))) != len(documents) {
		t.Errorf("stored were %q", target.put)
	}
}

// broken is a store with a document that no store accepts.
type broken struct{ account.Documents }

func (b broken) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	if name == "eve" {
		return []byte(`{"rev":-1}`), nil
	}
	return b.Documents.Document(ctx, kind, name)
}

func TestADocumentThatIsRefusedKeepsAllFromMoving(t *testing.T) {
	to := filled(t, nil)
	s := Stores{broken{filled(t, map[string]string{"user ann": `{}`, "user eve": `{}`})}, to, quiet}
	p, err := s.Compare(t.Context())
	if err != nil || sentences(p) != "add user ann, refuse user eve" || !strings.Contains(p.Refused[0].Refused, "user eve: rev -1") {
		t.Fatalf("%q, %+v, %v", sentences(p), p.Refused, err)
	}
	if err := s.Apply(t.Context(), p); err == nil {
		t.Error("it was done nevertheless")
	}
	if names, err := to.Names(t.Context(), account.Users); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
}

// forgetful is a store without a floor.
type forgetful struct{ account.Documents }

func TestWhereTheFloorCannotGoNobodyMoves(t *testing.T) {
	from := filled(t, map[string]string{"user ann": `{"rev":3}`})
	if err := from.Delete(t.Context(), account.Users, "ann"); err != nil {
		t.Fatal(err)
	}
	if p, err := (Stores{from, forgetful{filled(t, nil)}, quiet}).Compare(t.Context()); err == nil || p != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := (Stores{forgetful{from}, filled(t, nil), quiet}).Compare(t.Context()); err != nil || !p.Nothing() {
		t.Errorf("%+v, %v", p, err)
	}
}
