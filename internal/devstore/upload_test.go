package devstore

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestAnObjectIsShownAsItWasWritten(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/example.org/ann",
		`{"name":"Ann","age":41,"tall":true,"tags":["a","b","a"],"none":[],"size":1.75,"big":1e3,"html":"<b>"}`,
		"X-CM-WELL-TYPE: obj", "X-CM-Well-User: ann")
	tests := map[string]struct{ query, contentType, body string }{
		"JSON is usual": {"", "application/json", `{"type":"ObjectInfoton","system":{"path":"/example.org/ann","parent":"/example.org",` +
			`"lastModified":"2026-03-04T12:00:00.500Z","lastModifiedBy":"ann"},"fields":{"age":[41],"big":[1e3],"html":["<b>"],` +
			`"name":["Ann"],"size":[1.75],"tags":["a","b"],"tall":[true]}}` + "\n"},
		"text has a line for each value": {"?format=text", "text/plain; charset=utf-8",
			"/example.org/ann\n  age: 41\n  big: 1e3\n  html: <b>\n  name: Ann\n  size: 1.75\n  tags: a\n  tags: b\n  tall: true\n"},
		"N-Triples name the domain": {"?format=ntriples", "application/n-triples", strings.Join([]string{
			`<http://example.org/ann> <cmwell://meta/nn#age> "41"^^<http://www.w3.org/2001/XMLSchema#integer> .`,
			`<http://example.org/ann> <cmwell://meta/nn#big> "1e3"^^<http://www.w3.org/2001/XMLSchema#double> .`,
			`<http://example.org/ann> <cmwell://meta/nn#html> "<b>" .`,
			`<http://example.org/ann> <cmwell://meta/nn#name> "Ann" .`,
			`<http://example.org/ann> <cmwell://meta/nn#size> "1.75"^^<http://www.w3.org/2001/XMLSchema#decimal> .`,
			`<http://example.org/ann> <cmwell://meta/nn#tags> "a" .`,
			`<http://example.org/ann> <cmwell://meta/nn#tags> "b" .`,
			`<http://example.org/ann> <cmwell://meta/nn#tall> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .`,
		}, "\n") + "\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(s, "GET", "/example.org/ann"+test.query, "")
			wantStatus(t, w, http.StatusOK)
			wantBody(t, w, test.body)
			if got := w.Header().Get("Content-Type"); got != test.contentType {
				t.Errorf("got the content type %q, want %q", got, test.contentType)
			}
			if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("a browser may guess at the content: %q", got)
			}
		})
	}
}

func TestPrettyJSONIsIndented(t *testing.T) {
	s := newStore(t)
	must(t, s, "PUT", "/a", `{}`, "X-CM-WELL-TYPE: OBJ")
	wantBody(t, ask(s, "GET", "/a?pretty", ""), `{
  "type": "ObjectInfoton",
  "system": {
    "path": "/a",
    "parent": "/",
    "lastModified": "2026-03-04T12:00:00.500Z",
    "lastModifiedBy": "anonymous"
  },
  "fields": {}
}
`)
}

func TestASecondObjectReplacesTheFirst(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/a", `{"name":"Ann","age":41}`, "X-CM-WELL-TYPE: OBJ")
	must(t, s, "PUT", "/a", `{"name":"Bob"}`, "X-CM-WELL-TYPE: OBJ")
	wantBody(t, ask(s, "GET", "/a?format=text", ""), "/a\n  name: Bob\n")
}

