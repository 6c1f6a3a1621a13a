package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// An Instance is one run of a guest, with memory of its own. It takes neither a goroutine nor a
// thread; a call runs on who calls. Its methods are safe for concurrent use, one call at a time.
type Instance struct {
	module *Module
	host   Host

	mu      sync.Mutex // held through a call
	memory  memory     // nil when closed
	globals []uint64
	started bool  // initialised, so that watched functions are refused
	dead    error // why it cannot be called any more
	latest  int64 // the latest time that the clock said that must not go back

	// of the call that runs
	ctx      context.Context //nolint:containedctx // what a call was given, while it runs.
	limit    time.Duration
	deadline time.Time
	fault    error // why a function of the host ended it
	output   output
}

// Call sends a request to the guest and returns its answer. It waits while as many calls run as the
// process has processors. A call that fails kills the instance, except that one whose ctx
// ends before it began has done nothing.
//
// The errors are *ForbiddenError, *StuckError, *DeadlockError, *MemoryError, *TrapError,
// *ExitError and, for what died before, *DeadError; ErrClosed; and ctx's own.
func (i *Instance) Call(ctx context.Context, request []byte) ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.usable(); err != nil {
		return nil, err
	}
	var response []byte
	err := i.run(ctx, i.module.options.MaxCallTime, func(s *slot) error {
		at, err := s.call(exportBuffer, uint64(len(request)))
		if err != nil {
			return err
		}
		if !s.module.Memory().Write(uint32(at), request) {
			return fmt.Errorf("sandbox: the guest has no place for a request of %d bytes", len(request))
		}
		packed, err := s.call(exportCall, uint64(len(request)))
		if err != nil {
			return err
		}
		b, ok := s.module.Memory().Read(uint32(packed>>32), uint32(packed))
		if !ok {
			return errors.New("sandbox: the guest's answer lies outside of its memory")
		}
		response = append([]byte(nil), b...)
		return nil
	})
	return response, err
}

func (i *Instance) usable() error {
	switch {
	case i.dead != nil:
		return &DeadError{i.dead}
	case i.memory == nil:
		return ErrClosed
	}
	return nil
}

// Size is how much linear memory the instance has, in bytes, of which most may be shared with
// others. It waits for a call that runs.
func (i *Instance) Size() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.memory == nil {
		return 0
	}
	return uint64(len(i.memory.bytes()))
}

// Close drops the instance and its memory. It waits for a call that runs.
func (i *Instance) Close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.drop()
}

func (i *Instance) drop() {
	if i.memory == nil {
		return
	}
	i.memory.free()
	i.memory, i.globals = nil, nil
}

// run lends the instance a slot while work calls the guest.
func (i *Instance) run(ctx context.Context, limit time.Duration, work func(*slot) error) error {
	s, err := i.module.slots.take(ctx)
	if err != nil {
		return err
	}
	i.ctx, i.fault = ctx, nil
	i.limit, i.deadline = limit, time.Now().Add(limit)
	ended := false
	defer func() {
		if !ended {
			err = errHost
		}
		i.ctx, i.fault = nil, nil
		i.module.slots.give(s, err != nil)
		if err != nil {
			i.dead = err
			i.drop()
		}
	}()
	if err = s.enter(i); err == nil {
		err = work(s)
	}
	if err != nil {
		err = i.diagnose(err)
	}
	if left := s.leave(); err == nil {
		err = left
	}
	i.output.end()
	ended = true
	return err
}

// errHost is why an instance is dead whose Host panicked where the call had ended.
var errHost = errors.New("a function of the host panicked")

// diagnose says what an error of wazero was.
func (i *Instance) diagnose(err error) error {
	message, trace, traced := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	if i.fault == nil && !traced {
		return err
	}
	stack := frames(trace, i.memory.bytes())
	if i.fault == nil && (i.output.crash.Len() > 0 || strings.HasPrefix(string(i.output.line), "panic: ")) {
		// A library of Go aborts after it has said what happened, where a program exits.
		return i.fate(0)
	}
	if i.fault == nil {
		message = strings.TrimPrefix(message, "wasm error: ")
		return &TrapError{Reason: message + in(stack), Stderr: i.output.said()}
	}
	switch e := i.fault.(type) { //nolint:errorlint // they are made here.
	case *ForbiddenError:
		e.Stack = stack
	case *StuckError:
		e.Stack = stack
	}
	return i.fault
}

// fate says why the guest's program ended.
func (i *Instance) fate(code uint32) error {
	if len(i.output.line) > 0 {
		i.output.flush()
	}
	crash := i.output.crash.String()
	first, _, _ := strings.Cut(crash, "\n")
	switch {
	case crash == "":
		return &ExitError{Code: code}
	case strings.Contains(first, "all goroutines are asleep"):
		return &DeadlockError{Stderr: crash}
	case strings.Contains(first, "out of memory") || strings.Contains(first, "cannot allocate memory"):
		return &MemoryError{Limit: i.module.options.MemoryLimit}
	}
	return &TrapError{Reason: first, Stderr: crash}
}

// said is what the guest wrote last.
func (o *output) said() string {
	if o.crash.Len() > 0 {
		return o.crash.String()
	}
	return strings.Join(o.tail, "\n")
}
