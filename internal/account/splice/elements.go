package splice

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Elements gives an array other elements. Between them stands the white space that
// stood before its last one, and where there was none to go by, a space.
func Elements(array []byte, elements []jsontext.Value) ([]byte, error) {
	d := jsontext.NewDecoder(bytes.NewReader(array))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '[' {
		return nil, fmt.Errorf("a JSON %s found where an array should be", jsontext.Value(array).Kind())
	}
	begin := int(d.InputOffset())
	end := begin
	var first, further []byte
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		further = array[end : int(d.InputOffset())-len(value)]
		if end == begin {
			first = further
		}
		end = int(d.InputOffset())
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	_, further, separated := bytes.Cut(further, []byte(","))
	if !separated {
		further = first
	}
	if !separated && len(first) == 0 {
		further = []byte(" ")
	}
	out := slices.Clone(array[:begin])
	for i, e := range elements {
		if i == 0 {
			out = append(out, first...)
		} else {
			out = append(append(out, ','), further...)
		}
		out = append(out, e...)
	}
	return append(out, array[end:]...), nil
}
