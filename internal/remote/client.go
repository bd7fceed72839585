// Package remote is the front door's admin API, seen by those who call it: the users
// of a running server as a store, and what else its operator may ask for.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/keyring"
)

// ErrUnreachable says: nobody answered. Nothing is known of what became of a change.
var ErrUnreachable = errors.New("remote: the server cannot be reached")

// StatusError is an answer other than yes: a sentence of the server's.
type StatusError struct {
	Status  int
	Message string
}

func (e *StatusError) Error() string { return e.Message }

// Is maps the answers that callers tell apart onto the errors that a store has.
func (e *StatusError) Is(target error) bool {
	switch e.Status {
	case http.StatusNotFound:
		return target == account.ErrNotExist
	case http.StatusPreconditionFailed:
		return target == admin.ErrCondition
	}
	return false
}

// Client calls the admin API of one server.
type Client struct {
	// HTTP is how the server is reached.
	HTTP *http.Client
	// Base is the URL of the admin endpoint, without a slash at its end.
	Base string
	// Users says which users are meant, where the server has several.
	Users string
}

// maxAnswer is the greatest answer that is read, in bytes: a page of users.
const maxAnswer = 64 << 20

// call sends one request and returns the answer to it.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, header http.Header, body []byte) ([]byte, error) {
	if query == nil {
		query = url.Values{}
	}
	if c.Users != "" {
		query.Set("users", c.Users)
	}
	target := c.Base + "/cmwell_auth/" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		r.Header = header
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := c.HTTP.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, unreachable(err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response, answer)
	}
	return answer, nil
}

// unreachable is the error without the URL, which says nothing to people.
func unreachable(err error) error {
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// refusal reads what Caddy's admin endpoint has for errors. A server without the
// front door answers in plain text.
func refusal(response *http.Response, answer []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(answer, &said) != nil || said.Error == "" {
		return &StatusError{http.StatusNotImplemented, fmt.Sprintf("the server answers %s: is cmwell_auth built into it?", response.Status)}
	}
	return &StatusError{response.StatusCode, said.Error}
}

// get reads an answer in JSON.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	answer, err := c.call(ctx, http.MethodGet, path, query, nil, nil)
	if err != nil {
		return err
	}
	return understood(answer, into)
}

// post sends a body in JSON, or none, and reads an answer.
func (c *Client) post(ctx context.Context, path string, query url.Values, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	answer, err := c.call(ctx, http.MethodPost, path, query, nil, text)
	if err != nil {
		return err
	}
	return understood(answer, into)
}

func understood(answer []byte, into any) error {
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("remote: the server's answer is not understood: %w", err)
	}
	return nil
}

// Doors are the front doors that run, as far as they have the users that are meant.
func (c *Client) Doors(ctx context.Context) ([]admin.Door, error) {
	var state struct{ Doors []admin.Door }
	err := c.get(ctx, "state", nil, &state)
	return state.Doors, err
}

// Lint says what is probably not meant in the documents of users and roles.
func (c *Client) Lint(ctx context.Context) (admin.Warnings, error) {
	var w admin.Warnings
	err := c.get(ctx, "lint", nil, &w)
	return w, err
}

// Explain tells what a user may do, and which rule says so.
func (c *Client) Explain(ctx context.Context, q admin.Question) (admin.Explanation, error) {
	var e admin.Explanation
	err := c.get(ctx, "explain", q.Query(), &e)
	return e, err
}

// SetPassword gives a user another password, and returns the rev with which all earlier
// tokens are dead.
func (c *Client) SetPassword(ctx context.Context, name, password string) (int64, error) {
	var answer struct{ Rev int64 }
	err := c.post(ctx, "users/"+name+"/password", nil, map[string]string{"password": password}, &answer)
	return answer.Rev, err
}

// Revoke makes every token of a user invalid, and returns the rev that it has now.
func (c *Client) Revoke(ctx context.Context, name string) (int64, error) {
	var answer struct{ Rev int64 }
	err := c.post(ctx, "users/"+name+"/revoke", nil, nil, &answer)
	return answer.Rev, err
}

// Issue makes a token of a user, with the door's own life where expiry is empty.
func (c *Client) Issue(ctx context.Context, name, expiry string) (admin.Issued, error) {
	var body any
	if expiry != "" {
		body = map[string]string{"expiry": expiry}
	}
	var issued admin.Issued
	err := c.post(ctx, "users/"+name+"/token", nil, body, &issued)
	return issued, err
}

// Keys are the managed keys, oldest first.
func (c *Client) Keys(ctx context.Context) ([]keyring.Info, error) {
	var answer struct{ Keys []keyring.Info }
	err := c.get(ctx, "keys", nil, &answer)
	return answer.Keys, err
}

// Rotate makes new keys and returns all that there are then. With dropOld no token
// that was signed before is accepted any more.
func (c *Client) Rotate(ctx context.Context, dropOld bool) ([]keyring.Info, error) {
	var answer struct{ Keys []keyring.Info }
	err := c.post(ctx, "keys/rotate", url.Values{"drop_old": {strconv.FormatBool(dropOld)}}, nil, &answer)
	return answer.Keys, err
}

// Lockouts lists who is refused now.
func (c *Client) Lockouts(ctx context.Context) ([]admin.Lockout, error) {
	var answer struct{ Lockouts []admin.Lockout }
	err := c.get(ctx, "lockouts", nil, &answer)
	return answer.Lockouts, err
}

// Release opens a user to a client again, or to all when the client is empty, and
// returns how many lock-outs there were.
func (c *Client) Release(ctx context.Context, name, client string) (int, error) {
	query := url.Values{}
	if client != "" {
		query.Set("client", client)
	}
	answer, err := c.call(ctx, http.MethodDelete, "lockouts/"+url.PathEscape(name), query, nil, nil)
	if err != nil {
		return 0, err
	}
	var said struct{ Released int }
	err = understood(answer, &said)
	return said.Released, err
}
