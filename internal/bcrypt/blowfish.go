package bcrypt

import (
	"math/big"
	"sync"
)

// subkeys is how many words of a schedule are added between Blowfish's rounds. Four
// tables of 256 words follow them, through which its rounds substitute.
const subkeys = 18

// schedule is Blowfish with a key (B. Schneier, "Description of a New Variable-Length
// Key, 64-Bit Block Cipher", 1993).
type schedule [subkeys + 4*256]uint32

// block is what Blowfish encrypts at once: two words.
type block struct{ left, right uint32 }

func (s *schedule) f(x uint32) uint32 {
	return ((s[subkeys+uint(byte(x>>24))] + s[subkeys+256+uint(byte(x>>16))]) ^
		s[subkeys+512+uint(byte(x>>8))]) + s[subkeys+768+uint(byte(x))]
}

func (s *schedule) encrypt(a block) block {
	a.left ^= s[0]
	for i := 1; i < subkeys-1; i += 2 {
		a.right ^= s.f(a.left) ^ s[i]
		a.left ^= s.f(a.right) ^ s[i+1]
	}
	a.right ^= s[subkeys-1]
	return block{a.right, a.left}
}

// mix adds key material to the subkeys.
func (s *schedule) mix(key *[subkeys]uint32) {
	for i, word := range key {
		s[i] ^= word
	}
}

// expand replaces the schedule by what it encrypts, beginning with zeros; each block
// has the next half of the salt added first.
func (s *schedule) expand(salt [2]block) {
	var a block
	for i := 0; i < len(s); i += 2 {
		half := salt[i/2%2]
		a = s.encrypt(block{a.left ^ half.left, a.right ^ half.right})
		s[i], s[i+1] = a.left, a.right
	}
}

// initial is the schedule without a key.
var initial = sync.OnceValue(pi)

// pi is its first bits behind the point, by Machin's formula: computed, where others
// have a table, since 1042 numbers can be mistaken and no reader would see it.
func pi() (s schedule) {
	const spare = 64 // bits, for what is lost by rounding
	one := new(big.Int).Lsh(big.NewInt(1), 32*uint(len(s))+spare)
	// The integer part is 3, which the words leave out.
	pi := new(big.Int).Sub(inverseTangent(one, 5, 16), inverseTangent(one, 239, 4))
	pi.Rsh(pi, spare)
	for i := len(s) - 1; i >= 0; i-- {
		s[i] = uint32(pi.Uint64())
		pi.Rsh(pi, 32)
	}
	return s
}

// inverseTangent is times*arctan(1/x) in units of one.
func inverseTangent(one *big.Int, x, times int64) *big.Int {
	square, quotient := big.NewInt(x*x), new(big.Int)
	power := new(big.Int).Quo(new(big.Int).Mul(one, big.NewInt(times)), big.NewInt(x))
	sum := new(big.Int).Set(power)
	for n, sign := int64(3), -1; power.Sign() > 0; n, sign = n+2, -sign {
		power.Quo(power, square)
		quotient.Quo(power, big.NewInt(n))
		if sign < 0 {
			sum.Sub(sum, quotient)
		} else {
			sum.Add(sum, quotient)
		}
	}
	return sum
}
