package caddymodule

import (
	"context"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// explanation is what op=explain shows: what would become of a request, and
// which rule says so.
type explanation struct {
	User string `json:"user"`
	// Passes tells whether such a request passes, and Reason why it does not, as
	// in the audit log.
	Passes bool   `json:"passes"`
	Reason string `json:"reason,omitempty"`
	permission.Report
	// Because is said when the rule alone does not decide.
	Because string `json:"because,omitempty"`
}

// explain answers for a user as the gate would.
func (h *Handler) explain(ctx context.Context, user, path string, level permission.Level, tree bool) (any, error) {
	verdict, err := h.keeper.Explain(ctx, gate.Question{User: user, Path: path, Level: level, Tree: tree})
	if err != nil {
		return nil, err
	}
	answer := explanation{User: user, Passes: verdict.Passes, Report: verdict.Report(user), Because: verdict.Because}
	if verdict.Refusal != nil {
		answer.Reason = outcomeOf(verdict.Refusal, h.settings.unauthStatus).reason
	}
	return answer, nil
}
