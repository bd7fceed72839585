package admin

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// What only this endpoint refuses.
var (
	// ErrNeedsOperation says: the user lacks the operation that the op needs.
	ErrNeedsOperation = errors.New("admin: the user lacks the operation")
	// ErrParameters says: the parameters of the op are not as they should be.
	ErrParameters = errors.New("admin: parameters are not accepted")
)

func (e *Endpoint) generatePassword(r *request, _ account.User, _ permission.Operation) (any, error) {
	password, hash, err := e.GeneratePassword(r.Context())
	return struct {
		Password  string `json:"password"`
		Encrypted string `json:"encrypted"`
	}{password, hash}, err
}

func (e *Endpoint) changePassword(r *request, user account.User, _ permission.Operation) (any, error) {
	current, next, err := e.passwords(r)
	if err != nil {
		return nil, err
	}
	return success{true}, e.ChangePassword(r.Request, user.Name, current, next)
}

// passwords come in a JSON body, a form, or the query as CM-Well has it: in one
// of them, so that what is in a log cannot be told apart from what counts.
func (e *Endpoint) passwords(r *request) (current, next string, err error) {
	inQuery := r.query.Has("current") || r.query.Has("new")
	if r.Method != http.MethodPost {
		return onePair(r.query)
	}
	if inQuery {
		return "", "", fmt.Errorf("%w: with POST, current and new are in the body alone", ErrParameters)
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" {
		values, err := e.ReadBody(r.Body, "current", "new")
		return values["current"], values["new"], err
	}
	body, err := e.form(r)
	if err != nil {
		return "", "", err
	}
	return onePair(body)
}

// maxForm is the greatest form that is read, in bytes.
const maxForm = 64 << 10

func (*Endpoint) form(r *request) (url.Values, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil || len(text) > maxForm {
		return nil, fmt.Errorf("%w: a form of at most %d bytes is", ErrParameters, maxForm)
	}
	values, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, fmt.Errorf("%w: the form is malformed", ErrParameters)
	}
	return values, nil
}

func onePair(values url.Values) (current, next string, err error) {
	if len(values["current"]) != 1 || len(values["new"]) != 1 {
		return "", "", fmt.Errorf("%w: current and new are required, each once", ErrParameters)
	}
	return values.Get("current"), values.Get("new"), nil
}

func (e *Endpoint) logout(r *request, user account.User, _ permission.Operation) (any, error) {
	return success{true}, e.Logout(r.Context(), user.Name)
}

func (e *Endpoint) invalidate(*request, account.User, permission.Operation) (any, error) {
	return success{true}, e.Invalidate()
}

func (e *Endpoint) health(*request, account.User, permission.Operation) (any, error) {
	return e.Health(), nil
}

// identity is what op=whoami shows.
type identity struct {
	User       string   `json:"user"`
	Revision   int64    `json:"rev"`
	Roles      []string `json:"roles"`
	Operations []string `json:"operations"`
}

func (*Endpoint) whoami(_ *request, user account.User, held permission.Operation) (any, error) {
	return identity{user.Name, user.Revision, listed(user.Roles), listed(held.Names())}, nil
}

// explain tells which rule decides, for the token's user or, with Admin, for
// anybody.
func (e *Endpoint) explain(r *request, user account.User, held permission.Operation) (any, error) {
	q, err := ReadQuestion(r.query, user.Name, "op")
	if err != nil {
		return nil, err
	}
	// Who others are and what they may do is for administrators alone.
	if q.User != user.Name && held&permission.Admin == 0 {
		return nil, ErrNeedsOperation
	}
	return e.Explain.ask(r.Context(), q)
}
