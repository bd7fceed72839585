package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
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
	return macKey{algorithm: a, inner: inner, outer: outer}, nil
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

// made tells whether signature is the HMAC of message, in a time that does not
// depend on the signature's bytes.
func (k *macKey) made(signature, message []byte) bool {
	if k.algorithm == HS512 {
		return k.made512(signature, message)
	}
	return k.made256(signature, message)
}

// made256 and made512 differ in the hash alone, which lives on the stack, so
// that nothing of it is shared or left over: that takes a type known here.
func (k *macKey) made256(signature, message []byte) bool {
	h := sha256.New()
	state, ok := h.(encoding.BinaryUnmarshaler)
	if !ok || state.UnmarshalBinary(k.inner) != nil {
		return false
	}
	h.Write(message)
	var inner, outer [sha256.Size]byte
	h.Sum(inner[:0])
	if state.UnmarshalBinary(k.outer) != nil {
		return false
	}
	h.Write(inner[:])
	h.Sum(outer[:0])
	return hmac.Equal(signature, outer[:])
}

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
	return hmac.Equal(signature, outer[:])
}
