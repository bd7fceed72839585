package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func line(n int) json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"number":%d}`, n)) }

func TestAJournalShowsWhatCameAfter(t *testing.T) {
	var j Journal
	for n := range 3 {
		j.Add(Entry{At: noon, Line: line(n)})
	}
	for after, want := range []int{3, 2, 1, 0, 0} {
		got := j.Recent(uint64(after), noon)
		if len(got.Entries) != want || got.Last != 3 {
			t.Errorf("after %d, got %d entries and the last as %d, want %d and 3", after, len(got.Entries), got.Last, want)
		}
	}
	shown, err := json.Marshal(new(Journal).Recent(0, noon))
	if want := `{"now":"2026-03-01T12:00:00Z","last":0,"entries":[],"refusals":[]}`; err != nil || string(shown) != want {
		t.Errorf("an empty journal shows %s, %v; want %s", shown, err, want)
	}
}

func TestAJournalIsBoundedInEntriesAndBytes(t *testing.T) {
	var j Journal
	for n := range 3 * mostEntries {
		j.Add(Entry{At: noon, Line: line(n)})
	}
	got := j.Recent(0, noon)
	if len(got.Entries) != mostEntries || got.Entries[mostEntries-1].Number != 3*mostEntries {
		t.Errorf("got %d entries, the last with number %d", len(got.Entries), got.Last)
	}
	large := json.RawMessage(`"` + strings.Repeat("x", mostBytes/4) + `"`)
	for range 10 {
		j.Add(Entry{At: noon, Line: large})
	}
	if got := len(j.Recent(0, noon).Entries); got != 3 {
		t.Errorf("got %d entries of a quarter of the room, want 3", got)
	}
	j.Add(Entry{At: noon, Line: json.RawMessage(`"` + strings.Repeat("x", mostBytes) + `"`), Reason: "forbidden"})
	if got := j.Recent(0, noon); len(got.Entries) != 3 || len(got.Refusals) != 1 {
		t.Errorf("one that is too large left %d entries and %d refusals, want 3 and 1", len(got.Entries), len(got.Refusals))
	}
}

func TestRefusalsAreCountedForAnHour(t *testing.T) {
	var j Journal
	for _, e := range []Entry{
		{At: noon, Reason: "forbidden", User: "bob"},
		{At: noon.Add(time.Second), Reason: "forbidden", User: "ann"},
		{At: noon.Add(30 * time.Second), Reason: "forbidden", User: "ann"},
		{At: noon.Add(time.Minute), Reason: "no_token"},
		{At: noon.Add(time.Minute)}, // no refusal
	} {
		j.Add(e)
	}
	kinds := func(now time.Time) string {
		var all []string
		for _, r := range j.Recent(0, now).Refusals {
			all = append(all, fmt.Sprintf("%s %s %s %d", r.Minute.Format("15:04"), r.Reason, r.User, r.Count))
		}
		return strings.Join(all, ", ")
	}
	for after, want := range map[time.Duration]string{
		0:                "12:00 forbidden ann 2, 12:00 forbidden bob 1, 12:01 no_token  1",
		59 * time.Minute: "12:00 forbidden ann 2, 12:00 forbidden bob 1, 12:01 no_token  1",
		60 * time.Minute: "12:01 no_token  1",
		61 * time.Minute: "",
	} {
		if got := kinds(noon.Add(after)); got != want {
			t.Errorf("after %v, got %q, want %q", after, got, want)
		}
	}
	j.Add(Entry{At: noon.Add(time.Hour), Reason: "expired"})
	if got, want := kinds(noon.Add(time.Hour)), "12:01 no_token  1, 13:00 expired  1"; got != want {
		t.Errorf("an hour later, got %q, want %q", got, want)
	}
}

func TestStrangersDoNotFillTheCounts(t *testing.T) {
	var j Journal
	for n := range 10 * mostRefusals {
		j.Add(Entry{At: noon, Reason: "unknown_user", User: fmt.Sprint("user", n)})
	}
	got := j.Recent(0, noon).Refusals
	total := 0
	for _, r := range got {
		total += r.Count
	}
	if len(got) != mostRefusals+1 || total != 10*mostRefusals {
		t.Errorf("got %d kinds with %d refusals", len(got), total)
	}
}
