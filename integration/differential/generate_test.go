package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// request is a case: who sends what. The target is as on the wire.
type request struct {
	who, method, target string
	http, form          bool // the profile; the type of the body
}

// String is the form in which a counter-example is kept.
func (r request) String() string {
	profile, body := "cmwell", "none"
	if r.http {
		profile = "http"
	}
	if r.form {
		body = "form"
	}
	return fmt.Sprintf("%s %s %s %s %s", profile, r.who, r.method, body, r.target)
}

func parseRequest(line string) (request, error) {
	w := strings.SplitN(line, " ", 5)
	if len(w) != 5 {
		return request{}, fmt.Errorf("%q: profile, user, method, form or none, and target are accepted", line)
	}
	return request{http: w[0] == "http", who: w[1], method: w[2], form: w[3] == "form", target: w[4]}, nil
}

var (
	bases = strings.Fields("/ /tests /tests/a /tests/a/b /tests/secret /tests/secret/s /meta/auth/users/root /meta/auth /meta/x /a/b /other " +
		"/_login /_in /_out /_sparql /ii/1 /zz/k /tests/example.org/people/ann")
	pieces = strings.Fields("/ / // /. /./ /.. /../ .. . ... %2e %2E %2e%2e %2f %2F %5c %5C \\ %25 %252f %255c %252e %252e%252e " +
		"; ;x ;x=1 ;/ %3b %3B %253b %3f %23 %20 + %2b %2B %41 %61 %c3%a9 %C3%A9 ~ : @ = & , ' ( ) * ! $ | %7c " +
		"%u0061 %25u0061 %u002f %c0%ae %00 %0a %09 %e2%80%a8 %ef%bc%8f %ef%bb%bf " +
		"tests secret meta auth users _login a b //x /x/ /secret /tests")
	queries = strings.Fields("op=read op=search op=purge-all op=purge-all op=PURGE-ALL op=rollback op=x-fix op=consume op=subscribe op=frob op op= " +
		"format=json recursive recursive=false recursive=true with-descendants xg=1 yg priority token=eyJh.eyJz.c2ln token=1.2.3 " +
		"_method=DELETE _method=PUT a=b length=5 qp=a::b url=http://x/?y=z x=1%26y=2 x=%3dy")
	marks = strings.Fields("& & & = ; ? ?? + %20 %00 %0a %26 %3d %3D %3b %23 %25 %2526 %2b [] [0] %5b%5d . - _ %ef%bb%bf %EF%BB%BF && &; ;& =& &= # " +
		"%e2%80%a8 %u0026 %c2%a0 %09 %0d%0a o p op OP op[ op%00 %6fp o%70 %4fp & op=purge-all op=read")
	methods = strings.Fields("GET GET GET GET GET GET HEAD OPTIONS PUT PUT PUT POST POST DELETE DELETE")
)

// source makes requests by chance.
type source struct{ *rand.Rand }

func (s source) pick(of []string) string { return of[s.IntN(len(of))] }

func (s source) request() request {
	r := request{who: s.pick([]string{"nobody", "nobody", "ann", "ann", "most"}), method: s.pick(methods), http: s.IntN(5) == 0, form: s.IntN(3) == 0}
	r.target = s.path()
	if s.IntN(2) == 0 {
		r.target += "?" + s.query()
	}
	return r
}

// path is an everyday one that is damaged in some places.
func (s source) path() string {
	p := s.pick(bases)
	for range s.IntN(4) {
		at := s.IntN(len(p)) + 1
		switch s.IntN(6) {
		case 0: // one letter escaped
			p = p[:at-1] + fmt.Sprintf("%%%02x", p[at-1]) + p[at:]
		case 1: // a slash that some readers take for none, or none for one
			if i := strings.IndexByte(p[at-1:], '/'); i >= 0 && at-1+i > 0 {
				p = p[:at-1+i] + s.pick([]string{"%2f", "%5c", "//", "/./", "/x/../", ";/", "/;x/", "%252f", "\\", "/%2e/"}) + p[at+i:]
				continue
			}
			fallthrough
		case 2:
			p = s.pick([]string{"//x", "/x/..", "/.", "//", "/%2e%2e", "/;x", "/%2f", "/\\", "/%5cx", "///x", "/tests/..", "/x%2f.."}) + p
		default:
			p = p[:at] + s.pick(pieces) + p[at:]
		}
	}
	return p
}

func (s source) query() string {
	q := s.pick(queries)
	for range s.IntN(3) {
		q += "&" + s.pick(queries)
	}
	for range s.IntN(3) {
		at := s.IntN(len(q) + 1)
		if at < len(q) && s.IntN(4) == 0 {
			q = q[:at] + fmt.Sprintf("%%%02X", q[at]) + q[at+1:]
			continue
		}
		q = q[:at] + s.pick(marks) + q[at:]
	}
	return q
}

// smaller are the requests with a little less in the target: a shrunken
// counter-example says what matters.
func (r request) smaller() (all []request) {
	for _, n := range []int{8, 4, 3, 2, 1} {
		for i := 1; i+n <= len(r.target); i++ {
			s := r
			s.target = r.target[:i] + r.target[i+n:]
			all = append(all, s)
		}
	}
	if r.form {
		s := r
		s.form = false
		all = append(all, s)
	}
	return all
}
