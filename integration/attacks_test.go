package integration

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/attacks"
)

func TestEveryAttackHasItsProof(t *testing.T) {
	tried := map[string]bool{}
	for _, row := range attackRows {
		number, name, _ := strings.Cut(row.id, " ")
		tried[number] = true
		if name == "" {
			t.Errorf("%s: the row has no name", row.id)
		}
	}
	listed := map[string]bool{}
	for _, a := range attacks.All {
		if listed[a.ID] {
			t.Errorf("%s is there twice", a.ID)
		}
		listed[a.ID] = true
		if said := a.Complaint(tried[a.ID]); said != "" {
			t.Errorf("%s: %s", a.ID, said)
		}
	}
	for number := range tried {
		if !listed[number] {
			t.Errorf("rows have the number %s, which no attack has", number)
		}
	}
	for group, last := range attacks.Groups {
		for n := 1; n <= last; n++ {
			if id := fmt.Sprintf("%s-%02d", group, n); !listed[id] {
				t.Errorf("%s is not in the list", id)
			}
		}
	}
}

func TestEveryProofOfAnAttackExists(t *testing.T) {
	functions := testFunctions(t)
	if len(functions) < 200 {
		t.Fatalf("only %d test functions found", len(functions))
	}
	for _, a := range attacks.All {
		for _, name := range a.Tests {
			if !functions[name] {
				t.Errorf("%s: there is no test %s", a.ID, name)
			}
		}
	}
}

func TestAnAttackWithoutProofIsFound(t *testing.T) {
	for _, row := range []struct {
		a    attacks.Attack
		rows bool
		fine bool
	}{
		{attacks.Attack{What: "x"}, true, true},
		{attacks.Attack{What: "x", Tests: []string{"y"}}, false, true},
		{attacks.Attack{None: "because"}, false, true},
		{attacks.Attack{What: "x"}, false, false},
		{attacks.Attack{}, true, false},
		{attacks.Attack{None: "because"}, true, false},
		{attacks.Attack{Tests: []string{"y"}, None: "because"}, false, false},
	} {
		if got := row.a.Complaint(row.rows); (got == "") != row.fine {
			t.Errorf("%+v: %q", row.a, got)
		}
	}
}

// testFunctions are the names of all tests and fuzz targets of this module.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range parseFiles(t, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		for _, d := range file.syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Recv == nil && slices.ContainsFunc([]string{"Test", "Fuzz"}, func(kind string) bool { return strings.HasPrefix(f.Name.Name, kind) }) {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
