package redis

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

var (
	//go:embed raise.lua
	raiseText   string
	raiseScript = rueidis.NewLuaScript(raiseText)
)

// Location is where the users are, as a URL without credentials, and with the prefix
// of the keys behind it.
func (s *Store) Location() string {
	scheme := "redis"
	if s.options.TLS != nil {
		scheme = "rediss"
	}
	return fmt.Sprintf("%s://%s/%d#%s", scheme, strings.ReplaceAll(s.where(), " ", ","), s.options.DB, s.options.Prefix)
}

// Floor is what deleted users have left, as it is in Redis now.
func (s *Store) Floor(ctx context.Context) (int64, error) {
	c, err := s.reached()
	if err != nil {
		return 0, err
	}
	found, err := s.read(ctx, c, s.keys.floor())
	if err != nil {
		return 0, err
	}
	return s.floorOf(found[0])
}

// floorOf reads what is kept of the floor; empty for nothing.
func (s *Store) floorOf(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	floor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || account.CheckFloor(floor) != nil {
		return 0, fmt.Errorf("%w: %s is %.20q", errUnsound, s.keys.floor(), text)
	}
	return floor, nil
}

// RaiseFloor makes the floor at least this one.
func (s *Store) RaiseFloor(ctx context.Context, floor int64) error {
	if err := account.CheckFloor(floor); err != nil {
		return fmt.Errorf("rev_floor: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := s.reached()
	if err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	if err := raiseScript.Exec(ctx, c, []string{s.keys.floor()}, []string{strconv.FormatInt(floor, 10)}).Error(); err != nil {
		return s.failed(err)
	}
	return nil
}

var (
	_ account.Replacer = (*Store)(nil)
	_ account.Floored  = (*Store)(nil)
)
