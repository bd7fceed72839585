package redis

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// What stands in Redis may have been written by others.
func FuzzWhatRedisKeeps(f *testing.F) {
	for _, text := range []string{"", "0", "7", "-1", "+7", "9223372036854775808", " 1", "bcrypt 12", "argon2id 65536 3 1", "bcrypt", "bcrypt 12 x", "bcrypt -1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &Store{}
		floor, err := s.floorOf(text)
		if err != nil && (floor != 0 || !errors.Is(err, errUnsound)) || err == nil && account.CheckFloor(floor) != nil {
			t.Fatalf("the floor %q is %d, %v", text, floor, err)
		}
		var a account.Shape
		if scans(text, "argon2id %d %d %d", &a.Memory, &a.Time, &a.Threads) && a.Memory > 0 {
			if again := new(account.Shape); !scans(nameOf(a), "argon2id %d %d %d", &again.Memory, &again.Time, &again.Threads) || *again != a {
				t.Fatalf("%q is %s, which is another", text, fmt.Sprint(a))
			}
		}
	})
}
