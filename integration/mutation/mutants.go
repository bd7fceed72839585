package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
)

// mutant is one change of one condition.
type mutant struct {
	file, function string
	line           int
	what, of       string // what is done, and to which text
	in             string // the whole condition
	survives       bool
}

// String says which one it is without a number of a line, which moves.
func (m *mutant) String() string {
	where := m.file[strings.LastIndexByte(m.file[:strings.LastIndexByte(m.file, '/')], '/')+1:]
	if m.of == m.in {
		return fmt.Sprintf("%s %s: %s %s", where, m.function, m.what, m.of)
	}
	return fmt.Sprintf("%s %s: %s %s in %s", where, m.function, m.what, m.of, m.in)
}

// chosen is the function that tells in the test binary which mutant there is.
const chosen = "chosenMutant"

// insertion is a text that is put into a file. Nothing is taken out, and no line is
// added, so that what a failing test says is of the right line.
type insertion struct {
	at    int
	text  string
	order int // at one place, the lesser first
}

// source is a file that is given its mutants.
type source struct {
	name       string
	text       []byte
	files      *token.FileSet
	function   string
	insertions []insertion
	mutants    *[]*mutant // of the whole package; the number of a mutant is its place, from 1
}

// mutate returns the text of a file with all its mutants in it.
func mutate(name string, mutants *[]*mutant) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s := &source{name: name, text: text, files: token.NewFileSet(), mutants: mutants}
	file, err := parser.ParseFile(s.files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		s.function = "var"
		if f, ok := d.(*ast.FuncDecl); ok {
			s.function = f.Name.Name
		}
		ast.Inspect(d, s.visit)
	}
	return s.rendered(), nil
}

// visit finds the conditions: those of if, for and case, and what is returned,
// assigned or passed on and is plainly one.
func (s *source) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		s.condition(n.Cond, true)
	case *ast.ForStmt:
		if n.Cond != nil {
			s.condition(n.Cond, false)
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			break
		}
		for _, c := range n.Body.List {
			for _, e := range c.(*ast.CaseClause).List { //nolint:errcheck // a switch has nothing else
				s.condition(e, true)
			}
		}
	case *ast.ReturnStmt:
		s.plainly(n.Results)
	case *ast.AssignStmt:
		s.plainly(n.Rhs)
	case *ast.CallExpr:
		s.plainly(n.Args)
	case *ast.KeyValueExpr:
		s.plainly([]ast.Expr{n.Value})
	case *ast.GenDecl:
		return n.Tok != token.CONST
	}
	return true
}

// plainly takes those expressions for conditions that are by their form.
func (s *source) plainly(all []ast.Expr) {
	for _, e := range all {
		switch x := ast.Unparen(e).(type) {
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR || x.Op.Precedence() == token.EQL.Precedence() {
				s.condition(e, false)
			}
		case *ast.UnaryExpr:
			if x.Op == token.NOT {
				s.condition(e, false)
			}
		}
	}
}

// condition gives a condition its mutants; with never also the one that is false.
func (s *source) condition(e ast.Expr, never bool) {
	whole := s.textOf(e)
	if never {
		s.wrap(e, s.add(e, "never take", whole), "(!%s(%d) && (", "))")
	}
	s.operands(e, whole)
}

func (s *source) operands(e ast.Expr, whole string) {
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
		for _, operand := range []ast.Expr{b.X, b.Y} {
			// Without it, && is as if it were true, and || as if it were false.
			before := "(%s(%d) || ("
			if b.Op == token.LOR {
				before = "(!%s(%d) && ("
			}
			s.wrap(operand, s.add(operand, "delete", whole), before, "))")
			s.operands(operand, whole)
		}
		return
	}
	s.wrap(e, s.add(e, "negate", whole), "(%[1]s(%[2]d) != (", "))")
}

func (s *source) add(e ast.Expr, what, whole string) int {
	*s.mutants = append(*s.mutants, &mutant{
		file: s.name, function: s.function, line: s.files.Position(e.Pos()).Line, what: what, of: s.textOf(e), in: whole,
	})
	return len(*s.mutants)
}

// wrap puts texts around an expression, inside of those that were put there before.
func (s *source) wrap(e ast.Expr, number int, before, after string) {
	order := len(s.insertions)
	s.insertions = append(s.insertions,
		insertion{s.offset(e.Pos()), fmt.Sprintf(before, chosen, number), order},
		insertion{s.offset(e.End()), after, -order})
}

func (s *source) offset(p token.Pos) int { return s.files.Position(p).Offset }

// textOf is an expression on one line, and not very long.
func (s *source) textOf(e ast.Expr) string {
	text := strings.Join(strings.Fields(string(s.text[s.offset(e.Pos()):s.offset(e.End())])), " ")
	if r := []rune(text); len(r) > 160 {
		text = string(r[:160]) + "…"
	}
	return text
}

func (s *source) rendered() []byte {
	slices.SortStableFunc(s.insertions, func(a, b insertion) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order))
	})
	var out []byte
	from := 0
	for _, i := range s.insertions {
		out = append(append(out, s.text[from:i.at]...), i.text...)
		from = i.at
	}
	return append(out, s.text[from:]...)
}

// choice is the file that is added to the package: which mutant there is, and, when
// that is asked for, which ones are reached.
func choice(pkg string, mutants int) []byte {
	return fmt.Appendf(nil, `package %[1]s

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var (
	theMutant, _   = strconv.Atoi(os.Getenv("MUTANT"))
	reachedFile, _ = os.OpenFile(os.Getenv("MUTANTS_REACHED"), os.O_APPEND|os.O_WRONLY, 0)
	reachedMutants [%[2]d]atomic.Bool
)

func %[3]s(n int) bool {
	if reachedFile != nil {
		if !reachedMutants[n].Swap(true) {
			fmt.Fprintln(reachedFile, n)
		}
	}
	return n == theMutant
}
`, pkg, mutants+1, chosen)
}
