package admin

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Question is what somebody wants explained: whether the user may do it.
type Question struct {
	User, Path string
	Level      permission.Level
	// Tree is about the path and everything below it.
	Tree bool
}

// Explanation is the answer: what would become of a request, and which rule says so.
type Explanation struct {
	User string `json:"user"`
	// Passes tells whether such a request passes, and Reason why it does not, as
	// in the audit log.
	Passes bool   `json:"passes"`
	Reason string `json:"reason,omitempty"`
	permission.Report
	// Because is said when the rule alone does not decide.
	Because string `json:"because,omitempty"`
}

// Explain answers questions. A user who does not exist is account.ErrNotExist.
type Explain func(context.Context, Question) (Explanation, error)

// ParseLevel reads r or w, or the word.
func ParseLevel(s string) (permission.Level, error) {
	switch s {
	case "r", "read":
		return permission.Read, nil
	case "w", "write":
		return permission.Write, nil
	}
	return 0, fmt.Errorf("%w: level %.20q found; r and w are accepted", ErrParameters, s)
}

// Query is the question as ReadQuestion reads it.
func (q Question) Query() url.Values {
	query := url.Values{"user": {q.User}, "path": {q.Path}, "level": {q.Level.Letters()}}
	if q.Tree {
		query.Set("tree", "true")
	}
	return query
}

// ReadQuestion reads a query, whose other parameters are in but; user stands for the
// user where none is named.
func ReadQuestion(query url.Values, user string, but ...string) (Question, error) {
	asked := map[string]string{"path": "", "level": "r", "tree": "false", "user": user}
	for _, name := range but {
		asked[name] = ""
	}
	for name, values := range query {
		if _, known := asked[name]; !known || len(values) != 1 {
			return Question{}, fmt.Errorf("%w: path is required, level, tree and user are accepted, each once", ErrParameters)
		}
		asked[name] = values[0]
	}
	if !strings.HasPrefix(asked["path"], "/") {
		return Question{}, fmt.Errorf("%w: path %.100q found; one that begins with a slash is accepted", ErrParameters, asked["path"])
	}
	level, err := ParseLevel(asked["level"])
	if err != nil {
		return Question{}, err
	}
	if asked["tree"] != "true" && asked["tree"] != "false" {
		return Question{}, fmt.Errorf("%w: tree %.20q found; true and false are accepted", ErrParameters, asked["tree"])
	}
	return Question{User: asked["user"], Path: asked["path"], Level: level, Tree: asked["tree"] == "true"}, nil
}

// ask has a question answered.
func (explain Explain) ask(ctx context.Context, q Question) (Explanation, error) {
	if err := account.CheckName(q.User); err != nil {
		return Explanation{}, fmt.Errorf("%w: %w", ErrParameters, err)
	}
	answer, err := explain(ctx, q)
	if errors.Is(err, account.ErrNotExist) {
		return Explanation{}, notFound("user " + q.User + " does not exist")
	}
	return answer, err
}
