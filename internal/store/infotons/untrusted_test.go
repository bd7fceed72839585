package infotons

import (
	"net/http"
	"testing"
)

// What the store behind answers to a search, to /_out and to a write.
func FuzzAnswersOfTheStore(f *testing.F) {
	for _, body := range []string{
		`{"type":"SearchResponse","results":{"total":1,"infotons":[{"type":"FileInfoton","system":{"path":"/meta/auth/users/ann"}}]}}`,
		`{"type":"BagOfInfotons","infotons":[]}`, `{"success":true}`, `{"success":"true"}`, `{"Success":true}`, `{"success":true,"success":false}`, "null", "[]", "",
	} {
		f.Add(http.StatusOK, "application/json", []byte(body))
	}
	f.Add(http.StatusFound, "text/html", []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, media string, body []byte) {
		a := answer{status, media, body}
		var search found
		var bag retrieved
		errs := []error{success(a), decode(a, &search), decode(a, &bag)}
		for _, err := range errs {
			if err == nil && (status != http.StatusOK || media != "application/json") {
				t.Fatalf("%d %q %q is taken for an answer", status, media, body)
			}
		}
	})
}
