package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Load reads the storage now. That nothing is in it yet is no error, unless
// something was.
func (r *Ring) Load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readAtMost)
	defer cancel()
	select {
	case <-r.read():
	case <-ctx.Done():
		return fmt.Errorf("managed keys: %w", ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(r.failure, fs.ErrNotExist) && r.bytes == nil {
		return nil
	}
	return r.failure
}

// Refresh reads the storage for a token of a key that is not known: another
// server may have made it a moment ago. However many ask, that happens a few
// times a second, and nobody waits for long.
func (r *Ring) Refresh() {
	r.mu.Lock()
	now := r.now()
	if r.reading == nil && now.Sub(r.asked) < askEvery {
		r.mu.Unlock()
		return
	}
	r.asked = now
	r.mu.Unlock()
	patience := time.NewTimer(askAtMost)
	defer patience.Stop()
	select {
	case <-r.read():
	case <-patience.C:
	}
}

// read begins to read the storage, unless that is under way, and returns what is
// closed in the end. A storage that hangs keeps one reading waiting, not more.
func (r *Ring) read() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reading != nil {
		return r.reading
	}
	done := make(chan struct{})
	r.reading = done
	written, before := r.written, r.bytes
	go func() {
		ctx, cancel := context.WithTimeout(r.ctx, readAtMost)
		defer cancel()
		b, err := r.storage.Load(ctx, Name)
		var d document
		same := err == nil && before != nil && bytes.Equal(b, before)
		if err == nil && !same {
			d, err = parse(b)
		}
		r.mu.Lock()
		r.reading = nil
		if r.written == written { // else what was read may be from before our change
			r.took(d, b, same, err)
		}
		again := r.silent && r.failure == nil
		r.silent = r.silent && !again
		r.mu.Unlock()
		if again {
			r.report("the managed keys can be read again", nil)
		}
		close(done)
	}()
	return done
}

// took notes what became of a reading. r.mu is held.
func (r *Ring) took(d document, b []byte, same bool, err error) {
	switch {
	case err != nil:
		r.failure = fmt.Errorf("managed keys: %s in Caddy's storage: %w", Name, err)
	case same:
		r.commit(r.document, r.bytes)
	default:
		r.commit(d, b)
	}
}

// update changes what is in the storage, alone among all servers on it. Keys
// that were there and are gone are not made anew: their tokens would die.
func (r *Ring) update(ctx context.Context, change func(*document, time.Time) (changed bool, err error)) error {
	r.updating.Lock()
	defer r.updating.Unlock()
	ctx, cancel := context.WithTimeout(ctx, updateAtMost)
	defer cancel()
	if err := r.storage.Lock(ctx, Name); err != nil {
		return fmt.Errorf("managed keys: locking %s in Caddy's storage: %w", Name, err)
	}
	defer r.storage.Unlock(context.WithoutCancel(ctx), Name) //nolint:errcheck // a lock left behind expires
	d, b, err := r.fetch(ctx)
	if err != nil {
		return fmt.Errorf("managed keys: %s in Caddy's storage: %w", Name, err)
	}
	changed, err := change(&d, r.now())
	if err != nil {
		return err
	}
	if changed {
		if b, err = d.write(); err != nil {
			return fmt.Errorf("managed keys: %w", err)
		}
		if err := r.storage.Store(ctx, Name, b); err != nil {
			return fmt.Errorf("managed keys: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written++
	r.commit(d, b)
	return nil
}

// fetch reads what is in the storage, before a change.
func (r *Ring) fetch(ctx context.Context) (document, []byte, error) {
	b, err := r.storage.Load(ctx, Name)
	r.mu.Lock()
	fresh := r.bytes == nil
	r.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) && fresh {
		return document{}, nil, nil
	}
	if err != nil {
		return document{}, nil, err
	}
	d, err := parse(b)
	return d, b, err
}

// run follows the storage and the clock.
func (r *Ring) run() {
	defer close(r.stopped)
	ticker := time.NewTicker(readEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-ticker.C:
			r.read()
			if r.tick(r.now()) {
				go r.tidy()
			}
		}
	}
}

// tick does what is due at a time, and tells whether keys can be dropped.
func (r *Ring) tick(now time.Time) (due bool) {
	r.mu.Lock()
	r.turn(now)
	trouble := r.trouble(now)
	if r.silent {
		trouble = nil // that was said
	}
	r.silent = r.silent || trouble != nil
	rest := r.document
	due = r.clock.observe(now) && now.Sub(r.tidied) >= tidyEvery && rest.tidy(now)
	if due {
		r.tidied = now
	}
	r.mu.Unlock()
	if trouble != nil {
		r.report("the managed keys cannot be read; those last known stay in use", trouble)
	}
	return due
}

// tidy drops what is over from the storage. Other servers do so too: one is first.
func (r *Ring) tidy() {
	dropped := 0
	err := r.update(r.ctx, func(d *document, now time.Time) (bool, error) {
		dropped = len(d.Keys)
		changed := d.tidy(now)
		dropped -= len(d.Keys)
		return changed, nil
	})
	switch {
	case err != nil && r.ctx.Err() == nil:
		r.report("retired keys could not be dropped", err)
	case dropped > 0:
		r.report(fmt.Sprintf("%d retired keys are dropped: their last token has expired", dropped), nil)
	}
}
