package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/login"
)

// result prints what a command gives: the value in JSON, or the text for people.
func (s *shell) result(cmd *cobra.Command, value any, text func(w io.Writer)) error {
	if !inJSON(cmd) {
		text(s.Out)
		return nil
	}
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// say prints a line for people.
func line(format string, args ...any) func(io.Writer) {
	return func(w io.Writer) { fmt.Fprintln(w, printable(fmt.Sprintf(format, args...))) }
}

// note tells people something beside the result.
func (s *shell) note(format string, args ...any) {
	fmt.Fprintln(s.Err, printable(fmt.Sprintf(format, args...)))
}

// table writes rows in columns.
func table(w io.Writer, header string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ReplaceAll(header, " ", "\t"))
	for _, row := range rows {
		for i, cell := range row {
			if row[i] = printable(cell); cell == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush() // whoever does not read it has gone
}

// printable shows what a terminal would obey, and what hides in a line of text, in
// the escapes of Go: documents and servers are others' text.
func printable(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }

func counts(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// moment is a time as people read it, with how far away it is.
func moment(t time.Time) string {
	text := t.UTC().Format("2006-01-02 15:04:05 MST")
	away := time.Until(t)
	switch {
	case away <= -time.Minute:
		return text + " (" + login.Period(-away.Truncate(time.Minute)) + " ago)"
	case away >= time.Minute:
		return text + " (in " + login.Period(away.Truncate(time.Minute)) + ")"
	}
	return text
}
