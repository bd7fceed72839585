package gate

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// target is a path that stands in a body.
type target struct {
	path permission.Path
	tree bool // and everything below it
}

// judgeOf gathers the visitor's rules once for all targets.
func (k *Keeper) judgeOf(r *http.Request, v visitor) (judge, error) {
	j := judge{keeper: k, visitor: v}
	if !v.known() {
		return j, nil
	}
	var err error
	if j.rules, j.operations, err = account.Grants(r.Context(), k.Users, v.user, nil); err != nil {
		return judge{}, fmt.Errorf("gate: %w", err)
	}
	return j, nil
}

// targets are the paths that the body names.
func (k *Keeper) targets(r *http.Request, kind Body) ([]target, error) {
	if kind == Lines {
		body, err := wholeBody(r, k.Bulk.Limit)
		if err != nil {
			return nil, err
		}
		return listed(string(body), r.Host)
	}
	format, err := k.format(r)
	if err != nil {
		return nil, err
	}
	body, err := wholeBody(r, k.Bulk.Limit)
	if err != nil {
		return nil, err
	}
	found, err := rdf.Subjects(format, body, rdf.Options{})
	switch {
	case errors.Is(err, rdf.ErrSyntax):
		return nil, fmt.Errorf("%w: %s", ErrBulkBody, without(err))
	case err != nil:
		return nil, unjudged("%s", without(err))
	}
	other := k.bulkPath(r)
	targets, err := written(found, r.Host, other || parseQuery(r.URL.RawQuery).has("replace-mode"))
	if err == nil && other && len(targets) == 0 {
		return nil, unjudged("it names nothing")
	}
	return targets, err
}

// bulkPath tells whether the request is for a path that only the operator says
// takes bulk writes.
func (k *Keeper) bulkPath(r *http.Request) bool { return slices.Contains(k.Bulk.Paths, r.URL.Path) }

// written are the paths that the subjects name. With graphs, a graph's name is a
// target too: what replaces a graph deletes what was said in it.
func written(found rdf.Found, host string, graphs bool) ([]target, error) {
	targets := make([]target, 0, len(found.Subjects))
	for _, s := range found.Subjects {
		if s.Graph && !graphs {
			continue
		}
		if s.Global || s.Graph && s.IRI == "*" {
			return nil, unjudged("it speaks of everything, by <%s>", s.IRI)
		}
		var err error
		if targets, err = appendTargets(targets, s.IRI, host, s.Tree); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// listed are the paths of a list, one on each line: as paths, or as IRIs.
func listed(text, host string) ([]target, error) {
	var targets []target
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.Trim(line, " \t")
		switch {
		case line == "":
		case line == "/ii" || strings.HasPrefix(line, "/ii/"):
			return nil, unjudged("%.80q is somewhere else than its path says", line)
		case line[0] == '/':
			var err error
			if targets, err = appendPath(targets, line, false); err != nil {
				return nil, err
			}
		default:
			var err error
			if targets, err = appendTargets(targets, line, host, false); err != nil {
				return nil, err
			}
		}
	}
	return targets, nil
}

// appendTargets adds the paths that a store could make of an IRI. CM-Well makes
// /a/b of cmwell://a/b; of http://host/a/b it makes /host/a/b, or /a/b when the
// host is the store's own, as the request has it; and some writers of such data
// expect /https.host/a/b of https.
func appendTargets(targets []target, iri, host string, tree bool) ([]target, error) {
	scheme, rest, _ := strings.Cut(iri, "://")
	authority, path, _ := strings.Cut(rest, "/")
	if i := strings.IndexAny(authority, "?#"); i >= 0 { // no path at all
		authority, path = authority[:i], authority[i:]
	}
	scheme = strings.ToLower(scheme)
	switch {
	case rest == "" || strings.ContainsAny(authority, "@[]%\\;"):
		return nil, unjudged("<%.200s> names no path", iri)
	case scheme == "cmwell":
		return appendPath(targets, "/"+rest, tree)
	case scheme != "http" && scheme != "https":
		return nil, unjudged("<%.200s> names no path", iri)
	case sameHost(authority, host):
		return appendPath(targets, "/"+path, tree)
	}
	names := []string{authority}
	if lower := strings.ToLower(authority); lower != authority {
		names = append(names, lower)
	}
	if name, _, err := net.SplitHostPort(authority); err == nil {
		names = append(names, name, strings.ToLower(name))
	}
	var err error
	if perhapsOwn(authority) {
		if targets, err = appendPath(targets, "/"+path, tree); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if targets, err = appendPath(targets, "/"+name+"/"+path, tree); err == nil && scheme == "https" {
			targets, err = appendPath(targets, "/https."+name+"/"+path, tree)
		}
		if err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// appendPath adds a path that a store could take as it stands, or decode.
func appendPath(targets []target, path string, tree bool) ([]target, error) {
	if strings.Contains(path, "%") {
		path = strings.ReplaceAll(path, "%", "%25")
	}
	p, err := permission.ParsePath(path)
	if err != nil {
		return nil, unjudged("%.200q is no path: %s", path, without(err))
	}
	return append(targets, target{p, tree}), nil
}

// perhapsOwn tells hosts that CM-Well takes for its own by their names alone,
// whatever the request's is: those of its port, and those that sound like it.
func perhapsOwn(authority string) bool {
	name := strings.ToLower(authority)
	return strings.HasSuffix(name, ":9000") || strings.Contains(name, "cmwell") || strings.Contains(name, "cm-well") || strings.Contains(name, "connext")
}

// sameHost compares an IRI's authority with the request's Host. A port that is
// written in one of them only makes them two.
func sameHost(authority, host string) bool {
	return host != "" && strings.EqualFold(authority, host)
}
