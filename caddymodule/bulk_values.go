package caddymodule

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sync/semaphore"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/rdf"
)

func parseBulk(s string) (gate.BulkPolicy, error) {
	switch s {
	case "judge":
		return gate.BulkJudge, nil
	case "root-only":
		return gate.BulkRootOnly, nil
	case "off":
		return gate.BulkOff, nil
	}
	return gate.BulkOff, fmt.Errorf("%q found; judge, root-only and off are accepted", s)
}

// What bounds bulk_limit: a body is in memory while it is judged.
const (
	smallestBody = 1 << 10
	largestBody  = 1 << 30
)

// How many bodies of the greatest size may be in memory at once, and how long
// another one waits for room.
const (
	bodiesAtOnce = 16
	bodyWait     = 5 * time.Second
)

// halfTheProcessors is for work that keeps processors busy, of which the others are
// left to requests. What a container may use counts, and not what the machine has.
func halfTheProcessors() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// bodyTurns is for the bodies that all front doors of this process judge at once.
var bodyTurns = sync.OnceValue(func() *semaphore.Weighted {
	return semaphore.NewWeighted(int64(halfTheProcessors()))
})

func parseSize(s string) (int64, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil || n < smallestBody || n > largestBody {
		return 0, fmt.Errorf("%q found; a size from 1KiB to 1GiB is accepted, such as 16MiB", s)
	}
	return int64(n), nil
}

func parseBulkFormat(s string) (rdf.Format, error) {
	if s == "" {
		return 0, nil
	}
	f, err := rdf.ParseFormat(s)
	if err != nil {
		return 0, fmt.Errorf("%q found; %s are accepted", s, strings.Join(rdf.Names(), ", "))
	}
	return f, nil
}

func addBulkPath(h *Handler, args []string) error {
	h.BulkPath = append(h.BulkPath, args[0])
	return checkNow(args[0], parseOwnPath)
}

func setBulkFormat(h *Handler, args []string) error {
	h.BulkFormat = args[0]
	if args[0] == "" {
		return fmt.Errorf("an empty name found; %s are accepted", strings.Join(rdf.Names(), ", "))
	}
	return checkNow(args[0], parseBulkFormat)
}
