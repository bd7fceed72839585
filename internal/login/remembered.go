package login

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// maxRemembered bounds the verified pairs that are remembered.
const maxRemembered = 4096

// SetCache lets verified pairs be remembered for d; nothing is when d is not
// positive. A changed password is a different pair at once. What is remembered
// is no password, but whoever can read this process's memory can try passwords
// against it far more quickly than against a slow hash.
func (h *Hashing) SetCache(d time.Duration, now func() time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d == h.keep && d > 0 {
		h.now = now
		return
	}
	h.keep, h.now, h.verified = d, now, nil
	if d > 0 {
		h.verified = map[fingerprint]time.Time{}
	}
}

// remember needs the mutex. It remembers successes only: a failure that held on
// would outlive the mistake in a document.
func (h *Hashing) remember(same fingerprint) {
	if h.keep <= 0 {
		return
	}
	now := h.now()
	if len(h.verified) >= maxRemembered {
		h.forget(now)
	}
	h.verified[same] = now.Add(h.keep)
}

// forget makes room: what is out of date goes, or else what is so soonest.
func (h *Hashing) forget(now time.Time) {
	var soonest fingerprint
	var first time.Time
	for f, until := range h.verified {
		if !now.Before(until) {
			delete(h.verified, f)
		} else if first.IsZero() || until.Before(first) {
			soonest, first = f, until
		}
	}
	if len(h.verified) >= maxRemembered {
		delete(h.verified, soonest)
	}
}

// fingerprint stands for a name, its hash and a password that was tried.
type fingerprint [sha256.Size]byte

// fingerprint differs wherever one of the three does: each comes behind its
// length. The key is random and stays in this process, so that nobody can work
// out the fingerprint of a guess.
func (h *Hashing) fingerprint(name, hash, password string) fingerprint {
	mac := hmac.New(sha256.New, h.secret[:])
	for _, part := range []string{name, hash, password} {
		_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = mac.Write([]byte(part))
	}
	return fingerprint(mac.Sum(nil))
}
