package permission

import (
	"cmp"
	"slices"
	"strings"
)

// Index answers for a long list of entries what a look at each of them would. It
// knows at every path that an entry names, and below it, which entry decides, so
// that an answer takes a time that depends on the path and hardly on the list.
type Index struct {
	entries []Entry
	root    node
}

// node is a path that an entry names, or one above it.
type node struct {
	segment  string // its last
	children []node // by their segments
	says     [2]says
}

// says is what the list says at a node about reading, or about writing. Entries
// are counted from 1, and 0 is none.
type says struct {
	here    uint32 // decides at the path itself
	below   uint32 // decides below it, where no child is
	denial  uint32 // the first denial that names a path below it
	reaches bool   // an allowance speaks of all below it
}

// fewEntries are looked at one by one as quickly as they are found in an index.
const fewEntries = 16

// NewIndex makes the index of a list that nobody changes any more. For a short
// list it is nil: its entries are looked at.
func NewIndex(entries []Entry) *Index {
	if len(entries) <= fewEntries {
		return nil
	}
	return newIndex(entries)
}

// knows tells whether the index has the answers about a list and a level. A list
// that has grown, or was put in the place of another, is not the one that it is of.
func (x *Index) knows(entries []Entry, level Level) bool {
	return x != nil && len(entries) > 0 && len(entries) == len(x.entries) && &entries[0] == &x.entries[0] && (level == Read || level == Write)
}

func (x *Index) weigh(reading string, level Level) *Entry {
	n, there := x.find(reading)
	switch {
	case n == nil:
		return nil
	case there:
		return x.entry(n.of(level).here)
	}
	return x.entry(n.of(level).below)
}

func (x *Index) denial(reading string, level Level) *Entry {
	n, there := x.find(reading)
	if !there {
		return nil // above a path that an entry names, there is a node
	}
	return x.entry(n.of(level).denial)
}

func (x *Index) reaches(reading string, level Level) bool {
	n, _ := x.find(reading)
	return n != nil && n.of(level).reaches
}

func (n *node) of(level Level) *says { return &n.says[level>>1] }

func (x *Index) entry(i uint32) *Entry {
	if i == 0 {
		return nil
	}
	return &x.entries[i-1]
}

// find is the node at the reading, or else the last one on the way there.
func (x *Index) find(reading string) (n *node, there bool) {
	rest, rooted := strings.CutPrefix(reading, "/")
	if !rooted {
		return nil, false
	}
	n = &x.root
	for more := rest != ""; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		child := n.child(segment)
		if child == nil {
			return n, false
		}
		n = child
	}
	return n, true
}

func (n *node) child(segment string) *node {
	low, high := 0, len(n.children)
	for low < high {
		middle := (low + high) / 2
		child := &n.children[middle]
		switch {
		case child.segment == segment:
			return child
		case child.segment < segment:
			low = middle + 1
		default:
			high = middle
		}
	}
	return nil
}

func newIndex(entries []Entry) *Index {
	x := &Index{entries: entries}
	sorted := make([]uint32, len(entries))
	for i := range sorted {
		sorted[i] = uint32(i + 1)
	}
	slices.SortFunc(sorted, func(i, j uint32) int { return compareIDs(x.id(i), x.id(j)) })
	x.root, _ = x.node(sorted, 0, [2]earliest{})
	return x
}

// node makes the node of a path from the entries that name it, or what is below
// it, and from the recursive ones above it. length is that of the path in their
// ids. It also returns the first denials among the entries.
func (x *Index) node(sorted []uint32, length int, recursive [2]earliest) (n node, denials [2]uint32) {
	here := recursive
	for len(sorted) > 0 && len(x.id(sorted[0])) == length {
		i := sorted[0]
		sorted = sorted[1:]
		for l, level := range [2]Level{Read, Write} {
			e := x.entry(i)
			if e.levels&level == 0 {
				continue
			}
			here[l].add(i, e.allow)
			if e.recursive {
				recursive[l].add(i, e.allow)
			}
			if !e.allow {
				denials[l] = first(denials[l], i)
			}
		}
	}
	for l := range n.says {
		n.says[l] = says{here: here[l].decides(), below: recursive[l].decides(), reaches: recursive[l].allowance != 0}
	}
	for len(sorted) > 0 {
		id := x.id(sorted[0])
		segment, _, _ := strings.Cut(id[length+1:], "/")
		path := id[:length+1+len(segment)]
		many := 1
		for many < len(sorted) && (x.id(sorted[many]) == path || below(x.id(sorted[many]), path)) {
			many++
		}
		child, denied := x.node(sorted[:many], len(path), recursive)
		child.segment = segment
		n.children = append(n.children, child)
		for l := range denied {
			n.says[l].denial = first(n.says[l].denial, denied[l])
		}
		sorted = sorted[many:]
	}
	for l := range denials {
		denials[l] = first(denials[l], n.says[l].denial)
	}
	return n, denials
}

// id is an entry's path without a slash at its end, the root's too.
func (x *Index) id(i uint32) string { return strings.TrimSuffix(x.entries[i-1].id, "/") }

// compareIDs has what is below a path follow it, before all else: a slash is less
// than any byte of a segment.
func compareIDs(a, b string) int {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] == b[i]:
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		default:
			return cmp.Compare(a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// earliest are the first entries of each sign that speak of a path.
type earliest struct{ denial, allowance uint32 }

func (e *earliest) add(i uint32, allow bool) {
	if allow {
		e.allowance = first(e.allowance, i)
	} else {
		e.denial = first(e.denial, i)
	}
}

// decides is the rule within one list.
func (e earliest) decides() uint32 { return cmp.Or(e.denial, e.allowance) }

// first is the lesser of two entries.
func first(i, j uint32) uint32 {
	if i == 0 || j != 0 && j < i {
		return j
	}
	return i
}
