package gate

import (
	"hash/maphash"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Access is what a request asks for and who asks, as far as it was found out. The zero
// Access tells nothing, and Observe lets it pass nowhere.
type Access struct {
	// User is who was verified; empty for anonymous. With a refusal it may be whom a
	// token names that does not count any more: it is for logs then.
	User string
	// Write tells that the request wants more than to read.
	Write bool
	// Path is the first reading of the path that was judged.
	Path string
	// Document tells that the request is for the documents of users and roles,
	// which the front door serves itself; Path is theirs.
	Document bool

	forStore bool // it is certain that the front door itself serves no reading of the path
}

// Pass is the answer yes.
type Pass struct {
	Access
	// Revision is the user's.
	Revision int64
	// Decision is the permission rule that allowed, when one was asked.
	Decision permission.Decision
	// ChangesUsers tells that the request may change documents of users in the store
	// behind: what is remembered of them may not be true any more after it.
	ChangesUsers bool

	token  string // verified
	source Source
	seen   sight
}

// of makes it the pass of a known visitor.
func (p *Pass) of(v *visitor) {
	p.User, p.Revision, p.token, p.source = v.User.Name, v.User.Revision, v.token, v.source
}

// Print is a number that is the same for the same token, and tells nothing of it.
func (p *Pass) Print(seed maphash.Seed) uint64 { return maphash.String(seed, p.token) }

// Vary is the request field that carried the verified token, for the header of
// that name (RFC 9110, section 12.5.5); empty when no field did.
func (p *Pass) Vary() string {
	switch {
	case p.token == "" || p.source.kind == InQuery:
		return ""
	case p.source.kind == InBearer:
		return "Authorization"
	case p.source.kind == InCookie:
		return "Cookie"
	}
	return p.source.name
}
