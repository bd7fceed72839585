package bcrypt

import "testing"

// What one login costs, alone and in a batch of four, is the last figure of each.
func BenchmarkOne(b *testing.B)  { benchmark(b, 1) }
func BenchmarkFour(b *testing.B) { benchmark(b, Lanes) }

func benchmark(b *testing.B, width int) {
	tries := make([]Try, width)
	for i := range tries {
		tries[i] = Try{"$2a$10$cmwellxauthxxdecoyxxxxuTp8Cg2vDkqOkv0tSdNTZxRcZ5rXf2W", "wrong"}
	}
	for b.Loop() {
		if right, err := Match(nil, tries...); err != nil || right[0] {
			b.Fatal(right, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*width)/1000, "ms/hash")
}

// Once in a process, before the first hash.
func BenchmarkInitial(b *testing.B) {
	for b.Loop() {
		if pi() == (schedule{}) {
			b.Fatal("no digits of pi")
		}
	}
}
