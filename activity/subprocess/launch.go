package subprocess

import (
	"runtime"
	"sync"
)

// launcher starts processes on one thread, which lives as long as they do: on Linux, a child is
// sent the signal of its parent's death when the thread ends that has started it.
type launcher struct {
	tasks chan func()
	over  chan struct{}
	once  sync.Once
}

func newLauncher() *launcher {
	l := &launcher{tasks: make(chan func()), over: make(chan struct{})}
	go func() {
		defer close(l.over)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for task := range l.tasks {
			task()
		}
	}()
	return l
}

// start starts a child. It must not be called after close.
func (l *launcher) start(p *process) error {
	done := make(chan error, 1)
	l.tasks <- func() { done <- p.spawn() }
	return <-done
}

// close ends the thread, when no child is left.
func (l *launcher) close() {
	l.once.Do(func() { close(l.tasks) })
	<-l.over
}