func TestAnUploadThatCannotBeKeptIsRefusedAndKeepsNothing(t *testing.T) {
	tests := map[string]struct {
		target, body string
		headers      []string
		says         string
	}{
		"no type":              {"/a", "{}", nil, "X-CM-WELL-TYPE is missing; it must be one of OBJ, FILE, FILE_MD and LN"},
		"unknown type":         {"/a", "{}", []string{"X-CM-WELL-TYPE: THING"}, `is "THING"; it must be one of OBJ, FILE, FILE_MD and LN`},
		"not JSON":             {"/a", "name=Ann", []string{"X-CM-WELL-TYPE: OBJ"}, "not a JSON object"},
		"no object":            {"/a", "[1]", []string{"X-CM-WELL-TYPE: OBJ"}, "not a JSON object"},
		"null":                 {"/a", "null", []string{"X-CM-WELL-TYPE: OBJ"}, "null"},
		"nothing":              {"/a", "", []string{"X-CM-WELL-TYPE: OBJ"}, "not a JSON object"},
		"more than one object": {"/a", "{}{}", []string{"X-CM-WELL-TYPE: OBJ"}, "goes on"},
		"a null value":         {"/a", `{"x":null}`, []string{"X-CM-WELL-TYPE: OBJ"}, `the field "x"`},
		"an object value":      {"/a", `{"x":{"y":1}}`, []string{"X-CM-WELL-TYPE: OBJ"}, `the field "x"`},
		"an array in an array": {"/a", `{"x":[["y"]]}`, []string{"X-CM-WELL-TYPE: OBJ"}, `the field "x"`},
		"a field without name": {"/a", `{"":1}`, []string{"X-CM-WELL-TYPE: OBJ"}, "no name"},
		"bad UTF-8":            {"/a", "{\"x\":\"\xff\"}", []string{"X-CM-WELL-TYPE: OBJ"}, "UTF-8"},
		"bad content type":     {"/a", "x", []string{"X-CM-WELL-TYPE: FILE", "Content-Type: ; ;"}, "not a media type"},
		"metadata of nothing":  {"/a", "{}", []string{"X-CM-WELL-TYPE: FILE_MD"}, "no file at /a"},
		"a link to elsewhere":  {"/a", "http://example.org/", []string{"X-CM-WELL-TYPE: LN"}, "begins with a slash"},
		"a link to a service":  {"/a", "/_in", []string{"X-CM-WELL-TYPE: LN"}, "service path"},
		"a link up the tree":   {"/a", "/b/../c", []string{"X-CM-WELL-TYPE: LN"}, "dot segment"},
		"an unknown link type": {"/a", "/b", []string{"X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: 3"}, "0 (permanent), 1 (temporary) or 2 (forward)"},
		"a link type in words": {"/a", "/b", []string{"X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: fwd"}, `"fwd"`},
		"the root":             {"/", "{}", []string{"X-CM-WELL-TYPE: OBJ"}, "root"},
		"an unreadable query":  {"/a?x=1;y", "{}", []string{"X-CM-WELL-TYPE: OBJ"}, "query"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			wantRefusal(t, ask(s, "POST", test.target, test.body, test.headers...), http.StatusBadRequest, test.says)
			wantMissing(t, s, "/a")
		})
	}
}

func TestAFileGivesItsBytesAndItsContentType(t *testing.T) {
	s := newStore(t)
	content := "\x00\xff<html>"
	must(t, s, "POST", "/a/logo", content, "X-CM-WELL-TYPE: FILE", "Content-Type: image/x-own; v=1")
	w := ask(s, "GET", "/a/logo", "")
	wantStatus(t, w, http.StatusOK)
	wantBody(t, w, content)
	if got := w.Header().Get("Content-Type"); got != "image/x-own; v=1" {
		t.Errorf("got the content type %q", got)
	}
	head := ask(s, "HEAD", "/a/logo", "")
	wantStatus(t, head, http.StatusOK)
	wantBody(t, head, "")
	if got := head.Header().Get("Content-Length"); got != "8" {
		t.Errorf("HEAD says the length is %q, want 8", got)
	}
	must(t, s, "POST", "/b", "x", "X-CM-WELL-TYPE: FILE")
	if got := ask(s, "GET", "/b", "").Header().Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("a file without a type got the content type %q", got)
	}
}

