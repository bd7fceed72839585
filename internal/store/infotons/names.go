package infotons

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// pages are parts of a search that together are as long as CM-Well allows: no
// offset above 1,000, no length above 10,000.
var pages = []struct{ offset, length int }{{0, 1000}, {1000, 10_000}}

// listings is how often a folder is listed anew that changes meanwhile.
const listings = 3

// Names are those of all users, or of all roles, sorted. CM-Well finds what is new
// by its search, a moment later than by its path. Of more than 11,000 there is no
// list, and that is an error.
func (s *Store) Names(ctx context.Context, kind account.Kind) ([]string, error) {
	folder, err := folderOf(kind)
	if err != nil {
		return nil, err
	}
	listed, err := s.client.list(ctx, folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if account.CheckName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// list is what is directly below the folder.
func (c *client) list(ctx context.Context, folder string) (map[string]bool, error) {
	for range listings {
		names, total, err := c.listOnce(ctx, folder)
		if err != nil {
			return nil, fmt.Errorf("users infotons: listing %s: %w", folder, err)
		}
		if len(names) == total {
			return names, nil
		}
		if last := pages[len(pages)-1]; total > last.offset+last.length {
			return nil, fmt.Errorf("users infotons: listing %s: %d infotons found; at most %d can be listed", folder, total, last.offset+last.length)
		}
	}
	return nil, fmt.Errorf("users infotons: listing %s: it keeps changing", folder)
}

func (c *client) listOnce(ctx context.Context, folder string) (names map[string]bool, total int, err error) {
	names = map[string]bool{}
	for _, page := range pages {
		a, err := c.ask(ctx, request{
			method: http.MethodGet, most: maxListing,
			target: fmt.Sprintf("%s?op=search&format=json&offset=%d&length=%d", folder, page.offset, page.length),
		})
		var f found
		if err == nil {
			err = decode(a, &f)
		}
		if err != nil {
			return nil, 0, err
		}
		if f.Type != "SearchResponse" || f.Results == nil {
			return nil, 0, fmt.Errorf("%.40q found; a SearchResponse is accepted", f.Type)
		}
		for _, i := range f.Results.Infotons {
			name, below := strings.CutPrefix(i.System.Path, folder+"/")
			if !below || name == "" || strings.Contains(name, "/") {
				return nil, 0, fmt.Errorf("%.200q found, which is not directly below", i.System.Path)
			}
			names[name] = true
		}
		if total = f.Results.Total; total <= page.offset+page.length {
			break
		}
	}
	return names, total, nil
}
