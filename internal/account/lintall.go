package account

import (
	"context"
	"errors"
	"fmt"
)

// LintAll tells what LintRole says of every role, and then what Lint says of every
// user. A document that the store has and cannot read is a sentence too; another
// error ends it.
func LintAll(ctx context.Context, d Documents, tell func(sentence string)) error {
	roles := map[string]Role{}
	err := each(ctx, d, Roles, func(name string, document []byte) {
		role, err := ParseRole(name, document)
		if err != nil {
			tell(err.Error())
			return
		}
		roles[name] = role
		tellAll(tell, LintRole(role))
	})
	if err != nil {
		return err
	}
	find := func(name string) (Role, bool) { r, ok := roles[name]; return r, ok }
	return each(ctx, d, Users, func(name string, document []byte) {
		user, err := ParseUser(name, document)
		if err != nil {
			tell(err.Error())
			return
		}
		tellAll(tell, Lint(user, find))
	})
}

func tellAll(tell func(string), sentences []string) {
	for _, s := range sentences {
		tell(s)
	}
}

// each walks over the documents of a kind, in the order of their names. One that
// goes away meanwhile is passed over.
func each(ctx context.Context, d Documents, kind Kind, visit func(name string, document []byte)) error {
	names, err := d.Names(ctx, kind)
	if err != nil {
		return fmt.Errorf("listing %s: %w", kind, err)
	}
	for _, name := range names {
		document, err := d.Document(ctx, kind, name)
		if err == nil {
			visit(name, document)
			continue
		}
		if !errors.Is(err, ErrNotExist) {
			return fmt.Errorf("%s %s: %w", kind.Singular(), name, err)
		}
	}
	return nil
}
