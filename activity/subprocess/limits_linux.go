package subprocess

import "syscall"

const (
	limitsMemory = true
	rlimitMemory = syscall.RLIMIT_DATA
)
