package subprocess

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// ownProgram is this program, also if its file was replaced.
func ownProgram() string { return "/proc/self/exe" }

// spawn starts the child as the leader of a group of its own: an interrupt from a terminal is for
// the worker, which ends its activities in order, and what the child starts is ended with it.
func (p *process) spawn() error {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.SysProcAttr = attr
	if p.options.Cgroup != "" {
		dir, err := p.enterCgroup(attr)
		if err != nil {
			return err
		}
		defer dir.Close() //nolint:errcheck // nothing was written
	}
	err := p.cmd.Start()
	if err != nil {
		p.leaveCgroup()
	}
	return err
}

// signal sends one to the child and to what it has started.
func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		_ = syscall.Kill(-p.pid, sig)
	}
}

// awaitDeath waits for the child's end and leaves it to be reaped, so that its id is not yet
// another's when all that it has started is killed.
func (p *process) awaitDeath() {
	const (
		pPID    = 1
		wNoWait = 0x1000000
	)
	var info [128]byte // a siginfo_t, which nobody reads
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(p.pid), //nolint:gosec // a pid is positive
			uintptr(unsafe.Pointer(&info)), syscall.WEXITED|wNoWait, 0, 0) //nolint:gosec // as wait itself does
		if !errors.Is(errno, syscall.EINTR) {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
}

const measuresRSS = true

// residentSet is how many bytes of memory a process holds.
func residentSet(pid int) (uint64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm of process %d is %q", pid, b)
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize()), err //nolint:gosec // a page has a positive size
}
