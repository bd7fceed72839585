package devstore

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

func TestASearchFindsWhatIsBelowThePath(t *testing.T) {
	s := newStore(t)
	for path, body := range map[string]string{
		"/people":          `{"name":"People"}`,
		"/people/ann":      `{"name":["Ann","Annie"],"http://p.test/town":"Graz"}`,
		"/people/bob":      `{"name":"Bob","http://p.test/town":"Linz"}`,
		"/people/old/anna": `{"name":"Anna","age":80}`,
		"/peoples/annbeth": `{"name":"Annbeth"}`,
	} {
		must(t, s, "POST", path, body, "X-CM-WELL-TYPE: OBJ")
	}
	tests := map[string]struct {
		query string
		total int
		paths []string
	}{
		"one step":               {"", 2, []string{"/people/ann", "/people/bob"}},
		"any number of steps":    {"&recursive", 3, []string{"/people/ann", "/people/bob", "/people/old/anna"}},
		"one step when said so":  {"&recursive=false", 2, []string{"/people/ann", "/people/bob"}},
		"by a part of a value":   {"&recursive&qp=name::ann", 2, []string{"/people/ann", "/people/old/anna"}},
		"by a second value":      {"&recursive&qp=name::NIE", 1, []string{"/people/ann"}},
		"by an IRI field":        {"&qp=http://p.test/town::linz", 1, []string{"/people/bob"}},
		"by two conditions":      {"&recursive&qp=name::ann&qp=age::80", 1, []string{"/people/old/anna"}},
		"by a field only":        {"&recursive&qp=age::", 1, []string{"/people/old/anna"}},
		"nothing":                {"&qp=name::zoe", 0, nil},
		"a part of the matches":  {"&recursive&offset=1&length=1", 3, []string{"/people/bob"}},
		"only how many":          {"&recursive&length=0", 3, nil},
		"after the last of them": {"&recursive&offset=9", 3, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(s, "GET", "/people?op=search"+test.query, "")
			wantStatus(t, w, http.StatusOK)
			var answer shownSearch
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			var paths []string
			found := answer.Results
			for _, inf := range found.Infotons {
				paths = append(paths, inf.System.Path)
			}
			if answer.Type != "SearchResponse" || found.Type != "SearchResults" || found.Total != test.total || found.Length != len(paths) || !slices.Equal(paths, test.paths) {
				t.Errorf("got %+v, want the total %d and %v", answer, test.total, test.paths)
			}
		})
	}
}

func TestASearchAnswersInEveryFormat(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/a", `{"n":"x"}`, "X-CM-WELL-TYPE: OBJ")
	wantBody(t, ask(s, "GET", "/?op=search&format=text", ""), "/a\n  n: x\n")
	wantBody(t, ask(s, "GET", "/?op=search&format=nquads", ""), "<cmwell://a> <cmwell://meta/nn#n> \"x\" .\n")
	wantBody(t, ask(s, "GET", "/none?op=search", ""), `{"type":"SearchResponse","results":{"type":"SearchResults","total":0,"offset":0,"length":0,"infotons":[]}}`+"\n")
}

// Whoever asks for the format of an infoton gets a file's bytes in it, as text or in
// base64; a search has them when they are asked for.
func TestTheContentOfAFileIsShownInItsInfoton(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/f/a", `{"n":"ä"}`, "X-CM-WELL-TYPE: FILE", "Content-Type: application/json")
	must(t, s, "POST", "/f/b", "\xff", "X-CM-WELL-TYPE: FILE", "Content-Type: image/png")
	text, binary := `"content":{"mimeType":"application/json","length":10,"data":"{\"n\":\"ä\"}"}`, `"content":{"mimeType":"image/png","length":1,"base64-data":"/w=="}`
	for target, both := range map[string][]string{
		"GET /f/a?format=json":                      {text},
		"GET /f/b?format=json":                      {binary},
		"POST /_out?format=json":                    {text, binary},
		"GET /f?op=search&with-data":                {text, binary},
		"GET /f?op=search":                          nil,
		"GET /f?op=search&with-data=false&length=2": nil,
	} {
		method, path, _ := strings.Cut(target, " ")
		body := ask(s, method, path, "/f/a\n/f/b").Body.String()
		for _, want := range both {
			if !strings.Contains(body, want) {
				t.Errorf("%s: got %s, want %s", target, body, want)
			}
		}
		if both == nil && (strings.Contains(body, "data\"") || !strings.Contains(body, `"length":10`)) {
			t.Errorf("%s: got %s, want no content", target, body)
		}
	}
}

func TestASearchThatCannotBeReadIsRefused(t *testing.T) {
	tests := map[string]struct{ query, says string }{
		"a length in words":    {"&length=all", "length is a number from 0 to 10000"},
		"too great a length":   {"&length=10001", "length is a number from 0 to 10000"},
		"too great an offset":  {"&offset=1001", "offset is a number from 0 to 1000"},
		"an offset below zero": {"&offset=-1", "offset is a number from 0"},
		"no condition":         {"&qp=name", "qp=field::value"},
		"no field":             {"&qp=::x", "qp=field::value"},
		"an unknown flag":      {"&recursive=maybe", "recursive is true or false"},
		"an unknown format":    {"&format=rss", "known are"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, ask(newStore(t), "GET", "/?op=search"+test.query, ""), http.StatusBadRequest, test.says)
		})
	}
}
