package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSpreadIsOfAllRounds(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{nil, spread{}},
		{[]float64{2}, spread{2, 2, 2}},
		{[]float64{3, 1}, spread{1, 2, 3}},
		{[]float64{9, 1, 2}, spread{1, 2, 9}},
		{[]float64{4, 1, 3, 2}, spread{1, 2.5, 4}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: got %v, want %v", c.values, got, c.want)
		}
	}
}

// The second round was slow for both servers: that is no difference between them.
func TestServersAreComparedRoundByRound(t *testing.T) {
	bare := &row{request: "read", server: "bare", rounds: []figures{
		{100, time.Millisecond, 2 * time.Millisecond, 80 * time.Microsecond},
		{50, 2 * time.Millisecond, 4 * time.Millisecond, 160 * time.Microsecond},
		{100, time.Millisecond, 2 * time.Millisecond, 80 * time.Microsecond},
	}}
	door := &row{request: "read", server: "door", bare: bare, rounds: []figures{
		{100, time.Millisecond, 3 * time.Millisecond, 84 * time.Microsecond},
		{45, 2 * time.Millisecond, 6 * time.Millisecond, 176 * time.Microsecond},
		{98, time.Millisecond, 0, 80 * time.Microsecond},
	}}
	for name, want := range map[string][2]string{
		"CPU per request": {"80.0 µs", "84.0 µs × 1.05 (1.00–1.10)"},
		"requests/s":      {"100", "98 × 0.98 (0.90–1.00)"},
		"p50":             {"1.00 ms", "1.00 ms × 1.00 (1.00–1.00)"},
		"p99":             {"2.00 ms", "3.00 ms × 1.50 (0.00–1.50)"},
	} {
		for _, m := range metrics {
			if got := [2]string{m.cell(bare), m.cell(door)}; m.name == name && got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
	text := section("Title", []*row{bare, door})
	for _, want := range []string{"\n### Title\n\n| request", "| read    | door   | 84.0 µs × 1.05 (1.00–1.10) |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestAFleetHasRoomForPeaks(t *testing.T) {
	text := fleet([]*row{
		{request: "read", server: "door", rounds: []figures{{processor: 90 * time.Microsecond}, {processor: 30 * time.Microsecond}}},
		{request: "bulk", server: "door", connections: bulkConnections, rounds: []figures{{processor: time.Second}}},
	})
	if want := "| read             | door    | 60.0 µs         | 60           | 100          |\n"; !strings.HasSuffix(text, want) {
		t.Errorf("%q is not the end of\n%s", want, text)
	}
}

func TestNothingIsDividedByZero(t *testing.T) {
	if got := quotient(1, 0); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}

func TestOnlyWhatIsBetweenTheMarksIsReplaced(t *testing.T) {
	for _, c := range []struct{ name, page, want string }{
		{"a page", "before\n" + beginMark + "old\n" + endMark + "after\n", "before\n" + beginMark + "\nnew\n\n" + endMark + "after\n"},
		{"an empty place", beginMark + endMark, beginMark + "\nnew\n\n" + endMark},
		{"no marks", "text", ""},
		{"no end", beginMark + "text", ""},
		{"no begin", "text" + endMark, ""},
		{"the wrong order", endMark + beginMark, ""},
		{"two places", beginMark + endMark + beginMark + endMark, ""},
	} {
		got, err := replaceMarked([]byte(c.page), "new\n")
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestTheDocumentHasAPlaceForTheTables(t *testing.T) {
	page, err := rewritten("../../docs/performance.md", "the tables")
	if err != nil || !strings.Contains(string(page), "the tables") {
		t.Errorf("got %v and %d bytes without the tables", err, len(page))
	}
}

func TestAPageThatIsNotThereIsSaidBeforeAnythingIsMeasured(t *testing.T) {
	p := plan{seconds: 1, rounds: 1, connections: 1, logins: 1, write: filepath.Join(t.TempDir(), "absent.md")}
	if err := p.run(t.Context()); !os.IsNotExist(err) {
		t.Errorf("got %v, want that the page does not exist", err)
	}
}
