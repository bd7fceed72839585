package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The tables of a page are between these lines.
const (
	beginMark = "<!-- make bench writes from here -->\n"
	endMark   = "<!-- make bench writes until here -->\n"
)

// opening says what was measured where, and what it is worth.
func opening(p plan) string {
	busy := "unknown"
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		busy, _, _ = strings.Cut(string(load), " ")
	}
	return fmt.Sprintf("Measured on %s with %s on %s/%s, %d CPUs, which the load, the servers and the store share; load average before: %s.\n"+
		"Rounds: %d, of %d s for every line of a table; %d connections, for bulk writes %d.\n",
		time.Now().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), busy,
		p.rounds, p.seconds, p.connections, bulkConnections)
}

// metric is one column.
type metric struct {
	name  string
	value func(figures) float64
	unit  string // how it is printed
}

var metrics = []metric{
	{"CPU per request", func(f figures) float64 { return float64(f.processor) / float64(time.Microsecond) }, "%.1f µs"},
	{"requests/s", func(f figures) float64 { return f.perSecond }, "%.0f"},
	{"p50", func(f figures) float64 { return float64(f.p50) / float64(time.Millisecond) }, "%.2f ms"},
	{"p99", func(f figures) float64 { return float64(f.p99) / float64(time.Millisecond) }, "%.2f ms"},
}

// section is a table with its title.
func section(title string, rows []*row) string {
	cells := [][]string{{"request", "server"}}
	for _, m := range metrics {
		cells[0] = append(cells[0], m.name)
	}
	for _, r := range rows {
		line := []string{r.request, r.server}
		for _, m := range metrics {
			line = append(line, m.cell(r))
		}
		cells = append(cells, line)
	}
	return fmt.Sprintf("\n### %s\n\n%s", title, table(cells))
}

// cell has the median of all rounds, and how it compares to the bare proxy: the
// median of the ratios of each round, the least and the greatest of them.
func (m metric) cell(r *row) string {
	var values, ratios []float64
	for i, round := range r.rounds {
		values = append(values, m.value(round))
		if r.bare != nil {
			ratios = append(ratios, quotient(m.value(round), m.value(r.bare.rounds[i])))
		}
	}
	text := fmt.Sprintf(m.unit, spreadOf(values).median)
	if r.bare != nil {
		text += " " + spreadOf(ratios).String()
	}
	return text
}

// spread is how much values differ.
type spread struct{ least, median, greatest float64 }

// spreadOf is all 0 without values.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + median) / 2
	}
	return spread{sorted[0], median, sorted[len(sorted)-1]}
}

func (s spread) String() string {
	return fmt.Sprintf("× %.2f (%.2f–%.2f)", s.median, s.least, s.greatest)
}

// quotient is 0 when nothing can be told.
func quotient(value, of float64) float64 {
	if of == 0 {
		return 0
	}
	return value / of
}

// rewritten is the page with that text between its marks.
func rewritten(page, text string) ([]byte, error) {
	old, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	replaced, err := replaceMarked(old, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", page, err)
	}
	return replaced, nil
}

// replaceMarked replaces what is between the marks, each of which stands once.
func replaceMarked(page []byte, text string) ([]byte, error) {
	head, rest, begins := bytes.Cut(page, []byte(beginMark))
	_, tail, ends := bytes.Cut(rest, []byte(endMark))
	if !begins || !ends || bytes.Count(page, []byte(beginMark)) > 1 || bytes.Count(page, []byte(endMark)) > 1 {
		return nil, fmt.Errorf("found no place for the tables, which is between the lines %q and %q", beginMark, endMark)
	}
	return bytes.Join([][]byte{head, []byte(beginMark), []byte("\n" + text + "\n"), []byte(endMark), tail}, nil), nil
}
