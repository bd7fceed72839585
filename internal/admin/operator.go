package admin

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// Operator does with one store of users what the operator of the server asks for.
// That the operator may ask has been decided before: nobody is identified here, and
// nothing is withheld. What is missing is ErrNotFound, in a sentence.
type Operator struct {
	// Users finds them.
	Users account.Store
	// Store keeps their documents; nil when that is elsewhere.
	Store account.Documents
	// Editor changes single fields of them; nil where users cannot be written.
	Editor account.Editor
	// NewPassword makes the fields of a user with another password, when it is its
	// turn at hashing.
	NewPassword func(ctx context.Context, user account.User, password string) (account.Fields, error)
	// Limits slow down guessing.
	Limits Limits
	// Explanations tell what users may do.
	Explanations Explain
	// Sign makes a token.
	Sign func(token.Claims) (string, error)
	// Now is the clock.
	Now func() time.Time
}

// documents is the store, or who is to be asked instead.
func (o *Operator) documents(kind account.Kind) (account.Documents, error) {
	if o.Store == nil {
		return nil, place{kind: kind}.keptElsewhere()
	}
	return o.Store, nil
}

// Survey lists users or roles; see the function Survey.
func (o *Operator) Survey(ctx context.Context, kind account.Kind, after string, limit int) (Page, error) {
	return o.Search(ctx, kind, "", after, limit)
}

// Search is Survey of those whose names hold the text, whatever the case of letters.
func (o *Operator) Search(ctx context.Context, kind account.Kind, text, after string, limit int) (Page, error) {
	d, err := o.documents(kind)
	if err != nil {
		return Page{}, err
	}
	if text != "" {
		d = matching{d, strings.ToLower(text)}
	}
	return Survey(ctx, d, kind, after, limit)
}

// Document is what is kept, with its hashes.
func (o *Operator) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	p := place{kind, name}
	d, err := o.documents(kind)
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, err
	}
	document, err := d.Document(ctx, kind, name)
	return document, p.orNotFound(err)
}

// Put stores a document, when the condition is met.
func (o *Operator) Put(ctx context.Context, kind account.Kind, name string, document []byte, c Condition) error {
	if o.Store == nil {
		return account.ErrReadOnly
	}
	p := place{kind, name}
	if err := p.check(); err != nil {
		return err
	}
	return c.put(ctx, o.Store, p, document)
}

// Delete removes a document.
func (o *Operator) Delete(ctx context.Context, kind account.Kind, name string) error {
	if o.Store == nil {
		return account.ErrReadOnly
	}
	p := place{kind, name}
	if err := p.check(); err != nil {
		return err
	}
	return p.orNotFound(o.Store.Delete(ctx, kind, name))
}

// SetPassword gives a user another password, and returns the rev with which all
// earlier tokens are dead.
func (o *Operator) SetPassword(ctx context.Context, name, password string) (int64, error) {
	if o.Editor == nil {
		return 0, account.ErrReadOnly
	}
	user, err := o.user(ctx, name)
	if err != nil {
		return 0, err
	}
	fields, err := o.NewPassword(ctx, user, password)
	if err != nil {
		return 0, err
	}
	return o.edit(ctx, name, func(now account.User) (account.Fields, error) {
		// Hashing takes a while. What was changed meanwhile stays, but for the password.
		raised, err := account.Revoke(now)
		maps.Copy(fields, raised)
		return fields, err
	})
}

// Revoke makes every token of a user invalid, and returns the rev that it has now.
func (o *Operator) Revoke(ctx context.Context, name string) (int64, error) {
	return o.edit(ctx, name, account.Revoke)
}

func (o *Operator) edit(ctx context.Context, name string, change func(account.User) (account.Fields, error)) (int64, error) {
	p := place{account.Users, name}
	if o.Editor == nil {
		return 0, account.ErrReadOnly
	}
	if err := p.check(); err != nil {
		return 0, err
	}
	user, err := o.Editor.Edit(ctx, name, change)
	return user.Revision, p.orNotFound(err)
}

// user is one that logs in, or could.
func (o *Operator) user(ctx context.Context, name string) (account.User, error) {
	p := place{account.Users, name}
	if err := p.check(); err != nil {
		return account.User{}, err
	}
	if name == account.Anonymous {
		return account.User{}, fmt.Errorf("%w: user %s never logs in: it has no password and no token", ErrParameters, name)
	}
	user, err := o.Users.User(ctx, name)
	return user, p.orNotFound(err)
}

// Issued is a token, and what is in it.
type Issued struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
	Rev     int64     `json:"rev"`
}

// Issue makes a token of a user.
func (o *Operator) Issue(ctx context.Context, name string, life time.Duration) (Issued, error) {
	user, err := o.user(ctx, name)
	if err != nil {
		return Issued{}, err
	}
	c := token.Claims{Subject: user.Name, Expires: o.Now().Add(life), Revision: user.Revision}
	raw, err := o.Sign(c)
	if err != nil {
		return Issued{}, err
	}
	return Issued{Token: raw, Expires: c.Expires.UTC(), Rev: c.Revision}, nil
}

// Explain tells what a user may do.
func (o *Operator) Explain(ctx context.Context, q Question) (Explanation, error) {
	return o.Explanations.ask(ctx, q)
}

// maxSentences is how many warnings are shown: people read them.
const maxSentences = 1000

// Warnings are what Lint says.
type Warnings struct {
	Warnings []string `json:"warnings"`
	// More is how many there are beside those.
	More int `json:"more"`
}

// Lint says what is probably not meant in the documents of all users and roles.
func (o *Operator) Lint(ctx context.Context) (Warnings, error) {
	d, err := o.documents(account.Users)
	if err != nil {
		return Warnings{}, err
	}
	return Lint(ctx, d)
}

// Lint says of any documents what is probably not meant in them, and of their store
// what anybody could do there.
func Lint(ctx context.Context, d account.Documents) (Warnings, error) {
	w := Warnings{Warnings: []string{}}
	if s, ok := d.(interface {
		Exposed(context.Context) (string, error)
	}); ok {
		sentence, err := s.Exposed(ctx)
		if err != nil {
			return Warnings{}, err
		}
		if sentence != "" {
			w.Warnings = append(w.Warnings, sentence)
		}
	}
	err := account.LintAll(ctx, d, func(sentence string) {
		if len(w.Warnings) == maxSentences {
			w.More++
			return
		}
		w.Warnings = append(w.Warnings, sentence)
	})
	if err != nil {
		return Warnings{}, err
	}
	return w, nil
}
