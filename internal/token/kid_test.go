package token

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func naming(a Algorithm, kid string) string {
	return fmt.Sprintf(`{"typ":"JWT","kid":"%s","alg":"%s"}`, kid, a)
}

func TestAKidSelectsItsKeyAndNoOther(t *testing.T) {
	for _, is := range issuers() {
		old := another(is.algorithm)
		k := keys(t, Config{Algorithm: is.algorithm, Signing: Named{"new", is.key}, Accept: []Key{Named{"old", old.key}}})
		for _, row := range []struct {
			why    string
			of     issuer
			header string
			want   error
		}{
			{"the new key by its name", is, naming(is.algorithm, "new"), nil},
			{"the old key by its name", old, naming(is.algorithm, "old"), nil},
			{"the new key by the old one's name", is, naming(is.algorithm, "old"), ErrSignature},
			{"the old key by the new one's name", old, naming(is.algorithm, "new"), ErrSignature},
			{"the new key by no name", is, is.header(), ErrSignature},
			{"the old key by no name", old, is.header(), ErrSignature},
			{"the new key by an unknown name", is, naming(is.algorithm, "newer"), ErrUnknownKey},
			{"the new key by its name in capitals", is, naming(is.algorithm, "NEW"), ErrUnknownKey},
			{"the new key by its name with an escape", is, naming(is.algorithm, `\u006eew`), nil},
		} {
			if _, err := k.Verify(row.of.forge(row.header, goodClaims()), noon); !errors.Is(err, row.want) {
				t.Errorf("%s, %s: %v, want %v", is.algorithm, row.why, err, row.want)
			}
		}
	}
}

// Anybody can have a header read, so one is read only that is not much longer than
// those of the keys here.
func TestAHeaderIsReadThatIsAboutAsLongAsThoseOfTheKeys(t *testing.T) {
	is := issuerOf(HS256)
	for _, row := range []struct {
		kid, padding int
		want         error
	}{
		{3, 153, nil}, // 192 bytes, encoded maxHeader
		{3, 154, ErrMalformed},
		{300, 0, nil},
		{300, 336, nil}, // twice as long
		{300, 337, ErrMalformed},
	} {
		kid := strings.Repeat("k", row.kid)
		k := keys(t, Config{Signing: Named{kid, is.key}})
		header := strings.Replace(naming(is.algorithm, kid), ":", ":"+strings.Repeat(" ", row.padding), 1)
		if _, err := k.Verify(is.forge(header, goodClaims()), noon); !errors.Is(err, row.want) {
			t.Errorf("a kid of %d and %d spaces: %v, want %v", row.kid, row.padding, err, row.want)
		}
	}
}

func TestWithoutAKidTheKeysWithoutANameAreTried(t *testing.T) {
	for _, is := range issuers() {
		k := keys(t, Config{Algorithm: is.algorithm, Signing: Named{"new", is.key}, Accept: []Key{another(is.algorithm).key}})
		if _, err := k.Verify(another(is.algorithm).forge(is.header(), goodClaims()), noon); err != nil {
			t.Errorf("%s: %v", is.algorithm, err)
		}
		if _, err := k.Verify(is.forge(is.header(), goodClaims()), noon); !errors.Is(err, ErrSignature) {
			t.Errorf("%s, a named key: %v", is.algorithm, err)
		}
	}
}

// A name that could be computed from a short secret would let anybody guess it.
func TestAConfiguredSecretHasNoName(t *testing.T) {
	for _, a := range []Algorithm{HS256, HS512} {
		raw, err := keys(t, issuerOf(a).config()).Sign(Claims{Subject: "ann", Expires: noon})
		if header, _, _ := strings.Cut(raw, "."); err != nil || header != b64(issuerOf(a).header()) {
			t.Errorf("%s: %s, %v", a, header, err)
		}
	}
}

func TestAnUnknownNameAsksOnceForNewerKeys(t *testing.T) {
	is := issuerOf(ES256)
	next := Config{Algorithm: ES256, Signing: Named{"next", is.key}}
	raw, err := keys(t, next).Sign(Claims{Subject: "ann", Expires: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	k := keys(t, another(ES256).config())
	asked := 0
	k.Refresh = func() { asked++ }
	if _, err := k.Verify(raw+"=", noon); !errors.Is(err, ErrMalformed) || asked != 0 {
		t.Errorf("a malformed signature: %v, asked %d times", err, asked)
	}
	if _, err := k.Verify(raw, noon); !errors.Is(err, ErrUnknownKey) || asked != 1 {
		t.Errorf("nothing is new: %v, asked %d times", err, asked)
	}
	k.Refresh = func() {
		asked++
		if err := k.Use(next); err != nil {
			t.Error(err)
		}
	}
	if got, err := k.Verify(raw, noon); err != nil || got.Subject != "ann" || asked != 2 {
		t.Errorf("there is a newer key: %+v, %v, asked %d times", got, err, asked)
	}
	for _, other := range []string{raw, raw[:len(raw)-8] + "AAAAAAAA", "x", is.forge(is.header(), goodClaims()), is.forge(`{"alg":"none"}`, goodClaims())} {
		_, _ = k.Verify(other, noon)
	}
	if asked != 2 {
		t.Errorf("tokens without an unknown name asked %d times", asked-2)
	}
}

func TestWhatIsDerivedFollowsItsOrigin(t *testing.T) {
	derived := func(k *Keys, label string) []byte {
		b, err := k.Derive(label)
		if err != nil || len(b) != 32 {
			t.Fatalf("%x, %v", b, err)
		}
		return b
	}
	for _, is := range issuers() {
		one, same := keys(t, is.config()), keys(t, is.config())
		if !bytes.Equal(derived(one, "nonce"), derived(same, "nonce")) {
			t.Errorf("%s: two servers with one key derive different ones", is.algorithm)
		}
		if bytes.Equal(derived(one, "nonce"), derived(one, "other")) || bytes.Equal(derived(one, "nonce"), derived(keys(t, another(is.algorithm).config()), "nonce")) {
			t.Errorf("%s: two labels or two keys derive the same", is.algorithm)
		}
		if one.DeriveFormer("nonce") != nil {
			t.Errorf("%s: something is derived from a former origin that there is not", is.algorithm)
		}
		origin := Secret(strings.Repeat("d", 32))
		before := keys(t, Config{Algorithm: is.algorithm, Signing: is.key, Derive: origin})
		rotated := keys(t, Config{Algorithm: is.algorithm, Signing: another(is.algorithm).key, Derive: origin})
		if !bytes.Equal(derived(before, "nonce"), derived(rotated, "nonce")) {
			t.Errorf("%s: a new signing key changes what is derived", is.algorithm)
		}
		after := keys(t, Config{Algorithm: is.algorithm, Signing: is.key, Derive: Secret(strings.Repeat("e", 32)), FormerDerive: origin})
		if bytes.Equal(derived(before, "nonce"), derived(after, "nonce")) || !bytes.Equal(derived(before, "nonce"), after.DeriveFormer("nonce")) {
			t.Errorf("%s: a new origin does not change what is derived, or hides what it was", is.algorithm)
		}
	}
	var none Keys
	if b, err := none.Derive("nonce"); !errors.Is(err, ErrNoKey) || b != nil || none.DeriveFormer("nonce") != nil || none.PublicKeys() != nil {
		t.Errorf("no key derives %x, %v", b, err)
	}
}
