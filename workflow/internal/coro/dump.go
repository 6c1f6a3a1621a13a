package coro

import (
	"runtime"
	"sync"
)

// A dumper makes dumps of all goroutines. All of them stand still meanwhile, so code that is
// stuck in many runs at once shares dumps, else a large process would stand still for as
// long as tasks have. The zero value is ready.
type dumper struct {
	turn sync.Mutex // of the one that makes a dump
	mu   sync.Mutex
	next *dump // that nobody has begun; nil if nobody waits for it
}

type dump struct {
	once sync.Once
	text []byte
}

var dumps dumper //nolint:gochecknoglobals // all goroutines are those of the process

// take returns a dump that was begun after the call.
func (d *dumper) take() []byte {
	d.mu.Lock()
	if d.next == nil {
		d.next = new(dump)
	}
	mine := d.next
	d.mu.Unlock()
	mine.once.Do(func() {
		d.turn.Lock()
		defer d.turn.Unlock()
		runtime.Gosched() // all that want one, too, ask first
		d.mu.Lock()
		d.next = nil
		d.mu.Unlock()
		mine.text = everything()
	})
	return mine.text
}
