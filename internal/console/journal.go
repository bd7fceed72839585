package console

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
)

// What bounds the memory of a Journal.
const (
	mostEntries   = 500
	mostBytes     = 512 << 10
	mostRefusals  = 64 // kinds of refusals in one minute
	minutesInHour = 60
)

// Entry is one of the audit log.
type Entry struct {
	At time.Time
	// Line is the entry as JSON.
	Line json.RawMessage
	// Reason and User are those of a refusal; the reason is empty for anything else.
	Reason, User string
}

// Journal has the last entries of the audit log, and counts the refusals of the
// last hour. It is bounded in entries and in bytes, and may be used by many
// goroutines.
type Journal struct {
	mu      sync.Mutex
	lines   []Line // oldest first
	bytes   int
	last    uint64
	minutes [minutesInHour]minute
}

// minute counts what was refused within one.
type minute struct {
	since int64 // minutes since the epoch
	kinds map[kind]int
}

type kind struct{ reason, user string }

// others stand for the kinds that a minute has no room for.
var others = kind{reason: "other"}

// Line is an entry with its number.
type Line struct {
	Number uint64          `json:"n"`
	Entry  json.RawMessage `json:"entry"`
}

// Refusals are those of one minute, with one reason, of one user.
type Refusals struct {
	Minute time.Time `json:"minute"`
	Reason string    `json:"reason"`
	User   string    `json:"user"`
	Count  int       `json:"count"`
}

// Recent is what a Journal shows.
type Recent struct {
	Now time.Time `json:"now"`
	// Last is the number of the newest entry.
	Last uint64 `json:"last"`
	// Entries are oldest first. Where their numbers do not follow each other, the
	// oldest were forgotten.
	Entries []Line `json:"entries"`
	// Refusals are by time.
	Refusals []Refusals `json:"refusals"`
}

// Add remembers an entry, and forgets the oldest for it.
func (j *Journal) Add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	if e.Reason != "" {
		j.count(e)
	}
	if len(e.Line) > mostBytes/2 {
		return // it would take the place of all others
	}
	j.lines = append(j.lines, Line{j.last, e.Line})
	j.bytes += len(e.Line)
	gone := 0
	for len(j.lines)-gone > mostEntries || j.bytes > mostBytes {
		j.bytes -= len(j.lines[gone].Entry)
		gone++
	}
	j.lines = slices.Delete(j.lines, 0, gone)
}

func (j *Journal) count(e Entry) {
	since := e.At.Unix() / 60
	m := &j.minutes[since%minutesInHour]
	if m.since != since {
		*m = minute{since, map[kind]int{}}
	}
	k := kind{e.Reason, e.User}
	if _, known := m.kinds[k]; !known && len(m.kinds) >= mostRefusals {
		k = others
	}
	m.kinds[k]++
}

// Recent gives the entries behind the one of that number, and the refusals of the
// hour before now.
func (j *Journal) Recent(after uint64, now time.Time) Recent {
	j.mu.Lock()
	defer j.mu.Unlock()
	shown := Recent{Now: now.UTC(), Last: j.last, Entries: []Line{}, Refusals: []Refusals{}}
	for _, line := range j.lines {
		if line.Number > after {
			shown.Entries = append(shown.Entries, line)
		}
	}
	oldest := now.Unix()/60 - minutesInHour
	for _, m := range j.minutes {
		if m.since <= oldest {
			continue
		}
		for k, n := range m.kinds {
			shown.Refusals = append(shown.Refusals, Refusals{time.Unix(m.since*60, 0).UTC(), k.reason, k.user, n})
		}
	}
	slices.SortFunc(shown.Refusals, func(a, b Refusals) int {
		if c := a.Minute.Compare(b.Minute); c != 0 {
			return c
		}
		return strings.Compare(a.Reason+"\x00"+a.User, b.Reason+"\x00"+b.User)
	})
	return shown
}
