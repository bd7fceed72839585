package gate

import (
	"context"
	"errors"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Question is what somebody wants to know about a request that nobody makes.
type Question struct {
	// User is whose permission is asked for; account.Anonymous for requests
	// without a token.
	User string
	// Path is the path as it would be sent, percent-encoded or not.
	Path string
	// Level is what the request would do, and Tree whether to all below too.
	Level permission.Level
	Tree  bool
}

// Verdict is the answer to a Question.
type Verdict struct {
	// Explanation is what the user's rules say.
	permission.Explanation
	// Passes tells whether such a request would pass this front door.
	Passes bool
	// Refusal says why it would not; nil when it passes.
	Refusal *Refusal
	// Because says what else than the rules decided; empty when they did.
	Because string
}

// Explain answers a question as Check would decide about such a request. A user
// who does not exist is account.ErrNotExist, a path that cannot be judged is
// one of permission's errors, and any other error means that nobody can tell.
func (k *Keeper) Explain(ctx context.Context, q Question) (Verdict, error) {
	path, err := permission.ParsePath(q.Path)
	if err != nil {
		return Verdict{}, err
	}
	who, err := account.Resolve(ctx, k.Users, q.User)
	if q.User == account.Anonymous && errors.Is(err, account.ErrNotExist) {
		who, err = new(account.Principal), nil
	}
	if err != nil {
		return Verdict{}, err
	}
	v := visitor{Principal: who}
	if q.User == account.Anonymous {
		v = visitor{}
	}
	answer := Verdict{Explanation: who.Rules.Explain(path, q.Level, q.Tree)}
	asked := askedOf(path, q.Level, q.Tree)
	err = k.decideFor(ctx, &v, &asked)
	if err != nil && !errors.As(err, &answer.Refusal) {
		return Verdict{}, err
	}
	answer.Passes = err == nil
	answer.Because = k.because(answer, v, &asked.list[0])
	return answer, nil
}

// MayWrite tells whether the user's write to the path would pass this front door.
func (k *Keeper) MayWrite(ctx context.Context, who *account.Principal, path permission.Path) (bool, error) {
	asked := askedOf(path, permission.Write, false)
	err := k.decideFor(ctx, &visitor{Principal: who}, &asked)
	if _, refused := errors.AsType[*Refusal](err); refused {
		return false, nil
	}
	return err == nil, err
}

func askedOf(path permission.Path, level permission.Level, tree bool) asks {
	asked := asks{list: [2]ask{{path, Demand{Level: level, Tree: tree}}}, n: 1}
	needAdminForDocuments(&asked)
	return asked
}

// decideFor decides as Check does about a request that nobody makes: nothing in it
// counts but its context.
func (k *Keeper) decideFor(ctx context.Context, v *visitor, asked *asks) error {
	return k.decide((&http.Request{Method: http.MethodGet}).WithContext(ctx), v, asked, new(permission.Decision))
}

// because says what the rules do not.
func (k *Keeper) because(answer Verdict, v visitor, a *ask) string {
	switch {
	case answer.Refusal != nil && answer.Refusal.Missing != 0:
		return "This needs the operation " + answer.Refusal.Missing.String() + ", which the user does not have."
	case !v.known() && answer.Passes && k.UnsafeOpenWrites:
		return "In development only protected paths need a token."
	case !v.known() && !answer.Passes && k.protected(a):
		return "The path is protected: it needs a token in every environment."
	case !v.known() && a.writes():
		return "A write needs a token."
	case !v.known() && answer.Passes != answer.Allowed:
		return "Without a token, everything but protected paths may be read."
	case answer.Passes == answer.Allowed:
		return ""
	case k.UnsafeOpenWrites && !k.protected(a):
		return "In development only protected paths ask for permission."
	}
	return "A user may always read its own document."
}
