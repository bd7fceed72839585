package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
)

// macKey is a secret ready to verify with: the states of the hash after the two
// padded blocks of HMAC (RFC 2104, section 4). They are as secret as the secret.
// The zero macKey verifies nothing.
type macKey struct {
	algorithm    Algorithm
	inner, outer []byte
}

func newMACKey(a Algorithm, s Secret) (macKey, error) {
	newHash := sha256.New
	if a == HS512 {
		newHash = sha512.New
	}
	// A secret longer than a block counts as its hash: RFC 2104, section 2.
	h := newHash()
	block := make([]byte, h.BlockSize())
	if len(s) > len(block) {
		h.Write(s)
		s = h.Sum(nil)
	}
	copy(block, s)
	inner, err := stateAfter(newHash(), block, 0x36)
	if err != nil {
		return macKey{}, err
	}
	outer, err := stateAfter(newHash(), block, 0x5c)
	if err != nil {
		return macKey{}, err
	}
	k := macKey{algorithm: a, inner: inner, outer: outer}
	return k, k.prove(newHash, block)
}

// prove returns an error unless k finds the codes that crypto/hmac makes.
func (k *macKey) prove(newHash func() hash.Hash, block []byte) error {
	code := hmac.New(newHash, block)
	for n := range 2 * len(block) {
		code.Reset()
		code.Write(make([]byte, n))
		if !k.made([]byte(canonical.EncodeToString(code.Sum(nil))), make([]byte, n)) {
			return errors.New("this hash has its state in another form")
		}
	}
	return nil
}

// stateAfter is the state of the hash after block with pad in each byte.
func stateAfter(h hash.Hash, block []byte, pad byte) ([]byte, error) {
	padded := make([]byte, len(block))
	for i, b := range block {
		padded[i] = b ^ pad
	}
	h.Write(padded)
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, errors.New("this hash does not tell its state")
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("state of a hash: %w", err)
	}
	return state, nil
}

// made tells whether signature is the HMAC of message in base64url, in a time that does
// not depend on the signature's bytes. What is written in another way than the one is not.
func (k *macKey) made(signature, message []byte) bool {
	if k.algorithm == HS512 {
		return k.made512(signature, message)
	}
	return k.made256(signature, message)
}

// made256 is made with SHA-256. The hash is on the stack, so that nothing of it is
// shared or left over: that takes a type known here.
func (k *macKey) made256(signature, message []byte) bool {
	h := sha256.New()
	state, ok := h.(tellingHash)
	if !ok || state.UnmarshalBinary(k.inner) != nil {
		return false
	}
	whole := len(message) &^ (sha256.BlockSize - 1)
	h.Write(message[:whole])
	var inner, outer lastBlocks
	h.Write(inner.pad(message[whole:], sha256.BlockSize+len(message)))
	var memory [maxState]byte
	sum, err := state.AppendBinary(memory[:0])
	if err != nil || state.UnmarshalBinary(k.outer) != nil {
		return false
	}
	h.Write(outer.pad(sum[sumAt:sumAt+sha256.Size], sha256.BlockSize+sha256.Size))
	if sum, err = state.AppendBinary(memory[:0]); err != nil {
		return false
	}
	var code [(sha256.Size*8 + 5) / 6]byte
	canonical.Encode(code[:], sum[sumAt:sumAt+sha256.Size])
	return hmac.Equal(signature, code[:])
}

// A hash of SHA-2 is its state after the last block, padded. Who pads by himself finds it
// in the state as crypto/sha256 tells it: behind four bytes that name the form. The hash's
// Sum copies all, pads the copy and leaves the hash as it was, for which nobody asks
// here; it takes half as long again for a token. That the form is this one, prove knows.
type tellingHash interface {
	encoding.BinaryUnmarshaler
	encoding.BinaryAppender
}

const (
	sumAt    = 4
	maxState = 128
)

// lastBlocks has room for what is left of a message after its whole blocks, and for what
// is put behind it.
type lastBlocks [2 * sha256.BlockSize]byte

// pad is FIPS 180-4, section 5.1.1. It returns the rest with its padding; length is that
// of all that is hashed, in bytes.
func (b *lastBlocks) pad(rest []byte, length int) []byte {
	const bits = 8 // the length's, in bytes
	n := copy(b[:], rest)
	b[n] = 0x80
	end := (n + 1 + bits + sha256.BlockSize - 1) &^ (sha256.BlockSize - 1)
	binary.BigEndian.PutUint64(b[end-bits:], uint64(length)*8)
	return b[:end]
}

// made512 is made with SHA-512.
func (k *macKey) made512(signature, message []byte) bool {
	h := sha512.New()
	state, ok := h.(encoding.BinaryUnmarshaler)
	if !ok || state.UnmarshalBinary(k.inner) != nil {
		return false
	}
	h.Write(message)
	var inner, outer [sha512.Size]byte
	h.Sum(inner[:0])
	if state.UnmarshalBinary(k.outer) != nil {
		return false
	}
	h.Write(inner[:])
	h.Sum(outer[:0])
	var code [(sha512.Size*8 + 5) / 6]byte
	canonical.Encode(code[:], outer[:])
	return hmac.Equal(signature, code[:])
}
