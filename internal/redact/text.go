package redact

import (
	"encoding/base64"
	"strings"
)

// Text is s without its secrets: whatever has the shape of a JWT, the values of
// pairs such as "token=…" with the names of secrets, the user and password of a
// URL, and the credentials behind the word Basic. Escapes are decoded to find
// them, as often as there are any. All else of s stays as it is.
func (s *Secrets) Text(text string) string {
	if !mayHide(text) {
		return text
	}
	if isURI(text) {
		return s.word(text) // may hold spaces and quotes, as HTTP/2 lets them through
	}
	var out strings.Builder
	basic := false
	for len(text) > 0 {
		n := endOfWord(text)
		if n == 0 {
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		word := text[:n]
		if basic && isUserAndPassword(word) {
			out.WriteString(Hidden)
		} else {
			out.WriteString(s.word(word))
		}
		basic = strings.EqualFold(word, "Basic")
		text = text[n:]
	}
	return out.String()
}

// mayHide is quick to clear what holds no secret, as most texts do not.
func mayHide(text string) bool {
	for i := range len(text) {
		switch text[i] {
		case '=', '%', '@':
			return true
		case 'e':
			if i+1 < len(text) && (text[i+1] == 'y' || text[i+1] == 'w') {
				return true
			}
		case 'b', 'B':
			if i+5 < len(text) && strings.EqualFold(text[i+1:i+5], "asic") {
				return true
			}
		}
	}
	return false
}

// isURI tells whether a text is one URI, and no sentence that holds one.
func isURI(text string) bool {
	if text[0] == '/' || text[0] == '?' {
		return true
	}
	scheme, _, found := strings.Cut(text, "://")
	return found && wordLength(scheme) == len(scheme)
}

// endOfWord is where a word of a sentence ends: at white space or at a quote
// that is not escaped. 0 means that text begins with such a thing.
func endOfWord(text string) int {
	for i := range len(text) {
		if isSpace(rune(text[i])) || text[i] == '"' && (i == 0 || text[i-1] != '\\') {
			return i
		}
	}
	return len(text)
}

// word is a word without secrets, read as a URI or a part of one.
func (s *Secrets) word(word string) string {
	word = s.withoutValues(withoutUserinfo(word))
	if strings.IndexByte(word, '%') < 0 {
		return withoutTokens(word)
	}
	var out strings.Builder
	for part := range parts(word) {
		out.WriteString(s.part(part))
	}
	return out.String()
}

// withoutUserinfo hides what stands before the host of a URL.
func withoutUserinfo(word string) string {
	scheme, rest, found := strings.Cut(word, "://")
	if !found {
		return word
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return word
	}
	return scheme + "://" + Hidden + rest[at:]
}

// withoutValues hides the values of pairs that name a secret, up to the next
// "&": what else separates pairs for one reader belongs to the value for another.
func (s *Secrets) withoutValues(word string) string {
	var out strings.Builder
	from := 0 // what out lacks
	for at := 0; ; {
		n := strings.IndexByte(word[at:], '=')
		if n < 0 {
			break
		}
		name, behind := word[at:at+n], at+n+1
		at = behind
		if !s.names(name) {
			continue
		}
		if n := strings.IndexByte(word[behind:], '&'); n >= 0 {
			at += n
		} else {
			at = len(word)
		}
		if at > behind {
			out.WriteString(word[from:behind])
			out.WriteString(Hidden)
			from = at
		}
	}
	if from == 0 {
		return word
	}
	out.WriteString(word[from:])
	return out.String()
}

// names tells whether text that stands before an equals sign names a secret. A
// name in a query that nobody can decode might.
func (s *Secrets) names(text string) bool {
	if i := strings.LastIndexAny(text, "&?"); i >= 0 {
		text = text[i+1:]
		if hasBadEscape(text) {
			return true
		}
	}
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return s.parameter(text)
	}
	once, wholly := decodings(text)
	return s.parameter(trimmed(once)) || s.parameter(trimmed(wholly))
}

func trimmed(name string) string {
	return strings.TrimRightFunc(name, func(r rune) bool { return r <= ' ' })
}

// parts splits a URI into segments of its path and pairs of its query, each
// with the separator behind it.
func parts(uri string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		separators := "/?&"
		for len(uri) > 0 {
			n := strings.IndexAny(uri, separators) + 1
			if n == 0 {
				n = len(uri)
			}
			if uri[n-1] == '?' {
				separators = "&"
			}
			if !yield(uri[:n]) {
				return
			}
			uri = uri[n:]
		}
	}
}

// part is a segment or a pair without tokens. What holds a secret once it is
// decoded is hidden whole, but for a plain name.
func (s *Secrets) part(part string) string {
	if strings.IndexByte(part, '%') < 0 {
		return withoutTokens(part)
	}
	if once, wholly := decodings(part); !s.shows(once) && !s.shows(wholly) {
		return withoutTokens(part)
	}
	end := len(strings.TrimRight(part, "/?&"))
	from := 0
	if i := strings.IndexByte(part[:end], '='); i >= 0 && strings.IndexByte(part[:i], '%') < 0 {
		if _, _, found := findToken(part[:i]); !found {
			from = i + 1
		}
	}
	return part[:from] + Hidden + part[end:]
}

// withoutTokens hides what has the shape of a JWT.
func withoutTokens(s string) string {
	var out strings.Builder
	for {
		start, end, found := findToken(s)
		if !found {
			break
		}
		out.WriteString(s[:start])
		out.WriteString(Hidden)
		s = s[end:]
	}
	if out.Len() == 0 {
		return s
	}
	out.WriteString(s)
	return out.String()
}

// shows tells whether decoded text holds a secret.
func (s *Secrets) shows(text string) bool {
	if _, _, found := findToken(text); found {
		return true
	}
	return s.withoutValues(text) != text
}

func isUserAndPassword(word string) bool {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimRight(word, `,;:.'\`))
	return err == nil && strings.IndexByte(string(decoded), ':') >= 0
}
