package infotons

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
)

// Location is where the users are, as a URL.
func (s *Store) Location() string { return "infotons:" + s.config.URL }

// Exposed says in a sentence what anybody could do who reaches the store without the
// front door; nothing when it takes no writes from nobody in particular. It sends one
// without a token, of a kind that no store knows and to a name that nobody has, so
// that nothing is written; only who may not write at all is told so before.
func (s *Store) Exposed(ctx context.Context) (string, error) {
	r := request{
		method: http.MethodPost, target: "/meta/auth/users/check-" + strings.ToLower(rand.Text()), most: maxAnswer,
		header: http.Header{"X-Cm-Well-Type": {"NONE"}}, anonymous: true,
	}
	a, err := s.client.exchange(ctx, r)
	if err != nil {
		return "", fmt.Errorf("users infotons: asking whether anybody may write: %w", err)
	}
	if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		return "", nil
	}
	return fmt.Sprintf("the store at %s answers writes without a token: whoever reaches it past the front door can make any user, and itself an administrator; let nobody but the front door reach it", s.config.URL), nil
}
