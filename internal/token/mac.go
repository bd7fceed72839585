package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
)

// macKey is a secret ready to verify with: the states of SHA-256 after the two
// padded blocks of HMAC (RFC 2104, section 4). They are as secret as the secret.
// The zero macKey verifies nothing.
type macKey struct {
	inner, outer []byte
}

func newMACKey(s Secret) (macKey, error) {
	// A secret longer than a block counts as its hash: RFC 2104, section 2.
	block := make([]byte, sha256.BlockSize)
	if len(s) > len(block) {
		sum := sha256.Sum256(s)
		s = sum[:]
	}
	copy(block, s)
	inner, err := stateAfter(block, 0x36)
	if err != nil {
		return macKey{}, err
	}
	outer, err := stateAfter(block, 0x5c)
	if err != nil {
		return macKey{}, err
	}
	return macKey{inner: inner, outer: outer}, nil
}

// stateAfter is the state of SHA-256 after block with pad in each byte.
func stateAfter(block []byte, pad byte) ([]byte, error) {
	padded := make([]byte, len(block))
	for i, b := range block {
		padded[i] = b ^ pad
	}
	h := sha256.New()
	h.Write(padded)
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, errors.New("this SHA-256 does not tell its state")
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("state of SHA-256: %w", err)
	}
	return state, nil
}

// made tells whether signature is the HMAC with SHA-256 of message, in a time
// that does not depend on the signature's bytes. The hash lives on the stack,
// so that nothing of it is shared or left over.
func (k *macKey) made(signature, message []byte) bool {
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
