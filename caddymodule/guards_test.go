package caddymodule

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// unreachable are limits that nobody can ask.
type unreachable struct{}

func (unreachable) Begin(context.Context, string, string) (guard.Attempt, error) {
	return guard.Attempt{}, errors.New("no connection")
}

// The client is told to come again, the audit log why, and the operator what is
// the matter.
func TestALoginThatCannotBeCountedIs503(t *testing.T) {
	core, log := observer.New(zap.InfoLevel)
	logger := zap.New(core)
	passwords := new(account.Passwords)
	h := &Handler{logger: logger, audit: logger.Named("audit"), accounts: &login.Accounts{
		Users: village{}, Passwords: passwords, Hashing: login.NewHashing(1, 8), Limits: unreachable{}, Client: clientIP,
	}}
	h.exchange = &login.Exchange{Schemes: []login.Scheme{&login.Basic{Accounts: h.accounts}}, Expiry: time.Hour, MaxExpiry: time.Hour}
	basic := httptest.NewRequest(http.MethodGet, "/_login", nil)
	basic.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ann:wrong")))
	for way, serve := range map[string]func(http.ResponseWriter){
		"Basic": func(w http.ResponseWriter) { h.serveLogin(w, basic) },
		"JSON": func(w http.ResponseWriter) {
			body := strings.NewReader(`{"username":"ann","password":"wrong"}`)
			h.serveJSONLogin(w, httptest.NewRequest(http.MethodPost, "/v1/login", body))
		},
	} {
		w := httptest.NewRecorder()
		serve(w)
		if w.Code != 503 || w.Header().Get("Retry-After") != "5" || w.Header().Get("Www-Authenticate") != "" {
			t.Errorf("%s: %d, %v", way, w.Code, w.Header())
		}
		said := map[string]map[string]any{}
		for _, entry := range log.TakeAll() {
			said[entry.Message] = entry.ContextMap()
		}
		if got := said["login failed"]; got["reason"] != "unguarded" || got["status"] != int64(503) {
			t.Errorf("%s: the audit log says %v", way, got)
		}
		if cause, _ := said["the login could not be decided"]["error"].(string); !strings.Contains(cause, "no connection") {
			t.Errorf("%s: the log says %v", way, said)
		}
	}
	if passwords.Spent() != 0 {
		t.Error("a password was hashed")
	}
}

// sharedVillage has its own counts, for all doors.
type sharedVillage struct {
	village
	limits LoginLimits
	nonces login.NonceCounts
}

func (v sharedVillage) Limits() LoginLimits       { return v.limits }
func (v sharedVillage) Nonces() login.NonceCounts { return v.nonces }

func TestAStoreThatDoorsShareGuardsTheLogin(t *testing.T) {
	own := guards{guard.NewThrottle(1, time.Now), guard.NewReplays(1, time.Now), new(account.Passwords)}
	if got := own.of(village{}); got != own {
		t.Errorf("a store without guards: %v", got)
	}
	shared := sharedVillage{limits: guard.NewThrottle(1, time.Now), nonces: guard.NewReplays(1, time.Now)}
	if got := own.of(shared); got != (guards{shared.limits, shared.nonces, own.passwords}) {
		t.Errorf("a store with guards: %v", got)
	}
}
