package main

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cm-well/cmwell-auth/integration/attacks"
)

// events are what `go test -json` says of three attacks.
const events = `{"Action":"pass","Test":"TestEveryAttackRowOverEveryProtocol/h1/P-01_dots"}
{"Action":"pass","Test":"TestEveryAttackRowOverEveryProtocol/h1/P-01_GET_/dots/x"}
{"Action":"output","Test":"TestEveryAttackRowOverEveryProtocol/h2/P-01_dots","Output":"    a_test.go:1: not applicable: there are no dots\n"}
{"Action":"pass","Test":"TestEveryAttackRowOverEveryProtocol/h2/P-01_dots"}
{"Action":"pass","Test":"TestEveryAttackRowOverEveryProtocol/h1/P-02_slashes"}
{"Action":"fail","Test":"TestEveryAttackRowOverEveryProtocol/h3/P-02_slashes"}
no JSON
{"Action":"build-output","Output":"a_test.go:1: undefined: dots\n"}
{"Action":"output","Package":"m/a","Output":"FAIL m/a [build failed]\n"}
{"Action":"fail","Package":"m/a"}
{"Action":"output","Package":"m/b","Output":"ok m/b\n"}
{"Action":"pass","Package":"m/b"}
{"Action":"pass","Test":"TestOne","Elapsed":61.2}
{"Action":"skip","Test":"TestTwo"}
{"Action":"pass","Test":"TestEveryAttackHasItsProof","Elapsed":0.3}
{"Action":"pass","Test":"TestEveryProofOfAnAttackExists"}
`

func TestEveryAttackIsReported(t *testing.T) {
	r := newReport()
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	failed := r.write(&b, []attacks.Attack{
		{ID: "P-01", What: "dots", Tests: []string{"TestOne"}},
		{ID: "P-02", What: "slashes"},
		{ID: "P-03", What: "left out", Tests: []string{"TestOne", "TestTwo"}},
		{ID: "P-04", What: "that did not run", Tests: []string{"TestThree"}},
		{ID: "P-05", What: "without rows"},
		{ID: "P-06", None: "the number is not in use"},
	})
	want := `P-01  pass  h1 2; h2 not applicable: there are no dots; TestOne
P-02  FAIL  h3 P-02_slashes
P-03  FAIL  TestTwo
P-04  FAIL  TestThree
P-05  FAIL  
P-06  not applicable: the number is not in use
longest: TestOne 1m1s
6 attacks: 1 pass, 1 not applicable, 4 fail
`
	if b.String() != want || failed != 4 {
		t.Errorf("%d failed:\n%swant\n%s", failed, b.String(), want)
	}
	if said := r.wrong.String(); said != "a_test.go:1: undefined: dots\nFAIL m/a [build failed]\n" {
		t.Errorf("of what went wrong it says %q", said)
	}
}

func TestOnlyPackagesWithAProofAreRun(t *testing.T) {
	got, err := packagesOf(fstest.MapFS{
		"a/a_test.go":   {Data: []byte("func TestOne(t *testing.T) {}\n")},
		"a/b_test.go":   {Data: []byte("func TestTwo(t *testing.T) {}\n")},
		"b/c/c_test.go": {Data: []byte("package c\n\nfunc FuzzThree(f *testing.F) {}\n")},
		"d/d_test.go":   {Data: []byte("func TestOneMore(t *testing.T) {}\n// func TestOne(t *testing.T) {}\n")},
		"e/e.go":        {Data: []byte("func TestOne() {}\n")},
	}, []string{"TestOne", "TestTwo", "FuzzThree"})
	if want := []string{"./a", "./b/c"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestAListThatIsNotHeldTogetherFails(t *testing.T) {
	var b strings.Builder
	if failed := newReport().write(&b, nil); failed != 2 {
		t.Errorf("%d failed:\n%s", failed, b.String())
	}
}
