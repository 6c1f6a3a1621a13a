package subprocess

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// process is a child, as its executor sees it.
type process struct {
	options *Options
	cmd     *exec.Cmd
	pid     int
	group   string // its cgroup, if it has one of its own
	to      *frameWriter
	toFile  *os.File
	from    *os.File
	tail    *stderrTail

	hello   chan hello
	heard   atomic.Uint64 // frames
	busy    atomic.Bool   // a frame is being dealt with here
	read    chan struct{} // closed when nothing will come any more
	dead    chan struct{} // closed when it has ended, and what follows is set
	state   string
	starved bool // its cgroup has run out of memory

	middleware bool

	mu      sync.Mutex
	gone    bool // reaped, or about to be: its id may be another's
	current *carriage
	reason  Reason // why it was told to end, empty if it was not
	why     string
	cause   error
}

// outputDelay is how long what a child has started may hold its output open after its end.
const outputDelay = time.Second

// start starts a child and waits until it is ready. The error tells how far it came.
func start(e *pool) (*process, error) {
	p := &process{
		options: &e.options, hello: make(chan hello, 1), read: make(chan struct{}), dead: make(chan struct{}),
		tail: &stderrTail{to: e.options.Stderr},
	}
	if err := p.launch(e.launcher); err != nil {
		return nil, err
	}
	timer := time.NewTimer(e.options.StartTimeout)
	defer timer.Stop()
	var err error
	select {
	case h := <-p.hello:
		if h.protocol == protocol {
			p.middleware = h.middleware
			return p, nil
		}
		err = fmt.Errorf("it speaks version %d of the protocol, not %d", h.protocol, protocol)
	case <-p.dead:
		err = fmt.Errorf("it ended before it was ready: %s", p.state)
		if p.why != "" {
			err = fmt.Errorf("%w: %s", err, p.why)
		}
	case <-timer.C:
		err = fmt.Errorf("it was not ready after %v: is subprocess.Main called, first thing in main?",
			e.options.StartTimeout)
	case <-e.closing:
		err = ErrClosed
	}
	p.signal(syscall.SIGKILL)
	<-p.dead
	if last := p.tail.String(); last != "" && !errors.Is(err, ErrClosed) {
		err = fmt.Errorf("%w; its last words were:\n%s", err, last)
	}
	return nil, err
}

// launch starts the program.
func (p *process) launch(l *launcher) error {
	o := p.options
	ordered, err := json.Marshal(orders{Protocol: protocol, Limits: o.Limits})
	if err != nil {
		return err
	}
	childIn, toChild, err := os.Pipe()
	if err != nil {
		return err
	}
	defer childIn.Close() //nolint:errcheck // the child has it
	fromChild, childOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, toChild.Close())
	}
	defer childOut.Close()                     //nolint:errcheck // the child has it
	p.cmd = exec.Command(o.Command, o.Args...) //nolint:noctx // it outlives every context
	p.cmd.Args[0] = os.Args[0]
	p.cmd.Env = append(slices.Clip(o.Env), variable+"="+string(ordered))
	p.cmd.Dir = o.Dir
	p.cmd.Stdout, p.cmd.Stderr = o.Stdout, p.tail
	p.cmd.ExtraFiles = []*os.File{childIn, childOut} // childReads and childWrites
	p.cmd.WaitDelay = outputDelay
	if err := l.start(p); err != nil {
		return errors.Join(err, toChild.Close(), fromChild.Close())
	}
	p.pid = p.cmd.Process.Pid
	p.toFile, p.from = toChild, fromChild
	p.to = &frameWriter{w: &impatient{file: toChild, timeout: o.PingTimeout}}
	go p.listen()
	go p.reap()
	return nil
}

// impatient is a pipe that is not waited for longer than a child may be silent.
type impatient struct {
	file    *os.File
	timeout time.Duration
}

