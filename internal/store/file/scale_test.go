package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// many is a file of that many users, each with all that a user usually has.
func many(n int) []byte {
	var b strings.Builder
	b.WriteString("{\n  \"users\": {\n")
	for i := range n {
		fmt.Fprintf(&b, `    "app-%06d": {"paths": [{"id": "/", "sign": "+", "recursive": true, "permissions": "r"}, {"id": "/example.org/%d", "sign": "+", "recursive": true, "permissions": "rw"}], `+
			`"roles": ["Editor"], "rev": %d, "digest": "$2a$12$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6", "digest2": "%032x", "digest2_sha256": "%064x", "email": "app-%d@example.org"}`,
			i, i, i%7, i, i, i)
		b.WriteString(map[bool]string{true: ",\n", false: "\n"}[i < n-1])
	}
	b.WriteString("  },\n  \"roles\": {\n    \"Editor\": {\"paths\": [{\"id\": \"/docs\", \"sign\": \"+\", \"recursive\": true, \"permissions\": \"rw\"}]}\n  }\n}\n")
	return []byte(b.String())
}

// BenchmarkHundredThousandUsers is what docs/stores.md says of a large file.
func BenchmarkHundredThousandUsers(b *testing.B) {
	text := many(100_000)
	name := filepath.Join(b.TempDir(), "users.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		b.Fatal(err)
	}
	u, err := Open(name, true)
	if err != nil {
		b.Fatal(err)
	}
	parsed, err := Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"read", func(context.Context) error { return second(Parse(text)) }},
		{"warnings", func(context.Context) error { parsed.Warnings(); return nil }},
		{"read again, unchanged", func(context.Context) error { return u.Reload() }},
		{"edit one", func(ctx context.Context) error { return second(u.Edit(ctx, "app-050000", account.Revoke)) }},
		{"add one and delete it", func(ctx context.Context) error {
			err := u.Put(ctx, account.Users, "new", []byte(`{}`))
			return errors.Join(err, u.Delete(ctx, account.Users, "new"))
		}},
	} {
		b.Run(row.what, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := row.do(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
