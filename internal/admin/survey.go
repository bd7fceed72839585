package admin

import (
	"context"
	"errors"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// UserSummary is a line about a user: what an operator looks for in a list, and no hash.
type UserSummary struct {
	Name string `json:"name"`
	Rev  int64  `json:"rev"`
	// Password says how it is hashed, and is "none" where there is none.
	Password   string   `json:"password"`
	Roles      []string `json:"roles"`
	Operations []string `json:"operations"`
	// Paths is how many entries the user has of its own.
	Paths int `json:"paths"`
}

// RoleSummary is a line about a role.
type RoleSummary struct {
	Name       string   `json:"name"`
	Operations []string `json:"operations"`
	Paths      int      `json:"paths"`
}

// Page is a part of a list of users, or of roles: the other list is nil.
type Page struct {
	Users []UserSummary `json:"users,omitzero"`
	Roles []RoleSummary `json:"roles,omitzero"`
	// Next is what after is to be for the following page; empty behind the last.
	Next string `json:"next,omitempty"`
}

// MaxPage is how many lines a Page has at most.
const MaxPage = 10_000

// Survey lists users or roles by name: up to limit of those behind after.
func Survey(ctx context.Context, d account.Documents, kind account.Kind, after string, limit int) (Page, error) {
	limit = min(max(limit, 1), MaxPage)
	names, err := account.NamesAfter(ctx, d, kind, after, limit+1)
	if err != nil {
		return Page{}, err
	}
	var p Page
	if len(names) > limit {
		names = names[:limit]
		p.Next = names[limit-1]
	}
	if kind == account.Roles {
		p.Roles, err = summaries(names, func(name string) (RoleSummary, error) {
			r, err := d.Role(ctx, name)
			return RoleSummary{name, listed(r.Operations.Names()), len(r.Paths)}, err
		})
	} else {
		p.Users, err = summaries(names, func(name string) (UserSummary, error) {
			u, err := d.User(ctx, name)
			shape, _ := u.Shape()
			return UserSummary{name, u.Revision, shape.String(), listed(u.Roles), listed(u.Operations.Names()), len(u.Paths)}, err
		})
	}
	if err != nil {
		return Page{}, err
	}
	return p, nil
}

// listed is never null in JSON.
func listed(names []string) []string { return append([]string{}, names...) }

// summaries passes over who has gone since the names were listed.
func summaries[S any](names []string, of func(name string) (S, error)) ([]S, error) {
	all := []S{}
	for _, name := range names {
		s, err := of(name)
		if errors.Is(err, account.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// matching are the documents whose names hold a text in lower case.
type matching struct {
	account.Documents
	text string
}

// Names are those that match.
func (m matching) Names(ctx context.Context, kind account.Kind) ([]string, error) {
	names, err := m.Documents.Names(ctx, kind)
	if err != nil {
		return nil, err
	}
	var found []string // the store's list is not ours to change
	for _, name := range names {
		if strings.Contains(strings.ToLower(name), m.text) {
			found = append(found, name)
		}
	}
	return found, nil
}
