package rdf

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errNoBase    = errors.New("the IRI is relative and there is no base to resolve it against")
	errOpaque    = errors.New("the IRI is relative and the base has no authority to resolve it against")
	errSameOwner = errors.New("the IRI has the scheme of the base but no authority, and some readers take it for a relative one")
	errColon     = errors.New("the IRI has a colon in its first segment, but no scheme before it")
	errLong      = errors.New("the IRI of a base or a prefix is longer than 2048 bytes")
	errDots      = errors.New("dot segments of a relative IRI may not be in a base or a prefix")
)

// reference is an IRI or a relative reference, in the parts of RFC 3986, appendix B.
type reference struct {
	scheme, authority, path, query, fragment string // each with its delimiter
}

func split(iri string) (r reference) {
	if n := schemeLength([]byte(iri)); n > 0 {
		r.scheme, iri = iri[:n+1], iri[n+1:]
	}
	if i := strings.IndexByte(iri, '#'); i >= 0 {
		iri, r.fragment = iri[:i], iri[i:]
	}
	if i := strings.IndexByte(iri, '?'); i >= 0 {
		iri, r.query = iri[:i], iri[i:]
	}
	if strings.HasPrefix(iri, "//") {
		end := len(iri)
		if i := strings.IndexByte(iri[2:], '/'); i >= 0 {
			end = i + 2
		}
		r.authority, iri = iri[:end], iri[end:]
	}
	r.path = iri
	return r
}

func (r reference) String() string {
	return r.scheme + r.authority + r.path + r.query + r.fragment
}

// resolve transforms a reference to an IRI (RFC 3986, section 5.2). The merged
// reading still has the dot segments that the resolved one is without. Both are
// the same unless there are any. The base is absolute, or empty for none.
func resolve(base, ref string) (resolved, merged string, err error) {
	r := split(ref)
	if r.scheme == "" {
		b := split(base)
		if err := mayResolve(b, base, r); err != nil {
			return "", "", err
		}
		r = join(b, r)
	} else if r.authority == "" && base != "" && strings.EqualFold(r.scheme, split(base).scheme) {
		return "", "", errSameOwner
	}
	merged = r.String()
	if strings.HasPrefix(r.path, "/") {
		r.path = removeDots(r.path)
	}
	return r.String(), merged, nil
}

func mayResolve(base reference, whole string, r reference) error {
	first, _, _ := strings.Cut(r.path, "/")
	switch {
	case r.authority == "" && strings.Contains(first, ":"):
		return errColon
	case whole == "":
		return errNoBase
	case base.scheme == "" || len(base.authority) <= len("//"):
		return errOpaque
	}
	return nil
}

// join fills in what the reference lacks (section 5.2.2, without the dots).
func join(base, r reference) reference {
	r.scheme = base.scheme
	if r.authority != "" {
		return r
	}
	r.authority = base.authority
	switch {
	case r.path == "":
		r.path = base.path
		if r.query == "" {
			r.query = base.query
		}
	case r.path[0] == '/':
	case base.path == "":
		r.path = "/" + r.path
	default:
		r.path = base.path[:strings.LastIndexByte(base.path, '/')+1] + r.path
	}
	return r
}

// removeDots is section 5.2.4, of a path that begins with a slash.
func removeDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	var out []string
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".", "..":
			if segment == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, segment)
		}
	}
	return "/" + strings.Join(out, "/")
}

// maxBasis bounds what a short name of the body can stand for: else a few bytes
// for each subject could ask for megabytes.
const maxBasis = 2048

// newBase resolves the IRI of a base or of a prefix. That there is one reading
// of it keeps it at two for an IRI that is made of it.
func newBase(base, ref string) (string, error) {
	resolved, merged, err := resolve(base, ref)
	if err != nil {
		return "", err
	}
	if resolved != merged {
		return "", errDots
	}
	if len(resolved) > maxBasis {
		return "", errLong
	}
	return resolved, nil
}

// checkBase accepts no base, or one against which every reader resolves alike.
func checkBase(base string) error {
	if base == "" {
		return nil
	}
	if _, err := newBase("", base); err != nil {
		return fmt.Errorf("%w: the base %.80q: %w", ErrUnsupported, base, err)
	}
	if len(split(base).authority) <= len("//") {
		return fmt.Errorf("%w: the base %.80q has no authority", ErrUnsupported, base)
	}
	return nil
}

// hasDots tells whether removing dot segments could change an IRI.
func hasDots(iri []byte) bool {
	for i := 1; i < len(iri); i++ {
		if iri[i] == '.' && iri[i-1] == '/' {
			return true
		}
	}
	return false
}

// withoutDots is another reading of an absolute IRI, nil where there is none.
func withoutDots(iri []byte) []byte {
	if !hasDots(iri) {
		return nil
	}
	resolved, merged, err := resolve("", string(iri))
	if err != nil || resolved == merged {
		return nil
	}
	return []byte(resolved)
}
