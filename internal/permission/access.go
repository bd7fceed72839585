// Package permission decides who may do what at which path, after CM-Well's
// rules. It knows neither HTTP nor where users come from: it takes paths,
// levels and entries, and gives decisions.
package permission

import (
	"errors"
	"fmt"
	"strings"
)

// Level is what a request does with a path. Levels are bits, so that an entry
// can name several.
type Level uint8

const (
	// Read looks at a path.
	Read Level = 1 << iota
	// Write changes what is at a path.
	Write
)

// String is "read", "write" or "read+write".
func (l Level) String() string {
	switch l {
	case Read:
		return "read"
	case Write:
		return "write"
	case Read | Write:
		return "read+write"
	}
	return fmt.Sprintf("level %d", uint8(l))
}

// ParseLevels reads the permissions of a CM-Well path entry: r, w or both.
func ParseLevels(s string) (Level, error) {
	switch s {
	case "r":
		return Read, nil
	case "w":
		return Write, nil
	case "rw", "wr":
		return Read | Write, nil
	}
	return 0, fmt.Errorf(`permissions %q found; "r", "w" and "rw" are accepted`, s)
}

// Letters are the levels as ParseLevels reads them.
func (l Level) Letters() string {
	letters := ""
	if l&Read != 0 {
		letters = "r"
	}
	if l&Write != 0 {
		letters += "w"
	}
	return letters
}

// Operation is a right that belongs to no path. Operations are bits.
type Operation uint8

const (
	// Admin may change the system itself: its users, its nodes, its log level.
	Admin Operation = 1 << iota
	// Overwrite may write system fields, and the history with them.
	Overwrite
	// PriorityWrite may let a write overtake the queue.
	PriorityWrite
)

var operationNames = []struct {
	op   Operation
	name string
}{{Admin, "Admin"}, {Overwrite, "Overwrite"}, {PriorityWrite, "PriorityWrite"}}

// ParseOperation reads an operation by its name in CM-Well's documents.
func ParseOperation(s string) (Operation, error) {
	for _, o := range operationNames {
		if s == o.name {
			return o.op, nil
		}
	}
	return 0, fmt.Errorf("operation %q found; Admin, Overwrite and PriorityWrite are accepted", s)
}

// Names are those that ParseOperation reads.
func (o Operation) Names() []string {
	var names []string
	for _, n := range operationNames {
		if o&n.op != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// String lists the names, joined by +.
func (o Operation) String() string { return strings.Join(o.Names(), "+") }

// Entry is one line of a user's or a role's paths. The zero Entry matches nothing.
type Entry struct {
	id        string // canonical: begins with a slash, ends with none but the root's
	levels    Level
	allow     bool
	recursive bool
}

// NewEntry checks and makes an entry. The id is a path as people write it, not
// percent-encoded; a slash at its end makes no difference. An id with a second
// reading (empty, dot or doubled segments, no slash in front) is an error: a
// rule that means two things protects neither.
func NewEntry(id string, allow, recursive bool, levels Level) (Entry, error) {
	canonical, err := canonicalID(id)
	if err != nil {
		return Entry{}, err
	}
	if levels == 0 || levels&^(Read|Write) != 0 {
		return Entry{}, errors.New("no level found; read, write or both are accepted")
	}
	return Entry{id: canonical, levels: levels, allow: allow, recursive: recursive}, nil
}

func canonicalID(id string) (string, error) {
	switch {
	case id == "/":
		return id, nil
	case !strings.HasPrefix(id, "/"):
		return "", fmt.Errorf("path %q found; one that begins with a slash is accepted", id)
	case controls(id) || !validText(id):
		return "", fmt.Errorf("path %q found; one of UTF-8 without control characters is accepted", id)
	}
	id = strings.TrimSuffix(id, "/")
	for segment := range strings.SplitSeq(id[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("path %q found; one without empty, . and .. segments is accepted", id)
		}
	}
	return id, nil
}

// String shows the entry as the documentation writes it: "+ /a/* rw".
func (e Entry) String() string {
	sign, id := "-", e.id
	if e.allow {
		sign = "+"
	}
	if e.recursive {
		id = strings.TrimSuffix(id, "/") + "/*"
	}
	return sign + " " + id + " " + e.levels.Letters()
}

// relevant tells whether the entry speaks of this level at this reading.
func (e *Entry) relevant(reading string, level Level) bool {
	return e.levels&level != 0 && e.covers(reading)
}

// covers tells whether the entry speaks of the reading at all.
func (e *Entry) covers(reading string) bool {
	n := len(e.id)
	if n >= len(reading) {
		return e.id == reading
	}
	// Most ids that are no ancestors end in another byte.
	return e.recursive && n > 0 && e.id[n-1] == reading[n-1] && (n == 1 || reading[n] == '/') && e.id == reading[:n]
}

// below tells whether path lies under ancestor by whole segments: /foo is no
// ancestor of /foobar.
func below(path, ancestor string) bool {
	if ancestor == "/" {
		return path != "/" && strings.HasPrefix(path, "/")
	}
	return ancestor != "" && len(path) > len(ancestor) && path[len(ancestor)] == '/' && path[:len(ancestor)] == ancestor
}
