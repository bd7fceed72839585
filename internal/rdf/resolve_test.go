package rdf

import (
	"errors"
	"strings"
	"testing"
)

// TestReferencesAreResolvedAsInRFC3986 has the examples of RFC 3986, section
// 5.4. Where the second reading is not the first, it is that of a reader that
// leaves dot segments alone.
func TestReferencesAreResolvedAsInRFC3986(t *testing.T) {
	const base = "http://a/b/c/d;p?q"
	for ref, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s",
		";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y#s", "": "http://a/b/c/d;p?q",
		".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/", "../g": "http://a/b/g",
		"../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g",
		"../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g",
		"g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g", "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g",
		"./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
		"g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
		"g?y/./x": "http://a/b/c/g?y/./x", "g?y/../x": "http://a/b/c/g?y/../x", "g#s/./x": "http://a/b/c/g#s/./x", "g#s/../x": "http://a/b/c/g#s/../x",
		"http://b/c/../d": "http://b/d",
	} {
		resolved, merged, err := resolve(base, ref)
		if err != nil || resolved != want {
			t.Errorf("%q against %q is %q, %v; want %q", ref, base, resolved, err, want)
		}
		path, _, _ := strings.Cut(ref, "?")
		path, _, _ = strings.Cut(path, "#")
		dots := false
		for segment := range strings.SplitSeq(path, "/") {
			dots = dots || segment == "." || segment == ".."
		}
		if dots != (merged != resolved) {
			t.Errorf("%q against %q is also %q, besides %q", ref, base, merged, resolved)
		}
	}
}

func TestReferencesThatReadersDisagreeAboutAreRefused(t *testing.T) {
	for _, row := range []struct {
		base, ref string
		want      error
	}{
		{"http://a/b", "http:g", errSameOwner},
		{"http://a/b", "HTTP:g", errSameOwner},
		{"http://a/b", "1:g", errColon},
		{"http://a/b", ":g", errColon},
		{"", "g", errNoBase},
		{"", "", errNoBase},
		{"", "//g", errNoBase},
		{"urn:a:b", "g", errOpaque},
		{"file:/a", "g", errOpaque},
		{"http:///a", "g", errOpaque},
	} {
		if resolved, merged, err := resolve(row.base, row.ref); !errors.Is(err, row.want) || resolved != "" || merged != "" {
			t.Errorf("%q against %q is %q or %q, %v; want %v", row.ref, row.base, resolved, merged, err, row.want)
		}
	}
	for _, base := range []string{"a", "urn:a:b", "http:///a", "http://h/../a", "file:/a"} {
		reading{"the base " + base, "", "the base", ErrUnsupported}.check(t, Turtle, Options{Base: base})
	}
}
