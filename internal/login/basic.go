package login

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Basic is HTTP Basic authentication, RFC 7617, in UTF-8.
type Basic struct {
	// Realm is shown in the challenge. It has no quotes and no backslashes.
	Realm string
	// Accounts checks names and passwords.
	Accounts *Accounts
}

// Challenge is RFC 7617, section 2, with the charset parameter of section 2.1.
func (b *Basic) Challenge(bool) []string {
	return []string{fmt.Sprintf(`Basic realm="%s", charset="UTF-8"`, b.Realm)}
}

// Authenticate checks name and password. A name that does not exist, or that
// cannot exist, takes the same way as a wrong password.
func (b *Basic) Authenticate(r *http.Request) (account.User, error) {
	scheme, encoded, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return account.User{}, ErrNotMine
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(encoded, " "))
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return account.User{}, fmt.Errorf("%w: what follows Basic is not base64 (RFC 7617, section 2)", ErrCredentials)
	}
	name, password, colon := strings.Cut(string(decoded), ":")
	if !colon {
		return account.User{}, fmt.Errorf("%w: no colon between name and password (RFC 7617, section 2)", ErrCredentials)
	}
	return b.Accounts.Check(r, name, password)
}
