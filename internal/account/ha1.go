package account

import (
	"crypto/md5" //nolint:gosec // G501: it is CM-Well's stored form, and RFC 7616's; SHA-256 stands beside it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// The lengths of a stored HA1, in hexadecimal digits.
const (
	md5Digits    = 2 * md5.Size
	sha256Digits = 2 * sha256.Size
)

// HA1MD5 is what HTTP Digest with MD5 needs of a password, and what a user
// document keeps as digest2 (RFC 7616, section 3.4.2).
func HA1MD5(user, realm, password string) string {
	sum := md5.Sum([]byte(user + ":" + realm + ":" + password)) //nolint:gosec // G401: see the import
	return hex.EncodeToString(sum[:])
}

// HA1SHA256 is the same for SHA-256, kept as digest2_sha256.
func HA1SHA256(user, realm, password string) string {
	sum := sha256.Sum256([]byte(user + ":" + realm + ":" + password))
	return hex.EncodeToString(sum[:])
}

// checkHA1 accepts an empty string (none) and so many lower-case digits.
func checkHA1(s string, digits int) error {
	if s == "" {
		return nil
	}
	if len(s) != digits || strings.Trim(s, "0123456789abcdef") != "" {
		return fmt.Errorf("%d characters found; %d of 0-9 a-f are accepted", len(s), digits)
	}
	return nil
}
