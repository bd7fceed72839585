package caddymodule

import (
	"context"

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/gate"
)

// explain answers for a user as the gate would.
func (h *Handler) explain(ctx context.Context, q admin.Question) (admin.Explanation, error) {
	verdict, err := h.keeper.Explain(ctx, gate.Question{User: q.User, Path: q.Path, Level: q.Level, Tree: q.Tree})
	if err != nil {
		return admin.Explanation{}, err
	}
	answer := admin.Explanation{User: q.User, Passes: verdict.Passes, Report: verdict.Report(q.User), Because: verdict.Because}
	if verdict.Refusal != nil {
		answer.Reason = outcomeOf(verdict.Refusal, h.settings.unauthStatus).reason
	}
	return answer, nil
}
