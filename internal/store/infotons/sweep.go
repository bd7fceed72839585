package infotons

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// sweepPaths is how many documents one question is about.
const sweepPaths = 256

// sweep looks whether the users that are in use are still as they are remembered,
// many with one question, so that no request has to wait for that. What is not
// found so is read by itself.
func (s *Store) sweep() {
	defer func() {
		s.mu.Lock()
		s.sweeping = false
		s.mu.Unlock()
	}()
	due, epoch := s.due()
	ctx, cancel := context.WithTimeout(context.Background(), readings*s.config.Timeout)
	defer cancel()
	began := s.config.Now()
	sums := s.sums(ctx, due)
	for name, e := range due {
		if e.state.same(sums) {
			s.confirm(name, e, epoch, began)
			continue
		}
		if _, err := s.load(ctx, name); err != nil && !errors.Is(err, account.ErrNotExist) && ctx.Err() == nil && s.silent() {
			return // the others would not be read either
		}
	}
}

// silent tells whether the store did not answer when it was asked last.
func (s *Store) silent() bool {
	_, trouble := s.client.state()
	return trouble != nil
}

// due are the entries that were used since they were read, and that are soon as old
// as they may be.
func (s *Store) due() (map[string]*entry, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due, now := map[string]*entry{}, s.config.Now()
	for name, e := range s.entries {
		if !e.suspect && e.usedAt.After(e.readAt) && now.Sub(e.readAt) > s.config.MaxAge/4 {
			due[name] = e
		}
	}
	return due, s.epoch
}

// sums are those of the documents that the entries are made of, as far as the store
// shows them.
func (s *Store) sums(ctx context.Context, due map[string]*entry) map[string][sha256.Size]byte {
	wanted := map[string]bool{}
	for _, e := range due {
		for _, p := range e.state.parts {
			if !p.absent() {
				wanted[p.path] = true
			}
		}
	}
	sums := map[string][sha256.Size]byte{}
	for paths := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), sweepPaths) {
		if err := s.client.retrieve(ctx, paths, sums); err != nil {
			break
		}
	}
	return sums
}

// retrieve adds the sums of the files that are at the paths. What the store does not
// show, because it is gone or must not be shown, is left out.
func (c *client) retrieve(ctx context.Context, paths []string, sums map[string][sha256.Size]byte) error {
	a, err := c.ask(ctx, request{
		method: http.MethodPost, target: "/_out?format=json", most: maxListing,
		header: http.Header{"Content-Type": {"text/plain"}}, body: []byte(strings.Join(paths, "\n")),
	})
	var r retrieved
	if err == nil {
		err = decode(a, &r)
	}
	if err == nil && r.Type != "RetrievablePaths" {
		err = fmt.Errorf("%.40q found; RetrievablePaths are accepted", r.Type)
	}
	if err != nil {
		return fmt.Errorf("users infotons: looking again: %w", err)
	}
	for _, i := range r.Infotons {
		if content, err := i.file(i.System.Path); err == nil {
			sums[i.System.Path] = sha256.Sum256(content)
		}
	}
	return nil
}

// same tells whether every part was found again as it was. That there is none was
// not found again: the store also hides there what it does not show.
func (s *state) same(sums map[string][sha256.Size]byte) bool {
	for _, p := range s.parts {
		if sum, found := sums[p.path]; !found || sum != p.sum {
			return false
		}
	}
	return true
}

// confirm makes the entry as young as the look at it, unless something was changed
// meanwhile.
func (s *Store) confirm(name string, e *entry, epoch uint64, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch == epoch && s.entries[name] == e && !e.suspect {
		e.readAt, e.failedAt = began, time.Time{}
	}
}
