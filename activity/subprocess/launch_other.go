//go:build !unix

package subprocess

import (
	"errors"
	"os"
	"syscall"
)

// Without a Unix system New says that it is not supported, so none of this is ever called.

const (
	supported    = false
	measuresRSS  = false
	limitsMemory = false
)

func ownProgram() string { return os.Args[0] }

func inherited() (in, out *os.File, err error) { return nil, nil, ErrUnsupported }

func killed(syscall.WaitStatus) bool { return false }

func (p *process) spawn() error { return ErrUnsupported }

func (p *process) signal(syscall.Signal) {}

func (p *process) awaitDeath() {}

func residentSet(int) (uint64, error) { return 0, errors.ErrUnsupported }

func (l *Limits) apply() error { return ErrUnsupported }

func (l *Limits) clock() (stop func()) { return func() {} }
