//go:build unix

package subprocess

import (
	"errors"
	"os"
	"syscall"
)

const supported = true

// inherited are the files that the executor has given this process.
func inherited() (in, out *os.File, err error) {
	for _, fd := range []int{childReads, childWrites} {
		syscall.CloseOnExec(fd) // what activities start must not hold them
		var st syscall.Stat_t
		if err := syscall.Fstat(fd, &st); err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFIFO {
			return nil, nil, errors.New("the connection to the executor is not there: start children by an executor only")
		}
	}
	return os.NewFile(childReads, "calls"), os.NewFile(childWrites, "results"), nil
}

// killed says whether a signal that nobody can catch has ended a process.
func killed(s syscall.WaitStatus) bool { return s.Signaled() && s.Signal() == syscall.SIGKILL }
