// Command writer changes a users file in three ways at once until it is killed, and
// prints a line for every change that was acknowledged:
//
//	same <rev>      the user same was revoked
//	own <i>         the document of the user own has i
//	made <rev>      the user passing was made
//	deleted <rev>   it was deleted again
package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

func main() {
	ctx := context.Background()
	users, err := file.Open(os.Args[1], false)
	if err == nil {
		err = users.RemoveLeftovers(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var all sync.WaitGroup
	for _, change := range []func(context.Context, *file.Users) (said string, err error){revoke, count, pass} {
		all.Go(func() {
			for {
				said, err := change(ctx, users)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Println(said)
			}
		})
	}
	all.Wait()
}

func revoke(ctx context.Context, users *file.Users) (string, error) {
	u, err := users.Edit(ctx, "same", account.Revoke)
	return fmt.Sprintf("same %d", u.Revision), err
}

// count goes on from what the document has.
func count(ctx context.Context, users *file.Users) (string, error) {
	document, err := users.Document(ctx, account.Users, "own")
	if err != nil {
		return "", err
	}
	var own struct {
		I int `json:"i"`
	}
	if err := json.Unmarshal(document, &own); err != nil {
		return "", err
	}
	i := own.I + 1
	return fmt.Sprintf("own %d", i), users.Put(ctx, account.Users, "own", fmt.Appendf(nil, `{ "i":%d,  "kept": [1.0, {"\u0061": null}] }`, i))
}

// pass makes the user passing, or deletes it.
func pass(ctx context.Context, users *file.Users) (string, error) {
	if passing, err := users.User(ctx, "passing"); err == nil {
		return fmt.Sprintf("deleted %d", passing.Revision), users.Delete(ctx, account.Users, "passing")
	}
	if err := users.Put(ctx, account.Users, "passing", []byte(`{}`)); err != nil {
		return "", err
	}
	passing, err := users.User(ctx, "passing")
	return fmt.Sprintf("made %d", passing.Revision), err
}
