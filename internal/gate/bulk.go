package gate

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// What a body can be refused for.
var (
	// ErrBulkOff says: bulk writes are switched off here.
	ErrBulkOff = errors.New("gate: bulk writes are not accepted here")
	// ErrBulkFormat says: nothing tells the format of the body for sure.
	ErrBulkFormat = errors.New("gate: the format of the body is not known")
	// ErrBulkBody says: the body is not of its format, or does not arrive whole.
	ErrBulkBody = errors.New("gate: the body is malformed")
	// ErrBulkSize says: the body is larger than is judged.
	ErrBulkSize = errors.New("gate: the body is too large to be judged")
	// ErrBulkBusy says: so many bodies are being judged that there is no room for
	// another one.
	ErrBulkBusy = errors.New("gate: too many bodies are being judged")
	// ErrUnjudged says: what the body writes or reads cannot be told.
	ErrUnjudged = errors.New("gate: the body cannot be judged")
)

// Body is what a request names in its body.
type Body uint8

const (
	// NoBody is for requests whose body names no paths.
	NoBody Body = iota
	// Subjects is RDF: what it speaks of is written.
	Subjects
	// Lines is a list of paths, each on its line: they are read.
	Lines
	// unclear is for requests that are such a one in one reading only.
	unclear
)

// and joins what two readings say of the body.
func (b Body) and(c Body) Body {
	if b == c {
		return b
	}
	return unclear
}

// BulkPolicy is what becomes of requests whose targets are in their body.
type BulkPolicy uint8

const (
	// BulkJudge lets them pass when the user may do it to every target.
	BulkJudge BulkPolicy = iota
	// BulkRootOnly lets them pass when the user may do it everywhere.
	BulkRootOnly
	// BulkOff lets no bulk write pass.
	BulkOff
)

// Bulk says how requests are judged whose targets are in their body. The zero
// Bulk reads no body, for its limit is 0.
type Bulk struct {
	Policy BulkPolicy
	// Limit is how many bytes of a body are read, compressed or not.
	Limit int64
	// Room is for all bodies that are in memory at once, in bytes; nil for none.
	Room *semaphore.Weighted
	// Wait is how long a request waits for room.
	Wait time.Duration
	// Turns is for the bodies that are judged at once, one each; nil for none. A body
	// that has room waits for its turn as long as its client does.
	Turns *semaphore.Weighted
	// Paths take bulk writes by POST, beside those of the profile. The names of
	// graphs are targets there too, and a query could be anything: with one, and by
	// other methods, a request asks for everything.
	Paths []string
	// Format is what Paths take, whatever a request says; 0 goes by Content-Type.
	Format rdf.Format
}

// takes tells whether some reading of the path takes bulk writes, and what the
// request then is to be judged by.
func (k *Keeper) takes(r *http.Request, p *permission.Path) (Body, bool) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return NoBody, false
	}
	for i := range p.Len() {
		if !slices.Contains(k.Bulk.Paths, p.Reading(i)) {
			continue
		}
		if r.Method == http.MethodPost && k.QueryOf(r) == "" {
			return Subjects, true
		}
		return unclear, true
	}
	return NoBody, false
}

// maxRefused is how many targets a refusal names.
const maxRefused = 10

// judgeBody is asked when a request was refused for asking for everything: it
// may still do what its body names. The answer is the refusal that holds, nil
// when every target is allowed. The body is read whole before any of it goes on,
// so that what is judged is what is sent.
func (k *Keeper) judgeBody(r *http.Request, v *visitor, asked *asks, refusal error) error {
	at := &asked.list[0]
	if at.Body != Subjects && at.Body != Lines {
		return refusal
	}
	if no, ok := errors.AsType[*Refusal](refusal); !ok || no.Missing != 0 && !no.bodyMay {
		return refusal
	}
	if k.Bulk.Policy != BulkJudge || asked.n > 1 || !asked.asSent {
		return refusal
	}
	// With a slash at its end, or escaped, some stores take the path for another.
	if r.URL.EscapedPath() != at.path.String() {
		return refusal
	}
	// Nobody's body is read where nobody may write, or what needs an operation.
	if !v.known() && (!k.UnsafeOpenWrites || at.Operation != 0) {
		return refusal
	}
	var verdict error
	err := k.named(r, at.Body, func(targets []target) { verdict = judge{keeper: k, visitor: *v}.each(targets, at.Level) })
	if err != nil {
		return bodyRefusal(err)
	}
	return verdict
}

// named hands over what the body names, when there is room for the body and it is its
// turn.
func (k *Keeper) named(r *http.Request, kind Body, judge func([]target)) error {
	if err := k.Bulk.enter(r); err != nil {
		return err
	}
	got, err := k.receive(r, kind)
	if err != nil {
		return err
	}
	end, err := k.Bulk.turn(r.Context())
	if err != nil {
		return err
	}
	defer end()
	targets, err := k.targets(r, got)
	if err == nil {
		judge(targets)
	}
	return err
}

// bodyRefusal tells faults of a body from those of ours.
func bodyRefusal(err error) error {
	for _, ours := range []error{ErrBulkFormat, ErrBulkBody, ErrBulkSize, ErrBulkBusy, ErrUnjudged} {
		if errors.Is(err, ours) {
			return &Refusal{Reason: err}
		}
	}
	return err
}

// judge is one visitor before many targets.
type judge struct {
	keeper  *Keeper
	visitor visitor
}

// each refuses when any target is refused, and names the first of them.
func (j judge) each(targets []target, level permission.Level) error {
	var refused *Refusal
	for _, t := range targets {
		no := j.one(&ask{t.path, Demand{Level: level, Tree: t.tree}}, t.link)
		if no == nil {
			continue
		}
		if refused == nil {
			first := *no // of its own: others share the one
			refused = &first
		}
		if name := t.path.String(); !slices.Contains(refused.Paths, name) {
			refused.Paths = append(refused.Paths, name)
		}
		if len(refused.Paths) == maxRefused {
			break
		}
	}
	if refused == nil {
		return nil
	}
	return refused
}

// one is decide's answer for a path that stands in a body.
func (j judge) one(a *ask, link bool) *Refusal {
	k := j.keeper
	admin := a.Level == permission.Write && documents(&a.path) || k.reaches(a) || k.DocumentsInStore && link
	if k.UnsafeOpenWrites && !k.protected(a) && !admin {
		return nil
	}
	if !j.visitor.known() {
		return j.visitor.refused()
	}
	if admin && j.visitor.Operations&permission.Admin == 0 {
		return &Refusal{Reason: ErrForbidden, Missing: permission.Admin}
	}
	var by permission.Decision
	if k.byRules(&by, j.visitor.Principal, a); by.Allowed {
		return nil
	}
	return forbidden(ErrForbidden, &j.visitor.Rules, a, a.path)
}

// unjudged makes an error that says what to do about it.
func unjudged(format string, args ...any) error {
	return fmt.Errorf("%w: %s; who may do this everywhere may send it", ErrUnjudged, fmt.Sprintf(format, args...))
}
