package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// byRules lets pass what the user's rules allow.
func byRules(_ context.Context, who *account.Principal, path permission.Path) (bool, error) {
	return who.Rules.Decide(path, permission.Write, false).Allowed, nil
}

func TestWritersAreToldForEveryPathThatIsNamedAndThoseAbove(t *testing.T) {
	o, _ := operating(t, `{"users":{
		"ann":{"paths":[{"id":"/a/b","sign":"+","recursive":true,"permissions":"rw"},{"id":"/a/b/c","sign":"-","recursive":true,"permissions":"w"}]},
		"bob":{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"r"}],"roles":["Editor","gone"]},
		"anonymous":{"paths":[{"id":"/open","sign":"+","recursive":true,"permissions":"r"}]}},
		"roles":{"Editor":{"paths":[{"id":"/a.b","sign":"+","recursive":true,"permissions":"w"}]},"unused":{"paths":[{"id":"/x","sign":"+","recursive":true,"permissions":"w"}]}}}`)
	w, err := o.Writers(t.Context(), byRules)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range w.Paths {
		got = append(got, p.Path+"="+strings.Join(p.Writers, "+"))
	}
	if want := "/= /a= /a/b=ann /a/b/c= /a.b=bob"; strings.Join(got, " ") != want || w.Users != 2 || w.MoreUsers+w.MorePaths != 0 {
		t.Errorf("got %q of %d users, want %q of 2", got, w.Users, want)
	}
	broken := errors.New("broken")
	if w, err := o.Writers(t.Context(), func(context.Context, *account.Principal, permission.Path) (bool, error) { return true, broken }); !errors.Is(err, broken) || w.Paths != nil {
		t.Errorf("when nobody can tell: got %+v, %v", w, err)
	}
}

func TestALookForWritersIsBounded(t *testing.T) {
	var users, paths []string
	for n := range mostPaths + 10 {
		paths = append(paths, fmt.Sprintf(`{"id":"/p%04d","sign":"+","recursive":true,"permissions":"w"}`, n))
	}
	for n := range mostUsers + 3 {
		users = append(users, fmt.Sprintf(`"user%05d":{"roles":["all"]}`, n))
	}
	o, _ := operating(t, `{"users":{`+strings.Join(users, ",")+`},"roles":{"all":{"paths":[`+strings.Join(paths, ",")+`]}}}`)
	asked := 0
	w, err := o.Writers(t.Context(), func(context.Context, *account.Principal, permission.Path) (bool, error) { asked++; return true, nil })
	if err != nil || w.Users != mostUsers || w.MoreUsers != 3 || len(w.Paths) != mostPaths || w.MorePaths != 11 || asked != mostUsers*mostPaths {
		t.Errorf("got %d+%d users, %d+%d paths after %d questions, %v", w.Users, w.MoreUsers, len(w.Paths), w.MorePaths, asked, err)
	}
	if p := w.Paths[1]; p.Count != mostUsers || len(p.Writers) != mostNamed {
		t.Errorf("%s has %d writers, of whom %d are named", p.Path, p.Count, len(p.Writers))
	}
}
