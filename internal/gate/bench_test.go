package gate

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// checks has one request after the other checked: r with each of the tokens in
// turn, or as it is.
func checks(b *testing.B, k *Keeper, r *http.Request, passes bool, tokens ...string) {
	values := make([][]string, len(tokens))
	for i := range tokens {
		values[i] = tokens[i : i+1]
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if len(values) > 0 {
			r.Header[TokenHeader] = values[i%len(values)]
		}
		if _, err := k.Check(r); (err == nil) != passes {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	k := withRules(b, CMWell)
	for _, row := range []struct{ name, who, line string }{
		{"anonymous read", "", "GET /tests/a/b"},
		{"anonymous read with headers", "", "GET /tests/a/b" + curl},
		{"anonymous read with a query", "", "GET /tests/a/b?op=search&qp=type::x&length=5"},
		{"anonymous read of an escaped path", "", "GET /tests/caf%C3%A9/a%20b"},
		{"authenticated read", "ann", "GET /tests/a/b"},
		{"authenticated write", "ann", "PUT /tests/a/b"},
		{"authenticated write with headers", "ann", "PUT /tests/a/b" + curl},
		{"authenticated delete", "ann", "DELETE /tests/a/b"},
	} {
		b.Run(row.name, func(b *testing.B) { checks(b, k, send(b, k, row.who, row.line), true) })
	}
}

// BenchmarkTokens is about streams of tokens, each of which comes once in a long
// time.
func BenchmarkTokens(b *testing.B) {
	k := withRules(b, CMWell)
	stream := func(change func(i int) string) []string {
		tokens := make([]string, 1<<14)
		for i := range tokens {
			tokens[i] = change(i)
		}
		return tokens
	}
	good := func(i int) string { return tokenOf(b, k, "ann", 5, time.Hour+time.Duration(i)*time.Millisecond) }
	for _, row := range []struct {
		name   string
		passes bool
		token  func(i int) string
	}{
		{"distinct", true, good},
		{"wrong signature", false, func(i int) string { raw := good(i); return raw[:len(raw)-4] + "AAAA" }},
		{"expired", false, func(i int) string { return tokenOf(b, k, "ann", 5, -time.Duration(i+1)*time.Millisecond) }},
		{"revoked", false, func(i int) string { return tokenOf(b, k, "ann", 6+int64(i), time.Hour) }},
		{"no such user", false, func(i int) string { return tokenOf(b, k, fmt.Sprint("u", i), 0, time.Hour) }},
		{"malformed", false, func(i int) string { return good(i)[1:] }},
	} {
		b.Run(row.name, func(b *testing.B) {
			checks(b, k, send(b, k, "ann", "PUT /tests/a/b"), row.passes, stream(row.token)...)
		})
	}
}

func BenchmarkRules(b *testing.B) {
	k := withRules(b, CMWell, 10, 1000)
	for _, n := range []int{10, 1000} {
		for _, line := range []string{"PUT /tests/a/b", "DELETE /tests/a/b"} {
			b.Run(fmt.Sprintf("%d, %s", n, line), func(b *testing.B) { checks(b, k, send(b, k, fmt.Sprintf("rules%d", n), line), true) })
		}
	}
}

// BenchmarkUsers has a thousand users write, or as many as there are.
func BenchmarkUsers(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		k := newKeeper(b, false, CMWell)
		o := office{everybody(b), make(map[string]*account.Principal, n)}
		paths := []permission.Entry{entry(b, "/tests", true, permission.Read|permission.Write)}
		for i := range n {
			name := fmt.Sprintf("user%d", i)
			o.principals[name] = &account.Principal{User: account.User{Name: name}, Rules: permission.Rules{Own: paths}}
		}
		k.Users = o
		var tokens []string
		for i := range min(n, 1000) {
			tokens = append(tokens, tokenOf(b, k, fmt.Sprintf("user%d", i*(n/min(n, 1000))), 0, time.Hour))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) { checks(b, k, send(b, k, "ann", "PUT /tests/a/b"), true, tokens...) })
	}
}

// BenchmarkParallel is for -cpu 1,2: what one core does, each further one should.
func BenchmarkParallel(b *testing.B) {
	k := withRules(b, CMWell, 10)
	for _, row := range []struct{ name, who, line string }{
		{"anonymous read", "", "GET /tests/a/b"},
		{"authenticated write", "rules10", "PUT /tests/a/b"},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := send(b, k, row.who, row.line)
				for pb.Next() {
					if _, err := k.Check(r); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	k := withRules(b, CMWell)
	for _, who := range []string{"anonymous", "ann"} {
		b.Run("by "+who, func(b *testing.B) {
			r := send(b, k, map[string]string{"ann": who}[who], "GET /tests/a/b"+curl)
			pass, err := k.Check(r)
			if err != nil {
				b.Fatal(err)
			}
			sent := maps.Clone(r.Header)
			b.ReportAllocs()
			for b.Loop() {
				clear(r.Header)
				maps.Copy(r.Header, sent)
				k.Prepare(r, &pass)
			}
		})
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, line := range []string{"GET /a", "GET /a?op=search&qp=x", "POST /a", "DELETE /a", "POST /_in", "GET /_unknown"} {
		b.Run(line, func(b *testing.B) {
			k := newKeeper(b, false, CMWell)
			r := send(b, k, "", line)
			path, err := permission.ParsePath(r.URL.EscapedPath())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				wants := asks{list: [2]ask{{path: path}}}
				q := question{method: r.Method, query: parseQuery(r.URL.RawQuery), header: r.Header}
				if err := CMWell.asks(&wants, &q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBulk is a bulk write of 1 MB, each line of which names another subject.
func BenchmarkBulk(b *testing.B) {
	k := withRules(b, CMWell)
	k.Bulk = Bulk{Limit: 8 << 20, Room: semaphore.NewWeighted(16 << 20), Wait: time.Minute, Turns: semaphore.NewWeighted(1)}
	for _, iri := range []string{"cmwell://tests/%06d", "http://example.com/tests/%06d"} {
		b.Run(iri, func(b *testing.B) {
			var body strings.Builder
			for n := 0; body.Len() < 1<<20; n++ {
				fmt.Fprintf(&body, "<"+iri+"> <http://example.org/ns#name> \"Ann\" .\n", n)
			}
			r := send(b, k, "ann", "POST /_in?format=ntriples")
			b.SetBytes(int64(body.Len()))
			b.ReportAllocs()
			for b.Loop() {
				ctx, answered := context.WithCancel(b.Context())
				r := r.WithContext(ctx)
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body.String())), int64(body.Len())
				if _, err := k.Check(r); err != nil {
					b.Fatal(err)
				}
				answered()
			}
		})
	}
}
