package account

import (
	"encoding/json"
	"strings"
	"testing"
)

// A document of a role, from a store that others write.
func FuzzParseRole(f *testing.F) {
	for _, document := range []string{`{}`, `{"paths":[{"id":"/a","sign":"-","recursive":true,"permissions":"rw"}],"operations":["Admin"]}`,
		`{"paths":[],"paths":[]}`, `{"Paths":[]}`, `{"paths":[{"id":"/a/../b","sign":"+","permissions":"r"}]}`, `null`, `{"x":1e999}`} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		role, err := ParseRole("Editor", document)
		if err != nil {
			if role.Name != "" || len(role.Paths) > 0 || role.Operations != 0 {
				t.Fatalf("%v comes with %+v", err, role)
			}
			return
		}
		var read struct {
			Paths []struct {
				ID   string `json:"id"`
				Sign string `json:"sign"`
			} `json:"paths"`
			Operations []string `json:"operations"`
		}
		if err := json.Unmarshal(document, &read); err != nil {
			t.Fatalf("%q is taken, and encoding/json says %v", document, err)
		}
		if len(read.Paths) != len(role.Paths) || len(read.Operations) == 0 && role.Operations != 0 {
			t.Fatalf("%q is read as %+v", document, role)
		}
		for i, e := range role.Paths {
			if strings.TrimSuffix(read.Paths[i].ID, "/") != strings.TrimSuffix(e.ID(), "/") || (read.Paths[i].Sign == "+") != e.Allows() {
				t.Fatalf("%q is read as %s", document, e)
			}
		}
	})
}

// A hash stands in a document. What is taken has one spelling, and costs no more
// than is accepted.
func FuzzArgon2id(f *testing.F) {
	f.Add(argon2idDecoy(newArgon2id))
	f.Add(argon2idDecoy(Shape{Memory: 8, Time: 1, Threads: 1}))
	f.Add("$argon2id$v=19$m=08,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=99999999999999999999,t=1,p=1$c29tZXNhbHQ$AA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseArgon2id(text)
		if err != nil {
			return
		}
		if h.String() != text || h.Memory > maxMemory || h.Time > maxTime || h.Threads > maxThreads || len(h.salt) < minSalt || len(h.sum) < minSum {
			t.Fatalf("%q is read as %+v", text, h)
		}
	})
}
