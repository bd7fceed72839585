package gate

import (
	"mime"
	"net/http"
	"strings"
)

// condition is what a row asks of a query; the zero condition is none. It and
// fieldsCondition are values and no functions: what a function were given that is not
// known before would need memory of its own for every request.
type condition struct {
	kind conditionKind
	word string
}

type conditionKind uint8

const (
	noCondition conditionKind = iota
	withPairs                 // there is any pair
	withKey                   // the key is there, with a value or without
	withFalse                 // the key is there, and false
	mentioning                // the word is in some key or value
	searching                 // see search
)

var (
	anyPair      = condition{kind: withPairs}
	notRecursive = condition{withFalse, "recursive"}
	// search is the query of a POST that CM-Well takes for a search, when it is a
	// form. The op must be in lower case here.
	search = condition{kind: searching}
)

func having(key string) condition { return condition{withKey, key} }

func (c condition) holds(q *query) bool {
	switch c.kind {
	case noCondition:
		return true
	case withPairs:
		return len(q.pairs) > 0
	case withKey:
		return q.has(c.word)
	case withFalse:
		return q.get(c.word) == "false"
	case mentioning:
		return q.mentions(c.word)
	case searching:
		op := q.get("op")
		return q.plain && (op == "search" || op == "create-consumer")
	}
	return false
}

// fieldsCondition is what a row asks of the header.
type fieldsCondition uint8

const (
	anyFields fieldsCondition = iota
	// isForm goes by the content type.
	isForm
	// maySayMethod: a framework could read the body as a form, and in it a field
	// _method by which a POST runs as DELETE. Some take a body without a type for a form.
	maySayMethod
	// depthZero is RFC 4918, section 10.2.
	depthZero
)

func (c fieldsCondition) holds(h http.Header) bool {
	switch c {
	case anyFields:
		return true
	case isForm:
		types := h["Content-Type"]
		if len(types) != 1 {
			return false
		}
		media, _, err := mime.ParseMediaType(types[0])
		return err == nil && media == "application/x-www-form-urlencoded"
	case maySayMethod:
		types := h["Content-Type"]
		return len(types) != 1 || types[0] == "" || strings.Contains(strings.ToLower(types[0]), "form")
	case depthZero:
		depth := h["Depth"]
		return len(depth) == 1 && depth[0] == "0"
	}
	return false
}
