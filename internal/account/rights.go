package account

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account/splice"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Rights are what a user or a role can be given. Roles have no roles.
type Rights struct {
	Entries    []permission.Entry
	Roles      []string
	Operations permission.Operation
}

// Grant is the document with the rights in it; to the byte the same where it has
// them all. An entry that is there with other levels gets them too. What ParseUser
// or ParseRole refuse is an error.
func Grant(kind Kind, name string, document []byte, r Rights) ([]byte, error) {
	held, err := rightsOf(kind, name, document)
	if err != nil {
		return nil, err
	}
	if kind != Users && len(r.Roles) > 0 {
		return nil, fmt.Errorf("role %s: a role has no roles; give them to its users", name)
	}
	for _, role := range r.Roles {
		if err := CheckName(role); err != nil {
			return nil, fmt.Errorf("role %w", err)
		}
	}
	d, err := listsOf(document)
	if err != nil {
		return nil, err
	}
	if err := d.addEntries(held.Entries, r.Entries); err != nil {
		return nil, err
	}
	d.addNames("roles", held.Roles, r.Roles)
	d.addNames("operations", held.Operations.Names(), r.Operations.Names())
	return d.in(document)
}

// Withdrawal names what a user or a role is to have no more.
type Withdrawal struct {
	// Paths are those of entries: all that have exactly such a path are taken.
	Paths      []string
	Roles      []string
	Operations permission.Operation
}

// Withdraw is the document without what the withdrawal names. What is not there to be
// taken is an error that wraps ErrNotExist: whoever misspells a path would believe
// that it was closed.
func Withdraw(kind Kind, name string, document []byte, w Withdrawal) ([]byte, error) {
	held, err := rightsOf(kind, name, document)
	if err != nil {
		return nil, err
	}
	taken := map[permission.Entry]bool{}
	for _, path := range w.Paths {
		named, err := permission.NewEntry(path, true, true, permission.Read)
		if err != nil {
			return nil, err
		}
		found := false
		for _, e := range held.Entries {
			if e.ID() == named.ID() {
				found, taken[e] = true, true
			}
		}
		if !found {
			return nil, missing(kind, name, "no entry for "+named.ID(), shown(held.Entries))
		}
	}
	for _, role := range w.Roles {
		if !slices.Contains(held.Roles, role) {
			return nil, missing(kind, name, "no role "+role, held.Roles)
		}
	}
	if lacks := w.Operations &^ held.Operations; lacks != 0 {
		return nil, missing(kind, name, "no operation "+lacks.String(), held.Operations.Names())
	}
	d, err := listsOf(document)
	if err != nil {
		return nil, err
	}
	d.drop("paths", func(i int) bool { return taken[held.Entries[i]] })
	d.dropNames("roles", w.Roles)
	d.dropNames("operations", w.Operations.Names())
	return d.in(document)
}

// rightsOf reads what a document gives.
func rightsOf(kind Kind, name string, document []byte) (Rights, error) {
	if kind == Users {
		u, err := ParseUser(name, document)
		return Rights{u.Paths, u.Roles, u.Operations}, err
	}
	r, err := ParseRole(name, document)
	return Rights{Entries: r.Paths, Operations: r.Operations}, err
}

// absent is ErrNotExist in a sentence of its own.
type absent string

func (a absent) Error() string { return string(a) }

func (absent) Is(target error) bool { return target == ErrNotExist }

func missing(kind Kind, name, what string, there []string) error {
	has := "it has none"
	if len(there) > 0 {
		has = "it has " + strings.Join(there, ", ")
	}
	return absent(kind.Singular() + " " + name + " has " + what + "; " + has)
}

func shown(entries []permission.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%q", e.String()))
	}
	return all
}

// lists are those of a document that hold rights, by their fields; their elements
// are as they stand there.
type lists map[string][]jsontext.Value

func listsOf(document []byte) (lists, error) {
	var d struct {
		Paths      []jsontext.Value `json:"paths"`
		Roles      []jsontext.Value `json:"roles"`
		Operations []jsontext.Value `json:"operations"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	return lists{"paths": d.Paths, "roles": d.Roles, "operations": d.Operations}, nil
}

// addEntries adds to the entries, of which held is what they say.
func (l lists) addEntries(held, more []permission.Entry) error {
	held = slices.Clone(held)
	for _, e := range more {
		i := slices.IndexFunc(held, func(h permission.Entry) bool {
			return h.ID() == e.ID() && h.Allows() == e.Allows() && h.Recursive() == e.Recursive()
		})
		if i < 0 {
			l["paths"], held = append(l["paths"], entryJSON(e)), append(held, e)
			continue
		}
		wider, err := permission.NewEntry(e.ID(), e.Allows(), e.Recursive(), e.Levels()|held[i].Levels())
		if err != nil {
			return err
		}
		if wider == held[i] {
			continue
		}
		levels := jsontext.Value(`"` + wider.Levels().Letters() + `"`)
		if l["paths"][i], err = splice.Members(l["paths"][i], map[string]jsontext.Value{"permissions": levels}); err != nil {
			return err
		}
		held[i] = wider
	}
	return nil
}

// entryJSON is an entry as CM-Well writes it.
func entryJSON(e permission.Entry) jsontext.Value {
	sign := "-"
	if e.Allows() {
		sign = "+"
	}
	id, err := jsontext.AppendQuote(nil, e.ID())
	if err != nil {
		panic(err) // an entry's id is valid UTF-8
	}
	return fmt.Appendf(nil, `{"id":%s,"sign":"%s","recursive":%t,"permissions":"%s"}`, id, sign, e.Recursive(), e.Levels().Letters())
}

// addNames adds to a list of names, which are such that JSON escapes nothing of them.
func (l lists) addNames(field string, held, more []string) {
	held = slices.Clone(held)
	for _, name := range more {
		if !slices.Contains(held, name) {
			l[field], held = append(l[field], jsontext.Value(`"`+name+`"`)), append(held, name)
		}
	}
}

func (l lists) dropNames(field string, names []string) {
	list := l[field]
	l.drop(field, func(i int) bool {
		var name string
		return json.Unmarshal(list[i], &name) == nil && slices.Contains(names, name)
	})
}

func (l lists) drop(field string, dropped func(i int) bool) {
	var rest []jsontext.Value
	for i, element := range l[field] {
		if !dropped(i) {
			rest = append(rest, element)
		}
	}
	l[field] = rest
}

// in is the document with these lists where they are others than its own.
func (l lists) in(document []byte) ([]byte, error) {
	before, err := listsOf(document)
	if err != nil {
		return nil, err
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(document, &members); err != nil {
		return nil, err
	}
	edits := map[string]jsontext.Value{}
	for field, elements := range l {
		if slices.EqualFunc(before[field], elements, func(a, b jsontext.Value) bool { return bytes.Equal(a, b) }) {
			continue
		}
		text := members[field]
		if text.Kind() != '[' { // there is none, or null
			text = jsontext.Value("[]")
		}
		if edits[field], err = splice.Elements(text, elements); err != nil {
			return nil, err
		}
	}
	if len(edits) == 0 {
		return document, nil
	}
	return splice.Members(document, edits)
}
