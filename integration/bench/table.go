package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var floodHeading = []string{"server", "reads/s", "p50", "p99", "logins answered per second, by status"}

func phase(flooded bool) string {
	if flooded {
		return "with the flood"
	}
	return "without the flood"
}

// floodRows are the rows of one target.
func floodRows(t *target) [][]string {
	quiet, flooded := t.quiet.figures(), t.flooded.figures()
	name := func(phase string) string { return t.name + ", " + phase }
	return [][]string{
		append([]string{name(phase(false))}, quiet.cells()...),
		append(append([]string{name(phase(true))}, flooded.cells()...), t.flooded.loginsPerSecond()),
		{name("ratio"), ratio(flooded.perSecond, quiet.perSecond), longer(flooded.p50, quiet.p50), longer(flooded.p99, quiet.p99)},
	}
}

// figures sum a sample of requests up.
type figures struct {
	perSecond float64
	p50, p99  time.Duration
	processor time.Duration // of the server, per request; 0 when it was not looked at
}

func (s *sample) figures() figures {
	sorted := slices.Sorted(slices.Values(s.latencies))
	return figures{
		perSecond: float64(s.answered) / s.span.Seconds(),
		p50:       percentile(sorted, 50),
		p99:       percentile(sorted, 99),
		processor: s.spent.time / time.Duration(max(s.spent.on, 1)),
	}
}

func (f figures) cells() []string {
	return []string{fmt.Sprintf("%.0f", f.perSecond), milliseconds(f.p50), milliseconds(f.p99)}
}

// percentile is the least of the values that at least p percent of them do not
// exceed, 0 without any. They are sorted.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p * float64(len(sorted)) / 100))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// milliseconds is a dash for what never ended.
func milliseconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// longer is the ratio of two latencies, a dash when one was not seen.
func longer(with, without time.Duration) string {
	if with == 0 {
		return "-"
	}
	return ratio(float64(with), float64(without))
}

// ratio of what is with the flood to what is without it, to three digits; a dash
// when the latter is 0.
func ratio(with, without float64) string {
	if without == 0 {
		return "-"
	}
	r := with / without
	digits := 2 - int(math.Floor(math.Log10(max(r, 1e-9))))
	return fmt.Sprintf("× %.*f", min(max(digits, 0), 6), r)
}

// loginsPerSecond lists rates in the order of the status. Each is of all answers
// of that status, over the time until the last of them.
func (s *sample) loginsPerSecond() string {
	var all []string
	for _, status := range slices.Sorted(maps.Keys(s.logins)) {
		got := s.logins[status]
		name := fmt.Sprint(status)
		if status == 0 {
			name = "none"
		}
		all = append(all, fmt.Sprintf("%s: %.1f", name, float64(got.count)/(s.flood+got.late).Seconds()))
	}
	return strings.Join(all, "  ")
}

// table is Markdown that can be read as it is: its columns are aligned. Rows may
// be shorter than the first, the heading.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, width := range widths {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			b.WriteString("| " + cell + strings.Repeat(" ", width-utf8.RuneCountInString(cell)+1))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("|" + strings.Repeat("-", width+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}
