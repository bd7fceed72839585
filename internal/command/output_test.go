package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/remote"
)

func TestATerminalObeysNothingThatOthersWrote(t *testing.T) {
	for text, want := range map[string]string{
		"plain, with ü and 中":      "plain, with ü and 中",
		"two\nlines":               "two\nlines",
		"\x1b[2Jgone":              `\x1b[2Jgone`,
		"back\rspace\x08":          `back\rspace\b`,
		"turned \u202eround":       `turned \u202eround`,
		"c1 \u009b31m":             `c1 \u009b31m`,
		"no text \xff":             "no text \ufffd",
		"tab\tand nul\x00":         `tab\tand nul\x00`,
		"a soft\u00adhyphen\u200b": `a soft\u00adhyphen\u200b`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestArgumentsAreCounted(t *testing.T) {
	for _, row := range []struct {
		wanted, given string
		says          string
	}{
		{"", "", ""}, {"<name>", "ann", ""}, {"[<file>]", "", ""}, {"[<file>]", "a", ""},
		{"<user> <path>", "ann", "<path> is missing"},
		{"<name>", "ann bob", `"bob" is one too many: <name> is accepted`},
		{"", "ann", `"ann" is one too many: no arguments are accepted`},
	} {
		err := counted(strings.Fields(row.wanted), strings.Fields(row.given))
		if row.says == "" && err != nil || row.says != "" && (err == nil || err.Error() != row.says || codeOf(err) != misused) {
			t.Errorf("%s for %s: %v", row.given, row.wanted, err)
		}
	}
}

func TestEveryErrorHasItsCode(t *testing.T) {
	for code, errs := range map[int][]error{
		failed:      {errors.New("other"), account.ErrReadOnly, context.Canceled, fs.ErrPermission},
		misused:     {misuse("x"), fmt.Errorf("x: %w", misuse("y")), misuse("x: %w", account.ErrNotExist)},
		absent:      {account.ErrNotExist, missing("x"), noFile{"a", ""}, fmt.Errorf("x: %w", fs.ErrNotExist)},
		unreachable: {remote.ErrUnreachable, fmt.Errorf("x: %w: %w", remote.ErrUnreachable, fs.ErrNotExist)},
	} {
		for _, err := range errs {
			if got := codeOf(err); got != code {
				t.Errorf("%v: %d, want %d", err, got, code)
			}
		}
	}
}

func TestASecretIsOneLine(t *testing.T) {
	for input, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n": "secret", "two words": "two words", " secret": " secret", "": "", "\n": "",
		strings.Repeat("x", maxSecret) + "\r\n": strings.Repeat("x", maxSecret),
	} {
		s := &shell{Surroundings{In: strings.NewReader(input)}}
		if got, err := s.secretLine("it"); err != nil || got != want {
			t.Errorf("%.20q: %.20q, %v", input, got, err)
		}
	}
	for _, input := range []string{"one\ntwo", "one\n\n", "one\rtwo", strings.Repeat("x", maxSecret+1)} {
		s := &shell{Surroundings{In: strings.NewReader(input)}}
		if got, err := s.secretLine("it"); codeOf(err) != misused || got != "" {
			t.Errorf("%.20q: %.20q, %v", input, got, err)
		}
	}
}

func TestMomentsSayHowFarTheyAre(t *testing.T) {
	for away, want := range map[time.Duration]string{
		26*time.Hour + time.Second:      " UTC (in 1d 2h)",
		-(90*time.Minute + time.Second): " UTC (1h 30m ago)",
		time.Second:                     " UTC",
	} {
		if got := moment(time.Now().Add(away)); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", away, got)
		}
	}
}

func TestATableHasNoHoles(t *testing.T) {
	var out bytes.Buffer
	table(&out, "NAME ROLES", [][]string{{"ann", ""}, {"a-longer-name", "x\x1b"}})
	if want := "NAME           ROLES\nann            -\na-longer-name  x\\x1b\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
