package caddymodule

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/devstore"
)

const devStoreDirective = "cmwell_dev_store"

func init() {
	caddy.RegisterModule(&DevStore{})
	httpcaddyfile.RegisterDirective(devStoreDirective, parseDevStoreDirective)
	httpcaddyfile.RegisterDirectiveOrder(devStoreDirective, httpcaddyfile.Before, "respond")
}

// DevStore is a small stand-in for CM-Well, for trying out the door and for
// tests. It keeps infotons in one file and answers GET, POST, PUT and DELETE
// for them by path, op=search, and /_in and /_out for N-Triples and N-Quads.
//
// It has no access control of its own: whoever reaches it may read, write and
// delete everything. Nothing that matters belongs in it.
type DevStore struct {
	// File is where the infotons are kept. Placeholders of the environment,
	// as in {env.HOME}, are filled in. The file is made at the first request;
	// the default is cmwell_dev_store.db in Caddy's data folder.
	File string `json:"file,omitempty"`

	file string

	mu       sync.Mutex
	store    *sharedDevStore
	failure  error
	failedAt time.Time
	cleaned  bool
}

// devStores are the open stores by absolute file name. During a reload the old
// and the new configuration serve together, and the file can be opened once.
var devStores = caddy.NewUsagePool()

type sharedDevStore struct{ *devstore.Store }

// Destruct closes the store when its last user has given it back.
func (s *sharedDevStore) Destruct() error { return s.Close() }

// CaddyModule names the module for Caddy.
func (*DevStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cmwell_dev_store",
		New: func() caddy.Module { return new(DevStore) },
	}
}

// Provision settles which file is used and says in the log what this store is.
// It does not touch the file, so validating a configuration leaves no trace.
func (d *DevStore) Provision(ctx caddy.Context) error {
	file := filepath.Join(caddy.AppDataDir(), "cmwell_dev_store.db")
	if d.File != "" {
		var err error
		if file, err = caddy.NewReplacer().ReplaceOrErr(d.File, true, true); err != nil {
			return fmt.Errorf("%s: the file %q: %w", devStoreDirective, d.File, err)
		}
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("%s: the file %q: %w", devStoreDirective, d.File, err)
	}
	d.file = file
	ctx.Logger().Warn("this is a development store without any access control of its own, for trying things out and for tests; keep no data in it that matters",
		zap.String("file", file))
	return nil
}

// ServeHTTP answers every request from the store and calls no next handler.
func (d *DevStore) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	store, err := d.opened()
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, err)
	}
	store.ServeHTTP(w, r)
	return nil
}

// opened gives the store and opens it when this is the first request. After a
// failure the next request tries again.
func (d *DevStore) opened() (*sharedDevStore, error) {
	arrived := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.cleaned:
		return nil, fmt.Errorf("%s: the store is no longer in use", devStoreDirective)
	case d.store != nil:
		return d.store, nil
	case d.failedAt.After(arrived):
		// Requests that waited for a failed attempt share its outcome. If
		// each waited out the lock of the file, the last would wait for all.
		return nil, d.failure
	}
	held, _, err := devStores.LoadOrNew(d.file, func() (caddy.Destructor, error) {
		opened, err := devstore.Open(d.file)
		if err != nil {
			return nil, err
		}
		return &sharedDevStore{opened}, nil
	})
	if err != nil {
		d.failure, d.failedAt = fmt.Errorf("%s: %w", devStoreDirective, err), time.Now()
		return nil, d.failure
	}
	store, ok := held.(*sharedDevStore)
	if !ok {
		return nil, fmt.Errorf("%s: the pool of open stores holds a %T", devStoreDirective, held)
	}
	d.store = store
	return d.store, nil
}

// Cleanup gives the store back if this instance has taken it. The file is
// closed with the last instance that uses it.
func (d *DevStore) Cleanup() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cleaned = true
	if d.store == nil {
		return nil
	}
	d.store = nil
	if _, err := devStores.Delete(d.file); err != nil {
		return fmt.Errorf("%s: closing %s: %w", devStoreDirective, d.file, err)
	}
	return nil
}

// UnmarshalCaddyfile reads the directive:
//
//	cmwell_dev_store [<file>]
func (d *DevStore) UnmarshalCaddyfile(disp *caddyfile.Dispenser) error {
	disp.Next()
	args := disp.RemainingArgs()
	if len(args) > 1 {
		return disp.Errf("%s found; the name of one file is accepted, or nothing", arguments(len(args)))
	}
	if len(args) == 1 {
		if args[0] == "" {
			return disp.Errf("an empty name found; the name of one file is accepted, or nothing")
		}
		d.File = args[0]
	}
	if disp.Next() {
		return disp.Errf("%q found; the name of one file is accepted, or nothing, and no block", disp.Val())
	}
	return nil
}

// parseDevStoreDirective takes a lone argument such as /var/dev.db for the
// file, as Caddy's root does. Caddy would take it for a path matcher, and the
// store would quietly use another file and serve next to nothing.
func parseDevStoreDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	if !h.Next() {
		return nil, h.ArgErr()
	}
	loneFile := isLoneFile(h.RemainingArgs())
	h.Reset()
	var matchers caddy.ModuleMap
	if !loneFile {
		h.Next()
		var err error
		if matchers, err = h.ExtractMatcherSet(); err != nil {
			return nil, err
		}
	}
	var d DevStore
	if err := d.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return h.NewRoute(matchers, &d), nil
}

func isLoneFile(args []string) bool {
	return len(args) == 1 && strings.HasPrefix(args[0], "/") && !strings.Contains(args[0], "*")
}

// Interface guards.
var (
	_ caddy.Module                = (*DevStore)(nil)
	_ caddy.Provisioner           = (*DevStore)(nil)
	_ caddy.CleanerUpper          = (*DevStore)(nil)
	_ caddy.Destructor            = (*sharedDevStore)(nil)
	_ caddyhttp.MiddlewareHandler = (*DevStore)(nil)
	_ caddyfile.Unmarshaler       = (*DevStore)(nil)
)
