package gate

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// target is a path that stands in a body.
type target struct {
	path permission.Path
	tree bool // and everything below it
	link bool // it could be made a link
}

// targets are collected up to a bound: a body names as many as it has bytes, and
// a path can have 64 readings, each of which takes memory and time.
type targets struct {
	list []target
	// bytes are those of all paths that have more than one reading.
	bytes int
}

const (
	maxTargets      = 250_000
	maxReadingBytes = 32 << 20
)

// letter is a body that has arrived whole.
type letter struct {
	kind   Body
	format rdf.Format // of Subjects
	text   []byte
}

// receive reads the body, and puts it back.
func (k *Keeper) receive(r *http.Request, kind Body) (got letter, err error) {
	got.kind = kind
	if kind != Lines {
		if got.format, err = k.format(r); err != nil {
			return letter{}, err
		}
	}
	got.text, err = wholeBody(r, k.Bulk.Limit)
	return got, err
}

// targets are the paths that the body names.
func (k *Keeper) targets(r *http.Request, got letter) ([]target, error) {
	var named targets
	if got.kind == Lines {
		err := named.listed(string(got.text), r.Host)
		return named.list, err
	}
	found, err := rdf.Subjects(got.format, got.text, rdf.Options{})
	switch {
	case errors.Is(err, rdf.ErrSyntax):
		return nil, fmt.Errorf("%w: %s", ErrBulkBody, without(err))
	case err != nil:
		return nil, unjudged("%s", without(err))
	}
	other, q := k.bulkPath(r), parseQuery(r.URL.RawQuery)
	if err := named.written(found, r.Host, other || q.has("replace-mode")); err != nil {
		return nil, err
	}
	if other && len(named.list) == 0 {
		return nil, unjudged("it names nothing")
	}
	return named.list, nil
}

// bulkPath tells whether the request is for a path that only the operator says
// takes bulk writes.
func (k *Keeper) bulkPath(r *http.Request) bool { return slices.Contains(k.Bulk.Paths, r.URL.Path) }

// written are the paths that the subjects name. With graphs, a graph's name is a
// target too: what replaces a graph deletes what was said in it.
func (t *targets) written(found rdf.Found, host string, graphs bool) error {
	t.list = slices.Grow(t.list, min(len(found.Subjects), maxTargets))
	for _, s := range found.Subjects {
		if s.Graph && !graphs {
			continue
		}
		if s.Global || s.Graph && s.IRI == "*" {
			return unjudged("it speaks of everything, by <%s>", s.IRI)
		}
		if err := t.add(s.IRI, host, target{tree: s.Tree, link: s.Link}); err != nil {
			return err
		}
	}
	return nil
}

// listed are the paths of a list, one on each line: as paths, or as IRIs. A carriage
// return ends a line for CM-Well, and for others only before a line feed.
func (t *targets) listed(text, host string) error {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.ContainsAny(strings.TrimRight(text, "\r"), "\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029") {
		return unjudged("it has characters at which only some readers end a line")
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.Trim(line, " \t\r")
		switch {
		case line == "":
		case line == "/ii" || strings.HasPrefix(line, "/ii/"):
			return unjudged("%.80q is somewhere else than its path says", line)
		case line[0] == '/':
			if err := t.addPath(line, target{}); err != nil {
				return err
			}
		default:
			if err := t.add(line, host, target{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds the paths that a store could make of an IRI. CM-Well makes /a/b of
// cmwell://a/b; of http://host/a/b it makes /host/a/b, or /a/b when the host is
// the store's own, as the request has it; and some writers of such data expect
// /https.host/a/b of https.
//
// Where nothing but a query or a fragment follows the host, readers differ in whether
// there is a slash before it: /host?a/b is not below /host.
func (t *targets) add(iri, host string, like target) error {
	scheme, rest, _ := strings.Cut(iri, "://")
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	scheme = strings.ToLower(scheme)
	switch {
	case rest == "" || strings.ContainsAny(authority, "@[]%\\;"):
		return unjudged("<%.200s> names no path", iri)
	case scheme == "cmwell":
		return t.addPath(iri[len(iri)-len("/")-len(rest):], like)
	case scheme != "http" && scheme != "https" || authority == "":
		return unjudged("<%.200s> names no path", iri)
	}
	rooted := strings.HasPrefix(tail, "/")
	own := tail
	if !rooted {
		own = "/" + tail
	}
	if authority == host {
		return t.addPath(own, like)
	}
	var room [10]string
	paths := room[:0]
	if sameHost(authority, host) || perhapsOwn(authority) {
		paths = append(paths, own)
	}
	var names [4]string
	for _, name := range spellings(names[:0], authority) {
		for _, prefix := range prefixes[scheme] {
			paths = append(paths, prefix+name+own)
			if !rooted {
				paths = append(paths, prefix+name+tail)
			}
		}
	}
	for _, p := range paths {
		if err := t.addPath(p, like); err != nil {
			return err
		}
	}
	return nil
}

// prefixes are what a store could write before the host of a path.
var prefixes = map[string][]string{"http": {"/"}, "https": {"/", "/https."}}

// spellings adds to names how a store could write the host of a path.
func spellings(names []string, authority string) []string {
	for _, name := range [...]string{authority, strings.ToLower(authority), withoutPort(authority), strings.ToLower(withoutPort(authority))} {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// addPath adds a path that a store could take as it stands, or decode.
func (t *targets) addPath(path string, like target) error {
	if strings.Contains(path, "%") {
		path = strings.ReplaceAll(path, "%", "%25")
	}
	p, err := permission.ParsePath(path)
	if err != nil {
		return unjudged("%.200q is no path: %s", path, without(err))
	}
	if p.Len() > 1 {
		t.bytes += p.Len() * len(path)
	}
	if len(t.list) == maxTargets || t.bytes > maxReadingBytes {
		return unjudged("it names too many paths: %d are judged, fewer where paths can be read in several ways", maxTargets)
	}
	like.path = p
	t.list = append(t.list, like)
	return nil
}

// perhapsOwn tells hosts that CM-Well takes for its own by their names alone,
// whatever the request's is: those of its port, and those that sound like it.
func perhapsOwn(authority string) bool {
	name := strings.ToLower(authority)
	return strings.HasSuffix(name, ":9000") || strings.Contains(name, "cmwell") || strings.Contains(name, "cm-well") || strings.Contains(name, "connext")
}

// sameHost tells whether some reader takes an IRI's authority for the request's
// Host: one that minds no case, or no port. Another one takes them for two.
func sameHost(authority, host string) bool {
	return host != "" && strings.EqualFold(withoutPort(authority), withoutPort(host))
}

func withoutPort(authority string) string {
	if !strings.Contains(authority, ":") {
		return authority // as most are; net would make an error of it
	}
	if name, _, err := net.SplitHostPort(authority); err == nil {
		return name
	}
	return authority
}
