package gate

import (
	"net/http"
	"strings"
)

// Prepare makes the request what the store is to see, after its Pass: the
// verified token and no other, the verified identity and no other. It changes
// r's headers and, to take tokens out, its query; never its path. No trailer goes on.
func (k *Keeper) Prepare(r *http.Request, p *Pass) {
	forwards, bearer := p.token != "" && k.ForwardToken, p.source.kind == InBearer
	carrier := TokenHeader // one verified token, where the store looks for such
	if p.source.kind == InHeader {
		carrier = p.source.name
	}
	sent := r.Header[carrier]
	right := forwards && !bearer && len(sent) == 1 && sent[0] == p.token
	stays := 0
	if right {
		stays = 1
	}
	if !p.seen.lasts || p.seen.withheld > stays {
		for name := range r.Header {
			if k.withholds(r.Header, name) && !(right && name == carrier) {
				delete(r.Header, name)
			}
		}
	}
	for _, s := range k.Sources {
		switch {
		case s.kind == InHeader: // reserved, and gone
		case s.kind == InBearer && bearer && forwards: // the one that goes on
		default:
			s.remove(r)
		}
	}
	for _, s := range everyPlace {
		s.remove(r)
	}
	if forwards && !right && !bearer {
		r.Header[carrier] = []string{p.token}
	}
	// net/http adds to these what comes after the body, announced or not, and a proxy
	// that shares them sends it on: an identity too, long after this.
	r.Trailer = nil
	if p.token != "" && k.IdentityHeader != "" {
		r.Header[k.IdentityHeader] = []string{p.User}
	}
	k.keepFromHop(r.Header)
}

// everyPlace is where a CM-Well looks for tokens, apart from its headers.
var everyPlace = []Source{
	NewSource(InCookie, TokenHeader), NewSource(InCookie, TokenHeader2), NewSource(InQuery, "token"),
}

// depended are headers that a decision, or the store's reading of the body,
// rests on. A proxy drops what Connection names (RFC 9110, section 7.6.1), and
// the client writes Connection.
var depended = []string{
	"Authorization", "Cookie", "Host", "Content-Type", "Content-Encoding", "Content-Length", "Destination", "Depth",
	"Overwrite", "If-Match", "If-None-Match", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via",
}

func (k *Keeper) keepFromHop(h http.Header) {
	lines, there := h["Connection"]
	if !there {
		return
	}
	var kept []string
	for _, line := range lines {
		for option := range strings.SplitSeq(line, ",") {
			option = strings.TrimSpace(option)
			if strings.EqualFold(option, "upgrade") && len(h["Upgrade"]) == 0 || strings.EqualFold(option, "http2-settings") {
				continue
			}
			if option != "" && !k.reserved(option) && !strings.HasPrefix(strings.ToLower(option), "x-cm-well-") && !among(depended, option) {
				kept = append(kept, option)
			}
		}
	}
	delete(h, "Connection")
	if len(kept) > 0 {
		h["Connection"] = []string{strings.Join(kept, ", ")}
	}
}
