//go:build unix

package subprocess

import (
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

// apply sets what holds for all of a child's life.
func (l *Limits) apply() error {
	if l.Memory > 0 {
		debug.SetMemoryLimit(int64(min(l.Memory/10*9, math.MaxInt64)))
		if err := setLimit(rlimitMemory, l.Memory); err != nil {
			return fmt.Errorf("limit the memory of this process to %d bytes: %w", l.Memory, err)
		}
	}
	if l.AddressSpace > 0 {
		if err := setLimit(syscall.RLIMIT_AS, l.AddressSpace); err != nil {
			return fmt.Errorf("limit the address space of this process to %d bytes: %w", l.AddressSpace, err)
		}
	}
	if l.CPU > 0 {
		go obeyCPU(l.CPU)
	}
	return nil
}

func setLimit(which int, n uint64) error {
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(which, &limit); err != nil {
		return err
	}
	limit.Cur = min(n, limit.Max)
	return syscall.Setrlimit(which, &limit)
}

// obeyCPU ends the process when the kernel says that its time is used up.
func obeyCPU(limit time.Duration) {
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGXCPU)
	<-over
	fmt.Fprintf(os.Stderr, "the call has used up its %v of processor time\n", limit)
	os.Exit(cpuExit) //nolint:forbidigo // nothing else stops code that goes round and round
}

// clock gives the call that begins its processor time, and takes the limit back at its end. The
// hard limit stays, since it could not be raised again.
func (l *Limits) clock() (stop func()) {
	if l.CPU == 0 {
		return func() {}
	}
	var before syscall.Rlimit
	var used syscall.Rusage
	if syscall.Getrlimit(syscall.RLIMIT_CPU, &before) != nil || syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return func() {} // cannot fail with these arguments
	}
	limit := before
	// The kernel counts whole seconds; the one that has begun is given away.
	limit.Cur = min(uint64(seconds(&used))+1+uint64(l.CPU/time.Second), before.Max) //nolint:gosec // both are positive
	_ = syscall.Setrlimit(syscall.RLIMIT_CPU, &limit)
	return sync.OnceFunc(func() { _ = syscall.Setrlimit(syscall.RLIMIT_CPU, &before) })
}

// seconds is how much processor time was used.
func seconds(u *syscall.Rusage) int64 {
	return (u.Utime.Nano() + u.Stime.Nano()) / int64(time.Second)
}
