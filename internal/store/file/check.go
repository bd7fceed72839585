package file

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Report is what there is to say of a users file.
type Report struct {
	Users, Roles int
	// Mistakes keep the file from being used at all.
	Mistakes []string
	// Warnings are about what is probably not meant. There are none of a file with
	// mistakes, but for its mode.
	Warnings []string
}

// Check reads a file as Read does, and tells of every mistake in it and not only of
// the first. The error is that of a file that cannot be read.
func Check(name string) (Report, error) {
	text, exposure, err := contents(name, true)
	if err != nil {
		return Report{}, fmt.Errorf("users file: %w", err)
	}
	s, err := Parse(text)
	if err == nil {
		s.exposure = exposure
		return Report{Users: len(s.users), Roles: len(s.roles), Warnings: s.Warnings()}, nil
	}
	return Report{Mistakes: mistakes(text, err), Warnings: exposure}, nil
}

// mistakes are those of each document; or else the first, which is of the whole.
func mistakes(text []byte, first error) []string {
	s := &Store{text: text}
	l := &layout{Decoder: jsontext.NewDecoder(bytes.NewBuffer(text)), s: s}
	if err := l.read(); err != nil {
		return []string{first.Error()}
	}
	var all []string
	for _, kind := range []account.Kind{account.Roles, account.Users} {
		for _, name := range l.names[kind] {
			if err := parseAny(kind, name, s.document(kind, name)); err != nil {
				all = append(all, s.mistakeIn(kind, name, err).Error())
			}
		}
	}
	return all
}

func parseAny(kind account.Kind, name string, document []byte) error {
	if kind == account.Roles {
		_, err := account.ParseRole(name, document)
		return err
	}
	_, err := account.ParseUser(name, document)
	return err
}
