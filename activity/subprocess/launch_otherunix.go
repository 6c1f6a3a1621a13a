//go:build unix && !linux

package subprocess

import (
	"errors"
	"os"
	"syscall"
)

// ownProgram is this program.
func ownProgram() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// spawn starts the child as the leader of a group of its own: an interrupt from a terminal is for
// the worker, which ends its activities in order.
func (p *process) spawn() error {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p.cmd.Start()
}

// signal sends one to the child. What that has started is not reached: its group may be another's.
func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// awaitDeath is for Linux.
func (p *process) awaitDeath() {}

const measuresRSS = false

func residentSet(int) (uint64, error) { return 0, errors.ErrUnsupported }
