package infotons

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// What bounds an answer, in bytes, and the connections to one store.
const (
	maxAnswer      = 1 << 20
	maxListing     = 16 << 20
	maxHeader      = 64 << 10
	maxConnections = 16
)

// client speaks HTTP with the store.
type client struct {
	url   string
	http  *http.Client
	token atomic.Pointer[func() (string, error)]
	now   func() time.Time

	mu       sync.Mutex
	answered time.Time
	trouble  error
	outages  account.Outages
}

func newClient(c Config) *client {
	dialer := net.Dialer{Timeout: c.Timeout}
	return &client{url: c.URL, now: c.Now, http: &http.Client{
		Timeout: c.Timeout,
		// Who redirects a question about users wants another one to answer it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // passwords' hashes go to the store, whatever the environment says
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    c.Timeout,
			MaxConnsPerHost:        maxConnections,
			MaxIdleConnsPerHost:    maxConnections,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // a few bytes can stand for very many
		},
	}}
}

// request is one question to the store.
type request struct {
	method, target string
	header         http.Header
	body           []byte
	most           int64 // bytes of the answer
	anonymous      bool  // without the front door's token
}

type answer struct {
	status int
	media  string // of Content-Type, without its parameters
	body   []byte
}

// errStatus says: the store did not answer as it answers who may ask.
var errStatus = errors.New("not what the store answers when it can tell")

// ask returns the whole answer of status 200 or 404. Every other answer is an
// error, and so is one that does not arrive whole.
func (c *client) ask(ctx context.Context, r request) (answer, error) {
	a, err := c.exchange(ctx, r)
	if err == nil && a.status != http.StatusOK && a.status != http.StatusNotFound {
		err = fmt.Errorf("status %d found: %w", a.status, errStatus)
	}
	if err != nil {
		err = fmt.Errorf("users infotons: %s %s: %w", r.method, r.target, err)
	}
	c.note(ctx, err)
	if err != nil {
		return answer{}, err
	}
	return a, nil
}

func (c *client) exchange(ctx context.Context, r request) (answer, error) {
	question, err := http.NewRequestWithContext(ctx, r.method, c.url+r.target, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	for name, values := range r.header {
		question.Header[name] = values
	}
	question.Header.Set("Accept-Encoding", "identity")
	question.Header.Set("Cache-Control", "no-cache") // whatever is in between, the store is asked
	if sign := c.token.Load(); sign != nil && *sign != nil && !r.anonymous {
		token, err := (*sign)()
		if err != nil {
			return answer{}, fmt.Errorf("making the front door's token: %w", err)
		}
		question.Header["X-Cm-Well-Token"] = []string{token}
	}
	response, err := c.http.Do(question)
	if err != nil {
		return answer{}, without(err)
	}
	defer response.Body.Close()
	if encoding := response.Header.Values("Content-Encoding"); len(encoding) > 0 {
		return answer{}, fmt.Errorf("Content-Encoding %.80q found; none was asked for", encoding)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, r.most+1))
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(body)) > r.most {
		return answer{}, fmt.Errorf("an answer of more than %d bytes found", r.most)
	}
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil && response.Header.Get("Content-Type") != "" {
		return answer{}, fmt.Errorf("Content-Type %.80q found", response.Header.Get("Content-Type"))
	}
	return answer{response.StatusCode, media, body}, nil
}

// without is an error of net/http without the URL, which whoever reads it has seen.
func without(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// note keeps how it went, unless whoever asked has gone away.
func (c *client) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = err
	if err == nil {
		c.answered = c.now()
	}
	c.outages.Note(err)
}

func (c *client) state() (answered time.Time, trouble error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered, c.trouble
}

// errDeleted is account.ErrNotExist where the store knows when it was deleted.
var errDeleted = fmt.Errorf("%w any more", account.ErrNotExist)

// get returns the content of the file at the path. account.ErrNotExist says that
// the store does not find it: CM-Well says so too when it cannot read it just now;
// errDeleted is certain.
func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	r := request{method: http.MethodGet, target: path + "?format=json", most: maxAnswer}
	a, err := c.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusNotFound {
		// A page in HTML is of a server in between.
		if a.media != "text/plain" && a.media != "" {
			return nil, fmt.Errorf("users infotons: GET %s: status 404 with %q found: %w", path, a.media, errStatus)
		}
		if strings.HasPrefix(string(a.body), "Infoton was deleted") {
			return nil, errDeleted
		}
		return nil, account.ErrNotExist
	}
	content, err := fileIn(a, path)
	if err != nil {
		return nil, fmt.Errorf("users infotons: GET %s: %w", path, err)
	}
	return content, nil
}

// put writes a file, and remove deletes one and nothing below it. The store may take
// its time until it shows what it was sent.
func (c *client) put(ctx context.Context, path string, content []byte) error {
	return c.succeed(ctx, request{method: http.MethodPost, target: path, body: content, header: http.Header{
		"X-Cm-Well-Type": {"FILE"}, "Content-Type": {"application/json"},
	}})
}

func (c *client) remove(ctx context.Context, path string) error {
	return c.succeed(ctx, request{method: http.MethodDelete, target: path + "?recursive=false"})
}

func (c *client) succeed(ctx context.Context, r request) error {
	r.most = maxAnswer
	a, err := c.ask(ctx, r)
	if err != nil {
		return err
	}
	if err := success(a); err != nil {
		return fmt.Errorf("users infotons: %s %s: %w", r.method, r.target, err)
	}
	return nil
}
