package remote

import (
	"errors"
	"net/http"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/admin"
)

// What a server answers that is perhaps none of ours.
func FuzzAnswersOfAServer(f *testing.F) {
	for _, body := range []string{`{"error":"no"}`, `{"Doors":[{"users":"file"}]}`, `{"doors":null}`, "<html>", "", `{"error":1}`, `null`} {
		f.Add(404, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := refusal(&http.Response{StatusCode: status, Status: http.StatusText(status)}, body)
		if said := new(StatusError); !errors.As(err, &said) || said.Error() == "" {
			t.Fatalf("%d %q is no refusal: %v", status, body, err)
		}
		var state struct{ Doors []admin.Door }
		_ = understood(body, &state)
		var warnings admin.Warnings
		_ = understood(body, &warnings)
		var page admin.Page
		_ = understood(body, &page)
	})
}
