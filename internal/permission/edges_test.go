package permission

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Decoded, these are slashes and dots with few readings. As they are sent, what a
// server leaves out of them makes too many.
func TestWhatHasTooManyReadingsBeforeItIsDecodedIsRefused(t *testing.T) {
	for _, part := range []string{"//%2f", "//%5c", "//%2e%2e"} {
		if p, err := ParsePath("/" + strings.Repeat(part, 12)); !errors.Is(err, ErrTooManyReadings) || p.Len() != 0 {
			t.Errorf("%s: %d readings, %v", part, p.Len(), err)
		}
	}
}

func TestADotIsNoNameThatEndsInADot(t *testing.T) {
	for sent, want := range map[string][]string{
		"/a/./b":   {"/a/./b", "/a/b"},
		"/a/. /b":  {"/a/. /b", "/a/./b", "/a/b"},
		"/a/../b":  {"/a/../b", "/b"},
		"/a/.. /b": {"/a/.. /b", "/a/../b", "/b"},
	} {
		if got := trimSegments(sent); got != strings.ReplaceAll(sent, " ", "") {
			t.Errorf("%q becomes %q", sent, got)
		}
		p, err := ParsePath(strings.ReplaceAll(sent, " ", "%20"))
		if got := readings(p); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", sent, got, err, want)
		}
	}
}
