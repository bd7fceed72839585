package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/devstore"
)

// loadDevStore provisions an instance as Caddy does, with the function that
// ends its configuration. Ending it twice does no harm.
func loadDevStore(t *testing.T, file string) (*DevStore, func()) {
	t.Helper()
	config, err := json.Marshal(map[string]string{"file": file})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	loaded, err := ctx.LoadModuleByID("http.handlers.cmwell_dev_store", config)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := loaded.(*DevStore)
	if !ok {
		t.Fatalf("Caddy made a %T", loaded)
	}
	return d, cancel
}

// askDevStore sends one request and gives the status, also of an error.
func askDevStore(d *DevStore, method, path, body string) int {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-CM-WELL-TYPE", "OBJ")
	w := httptest.NewRecorder()
	err := d.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		return errors.New("the next handler was called")
	}))
	if err == nil {
		return w.Code
	}
	if handled := (caddyhttp.HandlerError{}); errors.As(err, &handled) {
		return handled.StatusCode
	}
	return 0
}

func wantDevStoreStatus(t *testing.T, d *DevStore, method, path string, status int) {
	t.Helper()
	if got := askDevStore(d, method, path, "{}"); got != status {
		t.Fatalf("%s %s: got %d, want %d", method, path, got, status)
	}
}

func TestTheDevStoreDirectiveIsReadFromACaddyfile(t *testing.T) {
	tests := map[string]struct{ line, file, matcher string }{
		"no file":                    {"cmwell_dev_store", "", ""},
		"a file":                     {"cmwell_dev_store dev.db", "dev.db", ""},
		"a file from the root":       {"cmwell_dev_store /var/dev.db", "/var/dev.db", ""},
		"a placeholder":              {"cmwell_dev_store {env.DEV}/dev.db", "{env.DEV}/dev.db", ""},
		"every path":                 {"cmwell_dev_store * /var/dev.db", "/var/dev.db", ""},
		"a path matcher and a file":  {"cmwell_dev_store /a/* /var/dev.db", "/var/dev.db", `[{"path":["/a/*"]}]`},
		"a path matcher and no file": {"cmwell_dev_store /a/*", "", `[{"path":["/a/*"]}]`},
		"a named matcher":            {"@m method GET\n cmwell_dev_store @m dev.db", "dev.db", `[{"method":["GET"]}]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// The response comes first here and has to end up behind the store.
			text := ":8080 {\n respond never\n " + test.line + "\n}\n"
			adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := `"handle":[{`
			if test.matcher != "" {
				want = `"match":` + test.matcher + `,` + want
			}
			if test.file != "" {
				want += `"file":"` + test.file + `",`
			}
			want = `"routes":[{` + want + `"handler":"cmwell_dev_store"}`
			if test.matcher != "" {
				want += `]},{"handle":[`
			} else {
				want += `,`
			}
			if want += `{"body":"never"`; !strings.Contains(string(adapted), want) {
				t.Errorf("got\n%s\nwant it to have\n%s", adapted, want)
			}
		})
	}
}

func TestADevStoreDirectiveWithTooMuchSaysWhatItTakes(t *testing.T) {
	tests := map[string]struct{ text, found string }{
		"two files":       {"cmwell_dev_store a.db b.db", "2 arguments found"},
		"an empty name":   {`cmwell_dev_store ""`, "an empty name found"},
		"a block":         {"cmwell_dev_store {\n file a.db\n}", `"{" found`},
		"an empty block":  {"cmwell_dev_store a.db {\n}", `"{" found`},
		"another line":    {"cmwell_dev_store a.db\nb.db", `"b.db" found`},
		"a quoted brace":  {"cmwell_dev_store a.db `{`", "2 arguments found"},
		"an unknown name": {"cmwell_dev_store @m a.db b.db c.db", "4 arguments found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := new(DevStore).UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.text))
			if err == nil || !strings.Contains(err.Error(), test.found) ||
				!strings.Contains(err.Error(), "the name of one file is accepted, or nothing") {
				t.Errorf("got %v, want it to say %q and what is accepted", err, test.found)
			}
		})
	}
}

func TestTheFileOfTheDevStoreIsSettledBeforeTheFirstRequest(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("DEV_STORE_TEST", dir+"/env")
	for given, want := range map[string]string{
		"":                            dir + "/caddy/cmwell_dev_store.db",
		"dev.db":                      dir + "/dev.db",
		dir + "/x/../y.db":            dir + "/y.db",
		"{env.DEV_STORE_TEST}/dev.db": dir + "/env/dev.db",
	} {
		d, _ := loadDevStore(t, given)
		if d.file != want {
			t.Errorf("the file %q became %q, want %q", given, d.file, want)
		}
	}
}

func TestAPlaceholderWithoutAValueStopsTheDevStore(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	for _, file := range []string{"{env.NOT_SET_ANYWHERE}", "{no.such.thing}/x.db"} {
		_, err := ctx.LoadModuleByID("http.handlers.cmwell_dev_store", json.RawMessage(`{"file":"`+file+`"}`))
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("got %v, want an error that names %s", err, file)
		}
	}
}

func TestADevStoreThatGetsNoRequestTouchesNoFile(t *testing.T) {
	dir := t.TempDir()
	d, end := loadDevStore(t, filepath.Join(dir, "folder", "dev.db"))
	end()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("found %v and %v in the folder", entries, err)
	}
	wantDevStoreStatus(t, d, "GET", "/", http.StatusInternalServerError)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("a request after the end made %v (%v)", entries, err)
	}
}

func TestTheLogSaysWhatTheDevStoreIs(t *testing.T) {
	logged, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logged.Close() }()
	stderr := os.Stderr
	os.Stderr = logged
	d, _ := loadDevStore(t, filepath.Join(t.TempDir(), "dev.db"))
	os.Stderr = stderr
	text, err := os.ReadFile(logged.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"WARN", "development store without any access control", d.file} {
		if strings.Count(string(text), part) != 1 {
			t.Errorf("the log says %q, want it to say %q once", text, part)
		}
	}
}

func TestAReloadHandsTheDevStoreOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dev.db")
	before, endBefore := loadDevStore(t, file)
	wantDevStoreStatus(t, before, "POST", "/a", http.StatusOK)
	after, endAfter := loadDevStore(t, file)
	wantDevStoreStatus(t, after, "GET", "/a", http.StatusOK)
	endBefore()
	wantDevStoreStatus(t, after, "POST", "/b", http.StatusOK)
	if err := before.Cleanup(); err != nil {
		t.Fatal(err)
	}
	wantDevStoreStatus(t, after, "GET", "/b", http.StatusOK)
	endAfter()
	if _, held := devStores.References(file); held {
		t.Error("the store is still held after its last user")
	}
	reopened, err := devstore.Open(file)
	if err != nil {
		t.Fatalf("the file was not let go: %v", err)
	}
	if err := reopened.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestADevStoreThatCouldNotBeOpenedIsTriedAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dev.db")
	holder, err := devstore.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	d, end := loadDevStore(t, file)
	wantDevStoreStatus(t, d, "GET", "/", http.StatusInternalServerError)
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	wantDevStoreStatus(t, d, "GET", "/", http.StatusOK)
	end()

	blocked := filepath.Join(file, "below.db")
	d, end = loadDevStore(t, blocked)
	_, err = d.opened()
	var cause *fs.PathError
	if !errors.As(err, &cause) || !strings.HasPrefix(err.Error(), "cmwell_dev_store: devstore: ") {
		t.Errorf("got %v, want the reason", err)
	}
	end()
	if _, held := devStores.References(blocked); held {
		t.Error("a store that was never opened is held")
	}
}

func TestManyFirstRequestsOpenTheDevStoreOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dev.db")
	first, endFirst := loadDevStore(t, file)
	second, endSecond := loadDevStore(t, file)
	var all sync.WaitGroup
	for range 8 {
		for _, d := range []*DevStore{first, second} {
			all.Go(func() {
				if got := askDevStore(d, "GET", "/", ""); got != http.StatusOK {
					t.Errorf("got %d", got)
				}
			})
		}
	}
	all.Wait()
	if users, _ := devStores.References(file); users != 2 {
		t.Errorf("the store has %d users, want 2", users)
	}
	endFirst()
	endSecond()
	if _, held := devStores.References(file); held {
		t.Error("the store is still held after its last user")
	}
}
