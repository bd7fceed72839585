package main

import (
	"strings"
	"testing"

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
{"Action":"pass","Test":"TestOne"}
{"Action":"skip","Test":"TestTwo"}
{"Action":"pass","Test":"TestEveryAttackHasItsProof"}
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
6 attacks: 1 pass, 1 not applicable, 4 fail
`
	if b.String() != want || failed != 4 {
		t.Errorf("%d failed:\n%swant\n%s", failed, b.String(), want)
	}
}

func TestAListThatIsNotHeldTogetherFails(t *testing.T) {
	var b strings.Builder
	if failed := newReport().write(&b, nil); failed != 2 {
		t.Errorf("%d failed:\n%s", failed, b.String())
	}
}