func (w *impatient) Write(b []byte) (int, error) {
	if w.timeout > 0 {
		if err := w.file.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
			return 0, err
		}
	}
	return w.file.Write(b)
}

// listen reads what the child sends, until its end.
func (p *process) listen() {
	defer close(p.read)
	r := bufio.NewReader(p.from)
	for {
		k, body, err := readFrame(r)
		p.heard.Add(1)
		if err == nil {
			p.busy.Store(true)
			err = p.handle(k, body)
			p.busy.Store(false)
		}
		if _, is := errors.AsType[*garbageError](err); is {
			p.kill(ReasonGarbage, fmt.Sprintf("what it sent is no message (%v), so it was killed", err), nil)
		}
		if err != nil {
			return
		}
	}
}

// handle deals with a frame of the child. Errors are the child's.
func (p *process) handle(k kind, body []byte) error {
	switch k {
	case kindPong:
		return nil
	case kindHello:
		var h hello
		if err := h.unmarshal(body); err != nil {
			return err
		}
		select {
		case p.hello <- h:
			return nil
		default:
			return garbage("it says hello again")
		}
	default:
		p.mu.Lock()
		c := p.current
		p.mu.Unlock()
		return c.handle(k, body)
	}
}

// reap waits for the end of the child, so that it leaves no zombie and no file.
func (p *process) reap() {
	p.awaitDeath()
	err := p.cmd.Wait() // what the state says, if there is one
	p.mu.Lock()
	p.gone = true
	p.mu.Unlock()
	// Whatever it has started may hold its end of the pipe.
	_ = p.from.SetReadDeadline(time.Now().Add(outputDelay))
	<-p.read
	_ = p.from.Close()
	_ = p.toFile.Close()
	p.state = p.cmd.ProcessState.String()
	if p.cmd.ProcessState == nil { // SIGCHLD is ignored, or someone waits for whatever there is
		p.state = fmt.Sprintf("how is not known (%v)", err)
		_ = p.cmd.Process.Release()
	}
	p.starved = p.outOfMemory()
	p.leaveCgroup()
	close(p.dead)
}

// kill has the child killed, for the first reason that is given.
func (p *process) kill(reason Reason, why string, cause error) {
	p.blame(reason, why, cause)
	p.signal(syscall.SIGKILL)
}

// blame notes why the child is told to end.
func (p *process) blame(reason Reason, why string, cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == "" || p.reason == reason {
		p.reason, p.why, p.cause = reason, why, cause
	}
}

func (p *process) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// isSpent says whether the child has ended, or was told to.
func (p *process) isSpent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone || p.reason != ""
}

// end ends the child, which runs nothing, and waits for it.
func (p *process) end() {
	_ = p.toFile.Close() // it reads the end of the pipe, and ends
	timer := time.NewTimer(p.options.KillGrace)
	defer timer.Stop()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		select {
		case <-p.dead:
			return
		case <-timer.C:
			p.signal(sig)
			timer.Reset(p.options.KillGrace)
		}
	}
	<-p.dead
}

// obituary is the error of a call that the child, which is dead, has not ended.
func (p *process) obituary(activityType string) error {
	e := &ProcessError{
		Reason: p.reason, PID: p.pid, Activity: activityType, State: p.state, Explanation: p.why,
		Stderr: p.tail.String(), Cause: p.cause,
	}
	if e.Reason != "" {
		return e
	}
	e.Reason = ReasonExited
	if p.cmd.ProcessState == nil {
		return e
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case !ok:
	case status.ExitStatus() == cpuExit:
		e.Reason = ReasonCPU
		e.Explanation = fmt.Sprintf("the call has used up its %v of processor time", p.options.Limits.CPU)
	case killed(status) && p.starved:
		e.Explanation = "the kernel killed it because its cgroup has used up its memory"
	case killed(status):
		e.Explanation = "it was killed from outside; the kernel does so when there is no memory left"
	}
	return e
}
