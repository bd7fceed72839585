package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// String is a table of what was asked, by kind, and of what arrived.
func (l *Ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []string{asOwed, putOff, unavailable, unanswered}
	fmt.Fprintf(w, "asked\t%s\tslowest\t\n", strings.Join(columns, "\t"))
	total := map[string]int{}
	for _, kind := range slices.Sorted(maps.Keys(l.outcomes)) {
		fmt.Fprintf(w, "%s\t", kind)
		for _, c := range columns {
			fmt.Fprintf(w, "%d\t", l.outcomes[kind][c])
			total[c] += l.outcomes[kind][c]
		}
		fmt.Fprintf(w, "%v\t\n", l.slowest[kind].Round(time.Millisecond))
	}
	fmt.Fprint(w, "all\t")
	for _, c := range columns {
		fmt.Fprintf(w, "%d\t", total[c])
	}
	slowest := slices.Max(append(slices.Collect(maps.Values(l.slowest)), 0))
	fmt.Fprintf(w, "%v\t\n", slowest.Round(time.Millisecond))
	_ = w.Flush() // into memory
	fmt.Fprintf(&text, "the store was sent %d requests, %d of them writes; each was held against what was asked\n", l.arrived, l.writes)
	return text.String()
}

// Answers is how many questions have had the answer that is owed.
func (l *Ledger) Answers() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.outcomes {
		n += of[asOwed]
	}
	return n
}
