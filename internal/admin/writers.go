package admin

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// MayWrite tells whether a user's write to a path passes the front door.
type MayWrite func(context.Context, *account.Principal, permission.Path) (bool, error)

// Writers tells who may write where: at every path that some user's or role's entry
// names, and at those above.
type Writers struct {
	// Users is how many were asked about, and MoreUsers how many were not.
	Users     int           `json:"users"`
	MoreUsers int           `json:"moreUsers"`
	Paths     []WrittenPath `json:"paths"`
	MorePaths int           `json:"morePaths"`
}

// WrittenPath is a path with who may write to it.
type WrittenPath struct {
	Path string `json:"path"`
	// Writers are the first of them by name, and Count is how many there are.
	Writers []string `json:"writers"`
	Count   int      `json:"count"`
}

// What bounds the work of one look, and its answer.
const (
	mostUsers = 1000
	mostPaths = 300
	mostNamed = 20
)

// Writers looks at the first users and paths by name.
func (o *Operator) Writers(ctx context.Context, mayWrite MayWrite) (Writers, error) {
	d, err := o.documents(account.Users)
	if err != nil {
		return Writers{}, err
	}
	names, err := d.Names(ctx, account.Users)
	if err != nil {
		return Writers{}, err
	}
	var w Writers
	if w.MoreUsers = max(0, len(names)-mostUsers); w.MoreUsers > 0 {
		names = names[:mostUsers]
	}
	var all []*account.Principal
	paths := map[string]bool{}
	for _, name := range names {
		who, err := account.Resolve(ctx, o.Users, name)
		if errors.Is(err, account.ErrNotExist) || name == account.Anonymous {
			continue // gone since, or nobody who writes
		}
		if err != nil {
			return Writers{}, err
		}
		all = append(all, who)
		addPaths(paths, who.Rules.Own)
		for _, role := range who.Rules.Roles {
			addPaths(paths, role.Entries)
		}
	}
	w.Users = len(all)
	w.Paths = []WrittenPath{}
	for _, path := range sorted(paths) {
		if len(w.Paths) == mostPaths {
			w.MorePaths = len(paths) - mostPaths
			break
		}
		written, err := writersOf(ctx, all, path, mayWrite)
		if err != nil {
			return Writers{}, err
		}
		w.Paths = append(w.Paths, written)
	}
	return w, nil
}

// addPaths adds what the entries name, and what is above.
func addPaths(paths map[string]bool, entries []permission.Entry) {
	for _, e := range entries {
		for path := e.ID(); !paths[path]; path = path[:strings.LastIndexByte(path, '/')] {
			if path == "" {
				path = "/"
			}
			paths[path] = true
			if path == "/" {
				break
			}
		}
	}
}

func sorted(paths map[string]bool) []string {
	all := make([]string, 0, len(paths))
	for path := range paths {
		all = append(all, path)
	}
	slices.SortFunc(all, func(a, b string) int { // a path before those below it
		return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
	})
	return all
}

func writersOf(ctx context.Context, all []*account.Principal, id string, mayWrite MayWrite) (WrittenPath, error) {
	w := WrittenPath{Path: id, Writers: []string{}}
	path, err := permission.ParsePath((&url.URL{Path: id}).EscapedPath())
	if err != nil {
		return w, nil //nolint:nilerr // nobody can write to a path that no store is sent
	}
	for _, who := range all {
		may, err := mayWrite(ctx, who, path)
		if err != nil {
			return WrittenPath{}, err
		}
		if !may {
			continue
		}
		if w.Count++; w.Count <= mostNamed {
			w.Writers = append(w.Writers, who.User.Name)
		}
	}
	return w, ctx.Err()
}
