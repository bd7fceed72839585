package infotons

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// floorDocument is what stands at floorPath.
type floorDocument struct {
	Floor *int64 `json:"rev_floor"`
}

// Floor is what deleted users have left, see account.FloorAfter; 0 where nobody was
// ever deleted. A document that does not say is an error: 0 would revive tokens.
func (s *Store) Floor(ctx context.Context) (int64, error) {
	_, floor, err := s.floor(ctx)
	return floor, err
}

func (s *Store) floor(ctx context.Context) (there []byte, floor int64, err error) {
	there, err = s.client.certain(ctx, floorPath)
	if err != nil || there == nil {
		return nil, 0, err
	}
	var d floorDocument
	if err := json.Unmarshal(there, &d); err != nil || d.Floor == nil {
		return nil, 0, errors.New(`users infotons: ` + floorPath + ` is damaged: {"rev_floor": <number>} is accepted`)
	}
	if err := account.CheckFloor(*d.Floor); err != nil {
		return nil, 0, fmt.Errorf("users infotons: %s: %w", floorPath, err)
	}
	return there, *d.Floor, nil
}

// RaiseFloor makes the floor at least this one, durably.
func (s *Store) RaiseFloor(ctx context.Context, floor int64) error {
	if err := account.CheckFloor(floor); err != nil {
		return fmt.Errorf("users infotons: floor: %w", err)
	}
	release, err := s.wait(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.raiseFloor(ctx, func(now int64) (int64, error) { return max(now, floor), nil })
}

// raiseFloor stores the next floor. It is its turn.
func (s *Store) raiseFloor(ctx context.Context, next func(int64) (int64, error)) error {
	there, now, err := s.floor(ctx)
	if err != nil {
		return err
	}
	floor, err := next(now)
	if err != nil || floor == now {
		return err
	}
	document, err := json.Marshal(floorDocument{&floor})
	if err != nil {
		return err
	}
	return s.write(ctx, floorPath, there, document)
}
