package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 99, 0},
		{hundred[:1], 1, 1},
		{hundred[:1], 99, 1},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 99.5, 100},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{hundred[:3], 50, 2},
		{hundred[:4], 50, 2},
		{hundred[:5], 99, 5},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile %v of %d values: got %d, want %d", c.p, len(c.values), got, c.want)
		}
	}
}

func TestTableIsMarkdownWithAlignedColumns(t *testing.T) {
	got := table([][]string{
		{"server", "reads/s", "logins"},
		{"door", "12345678", "401: 3.0"},
		{"ratio", "× 0.50"},
	})
	want := strings.Join([]string{
		"| server | reads/s  | logins   |",
		"|--------|----------|----------|",
		"| door   | 12345678 | 401: 3.0 |",
		"| ratio  | × 0.50   |          |",
		"",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFloodRowsCompareBothMeasurements(t *testing.T) {
	measured := &target{
		name: "door",
		quiet: sample{
			span: 10 * time.Second, answered: 2000,
			latencies: []time.Duration{3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond},
		},
		flooded: sample{
			span: 10 * time.Second, answered: 1000, flood: 10 * time.Second,
			latencies: []time.Duration{4 * time.Millisecond, 30 * time.Millisecond},
			logins:    map[int]answers{503: {400, 0}, 401: {50, 10 * time.Second}, 0: {2, 0}},
		},
	}
	want := [][]string{
		{"door, without the flood", "200", "2.00 ms", "3.00 ms"},
		{"door, with the flood", "100", "4.00 ms", "30.00 ms", "none: 0.2  401: 2.5  503: 40.0"},
		{"door, ratio", "× 0.500", "× 2.00", "× 10.0"},
	}
	if got := floodRows(measured); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadsThatNobodyAnswersHaveNoLatency(t *testing.T) {
	quiet := sample{span: time.Second, answered: 1, latencies: []time.Duration{time.Millisecond}}
	rows := floodRows(&target{name: "door", quiet: quiet, flooded: sample{span: time.Second}})
	for _, row := range rows[1:] {
		if row[2] != "-" || row[3] != "-" {
			t.Errorf("got %q, want dashes", row)
		}
	}
}

func TestRatioHasThreeDigits(t *testing.T) {
	for _, c := range []struct {
		with, without float64
		want          string
	}{
		{1, 0, "-"},
		{0, 1, "× 0.000000"},
		{7, 9795, "× 0.000715"},
		{1, 3, "× 0.333"},
		{1, 1, "× 1.00"},
		{125, 10, "× 12.5"},
		{1794, 1, "× 1794"},
	} {
		if got := ratio(c.with, c.without); got != c.want {
			t.Errorf("%v to %v: got %s, want %s", c.with, c.without, got, c.want)
		}
	}
}

func TestWhatIsNoMeasurementIsSaidSo(t *testing.T) {
	reads := []time.Duration{time.Millisecond}
	for _, c := range []struct {
		name    string
		seen    sample
		flooded bool
		want    string
	}{
		{"reads", sample{latencies: reads, answered: 1}, false, ""},
		{"reads and logins", sample{latencies: reads, answered: 1, logins: map[int]answers{401: {count: 1}, 503: {count: 9}}}, true, ""},
		{"no reads", sample{}, false, "no request was answered"},
		{"no reads in a flood", sample{logins: map[int]answers{401: {count: 1}}}, true, ""},
		{"a read failed", sample{latencies: reads, answered: 1, failed: 1, failure: errors.New("cut off")}, false, "1 requests failed"},
		{"no logins", sample{latencies: reads, answered: 1}, true, "no flood"},
		{"logins refused unseen", sample{latencies: reads, answered: 1, logins: map[int]answers{429: {count: 9}}}, true, "no flood"},
		{"logins that succeed", sample{latencies: reads, answered: 1, logins: map[int]answers{401: {count: 1}, 200: {count: 1}}}, true, "was no login"},
	} {
		err := c.seen.check("door", c.flooded)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestOnlyTheHashCacheIsTakenOutOfAConfiguration(t *testing.T) {
	got, err := withoutHashCache([]byte(`{"a": [{"hash": {"algorithm": "bcrypt"}, "hash_cache": {}}], "b": 1}`))
	if want := `{"a":[{"hash":{"algorithm":"bcrypt"}}],"b":1}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if got, err := withoutHashCache([]byte(`{"a": 1}`)); err == nil {
		t.Errorf("without a cache: got %s, want an error", got)
	}
}

func TestEveryLoginHasAPasswordOfItsOwn(t *testing.T) {
	door := &target{loginPath: "/_login"}
	seen, known := map[string]bool{}, 0
	for n := range int64(2 * names) {
		request := string(door.login(n))
		if seen[request] {
			t.Fatalf("login %d has been sent before", n)
		}
		seen[request] = true
		if n%knownEvery == 0 {
			known++
		}
	}
	if known == 0 || known > names {
		t.Errorf("%d of %d logins are for the known name", known, 2*names)
	}
}

func TestWhatIsLateAddsUpOverRoundsOnly(t *testing.T) {
	connection := func(late time.Duration) sample { return sample{logins: map[int]answers{401: {1, late}}} }
	var all sample
	for range 2 {
		round := sample{flood: time.Second}
		round.join(connection(3), false)
		round.join(connection(2), false)
		all.join(round, true)
	}
	if got, want := all.logins[401], (answers{4, 6}); got != want || all.flood != 2*time.Second {
		t.Errorf("got %v in %s, want %v in 2s", got, all.flood, want)
	}
}
