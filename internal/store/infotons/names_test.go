package infotons

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// listed is a search's answer, as CM-Well writes it.
func listed(total int, paths ...string) string {
	var infotons []string
	for _, path := range paths {
		infotons = append(infotons, `{"type":"ObjectInfoton","system":{"path":"`+path+`"}}`)
	}
	return fmt.Sprintf(`{"type":"SearchResponse","pagination":{"type":"PaginationInfo","first":"x"},"results":{"type":"SearchResults","fromDate":"x","total":%d,"offset":0,"length":%d,"infotons":[%s]}}`,
		total, len(paths), strings.Join(infotons, ","))
}

// folder answers a search for n users within CM-Well's limits.
func folder(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		offset, errOffset := strconv.Atoi(r.URL.Query().Get("offset"))
		length, errLength := strconv.Atoi(r.URL.Query().Get("length"))
		if errOffset != nil || errLength != nil || offset > 1000 || length > 10_000 {
			says(400, "text/plain", "even they do not")(w, r)
			return
		}
		var page []string
		for i := offset; i < min(n, offset+length); i++ {
			page = append(page, fmt.Sprintf("/meta/auth/users/u%05d", i))
		}
		says(200, "application/json", listed(n, page...))(w, r)
	}
}

func TestNamesAreListedInPagesThatCMWellGives(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	for n, questions := range map[int]int{0: 1, 1: 1, 1000: 1, 1001: 2, 11_000: 2} {
		h.answers(folder(n))
		h.took()
		names, err := s.Names(t.Context(), account.Users)
		if err != nil || len(names) != n || !slices.IsSorted(names) {
			t.Errorf("%d: %d names, %v", n, len(names), err)
		}
		if asked := h.took(); len(asked) != questions {
			t.Errorf("%d: asked %q", n, asked)
		}
	}
	h.answers(folder(11_001))
	if names, err := s.Names(t.Context(), account.Users); err == nil || names != nil || !strings.Contains(err.Error(), "11001 infotons found; at most 11000") {
		t.Errorf("%d names, %v", len(names), err)
	}
}

func TestAFolderThatChangesWhileItIsListedIsListedAnew(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	tries := 0
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries < 3 {
			says(200, "application/json", listed(2, "/meta/auth/users/ann", "/meta/auth/users/ann"))(w, r)
			return
		}
		says(200, "application/json", listed(3, "/meta/auth/users/bob", "/meta/auth/users/not a name", "/meta/auth/users/ann"))(w, r)
	})
	if names, err := s.Names(t.Context(), account.Users); err != nil || !slices.Equal(names, []string{"ann", "bob"}) {
		t.Errorf("%q, %v", names, err)
	}
	h.answers(says(200, "application/json", listed(2, "/meta/auth/users/ann")))
	if names, err := s.Names(t.Context(), account.Users); err == nil || names != nil {
		t.Errorf("%q, %v", names, err)
	}
}

func TestListsThatAreNotBelieved(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	for _, body := range []string{
		`{}`, `[]`, `{"type":"SearchResponse"}`, `{"type":"SearchResponse","results":null}`, `{"type":"x","results":{"total":0,"infotons":[]}}`,
		listed(1, "/meta/auth/users"), listed(1, "/meta/auth/users/"), listed(1, "/meta/auth/roles/x"), listed(1, "/meta/auth/users/a/b"), listed(1, ""),
	} {
		h.answers(says(200, "application/json", body))
		if names, err := s.Names(t.Context(), account.Users); err == nil || names != nil {
			t.Errorf("%s: %q, %v", body, names, err)
		}
	}
}
