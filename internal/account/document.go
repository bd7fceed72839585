package account

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// maxRevision is the greatest integer that every JSON reader keeps exactly.
const maxRevision = 1<<53 - 1

// entryDocument is one element of paths.
type entryDocument struct {
	ID          *string `json:"id"`
	Sign        *string `json:"sign"`
	Recursive   bool    `json:"recursive"`
	Permissions *string `json:"permissions"`

	Unknown map[string]jsontext.Value `json:",embed"`
}

type userDocument struct {
	Paths         []entryDocument           `json:"paths"`
	Roles         []string                  `json:"roles"`
	Operations    []string                  `json:"operations"`
	Rev           int64                     `json:"rev"`
	Digest        string                    `json:"digest"`
	Digest2       string                    `json:"digest2"`
	Digest2SHA256 string                    `json:"digest2_sha256"`
	Email         string                    `json:"email"`
	First         string                    `json:"first"`
	Last          string                    `json:"last"`
	Unknown       map[string]jsontext.Value `json:",embed"`
}

type roleDocument struct {
	Paths      []entryDocument           `json:"paths"`
	Operations []string                  `json:"operations"`
	Unknown    map[string]jsontext.Value `json:",embed"`
}

var (
	userFields = []string{"paths", "roles", "operations", "rev", "digest", "digest2", "digest2_sha256", "email", "first", "last"}
	roleFields = []string{"paths", "operations"}
	pathFields = []string{"id", "sign", "recursive", "permissions"}
)

// ParseUser reads a user document strictly: every name once and in its exact
// case, whole numbers as whole numbers. Unknown fields are let be. The error
// names the field, what was found and what is accepted; it never shows a hash.
func ParseUser(name string, document []byte) (User, error) {
	if err := CheckName(name); err != nil {
		return User{}, fmt.Errorf("user %w", err)
	}
	u, err := parseUser(document)
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", name, err)
	}
	u.Name = name
	return u, nil
}

func parseUser(document []byte) (User, error) {
	var d userDocument
	if err := decode(document, &d); err != nil {
		return User{}, err
	}
	if err := misspelt(d.Unknown, userFields); err != nil {
		return User{}, err
	}
	paths, err := entries(d.Paths)
	if err != nil {
		return User{}, err
	}
	operations, err := operations(d.Operations)
	if err != nil {
		return User{}, err
	}
	for i, role := range d.Roles {
		if err := CheckName(role); err != nil {
			return User{}, fmt.Errorf("roles[%d]: %w", i, err)
		}
	}
	if d.Rev < 0 || d.Rev > maxRevision {
		return User{}, fmt.Errorf("rev %d found; a whole number from 0 to %d is accepted", d.Rev, int64(maxRevision))
	}
	if err := checkHash(d.Digest); err != nil {
		return User{}, fmt.Errorf("digest: %w", err)
	}
	if err := checkHA1(d.Digest2, md5Digits); err != nil {
		return User{}, fmt.Errorf("digest2: %w", err)
	}
	if err := checkHA1(d.Digest2SHA256, sha256Digits); err != nil {
		return User{}, fmt.Errorf("digest2_sha256: %w", err)
	}
	return User{
		Paths: paths, Roles: d.Roles, Operations: operations, Revision: d.Rev,
		PasswordHash: d.Digest, HA1: d.Digest2, HA1SHA256: d.Digest2SHA256, Email: d.Email, First: d.First, Last: d.Last,
	}, nil
}

// ParseRole reads a role document, as strictly as ParseUser reads a user's.
func ParseRole(name string, document []byte) (Role, error) {
	if err := CheckName(name); err != nil {
		return Role{}, fmt.Errorf("role %w", err)
	}
	var d roleDocument
	fail := func(err error) (Role, error) { return Role{}, fmt.Errorf("role %s: %w", name, err) }
	if err := decode(document, &d); err != nil {
		return fail(err)
	}
	if err := misspelt(d.Unknown, roleFields); err != nil {
		return fail(err)
	}
	paths, err := entries(d.Paths)
	if err != nil {
		return fail(err)
	}
	operations, err := operations(d.Operations)
	if err != nil {
		return fail(err)
	}
	return Role{Name: name, Paths: paths, Operations: operations, index: permission.NewIndex(paths)}, nil
}

// decode reads one JSON object. Null is refused: it would read as an empty document.
func decode(document []byte, into any) error {
	if v := jsontext.Value(document); v.Kind() != '{' {
		return errors.New("no JSON object found; one JSON object is accepted")
	}
	err := json.Unmarshal(document, into)
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return fmt.Errorf("%s: a JSON %s found; %s is accepted there", dotted(semantic.JSONPointer), kindName(semantic.JSONKind), formOf(semantic.GoType))
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case !errors.As(err, &syntactic):
		return err
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Errorf("%s is given twice; every name is accepted once", dotted(syntactic.JSONPointer))
	}
	return fmt.Errorf("broken JSON found: %s; one JSON object is accepted", strings.TrimPrefix(syntactic.Error(), "jsontext: "))
}

// dotted is where something stands in a document, as people write it.
func dotted(p jsontext.Pointer) string {
	var b strings.Builder
	for name := range p.Tokens() {
		switch _, err := strconv.Atoi(name); {
		case err == nil:
			b.WriteString("[" + name + "]")
		case b.Len() > 0:
			b.WriteString("." + name)
		default:
			b.WriteString(name)
		}
	}
	return b.String()
}

// formOf says what a field takes.
func formOf(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice:
		return "an array"
	case reflect.Struct:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int64:
		return "a whole number"
	default:
		return "a string"
	}
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "object"
	case '[':
		return "array"
	}
	return k.String()
}

// misspelt refuses a known name in another case: a reader that folds case would
// obey it, and this one would not.
func misspelt(unknown map[string]jsontext.Value, known []string) error {
	for name := range unknown {
		for _, k := range known {
			if strings.EqualFold(name, k) {
				return fmt.Errorf("name %q found; it is written %q", name, k)
			}
		}
	}
	return nil
}

func entries(documents []entryDocument) ([]permission.Entry, error) {
	parsed := make([]permission.Entry, 0, len(documents))
	for i, d := range documents {
		e, err := entry(d)
		if err != nil {
			return nil, fmt.Errorf("paths[%d]: %w", i, err)
		}
		parsed = append(parsed, e)
	}
	return parsed, nil
}

func entry(d entryDocument) (permission.Entry, error) {
	if err := misspelt(d.Unknown, pathFields); err != nil {
		return permission.Entry{}, err
	}
	if d.ID == nil || d.Sign == nil || d.Permissions == nil {
		return permission.Entry{}, errors.New("id, sign and permissions are required")
	}
	if *d.Sign != "+" && *d.Sign != "-" {
		return permission.Entry{}, fmt.Errorf(`sign %q found; "+" and "-" are accepted`, *d.Sign)
	}
	levels, err := permission.ParseLevels(*d.Permissions)
	if err != nil {
		return permission.Entry{}, err
	}
	return permission.NewEntry(*d.ID, *d.Sign == "+", d.Recursive, levels)
}

func operations(names []string) (permission.Operation, error) {
	var all permission.Operation
	for i, name := range names {
		op, err := permission.ParseOperation(name)
		if err != nil {
			return 0, fmt.Errorf("operations[%d]: %w", i, err)
		}
		all |= op
	}
	return all, nil
}
