package devstore

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestOnePathHasOneSpelling(t *testing.T) {
	tests := map[string]struct {
		raw, path string
		refused   string
	}{
		"plain":              {raw: "/a/b", path: "/a/b"},
		"the root":           {raw: "/", path: "/"},
		"many slashes":       {raw: "//a///b//", path: "/a/b"},
		"nothing but those":  {raw: "////", path: "/"},
		"dots in a name":     {raw: "/.../a..b/.c", path: "/.../a..b/.c"},
		"a dot segment":      {raw: "/a/./b", refused: "dot segment"},
		"two dots":           {raw: "/a/..", refused: "dot segment"},
		"no slash":           {raw: "a", refused: "begins with a slash"},
		"empty":              {raw: "", refused: "begins with a slash"},
		"a line break":       {raw: "/a\nb", refused: "control character"},
		"a zero byte":        {raw: "/a\x00", refused: "control character"},
		"bad UTF-8":          {raw: "/a\xff", refused: "UTF-8"},
		"too long":           {raw: "/" + strings.Repeat("a", longestPath), refused: "at most"},
		"as long as can be":  {raw: "/" + strings.Repeat("a", longestPath-1), path: "/" + strings.Repeat("a", longestPath-1)},
		"an escape stays so": {raw: "/a%2e%2e", path: "/a%2e%2e"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path, err := cleanPath(test.raw)
			if test.refused == "" && (err != nil || path != test.path) {
				t.Errorf("got %q and %v, want %q", path, err, test.path)
			}
			if test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("got %q and %v, want a refusal that says %q", path, err, test.refused)
			}
		})
	}
}

func TestARequestPathIsCleanedBeforeItIsUsed(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "//a//b/", `{}`, "X-CM-WELL-TYPE: OBJ")
	for _, target := range []string{"/a/b", "/a/b/", "/a%2Fb", "/%61/b"} {
		wantStatus(t, ask(s, "GET", target, ""), http.StatusOK)
	}
	wantRefusal(t, ask(s, "GET", "/a/%2e%2e/b", ""), http.StatusBadRequest, "dot segment")
}

func TestAMethodOutOfPlaceIsRefusedWithTheOnesInPlace(t *testing.T) {
	tests := map[string]struct {
		method, target string
		status         int
		allow          string
	}{
		"patch":           {"PATCH", "/a", http.StatusMethodNotAllowed, "DELETE, GET, HEAD, POST, PUT, OPTIONS"},
		"get of in":       {"GET", "/_in?format=ntriples", http.StatusMethodNotAllowed, "POST, OPTIONS"},
		"delete of out":   {"DELETE", "/_out", http.StatusMethodNotAllowed, "POST, PUT, OPTIONS"},
		"options":         {"OPTIONS", "/a", http.StatusNoContent, "DELETE, GET, HEAD, POST, PUT, OPTIONS"},
		"options of out":  {"OPTIONS", "/_out", http.StatusNoContent, "POST, PUT, OPTIONS"},
		"unknown service": {"GET", "/_sp", http.StatusNotFound, ""},
		"below a service": {"POST", "/_in/x", http.StatusNotFound, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(newStore(t), test.method, test.target, "")
			wantStatus(t, w, test.status)
			if got := w.Header().Get("Allow"); got != test.allow {
				t.Errorf("got Allow %q, want %q", got, test.allow)
			}
			if test.status == http.StatusNotFound {
				wantRefusal(t, w, test.status, "service path")
			}
		})
	}
}

func TestAFolderShowsItsChildren(t *testing.T) {
	s := newStore(t)
	wantBody(t, ask(s, "GET", "/", ""), `{"type":"CompoundInfoton","system":{"path":"/"},"children":[],"more":false}`+"\n")
	for _, path := range []string{"/a/b", "/a/b-x", "/a/b/c", "/a/b/d/e", "/a/z/deep/er", "/ab"} {
		must(t, s, "POST", path, `{}`, "X-CM-WELL-TYPE: OBJ")
	}
	tests := map[string]struct{ target, body string }{
		"the root": {"/", `{"type":"CompoundInfoton","system":{"path":"/"},"children":["/a","/ab"],"more":false}` + "\n"},
		"a folder": {"/a", `{"type":"CompoundInfoton","system":{"path":"/a","parent":"/"},` +
			`"children":["/a/b","/a/b-x","/a/z"],"more":false}` + "\n"},
		"as text":      {"/a?format=text", "/a/b\n/a/b-x\n/a/z\n"},
		"no statement": {"/a?format=ntriples", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(s, "GET", test.target, "")
			wantStatus(t, w, http.StatusOK)
			wantBody(t, w, test.body)
		})
	}
	wantMissing(t, s, "/a/b/c/d")
	wantMissing(t, s, "/a/b-")
}

