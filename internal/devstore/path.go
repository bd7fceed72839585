package devstore

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// longestPath keeps a path well under the longest key that bbolt accepts.
const longestPath = 4096

// cleanPath gives the one spelling under which an infoton is kept: slashes
// are never doubled and never trail. A path that could be read in two ways is
// refused rather than guessed at, because a door in front of the store may
// have guessed differently.
func cleanPath(raw string) (string, error) {
	if !strings.HasPrefix(raw, "/") {
		return "", badRequest("a path begins with a slash, and %q does not", raw)
	}
	if !utf8.ValidString(raw) {
		return "", badRequest("the path %q is not valid UTF-8", raw)
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", badRequest("the path %q has a control character in it", raw)
	}
	var segments []string
	for segment := range strings.SplitSeq(raw, "/") {
		switch segment {
		case "":
		case ".", "..":
			return "", badRequest("the path %q has a dot segment in it", raw)
		default:
			segments = append(segments, segment)
		}
	}
	path := "/" + strings.Join(segments, "/")
	if len(path) > longestPath {
		return "", badRequest("a path has %d bytes at most, and this one has %d", longestPath, len(path))
	}
	return path, nil
}

// infotonPath is cleanPath for a path that shall name an infoton, so it
// refuses the root and the service paths.
func infotonPath(raw string) (string, error) {
	path, err := cleanPath(raw)
	if err != nil {
		return "", err
	}
	if path == "/" {
		return "", badRequest("the root is a folder and cannot be an infoton")
	}
	if isServicePath(path) {
		return "", badRequest("%s is a service path and cannot be an infoton", path)
	}
	return path, nil
}

func isServicePath(path string) bool {
	return strings.HasPrefix(path, "/_")
}

// parentOf gives the path one step up, and nothing for the root.
func parentOf(path string) string {
	if path == "/" {
		return ""
	}
	if cut := strings.LastIndexByte(path, '/'); cut > 0 {
		return path[:cut]
	}
	return "/"
}

// prefixOf gives what every path below this one begins with.
func prefixOf(path string) string {
	if path == "/" {
		return "/"
	}
	return path + "/"
}

// flag reads a query parameter that may stand without a value, as in
// "?recursive".
func flag(query url.Values, name string, whenAbsent bool) (bool, error) {
	if !query.Has(name) {
		return whenAbsent, nil
	}
	switch value := query.Get(name); value {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, badRequest("%s is true or false, not %q", name, value)
	}
}
