package devstore

import (
	"errors"
	"net/http"
	"strings"
)

// mostPaths is how many infotons one /_out may ask for.
const mostPaths = 10000

// shownPaths is the JSON answer of /_out.
type shownPaths struct {
	Type     string         `json:"type"`
	Infotons []shownInfoton `json:"infotons"`
	Missing  []string       `json:"irretrievablePaths"`
}

// bulkIn adds the statements of the body to their subjects: all of them in
// one transaction, or none. It adds values and takes none away.
func (s *Store) bulkIn(w http.ResponseWriter, r *http.Request, _ string) error {
	query := r.URL.Query()
	format := query.Get("format")
	switch {
	case format == ntriples || format == nquads:
	case !query.Has("format"):
		return badRequest("/_in needs a format; known are format=ntriples and format=nquads")
	default:
		return badRequest("/_in does not know format=%s; known are format=ntriples and format=nquads", format)
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	statements, err := parseStatements(format, body, r.Host)
	if err != nil {
		return err
	}
	if err := s.add(statements, userOf(r)); err != nil {
		return err
	}
	return writeSuccess(w, r)
}

// addition is what the statements of one request say about one subject.
type addition struct {
	scheme string
	fields map[string][]value
}

func (s *Store) add(statements []statement, user string) error {
	additions := map[string]addition{}
	for _, st := range statements {
		if additions[st.path].fields == nil {
			additions[st.path] = addition{scheme: st.scheme, fields: map[string][]value{}}
		}
		fields := additions[st.path].fields
		fields[st.field] = append(fields[st.field], st.value)
	}
	now := s.Now()
	return s.write(func(kept records) error {
		for path, added := range additions {
			inf, err := kept.get(path)
			if errors.Is(err, errNotFound) {
				inf = &infoton{Path: path, Kind: objectKind, Scheme: added.scheme}
			} else if err != nil {
				return err
			}
			inf.LastModified, inf.LastModifiedBy = now, user
			merged := make(map[string][]value, len(added.fields))
			for field, values := range added.fields {
				merged[field] = mergeValues(inf.Fields[field], values)
			}
			inf.setFields(merged)
			if err := kept.put(inf); err != nil {
				return err
			}
		}
		return nil
	})
}

// bulkOut answers with the infotons whose paths the body names, one a line.
func (s *Store) bulkOut(w http.ResponseWriter, r *http.Request, _ string) error {
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	paths, err := parsePaths(string(body))
	if err != nil {
		return err
	}
	var infotons []*infoton
	missing := []string{}
	err = s.read(func(kept records) error {
		for _, path := range paths {
			inf, err := kept.get(path)
			switch {
			case errors.Is(err, errNotFound):
				missing = append(missing, path)
			case err != nil:
				return err
			default:
				inf.content = kept.content(path)
				infotons = append(infotons, inf)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	answer := shownPaths{Type: "RetrievablePaths", Infotons: shownAll(infotons), Missing: missing}
	return writeInfotons(w, r, format, infotons, answer)
}

// parsePaths gives each path of the list once, in the order of the list. The
// paths are taken as they stand and not decoded.
func parsePaths(list string) ([]string, error) {
	var paths []string
	seen := map[string]bool{}
	for line := range strings.Lines(list) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		path, err := infotonPath(line)
		if err != nil {
			return nil, err
		}
		if seen[path] {
			continue
		}
		if len(paths) == mostPaths {
			return nil, badRequest("/_out gives %d infotons at most in one answer", mostPaths)
		}
		seen[path] = true
		paths = append(paths, path)
	}
	return paths, nil
}
