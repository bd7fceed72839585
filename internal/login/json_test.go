package login

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestBodiesOfALogin(t *testing.T) {
	for body, want := range map[string]string{
		`{"username":"ann","password":"a:b"}`:                 "ann/a:b",
		` {"password":"ä\"","x":[1],"username":"ann"}` + "\n": `ann/ä"`,
		`{"username":"","password":""}`:                       "/",
	} {
		got, err := ReadStrings(strings.NewReader(body), "username", "password")
		if err != nil || got["username"]+"/"+got["password"] != want {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	good := `{"username":"ann","password":"x"}`
	for why, row := range map[string]struct {
		body io.Reader
		want error
	}{
		"nothing":                   {strings.NewReader(""), ErrBody},
		"a form":                    {strings.NewReader("username=ann&password=x"), ErrBody},
		"a list":                    {strings.NewReader("[" + good + "]"), ErrBody},
		"null":                      {strings.NewReader("null"), ErrBody},
		"a string":                  {strings.NewReader(`"ann"`), ErrBody},
		"bytes behind it":           {strings.NewReader(good + "x"), ErrBody},
		"two objects":               {strings.NewReader(good + good), ErrBody},
		"cut short":                 {strings.NewReader(good[:20]), ErrBody},
		"a byte order mark":         {strings.NewReader("\ufeff" + good), ErrBody},
		"username twice":            {strings.NewReader(`{"username":"ann","username":"root","password":"x"}`), ErrBody},
		"a name twice deep inside":  {strings.NewReader(`{"username":"ann","password":"x","y":{"z":1,"z":2}}`), ErrBody},
		"username in capitals":      {strings.NewReader(`{"USERNAME":"ann","password":"x"}`), ErrBody},
		"username beside another":   {strings.NewReader(`{"username":"ann","Username":"root","password":"x"}`), ErrBody},
		"no password":               {strings.NewReader(`{"username":"ann"}`), ErrBody},
		"a number for a password":   {strings.NewReader(`{"username":"ann","password":1}`), ErrBody},
		"a list for a password":     {strings.NewReader(`{"username":"ann","password":["x"]}`), ErrBody},
		"half a surrogate pair":     {strings.NewReader(`{"username":"ann","password":"\ud800"}`), ErrBody},
		"nested ten thousand times": {strings.NewReader(strings.Repeat(`{"a":`, 10_001)), ErrBody},
		"one byte too many":         {strings.NewReader(good + strings.Repeat(" ", MaxBody-len(good)+1)), ErrBodySize},
		"a connection that ends":    {io.MultiReader(strings.NewReader(good), iotest.ErrReader(io.ErrUnexpectedEOF)), ErrBody},
	} {
		if got, err := ReadStrings(row.body, "username", "password"); !errors.Is(err, row.want) || got != nil {
			t.Errorf("%s: %v, %v; want %v", why, got, err, row.want)
		}
	}
	if _, err := ReadStrings(strings.NewReader(good+strings.Repeat(" ", MaxBody-len(good))), "username"); err != nil {
		t.Errorf("exactly %d bytes: %v", MaxBody, err)
	}
}

// encoding/json obeys the last name of any case, so that a log or a filter in front of
// the door named another user than it let in.
func TestANameInAnotherCaseIsNotLetBe(t *testing.T) {
	for _, other := range []string{"Username", "USERNAME", "userName", "u\u017Fername", "uſername", "passWord", "paſſword"} {
		for _, body := range []string{
			`{"username":"ann","password":"x","` + other + `":"root"}`, `{"` + other + `":"root","password":"x","username":"ann"}`, `{"username":"ann","password":"x","` + other + `":null}`,
		} {
			got, err := ReadStrings(strings.NewReader(body), "username", "password")
			if !errors.Is(err, ErrBody) || got != nil || !strings.Contains(err.Error(), "it is written") {
				t.Errorf("%s: %v, %v", body, got, err)
			}
		}
	}
	for _, body := range []string{`{"username":"ann","password":"x","x":{"Username":"root"}}`, `{"username":"ann","password":"x","user-name":"root"}`} {
		if got, err := ReadStrings(strings.NewReader(body), "username", "password"); err != nil || got["username"] != "ann" {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

func FuzzReadStrings(f *testing.F) {
	f.Add(`{"username":"ann","password":"x"}`)
	f.Fuzz(func(t *testing.T, body string) {
		if got, err := ReadStrings(strings.NewReader(body), "username"); (got == nil) != (err != nil) {
			t.Fatalf("%v beside %v", got, err)
		}
	})
}
