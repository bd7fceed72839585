package login

import (
	"errors"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestTheDefaultPasswordOfRootIsKnownByWhatDigestKeeps(t *testing.T) {
	d := newDigestDoor()
	md5, sha256 := account.HA1MD5("root", "cmwell", "root"), account.HA1SHA256("root", "cmwell", "root")
	for _, row := range []struct {
		user account.User
		want bool
	}{
		{account.User{Name: "root", HA1: md5, HA1SHA256: sha256}, true},
		{account.User{Name: "root", HA1: md5}, true},
		{account.User{Name: "root", HA1SHA256: sha256}, true},
		{account.User{Name: "root", HA1: md5, HA1SHA256: account.HA1SHA256("root", "cmwell", "other")}, true},
		{account.User{Name: "root", HA1: account.HA1MD5("root", "cmwell", "other"), HA1SHA256: sha256}, true},
		{account.User{Name: "root", HA1: account.HA1MD5("root", "cmwell", "other"), HA1SHA256: account.HA1SHA256("root", "cmwell", "other")}, false},
		{account.User{Name: "root"}, false},
		{account.User{Name: "ann", HA1: md5, HA1SHA256: sha256}, false},
	} {
		if got := d.isDefaultRoot(row.user); got != row.want {
			t.Errorf("%+v is root with the default password: %v", row.user, got)
		}
	}
}

func TestAnAlgorithmThatIsNotOfferedIsNotTaken(t *testing.T) {
	d := newDigestDoor()
	challenge := d.challenge(t, MD5)
	d.Algorithms = func() []DigestAlgorithm { return []DigestAlgorithm{SHA256} }
	if u, err := d.Authenticate(client{user: "ann", algorithm: MD5}.answer(challenge)); !errors.Is(err, ErrRejected) || u.Name != "" {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := d.Authenticate(client{user: "ann", algorithm: SHA256}.answer(d.challenge(t, SHA256))); err != nil {
		t.Errorf("the offered one: %v", err)
	}
}

func TestOthersMayHaveThePasswordOfRoot(t *testing.T) {
	x, _ := exchange(t, users{"ann": "root", "root": "root"})
	if g, err := x.Login(request("/_login", basic("ann", "root"))); err != nil || g.User.Name != "ann" {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := x.Login(request("/_login", basic("root", "root"))); !errors.Is(err, ErrDefaultPassword) {
		t.Errorf("root from elsewhere: %v", err)
	}
}
