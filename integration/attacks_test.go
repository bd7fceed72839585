package integration

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// attack is one way in, and the proof that it leads nowhere.
type attack struct {
	id    string
	what  string
	rows  []string // of the raw rows, without the number
	tests []string // functions anywhere in this module
	none  string   // why there is nothing to prove
}

// lastAttacks are the last numbers of the groups: paths, queries, methods and
// framing, headers, tokens. Every number up to them has its line in the table.
var lastAttacks = []struct {
	group string
	last  int
}{{"P", 32}, {"Q", 20}, {"M", 28}, {"H", 25}, {"J", 40}}

func TestEveryAttackHasItsProof(t *testing.T) {
	numbered := map[string]bool{}
	for _, a := range attacks {
		if numbered[a.id] {
			t.Errorf("%s is there twice", a.id)
		}
		numbered[a.id] = true
		if err := a.complaint(); err != "" {
			t.Errorf("%s: %s", a.id, err)
		}
	}
	for _, g := range lastAttacks {
		for n := 1; n <= g.last; n++ {
			if id := attackID(g.group, n); !numbered[id] {
				t.Errorf("%s has no line", id)
			}
		}
	}
}

func attackID(group string, n int) string {
	return group + "-" + string([]byte{byte('0' + n/10), byte('0' + n%10)})
}

// complaint is about a line that says too little or two things; empty for none.
func (a attack) complaint() string {
	proofs := len(a.rows) + len(a.tests)
	switch {
	case a.none == "" && proofs == 0:
		return "nothing proves that it fails, and no reason is given"
	case a.none == "" && a.what == "":
		return "nothing says what it is"
	case a.none != "" && proofs > 0:
		return "there is a proof and a reason to have none"
	}
	return ""
}

func TestEveryProofOfAnAttackExists(t *testing.T) {
	functions := testFunctions(t)
	if len(functions) < 200 {
		t.Fatalf("only %d test functions found", len(functions))
	}
	var rows []string
	for _, row := range rawRows {
		rows = append(rows, row.id)
	}
	for _, a := range attacks {
		for _, name := range a.rows {
			if !slices.Contains(rows, a.id+" "+name) {
				t.Errorf("%s: there is no raw row %q", a.id, a.id+" "+name)
			}
		}
		for _, name := range a.tests {
			if !functions[name] {
				t.Errorf("%s: there is no test %s", a.id, name)
			}
		}
	}
}

var attackNumber = regexp.MustCompile(`^([PQMH]-\d\d|J-28|O-26) (.+)$`)

// A row is taken away only together with its name in the table, where the loss
// is seen.
func TestEveryRowOfAnAttackIsInTheTable(t *testing.T) {
	for _, row := range rawRows {
		parts := attackNumber.FindStringSubmatch(row.id)
		if parts == nil {
			continue
		}
		i := slices.IndexFunc(attacks, func(a attack) bool { return a.id == parts[1] })
		if i < 0 || !slices.Contains(attacks[i].rows, parts[2]) {
			t.Errorf("the row %q is not in the table of attacks", row.id)
		}
	}
}

func TestALineWithoutProofIsFound(t *testing.T) {
	for _, row := range []struct {
		a    attack
		fine bool
	}{
		{attack{what: "x", rows: []string{"y"}}, true},
		{attack{what: "x", tests: []string{"y"}}, true},
		{attack{none: "because"}, true},
		{attack{what: "x"}, false},
		{attack{rows: []string{"y"}}, false},
		{attack{what: "x", rows: []string{"y"}, none: "because"}, false},
	} {
		if got := row.a.complaint(); (got == "") != row.fine {
			t.Errorf("%+v: %q", row.a, got)
		}
	}
	if got := attackID("P", 7) + attackID("H", 25); got != "P-07H-25" {
		t.Errorf("the numbers are written %s", got)
	}
}

// testFunctions are the names of all tests of this module.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range parseFiles(t, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		for _, d := range file.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
