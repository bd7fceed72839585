package remote

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
)

// Client is a store: whatever works on documents works on a running server.
var _ account.Replacer = (*Client)(nil)

// Survey lists users or roles; see admin.Survey.
func (c *Client) Survey(ctx context.Context, kind account.Kind, after string, limit int) (admin.Page, error) {
	var p admin.Page
	err := c.get(ctx, kind.String(), url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}, &p)
	return p, err
}

// Names are those of all users or roles, sorted.
func (c *Client) Names(ctx context.Context, kind account.Kind) ([]string, error) {
	var names []string
	for after := ""; ; {
		p, err := c.Survey(ctx, kind, after, admin.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, u := range p.Users {
			names = append(names, u.Name)
		}
		for _, r := range p.Roles {
			names = append(names, r.Name)
		}
		if after = p.Next; after == "" {
			return names, nil
		}
	}
}

// User returns the user of that name.
func (c *Client) User(ctx context.Context, name string) (account.User, error) {
	document, err := c.Document(ctx, account.Users, name)
	if err != nil {
		return account.User{}, err
	}
	return account.ParseUser(name, document)
}

// Role returns the role of that name.
func (c *Client) Role(ctx context.Context, name string) (account.Role, error) {
	document, err := c.Document(ctx, account.Roles, name)
	if err != nil {
		return account.Role{}, err
	}
	return account.ParseRole(name, document)
}

// at is the path of a document. A name that nobody can have is left for the server to
// refuse, and leads nowhere else.
func at(kind account.Kind, name string) string { return kind.String() + "/" + url.PathEscape(name) }

// Document returns the document as it is kept.
func (c *Client) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	return c.call(ctx, http.MethodGet, at(kind, name), nil, nil, nil)
}

// Put stores a document.
func (c *Client) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	return c.putIf(ctx, kind, name, document, admin.Condition{})
}

func (c *Client) putIf(ctx context.Context, kind account.Kind, name string, document []byte, condition admin.Condition) error {
	header := http.Header{}
	condition.Set(header)
	_, err := c.call(ctx, http.MethodPut, at(kind, name), nil, header, document)
	return err
}

// Delete removes a document.
func (c *Client) Delete(ctx context.Context, kind account.Kind, name string) error {
	_, err := c.call(ctx, http.MethodDelete, at(kind, name), nil, nil, nil)
	return err
}

// overtaken is how often a change is tried again because another came between.
const overtaken = 20

// Replace stores what next makes of the document that is kept.
func (c *Client) Replace(ctx context.Context, kind account.Kind, name string, next func(kept []byte) ([]byte, error)) error {
	for tries := 0; ; tries++ {
		kept, err := c.Document(ctx, kind, name)
		if err != nil && !errors.Is(err, account.ErrNotExist) {
			return err
		}
		condition := admin.Condition{Absent: true}
		if err == nil {
			condition = admin.Condition{Tag: admin.Tag(kept)}
		}
		document, err := next(kept)
		if err != nil {
			return err
		}
		err = c.putIf(ctx, kind, name, document, condition)
		if !errors.Is(err, admin.ErrCondition) || tries == overtaken {
			return err
		}
	}
}
