package redis

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// A failed login takes the time of the dearest password hash that any user has, so
// that time does not tell who exists. Nobody reads a million users for that: beside
// them, Redis counts how many have a hash of which shape, and each change of a user
// moves the counts with it. A hash that is put into Redis by other ways than a door
// is not counted, and its user may be told from nobody by the time.

// onlyMD5 counts those whom HTTP Digest knows by MD5 alone.
const onlyMD5 = "md5"

// shapesOf are the counts in which a user is.
func shapesOf(u account.User) []string {
	var counts []string
	if shape, ok := u.Shape(); ok {
		counts = append(counts, nameOf(shape))
	}
	if u.HA1 != "" && u.HA1SHA256 == "" {
		counts = append(counts, onlyMD5)
	}
	return counts
}

func nameOf(s account.Shape) string {
	if s.Cost > 0 {
		return fmt.Sprintf("bcrypt %d", s.Cost)
	}
	return fmt.Sprintf("argon2id %d %d %d", s.Memory, s.Time, s.Threads)
}

// shapesBetween are the counts that a change moves, each with by how much.
func shapesBetween(before, after account.User) []string {
	var moves []string
	from, to := shapesOf(before), shapesOf(after)
	for _, count := range from {
		if !slices.Contains(to, count) {
			moves = append(moves, count, "-1")
		}
	}
	for _, count := range to {
		if !slices.Contains(from, count) {
			moves = append(moves, count, "1")
		}
	}
	return moves
}

// readShapes tells of the hashes that there are now.
func (s *Store) readShapes(ctx context.Context, c rueidis.Client) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	counts, err := c.Do(ctx, c.B().Hkeys().Key(s.keys.shapes()).Build()).AsStrSlice()
	if err != nil {
		return s.failed(err)
	}
	var shapes []account.Shape
	for _, count := range counts {
		// What this door does not know, a newer one counts.
		var a account.Shape
		if scans(count, "bcrypt %d", &a.Cost) || scans(count, "argon2id %d %d %d", &a.Memory, &a.Time, &a.Threads) {
			shapes = append(shapes, a)
		}
	}
	s.onlyMD5.Store(slices.Contains(counts, onlyMD5))
	if s.options.Shapes != nil {
		s.options.Shapes(shapes)
	}
	return nil
}

func scans(text, format string, into ...any) bool {
	n, err := fmt.Sscanf(text, format, into...)
	return err == nil && n == len(into)
}
