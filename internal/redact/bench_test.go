package redact

import (
	"strings"
	"testing"
)

// BenchmarkText has what a line of the access log holds, and what is made to
// take long: its time must grow with its length only.
func BenchmarkText(b *testing.B) {
	for name, text := range map[string]string{
		"plain":      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0",
		"uri":        "/example.org/people/ann?op=search&qp=type::person,name:ann&length=5",
		"token":      "/example.org/people/ann?token=" + tok,
		"heads16k":   strings.Repeat("eyJhbGciOiJI", 16<<10/12) + ".x",
		"percent16k": "/" + strings.Repeat("%25", 16<<10/3),
		"pairs16k":   "/?" + strings.Repeat("a=", 8<<10),
		"named16k":   "/?" + strings.Repeat("%61=&", 16<<10/5),
		"tokens16k":  strings.Repeat("eyJhbGciOiJI.e ", 16<<10/15),
		"equals16k":  strings.Repeat("=", 16<<10),
		"slashes16k": "/" + strings.Repeat("%/", 8<<10),
	} {
		b.Run(name, func(b *testing.B) {
			var s Secrets
			b.ReportAllocs()
			for b.Loop() {
				s.Text(text)
			}
		})
	}
}
