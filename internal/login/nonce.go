package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// nonceLife is how long a nonce can be answered.
const nonceLife = 5 * time.Minute

// nonces are made and recognised without being stored: they carry their time
// and a MAC. So a flood of challenges costs no memory, and a server that starts
// anew, or another one with the same key, knows them.
type nonces struct {
	key    func() ([]byte, error)
	former func() []byte // may be nil
	now    func() time.Time
}

const (
	nonceTime   = 8  // bytes: milliseconds since the epoch
	nonceRandom = 8  // bytes that nobody can foresee
	nonceMAC    = 16 // bytes of HMAC-SHA-256
	nonceSize   = nonceTime + nonceRandom + nonceMAC
)

var base64url = base64.RawURLEncoding.Strict()

// issue makes a nonce and the opaque value that belongs to it.
func (n nonces) issue() (nonce, opaque string, err error) {
	key, err := n.key()
	if err != nil {
		return "", "", err
	}
	b := make([]byte, nonceTime+nonceRandom, nonceSize)
	binary.BigEndian.PutUint64(b, uint64(n.now().UnixMilli()))
	if _, err := rand.Read(b[nonceTime:]); err != nil {
		return "", "", err
	}
	nonce = base64url.EncodeToString(append(b, mac(key, "nonce", b)...))
	return nonce, opaqueOf(key, nonce), nil
}

// nonceState is what is known of a nonce that a client sends back.
type nonceState uint8

const (
	nonceForged nonceState = iota
	nonceStale
	nonceFresh
)

// check recognises a nonce, and the opaque value that was issued with it.
func (n nonces) check(nonce, opaque string) (nonceState, time.Time, error) {
	key, err := n.key()
	if err != nil {
		return nonceForged, time.Time{}, err
	}
	b, err := base64url.DecodeString(nonce)
	if err != nil || len(b) != nonceSize {
		return nonceForged, time.Time{}, nil
	}
	signed := b[:nonceTime+nonceRandom]
	genuine := func(key []byte) bool {
		return hmac.Equal(b[nonceTime+nonceRandom:], mac(key, "nonce", signed)) && hmac.Equal([]byte(opaque), []byte(opaqueOf(key, nonce)))
	}
	issued := time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
	if !genuine(key) {
		// The key that was replaced may be known to others: what it signed is worth
		// no login, but another try.
		if n.former != nil {
			if former := n.former(); former != nil && genuine(former) {
				return nonceStale, issued.Add(nonceLife), nil
			}
		}
		return nonceForged, time.Time{}, nil
	}
	age := n.now().Sub(issued)
	if age < -nonceLife { // another door's clock may be ahead, but not by this much
		return nonceForged, time.Time{}, nil
	}
	if age >= nonceLife {
		return nonceStale, issued.Add(nonceLife), nil
	}
	return nonceFresh, issued.Add(nonceLife), nil
}

func opaqueOf(key []byte, nonce string) string {
	return base64url.EncodeToString(mac(key, "opaque", []byte(nonce)))
}

func mac(key []byte, label string, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(label + "\x00"))
	h.Write(b)
	return h.Sum(nil)[:nonceMAC]
}
