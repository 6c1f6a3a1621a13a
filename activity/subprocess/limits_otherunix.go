//go:build unix && !linux

package subprocess

import "syscall"

// Elsewhere RLIMIT_DATA does not count what a Go program allocates.
const (
	limitsMemory = false
	rlimitMemory = syscall.RLIMIT_DATA
)
