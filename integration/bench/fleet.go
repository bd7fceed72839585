package main

import (
	"fmt"
	"math"
)

const (
	// demand is what the fleet is for, in requests per second.
	demand = 1_000_000
	// share is how busy its processors should be: the rest is for peaks, and for
	// the front doors that are being restarted.
	share = 0.6
)

// fleet is how many processors a million requests per second take, by what one
// request took here.
func fleet(rows []*row) string {
	cells := [][]string{{"all requests are", "through", "CPU per request", "CPUs at work", "CPUs to have"}}
	for _, r := range rows {
		if r.connections == bulkConnections { // nobody writes a million megabytes per second
			continue
		}
		var each []float64
		for _, round := range r.rounds {
			each = append(each, round.processor.Seconds())
		}
		one := spreadOf(each).median
		cells = append(cells, []string{r.request, r.server, fmt.Sprintf("%.1f µs", one*1e6),
			fmt.Sprintf("%.0f", math.Ceil(one*demand)), fmt.Sprintf("%.0f", math.Ceil(one*demand/share))})
	}
	return fmt.Sprintf("\n### CPUs for 1,000,000 requests per second, %.0f %% busy\n\n%s", 100*share, table(cells))
}
