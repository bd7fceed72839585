package redis

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// What it costs that there are very many users: nothing but memory, in Redis.
func BenchmarkAMillionUsers(b *testing.B) {
	for _, users := range []int{10, 1_000_000} {
		server := redistest.Start(b)
		server.Fill(b, "{test}:", users)
		options := optionsFor(server.Address)
		options.CacheSize, options.Timeout = 10_000, 20*time.Second
		b.Run(fmt.Sprintf("%d/start", users), func(b *testing.B) {
			for b.Loop() {
				s := New(options)
				s.Start(Home{})
				if err := s.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
		s := open(b, options, Home{})
		names := make([]string, min(users, 100_000))
		for i := range names {
			names[i] = redistest.UserName(i)
		}
		ask := func(i int) {
			if p, err := s.Principal(b.Context(), names[i]); err != nil || len(p.Rules.Roles) != 1 {
				b.Fatal(p, err)
			}
		}
		b.Run(fmt.Sprintf("%d/known", users), func(b *testing.B) {
			for i := range min(users, 1000) {
				ask(i)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				ask(i % min(users, 1000))
			}
		})
		b.Run(fmt.Sprintf("%d/any", users), func(b *testing.B) {
			for b.Loop() {
				ask(rand.IntN(len(names)))
			}
		})
		b.Run(fmt.Sprintf("%d/memory", users), func(b *testing.B) {
			var before, after runtime.MemStats
			for range b.N {
				fresh := open(b, options, Home{})
				runtime.GC()
				runtime.ReadMemStats(&before)
				for _, name := range names[:min(len(names), 20_000)] {
					if _, err := fresh.Principal(b.Context(), name); err != nil {
						b.Fatal(err)
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(fresh.view.held), "known")
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(fresh.view.held), "B/known")
				if err := fresh.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
