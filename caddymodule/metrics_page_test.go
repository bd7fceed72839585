package caddymodule

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	metricRow  = regexp.MustCompile("(?m)^\\| `(caddy_cmwell_auth_\\w+)` \\| ([^|]*)\\|")
	labelInRow = regexp.MustCompile("(?:^|; )`(\\w+)`")
	described  = regexp.MustCompile(`fqName: "(\w+)".*variableLabels: \{([^}]*)\}`)
)

// The names and the labels of the metrics are those that docs/reference.md lists.
func TestTheReferenceNamesTheLabelsOfEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, row := range metricRow.FindAllStringSubmatch(string(page), -1) {
		want[row[1]] = nil
		for _, label := range labelInRow.FindAllStringSubmatch(strings.TrimSpace(row[2]), -1) {
			want[row[1]] = append(want[row[1]], label[1])
		}
	}
	m := newMetrics()
	descriptions := make(chan *prometheus.Desc, 100)
	for _, c := range []prometheus.Collector{m.decisions, m.logins, m.hashing, m.reloads, &m.doors} {
		c.Describe(descriptions)
	}
	close(descriptions)
	found := 0
	for d := range descriptions {
		parts := described.FindStringSubmatch(d.String())
		if parts == nil {
			t.Fatalf("%s cannot be read", d)
		}
		found++
		labels := strings.FieldsFunc(parts[2], func(c rune) bool { return c == ',' })
		if listed, there := want[parts[1]]; !there || !slices.Equal(labels, listed) {
			t.Errorf("%s has the labels %q; the page lists %q (%v)", parts[1], labels, listed, there)
		}
	}
	if found != len(want) || found < 10 {
		t.Errorf("there are %d metrics, the page lists %d", found, len(want))
	}
}