func TestTheFieldsOfAFileAreUpdatedOneByOne(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/f", "hello", "X-CM-WELL-TYPE: FILE", "Content-Type: text/plain")
	must(t, s, "POST", "/f", `{"by":"Ann","about":"x"}`, "X-CM-WELL-TYPE: FILE_MD")
	must(t, s, "PUT", "/f", `{"by":["Bob","Eve"],"about":[]}`, "X-CM-WELL-TYPE: FILE_MD", "X-CM-Well-User: eve")
	wantBody(t, ask(s, "GET", "/f", ""), "hello")
	wantBody(t, ask(s, "GET", "/f?format=json", ""), `{"type":"FileInfoton","system":{"path":"/f","parent":"/",`+
		`"lastModified":"2026-03-04T12:00:00.500Z","lastModifiedBy":"eve"},`+
		`"content":{"mimeType":"text/plain","length":5,"data":"hello"},"fields":{"by":["Bob","Eve"]}}`+"\n")
	must(t, s, "POST", "/o", `{}`, "X-CM-WELL-TYPE: OBJ")
	wantRefusal(t, ask(s, "POST", "/o", `{"x":1}`, "X-CM-WELL-TYPE: FILE_MD"), http.StatusBadRequest, "no file at /o")
}

func TestAFileThatBecomesAnObjectLosesItsContent(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/f", "secret", "X-CM-WELL-TYPE: FILE")
	must(t, s, "POST", "/f", `{}`, "X-CM-WELL-TYPE: OBJ")
	err := s.read(func(kept records) error {
		if content := kept.content("/f"); len(content) > 0 {
			t.Errorf("the content is still there: %q", content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestALinkLeadsToItsTarget(t *testing.T) {
	tests := map[string]struct {
		linkType string
		status   int
		location string
	}{
		"temporary is usual": {"", http.StatusFound, "/a%20b/%5Cc"},
		"permanent":          {"0", http.StatusMovedPermanently, "/a%20b/%5Cc"},
		"temporary":          {"1", http.StatusFound, "/a%20b/%5Cc"},
		"forward":            {"2", http.StatusOK, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			must(t, s, "POST", "/a%20b/%5Cc", "target", "X-CM-WELL-TYPE: FILE")
			must(t, s, "POST", "/l", "//a b/\\c/\n", "X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: "+test.linkType)
			w := ask(s, "GET", "/l", "")
			wantStatus(t, w, test.status)
			if got := w.Header().Get("Location"); got != test.location {
				t.Errorf("got the location %q, want %q", got, test.location)
			}
			if test.status == http.StatusOK {
				wantBody(t, w, "target")
			}
		})
	}
}

func TestALinkWithAFormatShowsItself(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/l", "/x", "X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: 0")
	wantBody(t, ask(s, "GET", "/l?format=json", ""), `{"type":"LinkInfoton","system":{"path":"/l","parent":"/",`+
		`"lastModified":"2026-03-04T12:00:00.500Z","lastModifiedBy":"anonymous"},"linkTo":"/x","linkType":0,"fields":{}}`+"\n")
}

func TestForwardLinksInACircleComeToAnEnd(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/l", "/m", "X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: 2")
	must(t, s, "POST", "/m", "/l", "X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: 2")
	wantRefusal(t, ask(s, "GET", "/l", ""), http.StatusLoopDetected, "do not come to an end")
	must(t, s, "POST", "/n", "/nowhere", "X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: 2")
	wantMissing(t, s, "/n")
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	s := newStore(t)
	body := bytes.Repeat([]byte("x"), largestBody+1)
	w := ask(s, "POST", "/a", string(body), "X-CM-WELL-TYPE: FILE")
	wantRefusal(t, w, http.StatusRequestEntityTooLarge, "at most")
	must(t, s, "POST", "/a", string(body[1:]), "X-CM-WELL-TYPE: FILE")
}
