package integration

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// withLogs is a front door with a log of its own and a default log, each said by
// what stands in its block. An empty one is a log as Caddy has it by default.
func withLogs(byDefault, ofAccess string, settings ...string) string {
	text := frontDoorWith("log {\n"+byDefault+"\n}", settings...)
	return strings.Replace(text, "\tcmwell_auth {", "\tlog {\n"+ofAccess+"\n}\n\tcmwell_auth {", 1)
}

// TestALogThatCanShowTokensIsWarnedOf has logs of all kinds. What counts is what
// they write, and not what they are called.
func TestALogThatCanShowTokensIsWarnedOf(t *testing.T) {
	const (
		redact    = "format cmwell_redact"
		all       = "header Referer, header X-Cm-Well-Token, header X-Cm-Well-Token2, query token"
		byHand    = "format filter {\nrequest>headers delete\nrequest>uri regexp \"eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*\" REDACTED\n}"
		twoNames  = "format filter {\nrequest>headers>X-Cm-Well-Token delete\nrequest>headers>X-Cm-Well-Token2 delete\n}"
		parameter = "format filter {\nrequest>headers delete\nrequest>uri query {\nreplace token -\n}\n}"
	)
	for name, row := range map[string]struct{ byDefault, ofAccess, setting, warnedOf string }{
		"plain logs":                   {"format json", "format console", "", "http.log.access.log0: " + all + "; http.log.error.log0: " + all},
		"only the access log redacts":  {"", redact, "", "http.log.error.log0: " + all},
		"only the default log redacts": {redact, "format json", "", "http.log.access.log0: " + all},
		"both redact":                  {redact + " console", redact + " json", "", ""},
		"redacted before and after":    {redact + " filter {\nrequest>uri delete\n}", "format filter {\nwrap cmwell_redact\nrequest>uri delete\n}", "", ""},
		"filtered by hand":             {byHand, byHand, "", ""},
		"a filter of two names":        {redact, twoNames, "", "http.log.access.log0: header Referer, query token"},
		"a header of its own":          {redact, twoNames, "token_from header X-Door", "http.log.access.log0: header Referer, header X-Door, query token"},
		"a parameter of its own":       {redact, parameter, "token_from query t", "http.log.access.log0: query t"},
		"a log that goes nowhere":      {redact, "output discard", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDoor(t, withLogs(row.byDefault, row.ofAccess, ownKey, row.setting), doorOptions{store: "127.0.0.1:1"})
			d.says(t, "serving initial configuration")
			if got := warnedOf(d.output.String()); got != row.warnedOf {
				t.Errorf("warned of %q, want %q", got, row.warnedOf)
			}
		})
	}
}

func TestADefaultLogIsWarnedOfOnceForAllDoors(t *testing.T) {
	text := frontDoor(ownKey)
	second := text[strings.Index(text, "\tcmwell_auth {"):strings.Index(text, "\treverse_proxy")]
	text = strings.Replace(text, "\treverse_proxy", "\thandle /other/* {\n"+second+"\t}\n\treverse_proxy", 1)
	d := startDoor(t, text, doorOptions{store: "127.0.0.1:1"})
	d.says(t, "serving initial configuration")
	if got := warnedOf(d.output.String()); strings.Count(got, "http.log.error") != 1 {
		t.Errorf("warned of %q", got)
	}
}

var logWarning = regexp.MustCompile(`tokens of requests can show in logs: give them .format cmwell_redact.*"logs": ?\[(.*?)\]`)

// warnedOf is what the one warning of a start names, and all of them when there
// are more.
func warnedOf(output string) string {
	var all []string
	for _, found := range logWarning.FindAllStringSubmatch(output, -1) {
		logs := strings.Split(strings.Trim(found[1], `"`), `","`)
		for i, log := range logs {
			logger, places, _ := strings.Cut(log, ": ")
			names := strings.Split(places, ", ")
			slices.Sort(names)
			logs[i] = logger + ": " + strings.Join(names, ", ")
		}
		all = append(all, strings.Join(logs, "; "))
	}
	return strings.Join(all, "\n")
}
