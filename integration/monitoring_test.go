package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const monitoring = "../docs/monitoring/"

// promtool has Prometheus' own tool look at what is in the folder.
func promtool(t *testing.T, dir, input string, args ...string) {
	t.Helper()
	tool := exec.CommandContext(t.Context(), needs(t, "promtool"), args...)
	tool.Dir, tool.Stdin = dir, strings.NewReader(input)
	if said, err := tool.CombinedOutput(); err != nil || strings.Contains(string(said), "warning") {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

func TestTheAlertsFireWhenTheyShouldAndNotElse(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{monitoring + "alerts.yml", "monitoring/alerts_test.yml"} {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	promtool(t, dir, "", "check", "rules", "alerts.yml")
	promtool(t, dir, "", "test", "rules", "alerts_test.yml")
}

// panels are the queries of the dashboard, by the titles of its panels.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(monitoring + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	queries := map[string][]string{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries[panel.Title] = append(queries[panel.Title], target.Expr)
		}
	}
	if len(queries) != len(dashboard.Panels) || len(queries) < 8 {
		t.Errorf("%d panels, of which %d have a title of their own and a query", len(dashboard.Panels), len(queries))
	}
	return queries
}

// The variables that Grafana fills in are words like any other here.
func TestTheDashboardsQueriesCanBeParsed(t *testing.T) {
	dir := t.TempDir()
	rules := "groups:\n- name: dashboard\n  rules:\n"
	for _, queries := range panels(t) {
		for _, query := range queries {
			query = strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(query)
			rules += fmt.Sprintf("  - {record: 'panel:%d', expr: %q}\n", len(rules), query)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, dir, "", "check", "rules", "rules.yml")
}

// TestEveryMetricThatIsLookedAtExists compares the dashboard and the alerts, and
// the reference, with what a door shows.
func TestEveryMetricThatIsLookedAtExists(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor("signing_key managed", "json_login /v1/login"), doorOptions{store: store.address, admin: true})
	d.logInOnce(t)
	d.ask(t, request("GET /_auth?op=invalidate-cache", bearing(d.logIn(t, "adm", passwordOf("adm")))))
	shown := ""
	for line := range strings.Lines(ask(t, d.admin, requestTo(d.admin, "GET /metrics")).body) {
		if strings.Contains(line, "caddy_cmwell_auth_") {
			shown += line
		}
	}
	promtool(t, ".", shown, "check", "metrics")
	reference := documents(t)["../docs/reference.md"]
	declared := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)`).FindAllStringSubmatch(shown, -1) {
		declared[found[1]] = true
		if !strings.Contains(reference, "`"+found[1]+"`") {
			t.Errorf("docs/reference.md does not name %s", found[1])
		}
	}
	for _, file := range []string{monitoring + "alerts.yml", monitoring + "dashboard.json", "../docs/reference.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`caddy_cmwell_auth_\w+`).FindAllString(string(text), -1) {
			if !declared[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")] {
				t.Errorf("%s looks at %s, which no door shows", file, name)
			}
		}
	}
}
