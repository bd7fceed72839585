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

var heading = []string{"", "reads/s", "p50", "p99", "logins answered per second, by status"}

func phase(flooded bool) string {
	if flooded {
		return "with the flood"
	}
	return "without the flood"
}

// machine says what the figures are worth.
func machine(processors int) string {
	return fmt.Sprintf("This machine has %d CPUs, which the load, the servers and the upstream share: the ratios tell something, the absolute figures do not.", processors)
}

// rowsOf are the rows of one target.
func rowsOf(t *target) [][]string {
	quiet, flooded := t.quiet.figures(), t.flooded.figures()
	return [][]string{
		{t.name},
		append([]string{"  " + phase(false)}, quiet.cells()...),
		append(append([]string{"  " + phase(true)}, flooded.cells()...), t.flooded.loginsPerSecond()),
		{"  ratio", ratio(flooded.perSecond, quiet.perSecond), ratio(float64(flooded.p50), float64(quiet.p50)), ratio(float64(flooded.p99), float64(quiet.p99))},
	}
}

// figures sum a sample of reads up.
type figures struct {
	perSecond float64
	p50, p99  time.Duration
}

func (s *sample) figures() figures {
	sorted := slices.Sorted(slices.Values(s.latencies))
	return figures{
		perSecond: float64(s.answered) / s.span.Seconds(),
		p50:       percentile(sorted, 50),
		p99:       percentile(sorted, 99),
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

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
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

// table aligns columns: the first and the last of the heading to the left, the
// others, which hold figures, to the right. Rows may be shorter than the first.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		text := ""
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch i {
			case 0:
				text += cell + space
			case len(widths) - 1:
				text += "  " + cell
			default:
				text += "  " + space + cell
			}
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}
