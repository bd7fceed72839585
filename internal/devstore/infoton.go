package devstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The kinds of infoton, by the names under which CM-Well shows them.
const (
	objectKind = "ObjectInfoton"
	fileKind   = "FileInfoton"
	linkKind   = "LinkInfoton"
	folderKind = "CompoundInfoton"
)

// The link types, by CM-Well's numbers.
const (
	permanentLink = iota
	temporaryLink
	forwardLink
)

// infoton is one thing the store keeps. Its JSON form is that of the file on
// disk; what people are shown is made by shown.
type infoton struct {
	Path           string             `json:"-"`
	Kind           string             `json:"kind"`
	LastModified   time.Time          `json:"lastModified"`
	LastModifiedBy string             `json:"lastModifiedBy"`
	Scheme         string             `json:"scheme,omitempty"`
	Fields         map[string][]value `json:"fields,omitempty"`
	MimeType       string             `json:"mimeType,omitempty"`
	Length         int                `json:"length,omitempty"`
	LinkTo         string             `json:"linkTo,omitempty"`
	LinkType       int                `json:"linkType,omitempty"`

	// content is that of a file, where it is to be shown.
	content []byte
}

// value is one value of a field. Two values are the same when they are equal.
type value struct {
	Text     string `json:"text"`
	Kind     string `json:"kind,omitempty"`
	Datatype string `json:"datatype,omitempty"`
	Language string `json:"language,omitempty"`
	Graph    string `json:"graph,omitempty"`
}

// The kinds of value; a literal is the usual one and has no name.
const (
	iriValue   = "iri"
	blankValue = "blank"
)

const xsd = "http://www.w3.org/2001/XMLSchema#"

func decodeRecord(path string, kept []byte) (*infoton, error) {
	inf := &infoton{}
	if err := json.Unmarshal(kept, inf); err != nil {
		return nil, fmt.Errorf("devstore: decoding %s: %w", path, err)
	}
	inf.Path = path
	return inf, nil
}

// parseFields reads the JSON object of an OBJ or FILE_MD request. A field
// with an empty array is there, with no values.
func parseFields(body []byte) (map[string][]value, error) {
	if !utf8.Valid(body) {
		return nil, badRequest("the body is not valid UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, badRequest("the body is not a JSON object of fields: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, badRequest("the body goes on after its JSON object")
	}
	if object == nil {
		return nil, badRequest("the body is null and not a JSON object of fields")
	}
	fields := make(map[string][]value, len(object))
	for name, content := range object {
		if name == "" {
			return nil, badRequest("a field has no name")
		}
		list, isList := content.([]any)
		if !isList {
			list = []any{content}
		}
		values := make([]value, 0, len(list))
		for _, element := range list {
			v, err := scalarValue(name, element)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		fields[name] = mergeValues(nil, values)
	}
	return fields, nil
}

func scalarValue(field string, element any) (value, error) {
	switch content := element.(type) {
	case string:
		return value{Text: content}, nil
	case bool:
		return value{Text: fmt.Sprint(content), Datatype: xsd + "boolean"}, nil
	case json.Number:
		datatype := "integer"
		if strings.ContainsAny(content.String(), "eE") {
			datatype = "double"
		} else if strings.Contains(content.String(), ".") {
			datatype = "decimal"
		}
		return value{Text: content.String(), Datatype: xsd + datatype}, nil
	default:
		return value{}, badRequest("the field %q holds something that is not a string, a number, true, false or an array of these", field)
	}
}

// mergeValues adds values to others, each only once.
func mergeValues(to, added []value) []value {
	seen := make(map[value]bool, len(to)+len(added))
	for _, v := range to {
		seen[v] = true
	}
	for _, v := range added {
		if !seen[v] {
			seen[v] = true
			to = append(to, v)
		}
	}
	return to
}

// shownInfoton is an infoton as JSON shows it to people.
type shownInfoton struct {
	Type     string           `json:"type"`
	System   shownSystem      `json:"system"`
	Content  *shownContent    `json:"content,omitempty"`
	LinkTo   string           `json:"linkTo,omitempty"`
	LinkType *int             `json:"linkType,omitempty"`
	Fields   map[string][]any `json:"fields"`
}

type shownSystem struct {
	Path           string `json:"path"`
	Parent         string `json:"parent,omitempty"`
	LastModified   string `json:"lastModified,omitempty"`
	LastModifiedBy string `json:"lastModifiedBy,omitempty"`
}

// shownContent has the bytes of a file as text where CM-Well takes them for text,
// and else in base64; neither where they are not to be shown.
type shownContent struct {
	MimeType string  `json:"mimeType"`
	Length   int     `json:"length"`
	Data     *string `json:"data,omitempty"`
	Base64   []byte  `json:"base64-data,omitempty"`
}

func (inf *infoton) shownContent() *shownContent {
	out := &shownContent{MimeType: inf.MimeType, Length: inf.Length}
	switch {
	case inf.content == nil:
	case strings.Contains(inf.MimeType, "text") || inf.MimeType == "application/json":
		text := string(inf.content)
		out.Data = &text
	default:
		out.Base64 = inf.content
	}
	return out
}

func (inf *infoton) shown() shownInfoton {
	out := shownInfoton{
		Type: inf.Kind,
		System: shownSystem{
			Path:           inf.Path,
			Parent:         parentOf(inf.Path),
			LastModified:   inf.LastModified.UTC().Format("2006-01-02T15:04:05.000Z"),
			LastModifiedBy: inf.LastModifiedBy,
		},
		Fields: make(map[string][]any, len(inf.Fields)),
	}
	switch inf.Kind {
	case fileKind:
		out.Content = inf.shownContent()
	case linkKind:
		out.LinkTo, out.LinkType = inf.LinkTo, &inf.LinkType
	}
	for name, values := range inf.Fields {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v.shown()
		}
		out.Fields[name] = list
	}
	return out
}

// shown gives a number or a truth value where JSON has one, and else the text.
func (v value) shown() any {
	datatype, isXSD := strings.CutPrefix(v.Datatype, xsd)
	if !isXSD || !json.Valid([]byte(v.Text)) {
		return v.Text
	}
	switch datatype {
	case "boolean", "integer", "int", "long", "short", "decimal", "double", "float":
		return json.RawMessage(v.Text)
	default:
		return v.Text
	}
}

// text gives the infoton as lines: its path, and one line for each value.
func (inf *infoton) text() string {
	var out strings.Builder
	out.WriteString(inf.Path + "\n")
	for _, name := range slices.Sorted(maps.Keys(inf.Fields)) {
		for _, v := range inf.Fields[name] {
			line := strings.ReplaceAll(name+": "+v.Text, "\n", `\n`)
			out.WriteString("  " + line + "\n")
		}
	}
	return out.String()
}
