package devstore

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The limits of a search are CM-Well's.
const (
	usualLength = 100
	mostLength  = 10000
	mostOffset  = 1000
)

// shownSearch is the answer to op=search.
type shownSearch struct {
	Type    string       `json:"type"`
	Results shownResults `json:"results"`
}

// shownResults are what was found. Total counts every match, also those outside
// of the part that was asked for.
type shownResults struct {
	Type     string         `json:"type"`
	Total    int            `json:"total"`
	Offset   int            `json:"offset"`
	Length   int            `json:"length"`
	Infotons []shownInfoton `json:"infotons"`
}

// condition is met by an infoton that has a value in the field with the part
// in it, in upper or lower case.
type condition struct {
	field, part string
}

type searchRequest struct {
	recursive      bool
	data           bool // the content of files too
	offset, length int
	conditions     []condition
}

// search lists the infotons below the path, one step or with "recursive" any
// number of steps, that meet every condition given as qp=field::part.
func (s *Store) search(w http.ResponseWriter, r *http.Request, path string) error {
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	asked, err := parseSearch(r.URL.Query())
	if err != nil {
		return err
	}
	page, total, err := s.matches(path, asked)
	if err != nil {
		return err
	}
	answer := shownSearch{Type: "SearchResponse", Results: shownResults{
		Type:     "SearchResults",
		Total:    total,
		Offset:   asked.offset,
		Length:   len(page),
		Infotons: shownAll(page),
	}}
	return writeInfotons(w, r, format, page, answer)
}

func parseSearch(query url.Values) (searchRequest, error) {
	var asked searchRequest
	var err error
	if asked.recursive, err = flag(query, "recursive", false); err != nil {
		return asked, err
	}
	if asked.offset, err = count(query, "offset", 0, mostOffset); err != nil {
		return asked, err
	}
	if asked.length, err = count(query, "length", usualLength, mostLength); err != nil {
		return asked, err
	}
	asked.data = query.Has("with-data") && !strings.EqualFold(query.Get("with-data"), "false")
	for _, given := range query["qp"] {
		field, part, ok := strings.Cut(given, "::")
		if !ok || field == "" {
			return asked, badRequest("qp=%s is not of the form qp=field::value", given)
		}
		asked.conditions = append(asked.conditions, condition{field: field, part: strings.ToLower(part)})
	}
	return asked, nil
}

func count(query url.Values, name string, whenAbsent, most int) (int, error) {
	given := query.Get(name)
	if given == "" {
		return whenAbsent, nil
	}
	number, err := strconv.Atoi(given)
	if err != nil || number < 0 || number > most {
		return 0, badRequest("%s is a number from 0 to %d, not %q", name, most, given)
	}
	return number, nil
}

// matches gives the asked part of the matches, in the order of their paths,
// and how many there are in all.
func (s *Store) matches(path string, asked searchRequest) (page []*infoton, total int, err error) {
	start := len(prefixOf(path))
	err = s.read(func(kept records) error {
		var broken error
		kept.below(path, func(key, record []byte) {
			if broken != nil || !asked.recursive && bytes.IndexByte(key[start:], '/') >= 0 {
				return
			}
			inf, err := decodeRecord(string(key), record)
			if err != nil {
				broken = err
				return
			}
			if !inf.meets(asked.conditions) {
				return
			}
			if total >= asked.offset && len(page) < asked.length {
				if asked.data {
					inf.content = kept.content(inf.Path)
				}
				page = append(page, inf)
			}
			total++
		})
		return broken
	})
	return page, total, err
}

func (inf *infoton) meets(conditions []condition) bool {
	for _, c := range conditions {
		if !c.metBy(inf.Fields[c.field]) {
			return false
		}
	}
	return true
}

func (c condition) metBy(values []value) bool {
	for _, v := range values {
		if strings.Contains(strings.ToLower(v.Text), c.part) {
			return true
		}
	}
	return false
}

func shownAll(infotons []*infoton) []shownInfoton {
	out := make([]shownInfoton, len(infotons))
	for i, inf := range infotons {
		out[i] = inf.shown()
	}
	return out
}
