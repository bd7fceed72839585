package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// A door starts, decides and keeps its size whether there are ten users or a million.
// Some thousand of them come again and again.
func BenchmarkADoorBeforeAMillionUsers(b *testing.B) {
	caddyBinary(b) // built before anything is measured
	for _, users := range []int{10, 1_000_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			server := redistest.Start(b)
			server.Fill(b, "{cmwell_auth}:", users)
			store := startRecorder(b, &recorder{})
			var started, asked time.Duration
			var size int
			for range b.N {
				d := newDoor(b, withRedis(server.Address, []string{"timeout 10s"}, ownKey), doorOptions{store: store.address})
				begun := time.Now()
				d.start(b)
				eventually(b, "a user of the door is let in", func() bool {
					got, err := tryAsk(d.address, request("PUT /docs/x", bearing(tokenOf(b, redistest.UserName(0))), "Content-Length: 0"))
					return err == nil && got.status == 200
				})
				started += time.Since(begun)
				w := dial(b, d.address)
				ask := func(i int) {
					w.say(request("GET /docs/x", bearing(tokenOf(b, redistest.UserName(i%min(users, 5000))))))
					if got, err := w.hear("GET"); err != nil || got.status != 200 {
						b.Fatal(got, err)
					}
				}
				for i := range 5000 {
					ask(i)
				}
				const requests = 20_000
				begun = time.Now()
				for i := range requests {
					ask(i)
				}
				asked += time.Since(begun) / requests
				w.connection.Close()
				size += d.memory(b, "VmRSS") >> 20
				d.stop(b)
				store.take()
			}
			b.ReportMetric(started.Seconds()/float64(b.N), "s/start")
			b.ReportMetric(float64(asked.Microseconds())/float64(b.N), "µs/request")
			b.ReportMetric(float64(size)/float64(b.N), "MiB")
		})
	}
}