func TestALargeFolderSaysThatThereIsMore(t *testing.T) {
	s := newStore(t)
	err := s.write(func(kept records) error {
		for i := range mostChildren + 1 {
			if err := kept.put(&infoton{Path: fmt.Sprintf("/a/%05d/x", i), Kind: objectKind}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var folder shownFolder
	if err := json.Unmarshal(ask(s, "GET", "/a", "").Body.Bytes(), &folder); err != nil {
		t.Fatal(err)
	}
	if len(folder.Children) != mostChildren || !folder.More {
		t.Errorf("got %d children and more=%v", len(folder.Children), folder.More)
	}
}

func TestADeleteTakesAwayWhatItSays(t *testing.T) {
	tests := map[string]struct {
		target string
		status int
		left   []string
	}{
		"everything below, as in CM-Well": {"/a", http.StatusOK, []string{"/a-b", "/ab"}},
		"everything below, when said":     {"/a?recursive=true", http.StatusOK, []string{"/a-b", "/ab"}},
		"just this one":                   {"/a?recursive=false", http.StatusOK, []string{"/a-b", "/a/b", "/a/b/c", "/ab"}},
		"a missing one":                   {"/x", http.StatusNotFound, []string{"/a", "/a-b", "/a/b", "/a/b/c", "/ab"}},
		"the root":                        {"/", http.StatusBadRequest, []string{"/a", "/a-b", "/a/b", "/a/b/c", "/ab"}},
		"neither true nor false":          {"/a?recursive=0", http.StatusBadRequest, []string{"/a", "/a-b", "/a/b", "/a/b/c", "/ab"}},
		"a query with a semicolon":        {"/a?recursive=false;x", http.StatusBadRequest, []string{"/a", "/a-b", "/a/b", "/a/b/c", "/ab"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			for _, path := range []string{"/a", "/a/b", "/a/b/c", "/ab", "/a-b"} {
				must(t, s, "POST", path, "x", "X-CM-WELL-TYPE: FILE")
			}
			wantStatus(t, ask(s, "DELETE", test.target, ""), test.status)
			var left []string
			err := s.read(func(kept records) error {
				kept.below("/", func(key, _ []byte) { left = append(left, string(key)) })
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(left, test.left) {
				t.Errorf("left are %v, want %v", left, test.left)
			}
		})
	}
}

func TestAnUnknownFormatOrOperationIsRefused(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/a", `{}`, "X-CM-WELL-TYPE: OBJ")
	wantRefusal(t, ask(s, "GET", "/a?format=xml", ""), http.StatusBadRequest, "known are json, ntriples, nquads and text")
	wantRefusal(t, ask(s, "GET", "/a?format=", ""), http.StatusBadRequest, "known are json")
	wantRefusal(t, ask(s, "GET", "/a?op=stream", ""), http.StatusBadRequest, "op=read and op=search")
	wantRefusal(t, ask(s, "GET", "/a?pretty=yes", ""), http.StatusBadRequest, "pretty")
}

func TestManyRequestsAtOnceDoNotDisturbEachOther(t *testing.T) {
	s := newStore(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			path := fmt.Sprintf("/a/%d", i)
			for range 4 {
				ask(s, "POST", path, `{"x":1}`, "X-CM-WELL-TYPE: OBJ")
				ask(s, "POST", "/_in?format=ntriples", fmt.Sprintf("<cmwell://shared/x> <http://p.test/v> \"%d\" .\n", i))
				ask(s, "GET", path, "")
				ask(s, "GET", "/a?op=search&recursive", "")
			}
		})
	}
	all.Wait()
	var shared shownInfoton
	if err := json.Unmarshal(ask(s, "GET", "/shared/x", "").Body.Bytes(), &shared); err != nil {
		t.Fatal(err)
	}
	if got := len(shared.Fields["http://p.test/v"]); got != 8 {
		t.Errorf("got %d values, want 8", got)
	}
}
