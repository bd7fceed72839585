package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what all threads of a process have used, in user and system
// mode. It is the kernel's account that /proc/<pid>/stat shows in hundredths of a
// second, by the clock that the process has of its own (Linux only).
func processorTime(pid int) (time.Duration, error) {
	const scheduled = 2 // of the three clocks of a process, the one that stat adds up
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
